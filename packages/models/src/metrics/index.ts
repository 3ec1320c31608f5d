/** Metrics: numbers that are gathered over many batches. */
export {Metric, type MetricOptions, type MetricVariableOptions, type UpdateOptions} from './metric.js';
export {Mean} from './mean.js';
export {Sum} from './sum.js';
export {type MetricFunction} from './function-metric.js';
export {MeanMetricWrapper, type MeanMetricWrapperOptions, type WrappedFunction} from './mean-metric-wrapper.js';

export {Accuracy, accuracy} from './accuracy.js';
export {BinaryAccuracy, binaryAccuracy, type BinaryAccuracyOptions} from './binary-accuracy.js';
export {CategoricalAccuracy, categoricalAccuracy} from './categorical-accuracy.js';
export {SparseCategoricalAccuracy, sparseCategoricalAccuracy} from './sparse-categorical-accuracy.js';
export {
  TopKCategoricalAccuracy,
  topKCategoricalAccuracy,
  type TopKCategoricalAccuracyOptions,
} from './top-k-categorical-accuracy.js';
export {
  SparseTopKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  type SparseTopKCategoricalAccuracyOptions,
} from './sparse-top-k-categorical-accuracy.js';

export {BinaryCrossentropy, type BinaryCrossentropyOptions} from './binary-crossentropy.js';
export {CategoricalCrossentropy, type CategoricalCrossentropyOptions} from './categorical-crossentropy.js';
export {
  SparseCategoricalCrossentropy,
  type SparseCategoricalCrossentropyOptions,
} from './sparse-categorical-crossentropy.js';
export {KLDivergence} from './kl-divergence.js';
export {Poisson} from './poisson.js';

export {MeanSquaredError} from './mean-squared-error.js';
export {MeanAbsoluteError} from './mean-absolute-error.js';
export {MeanAbsolutePercentageError} from './mean-absolute-percentage-error.js';
export {MeanSquaredLogarithmicError} from './mean-squared-logarithmic-error.js';
export {RootMeanSquaredError} from './root-mean-squared-error.js';
export {CosineSimilarity, cosineSimilarity, type CosineSimilarityOptions} from './cosine-similarity.js';
export {LogCoshError} from './log-cosh-error.js';

export {Hinge} from './hinge.js';
export {SquaredHinge} from './squared-hinge.js';
export {CategoricalHinge} from './categorical-hinge.js';

export {AUC, type AUCOptions} from './auc.js';
export {BinaryIoU, type BinaryIoUOptions} from './binary-iou.js';
export {ConcordanceCorrelation, concordanceCorrelation} from './concordance-correlation.js';
export {F1Score} from './f1-score.js';
export {FalseNegatives} from './false-negatives.js';
export {FalsePositives} from './false-positives.js';
export {FBetaScore, type Average, type F1ScoreOptions, type FBetaScoreOptions} from './fbeta-score.js';
export {IoU, type IoUOptions} from './iou.js';
export {MeanIoU} from './mean-iou.js';
export {OneHotIoU, type OneHotIoUOptions} from './one-hot-iou.js';
export {OneHotMeanIoU} from './one-hot-mean-iou.js';
export {PearsonCorrelation, pearsonCorrelation, type CorrelationOptions} from './pearson-correlation.js';
export {Precision} from './precision.js';
export {PrecisionAtRecall} from './precision-at-recall.js';
export {R2Score, type ClassAggregation, type R2ScoreOptions} from './r2-score.js';
export {Recall} from './recall.js';
export {RecallAtPrecision} from './recall-at-precision.js';
export {SensitivityAtSpecificity} from './sensitivity-at-specificity.js';
export {SpecificityAtSensitivity} from './specificity-at-sensitivity.js';
export {TrueNegatives} from './true-negatives.js';
export {TruePositives} from './true-positives.js';
export {type PrecisionRecallOptions} from './true-positive-ratio.js';
export {type ConfusionCountOptions} from './confusion-count.js';
export {type AtThresholdOptions} from './at-threshold.js';
export {type Thresholds} from './thresholds.js';

// The losses whose functions Keras offers here too.
export {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from '../losses/index.js';

export {deserialize, get, type MetricId, type MetricLike, resolveAccuracy, serialize} from './registry.js';
