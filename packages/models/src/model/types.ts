import {type Tensor} from '@keratin/core';
import {type CallbackLike} from '../callbacks/callback-list.js';
import {type History} from '../callbacks/history.js';
import {type LossOption, type LossWeights} from '../trainer/compiled-loss.js';
import {type MetricObject, type MetricSpec} from '../trainer/compiled-metrics.js';
import {type ArrayLike, type Arrays} from '../trainer/data/batch.js';
import {type ClassWeight} from '../trainer/data/class-weight.js';
import {type BatchIterable} from '../trainer/data/iterables.js';
import {type LearningRateMultiplier} from '../trainer/learning-rate-multipliers.js';
import {type OptimizerGroup, type OptimizerSpec} from '../trainer/optimizer-groups.js';

// How logs and results are typed by the metrics that a model was compiled with.

/** The metrics option of `compile`: a list for one output; by output, lists for several. */
export type MetricsOf =
  | readonly MetricSpec[]
  | readonly (MetricSpec | readonly MetricSpec[] | null)[]
  | {readonly [output: string]: MetricSpec | readonly MetricSpec[] | null};

/** A name that only the run knows: unlike `string`, it leaves the names beside it as they are. */
type SomeName = string & {};

/** The name that a metric has in the logs. */
type NameOf<M> = M extends string
  ? M
  : M extends MetricObject
    ? M extends {readonly name: infer N extends string}
      ? string extends N
        ? SomeName
        : N
      : SomeName
    : SomeName;

/** Names of several metrics; any name where they are given by output. */
type NamesOf<M> = M extends readonly MetricSpec[] ? NameOf<M[number]> : SomeName;

/** Names of the weighted metrics: one that is among the plain ones too says so. */
type WeightedNames<M, W> = Exclude<NamesOf<W>, NamesOf<M>> | `weighted_${Extract<NamesOf<W>, NamesOf<M>>}`;

/** The names that the logs have. A model with several outputs has names that only the run knows. */
export type LogKey<M extends MetricsOf, W extends MetricsOf = readonly [], O = Tensor> = O extends Tensor
  ? 'loss' | NamesOf<M> | WeightedNames<M, W>
  : string;

type Numbers<M> = M extends readonly unknown[] ? {[I in keyof M]: number} : number[];

/** What `evaluate` gives: a dictionary, and a tuple in Keras's order. */
export type Evaluation<M extends MetricsOf, W extends MetricsOf = readonly [], O = Tensor> = {
  readonly [P in LogKey<M, W, O>]: number;
} & readonly [loss: number, ...metrics: Numbers<M>, ...weighted: Numbers<W>];

/** The result of a model whose metrics the types do not know. */
export type AnyEvaluation = {readonly loss: number} & {readonly [name: string]: number | undefined} & readonly number[];

/** How much is shown: 0 nothing, 1 a progress bar, 2 one line an epoch; `'auto'` is 1. */
export type Verbose = 'auto' | 0 | 1 | 2;

/** Data for validation: arrays with their targets (and weights), or whatever yields batches. */
export type ValidationData =
  readonly [x: Arrays, y: Arrays] | readonly [x: Arrays, y: Arrays, sampleWeight: Arrays] | BatchIterable;

/** Options of `fit`. */
export interface FitOptions {
  /** The epoch to end before, counted from 0. Default 1. */
  epochs?: number | undefined;
  /** Samples of a step. Default 32. Not for data that makes its own batches. */
  batchSize?: number | undefined;
  /** Default `'auto'`. */
  verbose?: Verbose | undefined;
  /** Called at the events of training, in this order. */
  callbacks?: readonly CallbackLike[] | undefined;
  /** The part of the samples, at their end, that is kept for validation. Default 0. */
  validationSplit?: number | undefined;
  /** Evaluated at the end of epochs. */
  validationData?: ValidationData | undefined;
  /** Whether samples are in a new order each epoch, or (`'batch'`) within each batch. Default true. */
  shuffle?: boolean | 'batch' | undefined;
  /** Weights of samples by class number, for training only. */
  classWeight?: ClassWeight | undefined;
  /** A weight for each sample (or step); for several outputs one array each, or one for all. */
  sampleWeight?: Arrays | undefined;
  /** The first epoch, counted from 0. Default 0. */
  initialEpoch?: number | undefined;
  /** Steps of an epoch; the next one goes on in the data. Default: all of the data. */
  stepsPerEpoch?: number | undefined;
  /** Steps of a validation; each starts at the beginning. Default: all of the data. */
  validationSteps?: number | undefined;
  /** Default: `batchSize`. */
  validationBatchSize?: number | undefined;
  /** Every how many epochs to validate, or in which epochs (from 1). Default 1. */
  validationFreq?: number | readonly number[] | undefined;
  /**
   * Ends training after the current step, as the first Ctrl+C does: callbacks get `onTrainEnd`, {@link BackupAndRestore} a checkpoint to
   * go on from, and the History has the epochs that were finished. One that is aborted before `fit` begins makes it reject.
   */
  signal?: AbortSignal | undefined;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Default 32. */
  batchSize?: number | undefined;
  /** Default `'auto'`. */
  verbose?: Verbose | undefined;
  sampleWeight?: Arrays | undefined;
  /** Steps to take. Default: all of the data. */
  steps?: number | undefined;
  callbacks?: readonly CallbackLike[] | undefined;
  signal?: AbortSignal | undefined;
}

