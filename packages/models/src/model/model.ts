import {type Config, type CustomObjects, type Tensor, ValueError, type Variable} from '@keratin/core';
import {
  checkConfig,
  constructFrom,
  registerPublic,
  serializeKerasObject,
  withCustomObjects,
} from '@keratin/core/internal';
import {type History} from '../callbacks/history.js';
import {cloning} from '../functional/cloning.js';
import {graphConfig, graphFromConfig} from '../functional/config.js';
import {DataForms} from '../functional/data.js';
import {type Metric} from '../metrics/index.js';
import {type Optimizer} from '../optimizers/index.js';
import {modelToYaml} from '../saving/model-to-yaml.js';
import {compileConfig, compileSettings, trainsByParts} from '../saving/compile-config.js';
import {exportModel, type ExportOptions} from '../export/export-model.js';
import {saveModel, type SaveModelOptions} from '../saving/save-model.js';
import {loadWeights, type LoadWeightsOptions, saveWeights, type SaveWeightsOptions} from '../saving/weights.js';
import {summary, type SummaryOptions} from '../summary/summary.js';
import {type LossOption} from '../trainer/compiled-loss.js';
import {type Arrays, type Batch} from '../trainer/data/batch.js';
import {type BatchIterable, dataAndOptions} from '../trainer/data/iterables.js';
import {evaluate} from '../trainer/evaluate.js';
import {fit} from '../trainer/fit.js';
import {readLogs, type StepLogs} from '../trainer/logs.js';
import {predictOnBatch, testOnBatch, trainOnBatch} from '../trainer/on-batch.js';
import {predict} from '../trainer/predict.js';
import {type LossData, Trainer} from '../trainer/trainer.js';
import {GraphModel, type ModelOptions} from './graph-model.js';
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
 * A model: layers, and the means to train them. With `inputs` and `outputs` it is what leads from one to the other (a functional
 * model). A subclass holds layers in its fields and computes in `call`; {@link Sequential} is a plain stack of layers. A model is a
 * layer too, and can be used inside another.
 *
 * @typeParam I what the model is called with: a tensor, a tuple or an object of tensors
 * @typeParam O what it gives
 * @example
 * const x = Input({shape: [784]});
 * const hidden = new layers.Dense(64, {activation: 'relu'})(x);
 * const model = new Model({inputs: x, outputs: new layers.Dense(10, {activation: 'softmax'})(hidden)});
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
export class Model<const I = Tensor, const O = Tensor> extends GraphModel<I, O> {
  /** Set it to true in a callback to end training after the batch or epoch. */
  stopTraining = false;
  /** What the last `fit` recorded; null before the first. */
  history: History | null = null;
  readonly #trainer: Trainer;

