import {KeratinError, type Tensor, ValueError} from '@keratin/core';
import {describe, hint} from '@keratin/core/internal';
import {type AnyLayer, Layer, type LayerOptions, type Masks} from '@keratin/layers';
import {type History} from '../callbacks/history.js';
import {type Metric} from '../metrics/index.js';
import {type Optimizer} from '../optimizers/index.js';
import {loadWeights, saveWeights} from '../saving/weights.js';
import {summary, type SummaryOptions} from '../summary/summary.js';
import {type Arrays, type Batch} from '../trainer/data/batch.js';
import {type BatchIterable, dataAndOptions} from '../trainer/data/iterables.js';
import {evaluate} from '../trainer/evaluate.js';
import {fit} from '../trainer/fit.js';
import {type StepLogs} from '../trainer/logs.js';
import {predictOnBatch, testOnBatch, trainOnBatch} from '../trainer/on-batch.js';
import {predict} from '../trainer/predict.js';
import {type LossData, Trainer} from '../trainer/trainer.js';
import {
  type AnyEvaluation,
  type Compiled,
  type CompileOptions,
  type EvaluateOptions,
  type FitOptions,
  type MetricsOf,
  type PredictOptions,
  type TestOnBatchOptions,
  type TrainOnBatchOptions,
} from './types.js';

/**
 * A model: layers, and the means to train them. A subclass holds layers in its fields and computes in `call`; {@link Sequential} is
 * a plain stack of layers. A model is a layer too, and can be used inside another.
 *
 * @typeParam I what the model is called with: a tensor, a tuple or an object of tensors
 * @typeParam O what it gives
 * @example
 * class Classifier extends Model {
 *   readonly hidden = new layers.Dense(64, {activation: 'relu'});
 *   readonly head = new layers.Dense(10, {activation: 'softmax'});
 *   override call(x: Tensor) {
 *     return this.head(this.hidden(x));
 *   }
 * }
 * const model = new Classifier().compile({optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
 * const {history} = await model.fit(x, y, {epochs: 5});
 */
export class Model<const I = Tensor, const O = Tensor> extends Layer<I, O> {
  /** Set it to true in a callback to end training after the batch or epoch. */
  stopTraining = false;
  /** What the last `fit` recorded; null before the first. */
  history: History | null = null;
  readonly #trainer: Trainer;

  constructor(options: LayerOptions = {}) {
    super(options);
    this.#trainer = new Trainer(this, Model.prototype);
  }

  /** The computation. Called through the model itself: `model(x)`. Subclasses override it. */
  override call(_inputs: I, _options: {training?: boolean | undefined; mask?: Tensor<boolean> | undefined}): O {
    throw new KeratinError(
      `${this.path}: ${this.constructor.name} has no call method; a subclass of Model overrides call(inputs)`,
    );
  }

  // The layers within give their outputs the masks that these have.
  override computeMask(_inputs: I, _previousMask: Masks): Masks {
    return null;
  }

  /** The layers directly in this model. */
  get layers(): readonly AnyLayer[] {
    return this.ownLayers();
  }

  /** A layer by name, or by position. */
  getLayer(which: string | number): AnyLayer {
    const {layers} = this;
    const found = typeof which === 'number' ? layers[which] : layers.find(({name}) => name === which);
    if (found !== undefined) return found;
    if (typeof which === 'number') {
      throw new ValueError(
        `getLayer: model "${this.name}" has ${String(layers.length)} layers, got position ${String(which)}`,
      );
    }
    const names = layers.map(({name}) => name);
    throw new ValueError(`getLayer: model "${this.name}" has no layer ${describe(which)}${hint(which, names)}`);
  }

  // --- compile and train -----------------------------------------------------------------------------------------------

  /**
   * Says how the model is trained, and gives the model, typed by its metrics.
   *
   * @example
   * model.compile({optimizer: new optimizers.Adam(1e-3), loss: 'mse', metrics: ['mae']});
   * @throws UnknownOptionError for an id or option that does not exist, with the nearest one
   */
  compile<const M extends MetricsOf = readonly [], const W extends MetricsOf = readonly []>(
    options: CompileOptions<M, W> = {},
  ): Compiled<M, W, O> & this {
    this.#trainer.compile(options);
    // The results are typed by the metrics; the object is the same.
    return this as Compiled<M, W, O> & this;
  }

  /** Whether {@link compile} was called. */
  get compiled(): boolean {
    return this.#trainer.compiled;
  }

  /** The optimizer; null before `compile`, and where parts of the model have their own (see {@link optimizers}). */
  get optimizer(): Optimizer | null {
    return this.#trainer.optimizer;
  }

  /** All optimizers: one, or those of the parts. */
  get optimizers(): readonly Optimizer[] {
    return this.#trainer.optimizers;
  }

  /** The mean loss, the compiled metrics, and metrics in the model's own fields. Override it to report others. */
  get metrics(): Metric[] {
    return this.#trainer.metrics();
  }

