import {type ConfigNode, type CustomObjects, type Shape, UnknownOptionError} from '@keratin/core';
import {registerPublic, Registry, toSnakeCase} from '@keratin/core/internal';
import {kindOf} from '../losses/resolve.js';
import {type Registered} from '../losses/registry.js';

import {Accuracy, accuracy} from './accuracy.js';
import {AUC} from './auc.js';
import {BinaryAccuracy, binaryAccuracy} from './binary-accuracy.js';
import {BinaryCrossentropy} from './binary-crossentropy.js';
import {BinaryIoU} from './binary-iou.js';
import {CategoricalAccuracy, categoricalAccuracy} from './categorical-accuracy.js';
import {CategoricalCrossentropy} from './categorical-crossentropy.js';
import {CategoricalHinge} from './categorical-hinge.js';
import {ConcordanceCorrelation, concordanceCorrelation} from './concordance-correlation.js';
import {CosineSimilarity} from './cosine-similarity.js';
import {F1Score} from './f1-score.js';
import {FalseNegatives} from './false-negatives.js';
import {FalsePositives} from './false-positives.js';
import {FBetaScore} from './fbeta-score.js';
import {Hinge} from './hinge.js';
import {IoU} from './iou.js';
import {KLDivergence} from './kl-divergence.js';
import {LogCoshError} from './log-cosh-error.js';
import {MeanAbsoluteError} from './mean-absolute-error.js';
import {MeanAbsolutePercentageError} from './mean-absolute-percentage-error.js';
import {MeanIoU} from './mean-iou.js';
import {MeanMetricWrapper, type WrappedFunction} from './mean-metric-wrapper.js';
import {MeanSquaredError} from './mean-squared-error.js';
import {MeanSquaredLogarithmicError} from './mean-squared-logarithmic-error.js';
import {Mean} from './mean.js';
import {Metric} from './metric.js';
import {OneHotIoU} from './one-hot-iou.js';
import {OneHotMeanIoU} from './one-hot-mean-iou.js';
import {PearsonCorrelation, pearsonCorrelation} from './pearson-correlation.js';
import {Poisson} from './poisson.js';
import {PrecisionAtRecall} from './precision-at-recall.js';
import {Precision} from './precision.js';
import {R2Score} from './r2-score.js';
import {RecallAtPrecision} from './recall-at-precision.js';
import {Recall} from './recall.js';
import {RootMeanSquaredError} from './root-mean-squared-error.js';
import {SensitivityAtSpecificity} from './sensitivity-at-specificity.js';
import {SparseCategoricalAccuracy, sparseCategoricalAccuracy} from './sparse-categorical-accuracy.js';
import {SparseCategoricalCrossentropy} from './sparse-categorical-crossentropy.js';
import {SparseTopKCategoricalAccuracy, sparseTopKCategoricalAccuracy} from './sparse-top-k-categorical-accuracy.js';
import {SpecificityAtSensitivity} from './specificity-at-sensitivity.js';
import {SquaredHinge} from './squared-hinge.js';
import {Sum} from './sum.js';
import {TopKCategoricalAccuracy, topKCategoricalAccuracy} from './top-k-categorical-accuracy.js';
import {TrueNegatives} from './true-negatives.js';
import {TruePositives} from './true-positives.js';

// Every metric with Keras's short names.
const METRICS = [
  [Accuracy],
  [AUC],
  [BinaryAccuracy],
  [BinaryCrossentropy, 'bce', 'BCE'],
  [BinaryIoU],
  [CategoricalAccuracy],
  [CategoricalCrossentropy],
  [CategoricalHinge],
  [ConcordanceCorrelation],
  [CosineSimilarity],
  [F1Score],
  [FalseNegatives],
  [FalsePositives],
  [FBetaScore],
  [Hinge],
  [IoU],
  [KLDivergence],
  [LogCoshError],
  [Mean],
  [MeanAbsoluteError, 'mae', 'MAE'],
  [MeanAbsolutePercentageError, 'mape', 'MAPE'],
  [MeanIoU],
  [MeanMetricWrapper],
  [MeanSquaredError, 'mse', 'MSE'],
  [MeanSquaredLogarithmicError, 'msle', 'MSLE'],
  [OneHotIoU],
  [OneHotMeanIoU],
  [PearsonCorrelation],
  [Poisson],
  [Precision],
  [PrecisionAtRecall],
  [R2Score],
  [Recall],
  [RecallAtPrecision],
  [RootMeanSquaredError],
  [SensitivityAtSpecificity],
  [SparseCategoricalAccuracy],
  [SparseCategoricalCrossentropy],
  [SparseTopKCategoricalAccuracy],
  [SpecificityAtSensitivity],
  [SquaredHinge],
  [Sum],
  [TopKCategoricalAccuracy],
  [TrueNegatives],
  [TruePositives],
] as const;

// Functions that only metrics have; the others are losses'.
const FUNCTIONS = {
  accuracy,
  binary_accuracy: binaryAccuracy,
  concordance_correlation: concordanceCorrelation,
  pearson_correlation: pearsonCorrelation,
  categorical_accuracy: categoricalAccuracy,
  sparse_categorical_accuracy: sparseCategoricalAccuracy,
  sparse_top_k_categorical_accuracy: sparseTopKCategoricalAccuracy,
  top_k_categorical_accuracy: topKCategoricalAccuracy,
} as const;

