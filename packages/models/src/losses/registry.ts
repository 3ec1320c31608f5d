import {type ConfigNode, type CustomObjects, type Shape, UnknownOptionError} from '@keratin/core';
import {registerPublic, Registry, toSnakeCase} from '@keratin/core/internal';
import {BinaryCrossentropy, binaryCrossentropy} from './binary-crossentropy.js';
import {BinaryFocalCrossentropy, binaryFocalCrossentropy} from './binary-focal-crossentropy.js';
import {CategoricalCrossentropy, categoricalCrossentropy} from './categorical-crossentropy.js';
import {CategoricalFocalCrossentropy, categoricalFocalCrossentropy} from './categorical-focal-crossentropy.js';
import {CategoricalGeneralizedCrossEntropy} from './categorical-generalized-cross-entropy.js';
import {CategoricalHinge, categoricalHinge} from './categorical-hinge.js';
import {Circle, circle} from './circle.js';
import {CosineSimilarity, cosineSimilarity} from './cosine-similarity.js';
import {CTC, ctc} from './ctc.js';
import {Dice, dice} from './dice.js';
import {Hinge, hinge} from './hinge.js';
import {Huber, huber} from './huber.js';
import {KLDivergence, klDivergence} from './kl-divergence.js';
import {LogCosh, logCosh} from './log-cosh.js';
import {MeanAbsoluteError, meanAbsoluteError} from './mean-absolute-error.js';
import {MeanAbsolutePercentageError, meanAbsolutePercentageError} from './mean-absolute-percentage-error.js';
import {MeanSquaredError, meanSquaredError} from './mean-squared-error.js';
import {MeanSquaredLogarithmicError, meanSquaredLogarithmicError} from './mean-squared-logarithmic-error.js';
import {Poisson, poisson} from './poisson.js';
import {SparseCategoricalCrossentropy, sparseCategoricalCrossentropy} from './sparse-categorical-crossentropy.js';
import {SquaredHinge, squaredHinge} from './squared-hinge.js';
import {Tversky, tversky} from './tversky.js';
import {kindOf} from './resolve.js';
import {Loss, type LossFunction, LossFunctionWrapper} from './loss.js';

// Every loss: its class, its function and Keras's short names.
const LOSSES = [
  [BinaryCrossentropy, binaryCrossentropy, 'bce', 'BCE'],
  [BinaryFocalCrossentropy, binaryFocalCrossentropy],
  [CategoricalCrossentropy, categoricalCrossentropy],
  [CategoricalFocalCrossentropy, categoricalFocalCrossentropy],
  [CategoricalGeneralizedCrossEntropy, null],
  [CategoricalHinge, categoricalHinge],
  [Circle, circle],
  [CosineSimilarity, cosineSimilarity],
  [CTC, ctc],
  [Dice, dice],
  [Hinge, hinge],
  [Huber, huber],
  [KLDivergence, klDivergence, 'kld', 'KLD'],
  [LogCosh, logCosh, 'logcosh'],
  [MeanAbsoluteError, meanAbsoluteError, 'mae', 'MAE'],
  [MeanAbsolutePercentageError, meanAbsolutePercentageError, 'mape', 'MAPE'],
  [MeanSquaredError, meanSquaredError, 'mse', 'MSE'],
  [MeanSquaredLogarithmicError, meanSquaredLogarithmicError, 'msle', 'MSLE'],
  [Poisson, poisson],
  [SparseCategoricalCrossentropy, sparseCategoricalCrossentropy],
  [SquaredHinge, squaredHinge],
  [Tversky, tversky],
] as const;

/** A custom name in Keras's form, registered with `registerKerasSerializable`. */
export type Registered = `${string}>${string}`;