  /** The names of {@link metrics} in the logs. */
  get metricsNames(): string[] {
    return this.#trainer.namedMetrics().map(({key}) => key);
  }

  /**
   * Trains for a number of epochs. A later call goes on from where this one ends.
   *
   * @param x the inputs; data that yields batches `[x, y]` stands for both
   * @param y the targets
   * @returns the losses and metrics of each epoch
   * @throws KeratinError where the model is not compiled, or is being trained already
   * @throws ShapeError where the numbers of samples differ, or the inputs do not fit the model
   * @example
   * const {history} = await model.fit(x, y, {epochs: 5, batchSize: 128, validationSplit: 0.2});
   */
  fit(x: Arrays, y: Arrays, options?: FitOptions): Promise<History>;
  fit(data: BatchIterable, options?: FitOptions): Promise<History>;
  async fit(x: unknown, y?: unknown, options?: FitOptions): Promise<History> {
    return fit(this, ...dataAndOptions('fit', x, y, options));
  }

  /**
   * The loss and metrics on data, without training.
   *
   * @example
   * const {loss, accuracy} = await model.evaluate(x, y);
   */
  evaluate(x: Arrays, y: Arrays, options?: EvaluateOptions): Promise<AnyEvaluation>;
  evaluate(data: BatchIterable, options?: EvaluateOptions): Promise<AnyEvaluation>;
  async evaluate(x: unknown, y?: unknown, options?: EvaluateOptions): Promise<AnyEvaluation> {
    return (await evaluate(this, ...dataAndOptions('evaluate', x, y, options))) as AnyEvaluation;
  }

  /**
   * What the model gives for data, batch by batch, joined along the first axis. Several calls may run at once.
   *
   * @example
   * const probabilities = await model.predict(x, {batchSize: 128});
   */
  async predict(x: Arrays | BatchIterable, options?: PredictOptions): Promise<O> {
    return (await predict(this, x, options)) as O;
  }

  /** One step of training on one batch, on the caller's thread. Gives the loss and metrics of the batch. */
  trainOnBatch(x: Arrays, y?: Arrays, options?: TrainOnBatchOptions): AnyEvaluation {
    return trainOnBatch(this, x, y, options) as AnyEvaluation;
  }

  /** The loss and metrics of one batch, without training. */
  testOnBatch(x: Arrays, y?: Arrays, options?: TestOnBatchOptions): AnyEvaluation {
    return testOnBatch(this, x, y, options) as AnyEvaluation;
  }

  /** What the model gives for one batch. */
  predictOnBatch(x: Arrays): O {
    return predictOnBatch(this, x) as O;
  }

  // --- steps, for subclasses to override -------------------------------------------------------------------------------

  /**
   * One step of training: forward, loss, gradients, update, metrics. Gives what the logs show; values need not be read.
   *
   * @example
   * override trainStep({x, y}: Batch<Tensor>) {
   *   const tape = new GradientTape();
   *   const loss = tape.record(() => this(x, {training: true}).sub(y as Tensor).square().mean());
   *   this.optimizer?.apply(tape.gradient(loss, this.trainableVariables), this.trainableVariables);
   *   return {loss};
   * }
   */
  trainStep(batch: Batch<I>): StepLogs {
    return this.#trainer.trainStep(batch);
  }

  /** One step of evaluation. */
  testStep(batch: Batch<I>): StepLogs {
    return this.#trainer.testStep(batch);
  }

  /** One step of prediction. */
  predictStep({x}: Batch<I>): O {
    return this(x, {training: false});
  }

  /** The loss of a batch: that of `compile` and what layers added. */
  computeLoss(data: LossData): Tensor {
    return this.#trainer.computeLoss(data);
  }

  /** Updates the metrics with a batch and gives all results. */
  computeMetrics(data: Omit<LossData, 'training'>): StepLogs {
    return this.#trainer.computeMetrics(data);
  }

  /** Starts all metrics over, as each epoch does. */
  resetMetrics(): void {
    this.#trainer.resetMetrics();
  }

  // --- description and weights -----------------------------------------------------------------------------------------

  /** Prints the layers with their output shapes and numbers of parameters, as Keras does. */
  summary(options?: SummaryOptions): void {
    summary(this, options);
  }

  /**
   * Writes the weights to a file that ends in `.safetensors`, under their paths. The file appears whole or not at all.
   * @throws NotBuiltError where there are no weights yet
   */
  saveWeights(path: string): Promise<void> {
    return saveWeights(this, path);
  }

  /**
   * Reads the weights from a file that {@link saveWeights} wrote. Nothing changes where the file does not fit the model.
   * @throws FileFormatError that names all weights that are missing, left over or of another shape
   */
  loadWeights(path: string): Promise<void> {
    return loadWeights(this, path);
  }

  /** @internal */
  get trainer(): Trainer {
    return this.#trainer;
  }
}
