import {hostname} from 'node:os';
import {join} from 'node:path';
import {KeratinError, ValueError} from '@keratin/core';
import {checkOptions, describe, isPlainObject, schema} from '@keratin/core/internal';
import {layers} from '@keratin/layers';
import {warn} from '../progress/output.js';
import {EventWriter} from '../tensorboard/event-writer.js';
import {weightImages} from '../tensorboard/images.js';
import {checkMetadata, type Embeddings, type EmbeddingsMetadata, writeEmbeddings} from '../tensorboard/projector.js';
import {histogram, images, kerasModel, scalar} from '../tensorboard/summaries.js';
import {Callback, type CallbackState, type Logs} from './callback.js';
import {addLearningRates} from './learning-rates.js';
import {StepTrace} from './step-trace.js';

/** Options of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** The folder; runs are written to `train` and `validation` in it. Default `'logs'`. */
  logDir?: string | undefined;
  /** Every how many epochs the distributions of weights are written; 0 for never. Default 0. */
  histogramFreq?: number | undefined;
  /** Whether the structure of the model is written. Default true. */
  writeGraph?: boolean | undefined;
  /** Whether weights are written as pictures too, whenever their distributions are. Default false. */
  writeImages?: boolean | undefined;
  /** Whether steps a second are written for each epoch, and for each batch that is written. Default false. */
  writeStepsPerSecond?: boolean | undefined;
  /** Whether values are written for every epoch, every batch too, or every so many batches. Default `'epoch'`. */
  updateFreq?: 'epoch' | 'batch' | number | undefined;
  /** Every how many epochs the tables of Embedding layers are written for the projector; 0 for never. Default 0. */
  embeddingsFreq?: number | undefined;
  /**
   * Files that name the rows of these tables, as TensorBoard reads them (TSV, paths from `logDir`): one for all layers, or by the name of the
   * layer. Default null.
   */
  embeddingsMetadata?: EmbeddingsMetadata | null | undefined;
  /**
   * The batch that is measured, or the first and the last one, counted from 1 over all epochs: 0 for none. The trace appears as
   * `train/plugins/profile/<time>/<host>.trace.json.gz` in `logDir`, for TensorBoard's Profile tab, https://ui.perfetto.dev and
   * chrome://tracing. The first batch compiles. Default 0.
   */
  profileBatch?: number | readonly [first: number, last: number] | undefined;
}

const OPTION_NAMES = [
  'logDir',
  'histogramFreq',
  'writeGraph',
  'writeImages',
  'writeStepsPerSecond',
  'updateFreq',
  'embeddingsFreq',
  'embeddingsMetadata',
  'profileBatch',
] as const satisfies readonly (keyof TensorBoardOptions)[];

const stateSchema = schema((z) => z.object({batches: z.number(), graphWritten: z.boolean()}));

/**
 * Writes event files that TensorBoard shows: for each epoch `epoch_<name>` and the learning rate, those of the validation in a run of
 * their own; `evaluation_<name>_vs_iterations`; `batch_<name>` where `updateFreq` asks for it; distributions and pictures of weights,
 * tables of embeddings for the projector, and the model's structure, and a trace of the batches that
 * `profileBatch` names (Keras's `TensorBoard`). Needs no TensorFlow.
 *
 * @example
 * await model.fit(x, y, {epochs: 5, callbacks: [new callbacks.TensorBoard({logDir: 'logs/run1', histogramFreq: 1})]});
 * // then: tensorboard --logdir logs
 */
export class TensorBoard extends Callback {
  readonly logDir: string;
  readonly histogramFreq: number;
  readonly writeGraph: boolean;
  readonly writeImages: boolean;
  readonly writeStepsPerSecond: boolean;
  readonly updateFreq: 'epoch' | number;
  readonly embeddingsFreq: number;
  readonly embeddingsMetadata: EmbeddingsMetadata | null;
  readonly profileBatch: number | readonly [first: number, last: number];
  readonly #trace: StepTrace | null;
  readonly #train: EventWriter;
  readonly #validation: EventWriter;
  #batches = 0;
  #step = 0;
  #graphWritten = false;
  #began = {time: 0, iterations: 0};
  #lastBatch = 0;