/** The strings that name a metric. `'accuracy'` and `'acc'` stand for the kind of accuracy that fits the shapes. */
export type MetricId =
  | 'accuracy'
  | 'acc'
  | 'binary_accuracy'
  | 'binary_crossentropy'
  | 'categorical_accuracy'
  | 'categorical_crossentropy'
  | 'categorical_hinge'
  | 'cosine_similarity'
  | 'hinge'
  | 'kl_divergence'
  | 'log_cosh_error'
  | 'mean'
  | 'mean_absolute_error'
  | 'mean_absolute_percentage_error'
  | 'mean_squared_error'
  | 'mean_squared_logarithmic_error'
  | 'poisson'
  | 'root_mean_squared_error'
  | 'sparse_categorical_accuracy'
  | 'sparse_categorical_crossentropy'
  | 'sparse_top_k_categorical_accuracy'
  | 'squared_hinge'
  | 'sum'
  | 'top_k_categorical_accuracy'
  | 'bce'
  | 'BCE'
  | 'mae'
  | 'MAE'
  | 'mape'
  | 'MAPE'
  | 'mse'
  | 'MSE'
  | 'msle'
  | 'MSLE'
  | 'Accuracy'
  | 'BinaryAccuracy'
  | 'BinaryCrossentropy'
  | 'CategoricalAccuracy'
  | 'CategoricalCrossentropy'
  | 'CategoricalHinge'
  | 'CosineSimilarity'
  | 'Hinge'
  | 'KLDivergence'
  | 'LogCoshError'
  | 'Mean'
  | 'MeanAbsoluteError'
  | 'MeanAbsolutePercentageError'
  | 'MeanSquaredError'
  | 'MeanSquaredLogarithmicError'
  | 'Poisson'
  | 'RootMeanSquaredError'
  | 'SparseCategoricalAccuracy'
  | 'SparseCategoricalCrossentropy'
  | 'SparseTopKCategoricalAccuracy'
  | 'SquaredHinge'
  | 'Sum'
  | 'TopKCategoricalAccuracy'
  | 'auc'
  | 'binary_io_u'
  | 'concordance_correlation'
  | 'f1_score'
  | 'false_negatives'
  | 'false_positives'
  | 'f_beta_score'
  | 'pearson_correlation'
  | 'precision'
  | 'r2_score'
  | 'recall'
  | 'true_negatives'
  | 'true_positives'
  | 'AUC'
  | 'BinaryIoU'
  | 'ConcordanceCorrelation'
  | 'F1Score'
  | 'FalseNegatives'
  | 'FalsePositives'
  | 'FBetaScore'
  | 'PearsonCorrelation'
  | 'Precision'
  | 'R2Score'
  | 'Recall'
  | 'TrueNegatives'
  | 'TruePositives'
  | Registered;

const registry = new Registry<Metric>({
  kind: 'metric',
  module: 'keras.metrics',
  is: (value) => value instanceof Metric,
  fromFunction: (fn) =>
    new MeanMetricWrapper(fn as WrappedFunction, {name: fn.name === '' ? undefined : toSnakeCase(fn.name)}),
});

for (const [cls, ...ids] of METRICS) registry.add(cls.name, cls, ids);
for (const [name, fn] of Object.entries(FUNCTIONS)) registerPublic(fn, {module: 'builtins', name});

/** What can be given where a metric is wanted. */
export type MetricLike = MetricId | Metric | ((yTrue: never, yPred: never) => unknown) | ConfigNode;

/**
 * A metric from its id, class name, config or function (`(yTrue, yPred) => tensor`, whose mean is taken); a metric is given back
 * as it is. `'accuracy'` gives the exact {@link Accuracy}: where shapes are known, {@link resolveAccuracy} picks the kind.
 *
 * @throws UnknownOptionError with the nearest id
 */
export function get(identifier: MetricLike | (string & {})): Metric {
  if (identifier === 'acc') {
    throw new UnknownOptionError(
      'metrics.get: "acc" is chosen by the shapes of targets and predictions, which only training knows; name binary_accuracy, categorical_accuracy or sparse_categorical_accuracy',
    );
  }
  return registry.get(identifier);
}

/** The Keras 3 node of a metric. */
export function serialize(metric: Metric): ConfigNode {
  return registry.serialize(metric) as ConfigNode;
}

/** The metric of a Keras 3 node, which is checked and never trusted. */
export function deserialize(node: string | ConfigNode, customObjects?: CustomObjects): Metric {
  return registry.deserialize(node, customObjects);
}

/** The metric that `'accuracy'` and `'acc'` stand for, chosen by shapes alone as Keras does, with that string as its name. */
export function resolveAccuracy<const N extends string = 'accuracy'>(yTrue: Shape, yPred: Shape, name?: N): Metric<N> {
  const options = {name: name ?? ('accuracy' as N)};
  const kind = kindOf(yTrue, yPred);
  if (kind === 'binary') return new BinaryAccuracy(options);
  return kind === 'sparse' ? new SparseCategoricalAccuracy(options) : new CategoricalAccuracy(options);
}
