/** Losses: what training makes small. */
export {Loss, type LossCallOptions, type LossFunction, LossFunctionWrapper, type LossOptions} from './loss.js';
export {type Reduction} from './reduction.js';
export {type Labels} from './shapes.js';
export {binaryCrossentropy, BinaryCrossentropy, type BinaryCrossentropyOptions} from './binary-crossentropy.js';
export {
  binaryFocalCrossentropy,
  BinaryFocalCrossentropy,
  type BinaryFocalCrossentropyOptions,
} from './binary-focal-crossentropy.js';
export {
  categoricalCrossentropy,
  CategoricalCrossentropy,
  type CategoricalCrossentropyOptions,
} from './categorical-crossentropy.js';
export {
  categoricalFocalCrossentropy,
  CategoricalFocalCrossentropy,
  type CategoricalFocalCrossentropyOptions,
} from './categorical-focal-crossentropy.js';
export {
  categoricalGeneralizedCrossEntropy,
  CategoricalGeneralizedCrossEntropy,
  type CategoricalGeneralizedCrossEntropyOptions,
} from './categorical-generalized-cross-entropy.js';
export {categoricalHinge, CategoricalHinge} from './categorical-hinge.js';
export {circle, Circle, type CircleOptions} from './circle.js';
export {cosineSimilarity, CosineSimilarity, type CosineSimilarityOptions} from './cosine-similarity.js';
export {ctc, CTC} from './ctc.js';
export {dice, Dice, type DiceOptions} from './dice.js';
export {hinge, Hinge} from './hinge.js';
export {huber, Huber, type HuberOptions} from './huber.js';
export {klDivergence, KLDivergence} from './kl-divergence.js';
export {logCosh, LogCosh} from './log-cosh.js';
export {meanAbsoluteError, MeanAbsoluteError} from './mean-absolute-error.js';
export {meanAbsolutePercentageError, MeanAbsolutePercentageError} from './mean-absolute-percentage-error.js';
export {meanSquaredError, MeanSquaredError} from './mean-squared-error.js';
export {meanSquaredLogarithmicError, MeanSquaredLogarithmicError} from './mean-squared-logarithmic-error.js';
export {poisson, Poisson} from './poisson.js';
export {
  sparseCategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type SparseCategoricalCrossentropyOptions,
} from './sparse-categorical-crossentropy.js';
export {squaredHinge, SquaredHinge} from './squared-hinge.js';
export {tversky, Tversky, type TverskyOptions} from './tversky.js';
export {
  deserialize,
  get,
  type LossId,
  type LossLike,
  type Registered,
  resolveCrossentropy,
  serialize,
} from './registry.js';