  constructor(options: TensorBoardOptions = {}) {
    super();
    checkOptions('TensorBoard', options, OPTION_NAMES, {log_dir: 'logDir', logdir: 'logDir', dir: 'logDir'});
    const {logDir = 'logs', histogramFreq = 0, embeddingsFreq = 0, updateFreq = 'epoch'} = options;
    const metadata: unknown = options.embeddingsMetadata ?? null;
    if (typeof logDir !== 'string' || logDir === '') {
      throw new ValueError(`TensorBoard: logDir must be a folder, got ${describe(logDir)}`);
    }
    for (const [name, value] of Object.entries({histogramFreq, embeddingsFreq})) {
      if (Number.isInteger(value) && value >= 0) continue;
      throw new ValueError(`TensorBoard: ${name} must be a number of epochs, got ${describe(value)}`);
    }
    if (metadata !== null && typeof metadata !== 'string' && !isPlainObject(metadata)) {
      throw new ValueError(
        `TensorBoard: embeddingsMetadata must be a file, or an object of files by layer name, got ${describe(metadata)}`,
      );
    }
    const every: unknown = updateFreq === 'batch' ? 1 : updateFreq;
    if (every !== 'epoch' && !(typeof every === 'number' && Number.isInteger(every) && every > 0)) {
      throw new ValueError(
        `TensorBoard: updateFreq must be "epoch", "batch" or a number of batches, got ${describe(updateFreq)}`,
      );
    }
    this.logDir = logDir;
    this.histogramFreq = histogramFreq;
    this.writeGraph = options.writeGraph ?? true;
    this.writeImages = options.writeImages ?? false;
    this.embeddingsFreq = embeddingsFreq;
    this.embeddingsMetadata = options.embeddingsMetadata ?? null;
    this.writeStepsPerSecond = options.writeStepsPerSecond ?? false;
    this.updateFreq = every;
    this.#train = new EventWriter(join(logDir, 'train'));
    this.#validation = new EventWriter(join(logDir, 'validation'));
    this.profileBatch = options.profileBatch ?? 0;
    this.#trace = traceOf(this.profileBatch);
    // A hook for batches makes every step read its values, so it is there only where it is needed.
    if (every !== 'epoch') this.onTrainBatchEnd = (_, logs) => this.#afterBatch(logs, every);
    if (this.#trace !== null) this.#profile(this.#trace, this.onTrainBatchEnd?.bind(this));
  }

  override onTrainBegin(): void {
    this.#trace?.reset();
    this.#step = 0;
    this.#batches = 0;
    this.#graphWritten = false;
    if (this.embeddingsFreq > 0) {
      checkMetadata(
        this.embeddingsMetadata,
        this.#embeddingLayers().map(({name}) => name),
      );
    }
  }

  override onEpochBegin(): void {
    this.#began = {time: performance.now(), iterations: this.#iterations};
    this.#lastBatch = performance.now();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.#writeModel();
    const train: Logs = {};
    for (const [name, value] of Object.entries(logs)) {
      if (name.startsWith('val_')) write(this.#validation, `epoch_${name.slice(4)}`, value, epoch);
      else train[name] = value;
    }
    addLearningRates(this.model, train);
    if (this.writeStepsPerSecond) {
      const {time, iterations} = this.#began;
      train['steps_per_second'] = (this.#iterations - iterations) / ((performance.now() - time) / 1000);
    }
    for (const [name, value] of Object.entries(train)) write(this.#train, `epoch_${name}`, value, epoch);
    if (this.histogramFreq > 0 && epoch % this.histogramFreq === 0) this.#writeWeights(epoch);
    if (this.embeddingsFreq > 0 && epoch % this.embeddingsFreq === 0) await this.#writeEmbeddings(epoch);
    await this.#flush();
  }

  override async onTestEnd(logs: Logs): Promise<void> {
    if (this.model.optimizers.length === 0) return;
    for (const [name, value] of Object.entries(logs)) {
      write(this.#validation, `evaluation_${name}_vs_iterations`, value, this.#iterations);
    }
    await this.#validation.flush();
  }

  override async onTrainEnd(): Promise<void> {
    await this.#trace?.write(() => this.#tracePath());
    await this.#flush();
  }

  override getState(): CallbackState {
    return {batches: this.#batches, graphWritten: this.#graphWritten};
  }
  override setState(state: unknown): void {
    const {batches, graphWritten} = stateSchema.parse(state);
    this.#batches = batches;
    this.#graphWritten = graphWritten;
  }

  #afterBatch(logs: Logs, every: number): void {
    this.#batches += 1;
    const now = performance.now();
    const seconds = (now - this.#lastBatch) / 1000;
    this.#lastBatch = now;
    if (this.#batches % every !== 0) return;
    if (this.writeStepsPerSecond) write(this.#train, 'batch_steps_per_second', 1 / seconds, this.#batches);
    for (const [name, value] of Object.entries(logs)) write(this.#train, `batch_${name}`, value, this.#batches);
  }

  /** Hooks that measure the batches which are asked for, around the one that writes values. */
  #profile(trace: StepTrace, afterBatch: ((batch: number, logs: Logs) => unknown) | undefined): void {
    this.onTrainBatchBegin = () => {
      this.#step += 1;
      trace.beginStep(this.#step);
    };
    this.onTrainBatchEnd = async (batch, logs) => {
      await trace.endStep(this.#step, logs, () => this.#tracePath());
      await afterBatch?.(batch, logs);
    };
  }

  /** Where TensorBoard's Profile tab looks: a folder for each time, a file for each host. */
  #tracePath(): string {
    const time = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_');
    return join(this.logDir, 'train', 'plugins', 'profile', time, `${hostname()}.trace.json.gz`);
  }

  get #iterations(): number {
    return Number((this.model.optimizer ?? this.model.optimizers[0])?.iterations.item() ?? 0);
  }

  #writeModel(): void {
    if (!this.writeGraph || this.#graphWritten) return;
    this.#graphWritten = true;
    try {
      this.#train.add(0, kerasModel('keras', this.model.toJson()));
    } catch (error) {
      // Layers of a user's own may have no config, which is no reason to end a training.
      if (!(error instanceof KeratinError)) throw error;
      warn(`TensorBoard: the model cannot be written as JSON, so its graph is left out: ${error.message}`);
    }
  }

  #writeWeights(epoch: number): void {
    for (const variable of this.model.weights) {
      const values = variable.cast('float64').data() as Float64Array;
      this.#train.add(epoch, histogram(`${variable.path}/histogram`, values));
      const pictures = this.writeImages ? weightImages(variable) : null;
      if (pictures === null) continue;
      const {width, height, files} = pictures;
      this.#train.add(epoch, images(`${variable.path}/image`, width, height, files));
    }
  }

  #embeddingLayers(): layers.Embedding[] {
    return this.model.flattenLayers().flatMap((layer: unknown) => (layer instanceof layers.Embedding ? [layer] : []));
  }

  async #writeEmbeddings(epoch: number): Promise<void> {
    const list = this.#embeddingLayers().flatMap(({name, weights: [table]}): Embeddings[] =>
      table === undefined ? [] : [{name, table}],
    );
    if (list.length > 0) await writeEmbeddings(this.logDir, 'train', epoch, list, this.embeddingsMetadata);
  }

  async #flush(): Promise<void> {
    await this.#train.flush();
    await this.#validation.flush();
  }
}

function traceOf(batches: unknown): StepTrace | null {
  if (batches === 0) return null;
  const isBatch = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value > 0;
  const [first, last] = Array.isArray(batches) && batches.length === 2 ? (batches as unknown[]) : [batches, batches];
  if (isBatch(first) && isBatch(last) && first <= last) return new StepTrace('TensorBoard', [first, last]);
  throw new ValueError(
    `TensorBoard: profileBatch must be a batch counted from 1, the first and the last of several, or 0 for none, got ${describe(batches)}`,
  );
}

function write(writer: EventWriter, tag: string, value: unknown, step: number): void {
  // A metric without averaging gives one number per class.
  if (Array.isArray(value))
    value.forEach((entry, i) => {
      write(writer, `${tag}_${String(i)}`, entry, step);
    });
  else if (typeof value === 'number') writer.add(step, scalar(tag, value));
}