  /**
   * @throws ValueError where the inputs do not lead to the outputs, or are no symbolic tensors
   */
  constructor(options: ModelOptions<I, O> = {}) {
    super(options, new.target === Model ? 'Functional' : undefined);
    this.#trainer = new Trainer(this, Model.prototype);
    if (this.graph !== null && new.target === Model) Object.setPrototypeOf(this, Functional.prototype);
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

  /** The loss as `compile` was given it; undefined where there is none. */
  get loss(): LossOption | undefined {
    return this.#trainer.settings?.loss;
  }

  /** The mean loss, the compiled metrics, and metrics in the model's own fields. Override it to report others. */
  get metrics(): Metric[] {
    return this.#trainer.metrics();
  }

  /** The state of all metrics. */
  get metricsVariables(): readonly Variable[] {
    return [...new Set(this.metrics.flatMap(({variables}) => variables as readonly Variable[]))];
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
    const [inputs, targets, settings] = dataAndOptions('fit', x, y, options);
    return fit(
      this,
      this.#data.inputs('fit', inputs),
      this.#data.targets('fit', targets),
      this.#data.options('fit', settings),
    );
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
    const [inputs, targets, settings] = dataAndOptions('evaluate', x, y, options);
    const given = this.#data.options('evaluate', settings);
    const result = evaluate(
      this,
      this.#data.inputs('evaluate', inputs),
      this.#data.targets('evaluate', targets),
      given,
    );
    return (await result) as AnyEvaluation;
  }

  /**
   * What the model gives for data, batch by batch, joined along the first axis. Several calls may run at once.
   *
   * @example
   * const probabilities = await model.predict(x, {batchSize: 128});
   */
  async predict(x: Arrays | BatchIterable, options?: PredictOptions): Promise<O> {
    return (await predict(this, this.#data.inputs('predict', x), options)) as O;
  }

  /** One step of training on one batch, on the caller's thread. Gives the loss and metrics of the batch. */
  trainOnBatch(x: Arrays, y?: Arrays, options?: TrainOnBatchOptions): AnyEvaluation {
    const where = 'trainOnBatch';
    return trainOnBatch(this, this.#data.inputs(where, x), this.#data.targets(where, y), options) as AnyEvaluation;
  }

  /** The loss and metrics of one batch, without training. */
  testOnBatch(x: Arrays, y?: Arrays, options?: TestOnBatchOptions): AnyEvaluation {
    const where = 'testOnBatch';
    return testOnBatch(this, this.#data.inputs(where, x), this.#data.targets(where, y), options) as AnyEvaluation;
  }

  /** What the model gives for one batch. */
  predictOnBatch(x: Arrays): O {
    return predictOnBatch(this, this.#data.inputs('predictOnBatch', x)) as O;
  }

  get #data(): DataForms {
    return new DataForms(this.graph);
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

  /** The values of all metrics now, by their names in the logs. */
  getMetricsResult(): Readonly<Record<string, number>> {
    return readLogs(this.#trainer.results()) as Readonly<Record<string, number>>;
  }

  /** Starts all metrics over, as each epoch does. */
  resetMetrics(): void {
    this.#trainer.resetMetrics();
  }

  // --- configs ---------------------------------------------------------------------------------------------------------

  /** What a functional model is made of, as Keras 3 writes it; what any other model holds is up to its class. */
  override getConfig(): Config {
    const {graph} = this;
    if (graph === null) return super.getConfig();
    return {name: this.name, trainable: this.trainable, ...graphConfig(graph, isFunctional)};
  }

  /** A model from what {@link getConfig} gave, with new weights. */
  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
    customObjects?: CustomObjects,
  ): T {
    const where = `${this.name}.fromConfig`;
    const checked = checkConfig(where, config);
    if (!('input_layers' in checked) || !('output_layers' in checked)) {
      return constructFrom(this, this.positional ?? [], checked) as T;
    }
    const {layers, input_layers, output_layers, ...rest} = checked;
    const build = () => graphFromConfig(where, {layers, input_layers, output_layers}, isFunctional, customObjects);
    const ends = customObjects === undefined ? build() : withCustomObjects(customObjects, build);
    const cls: abstract new (...args: never[]) => unknown = Object.is(this, Functional) ? Model : this;
    return constructFrom(cls, this.positional ?? [], {...rest, ...ends}) as T;
  }

  /** @internal */
  override getBuildConfig(): Config | null {
    return this.graph === null ? super.getBuildConfig() : {input_shape: null};
  }

  /** @internal How the model was compiled; null where it was not, or where a file cannot hold it (then `save` says so). */
  getCompileConfig(): Config | null {
    if (trainsByParts(this.#trainer)) return null;
    try {
      return compileConfig(this.#trainer);
    } catch (error) {
      if (error instanceof ValueError) return null;
      throw error;
    }
  }

  /** @internal Compiles the model as {@link getCompileConfig} says, and makes the state of the optimizer. */
  compileFromConfig(config: Config): void {
    if (Object.keys(config).length === 0) return;
    this.#trainer.compile(compileSettings(config, `model "${this.name}"`));
    if (this.built) this.#trainer.buildOptimizers();
  }

  /** The model as text that {@link modelFromJson} and Keras read; without its weights. */
  toJson(): string {
    return JSON.stringify(serializeKerasObject(this));
  }

  /** The model as YAML text that `modelFromYaml` reads; without its weights. */
  toYaml(): string {
    return modelToYaml(this);
  }

  // --- files -----------------------------------------------------------------------------------------------------------

  /**
   * Writes the whole model to a file that ends in `.keras`: what it is made of, its weights, and how it was compiled with the state of
   * the optimizer. `loadModel` and Keras read it. The file appears whole or not at all.
   *
   * @example
   * await model.save('mnist.keras');
   * const again = await loadModel('mnist.keras');
   * @throws ValueError where a part of the model could not be made again from a file
   */
  save(path: string | URL, options?: SaveModelOptions): Promise<void> {
    return saveModel(this, path, options);
  }

  /**
   * Writes what the model computes in inference, for other runtimes: an ONNX file (opset 18), which onnxruntime and others run. Sizes that
   * the model leaves open stay open. Keras's other formats need TensorFlow.
   *
   * @example
   * await model.export('mnist.onnx', {format: 'onnx'});
   * @throws ValueError that names the layer and operation that has no form in ONNX
   */
  export(path: string | URL, options: ExportOptions): Promise<void> {
    return exportModel(this, path, options);
  }

  /**
   * A copy with weights and, where the model is compiled, an optimizer of its own: nothing that happens to one touches the other. The
   * same as `cloneModel(model, options)`, but for the weights, whose values the copy has unless `weights` is false.
   *
   * @example
   * const target = online.clone();
   */
  clone(options: {readonly weights?: boolean | undefined} = {}): this {
    return cloning.clone(this, {weights: true, ...options}) as this;
  }

  // --- description and weights -----------------------------------------------------------------------------------------

  /** Prints the layers with their output shapes and numbers of parameters, as Keras does. */
  summary(options?: SummaryOptions): void {
    summary(this, options);
  }

  /**
   * Writes the weights, and the state of the optimizer, to a file that ends in `.weights.h5`, which Keras reads too. `.safetensors`
   * holds the weights under their paths; `.h5` is the format of Keras 2; with `maxShardSize` a `.weights.json` names several files. The file appears whole or not at all.
   * @throws NotBuiltError where there are no weights yet
   */
  saveWeights(path: string | URL, options?: SaveWeightsOptions): Promise<void> {
    return saveWeights(this, path, options);
  }

  /**
   * Reads the weights from a file that {@link saveWeights} or Keras wrote, or from that of a whole model. Nothing changes where the
   * file does not fit the model.
   * @throws FileFormatError that names all weights that are missing, left over or of another shape
   */
  loadWeights(path: string | URL, options?: LoadWeightsOptions): Promise<void> {
    return loadWeights(this, path, options);
  }

  /** @internal */
  get trainer(): Trainer {
    return this.#trainer;
  }
}

/** What `new Model({inputs, outputs})` gives: Keras's name for it in files and messages. */
export class Functional<const I = Tensor, const O = Tensor> extends Model<I, O> {}

registerPublic(Model, {module: 'keras', name: 'Model'});
registerPublic(Functional, {module: 'keras.src.models.functional', name: 'Functional'});
registerPublic(Functional, {module: 'keras', name: 'Functional'});

const isFunctional = (operation: unknown): boolean => operation instanceof Model && operation.graph !== null;