/** The strings that name a loss. */
export type LossId =
  | 'binary_crossentropy'
  | 'binary_focal_crossentropy'
  | 'categorical_crossentropy'
  | 'categorical_focal_crossentropy'
  | 'categorical_hinge'
  | 'circle'
  | 'cosine_similarity'
  | 'ctc'
  | 'dice'
  | 'hinge'
  | 'huber'
  | 'kl_divergence'
  | 'log_cosh'
  | 'mean_absolute_error'
  | 'mean_absolute_percentage_error'
  | 'mean_squared_error'
  | 'mean_squared_logarithmic_error'
  | 'poisson'
  | 'sparse_categorical_crossentropy'
  | 'squared_hinge'
  | 'tversky'
  | 'bce'
  | 'BCE'
  | 'kld'
  | 'KLD'
  | 'logcosh'
  | 'mae'
  | 'MAE'
  | 'mape'
  | 'MAPE'
  | 'mse'
  | 'MSE'
  | 'msle'
  | 'MSLE'
  | 'BinaryCrossentropy'
  | 'BinaryFocalCrossentropy'
  | 'CategoricalCrossentropy'
  | 'CategoricalFocalCrossentropy'
  | 'CategoricalGeneralizedCrossEntropy'
  | 'CategoricalHinge'
  | 'Circle'
  | 'CosineSimilarity'
  | 'CTC'
  | 'Dice'
  | 'Hinge'
  | 'Huber'
  | 'KLDivergence'
  | 'LogCosh'
  | 'MeanAbsoluteError'
  | 'MeanAbsolutePercentageError'
  | 'MeanSquaredError'
  | 'MeanSquaredLogarithmicError'
  | 'Poisson'
  | 'SparseCategoricalCrossentropy'
  | 'SquaredHinge'
  | 'Tversky'
  | Registered;

/** What can be given where a loss is wanted. */
export type LossLike = LossId | Loss | LossFunction | ConfigNode;

const byFunction = new Map<unknown, new () => Loss>();

const registry = new Registry<Loss>({
  kind: 'loss',
  module: 'keras.losses',
  is: (value) => value instanceof Loss,
  fromFunction: (fn) => {
    const known = byFunction.get(fn);
    if (known !== undefined) return new known();
    return new LossFunctionWrapper(fn as LossFunction, {name: fn.name === '' ? undefined : toSnakeCase(fn.name)});
  },
});

for (const [cls, fn, ...ids] of LOSSES) {
  registry.add(cls.name, cls, ids);
  if (fn === null) continue;
  byFunction.set(fn, cls);
  // Keras writes functions as {module: 'builtins', class_name: 'function', config: 'mean_squared_error'}.
  registerPublic(fn, {module: 'builtins', name: toSnakeCase(cls.name)});
}

/**
 * A loss from its id, class name, config or function (`(yTrue, yPred) => tensor`, which is weighted and reduced like the others);
 * a loss is given back as it is.
 *
 * @throws UnknownOptionError with the nearest id
 */
export function get(identifier: LossLike | (string & {})): Loss {
  if (identifier === 'crossentropy' || identifier === 'ce') {
    throw new UnknownOptionError(
      `losses.get: "${identifier}" is chosen by the shapes of targets and predictions, which only training knows; name binary_crossentropy, categorical_crossentropy or sparse_categorical_crossentropy`,
    );
  }
  return registry.get(identifier);
}

/** The Keras 3 node of a loss. */
export function serialize(loss: Loss): ConfigNode {
  return registry.serialize(loss) as ConfigNode;
}

/** The loss of a Keras 3 node, which is checked and never trusted. */
export function deserialize(node: string | ConfigNode, customObjects?: CustomObjects): Loss {
  return registry.deserialize(node, customObjects);
}

/** The loss that `'crossentropy'` and `'ce'` stand for, chosen by shapes as Keras does. */
export function resolveCrossentropy(yTrue: Shape, yPred: Shape): Loss {
  const kind = kindOf(yTrue, yPred);
  if (kind === 'binary') return new BinaryCrossentropy();
  return kind === 'sparse' ? new SparseCategoricalCrossentropy() : new CategoricalCrossentropy();
}