/** Options of `predict`. */
export type PredictOptions = Omit<EvaluateOptions, 'sampleWeight'>;

/** Options of `trainOnBatch`. */
export interface TrainOnBatchOptions {
  sampleWeight?: Arrays | undefined;
  classWeight?: ClassWeight | undefined;
}

/** Options of `testOnBatch`. */
export type TestOnBatchOptions = Omit<TrainOnBatchOptions, 'classWeight'>;

/** Options of `compile`. */
export interface CompileOptions<M extends MetricsOf = MetricsOf, W extends MetricsOf = MetricsOf> {
  /** An id, an object or a config; or pairs of a part of the model and its optimizer. Default `'rmsprop'`. */
  optimizer?: OptimizerSpec | readonly OptimizerGroup[] | undefined;
  /**
   * Learning rates of parts of the model, as multiples of the optimizer's: `[['encoder/*', 0.1], [layer, 0]]`. A part is a layer with all that
   * is in it, or a pattern of variable paths in which `*` stands for any characters; the rest of the model has 1. It multiplies the rate of
   * the step (and of its weight decay), not the gradient, so that it has its effect with Adam too. With 0 a part stays as it is, like
   * one that is not trainable, but its gradients are still computed and count in `globalClipnorm`. A pattern that matches no weight, a
   * layer that is no part of the model, and parts that share a variable are errors. A `.keras` file has them under a key of its own,
   * which Keras passes over. An optimizer object of two models has the multipliers of the one that was compiled last.
   *
   * @example
   * model.compile({optimizer: new optimizers.Adam(1e-3), learningRateMultipliers: [['encoder/*', 0.1]], loss: 'mse'});
   */
  learningRateMultipliers?: readonly LearningRateMultiplier[] | undefined;
  /** An id, an object, a function or a config; for several outputs a list of them, or by name. */
  loss?: LossOption | undefined;
  /** A factor for the loss of each output. */
  lossWeights?: LossWeights | undefined;
  /** Metrics without sample weights. */
  metrics?: M | undefined;
  /** Metrics with sample and class weights. */
  weightedMetrics?: W | undefined;
  /**
   * Whether the optimizer of a model with layers of dtype `'mixed_float16'` is wrapped in a `LossScaleOptimizer`, unless it scales the
   * loss itself. Default true.
   */
  autoScaleLoss?: boolean | undefined;
  /**
   * Whether a step whose loss, gradients or new weights are not all finite is an error that names the first layer and operation that
   * gave NaN or infinity, and the rows of the batch. Steps take a little longer. Default false.
   */
  debugNumerics?: boolean | undefined;
  /**
   * Whether steps of training, evaluation and prediction run as compiled programs, one for each shape of the batches: see `jit`. With
   * `'auto'` the first step runs operation by operation, and a model runs so altogether where it has code of your own (a `call`, a
   * `trainStep`, a loss function), since what that does beside tensor operations would happen only once. `true` compiles such code too, and
   * throws where it cannot; `false` never compiles. Default `'auto'`.
   */
  jitCompile?: boolean | 'auto' | undefined;
  /** Whether steps run operation by operation, for debugging: results agree. Default false. */
  runEagerly?: boolean | undefined;
  /**
   * Steps of `fit`, `evaluate` and `predict` between two calls of the batch hooks of callbacks. Hooks at the begin of batches get the first of
   * these steps, those at the end the last one, with its logs. Default 1.
   */
  stepsPerExecution?: number | undefined;
}

// Options are closed: what FitOptions does not have is an error, also where the type is inferred. A itself is in it so that hooks of
// callbacks know their parameters.
type Closed<F, A> = F & A & {readonly [K in Exclude<keyof F, keyof A>]: never};

type HasValidation<F> = F extends {readonly validationData: object} | {readonly validationSplit: number} ? true : false;

type FitKeys<K extends string, F> = K | (HasValidation<F> extends true ? `val_${K}` : never);

/** What `compile` adds to a model's type: results by name. */
export interface Compiled<M extends MetricsOf, W extends MetricsOf = readonly [], O = Tensor> {
  fit<const F extends FitOptions = object>(
    x: Arrays,
    y: Arrays,
    options?: Closed<F, FitOptions>,
  ): Promise<History<FitKeys<LogKey<M, W, O>, F>>>;
  fit<const F extends FitOptions = object>(
    data: BatchIterable,
    options?: Closed<F, FitOptions>,
  ): Promise<History<FitKeys<LogKey<M, W, O>, F>>>;
  evaluate(x: Arrays, y: Arrays, options?: EvaluateOptions): Promise<Evaluation<M, W, O>>;
  evaluate(data: BatchIterable, options?: EvaluateOptions): Promise<Evaluation<M, W, O>>;
  trainOnBatch(x: Arrays, y?: Arrays, options?: TrainOnBatchOptions): Evaluation<M, W, O>;
  testOnBatch(x: Arrays, y?: Arrays, options?: TestOnBatchOptions): Evaluation<M, W, O>;
}

export type {ArrayLike, Arrays, BatchIterable};
