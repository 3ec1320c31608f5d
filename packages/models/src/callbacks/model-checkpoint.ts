import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {UnknownOptionError, ValueError} from '@keratin/core';
import {checkOptions, describe, schema} from '@keratin/core/internal';
import {fixed} from '../progress/numbers.js';
import {printLine, warn} from '../progress/output.js';
import {checkModelPath} from '../saving/save-model.js';
import {checkWeightsPath} from '../saving/weights.js';
import {type CallbackState, type Logs} from './callback.js';
import {MonitorCallback, type MonitorMode} from './monitor-callback.js';
import {fillTemplate, placeholders} from './template.js';

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions {
  /** The value to watch. Default `'val_loss'`. */
  monitor?: string | undefined;
  /** 1 prints what it does. Default 0. */
  verbose?: 0 | 1 | undefined;
  /** Whether the weights alone are saved. Default: as the ending of the path says. */
  saveWeightsOnly?: boolean | undefined;
  /** Whether only an improvement is saved. Default false. */
  saveBestOnly?: boolean | undefined;
  /** Default `'auto'`: known for losses and for the metrics of the model. */
  mode?: MonitorMode | undefined;
  /** After each epoch, or after a number of batches counted across epochs. Default `'epoch'`. */
  saveFreq?: 'epoch' | number | undefined;
  /** What the first save must beat. */
  initialValueThreshold?: number | null | undefined;
}

const OPTION_NAMES = [
  'monitor',
  'verbose',
  'saveBestOnly',
  'saveWeightsOnly',
  'mode',
  'saveFreq',
  'initialValueThreshold',
] as const satisfies readonly (keyof ModelCheckpointOptions)[];

const stateSchema = schema((z) => z.object({best: z.number().nullable(), since: z.number()}));

const endsAsWeights = (path: unknown): boolean => /\.(weights\.h5|safetensors)$/.test(String(path));

const COUNTED = new Set(['epoch', 'batch']);

/**
 * Saves the model during training, or its weights alone where the path ends in `.weights.h5` or `.safetensors`. The path may name the
 * epoch (from 1), the batch and values of the logs, in Python's number formats: `'{epoch:02d}-{val_loss:.2f}.keras'` (Keras's
 * `ModelCheckpoint`).
 *
 * @example
 * new callbacks.ModelCheckpoint('best.keras', {monitor: 'val_accuracy', saveBestOnly: true});
 */
export class ModelCheckpoint extends MonitorCallback {
  readonly filepath: string;
  readonly verbose: 0 | 1;
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly saveFreq: 'epoch' | number;
  #epoch = 0;
  #since = 0;

  /**
   * @param filepath where to save; ends in `.keras`, `.weights.h5`, `.safetensors` or `.h5`
   * @throws ValueError for another ending, or one that does not fit `saveWeightsOnly`
   */
  constructor(filepath: string, options: ModelCheckpointOptions = {}) {
    checkOptions('ModelCheckpoint', options, OPTION_NAMES, {
      period: 'saveFreq',
      save_weights_only: 'saveWeightsOnly',
      save_best_only: 'saveBestOnly',
    });
    super(options.monitor ?? 'val_loss', options.mode ?? 'auto', options.initialValueThreshold ?? null, 0);
    const {saveWeightsOnly = endsAsWeights(filepath)} = options;
    if (typeof saveWeightsOnly !== 'boolean') {
      throw new ValueError(`ModelCheckpoint: saveWeightsOnly must be a boolean, got ${describe(saveWeightsOnly)}`);
    }
    this.saveWeightsOnly = saveWeightsOnly;
    this.filepath = saveWeightsOnly
      ? checkWeightsPath('ModelCheckpoint', filepath, ['.weights.h5', '.safetensors'])
      : checkModelPath('ModelCheckpoint', filepath);
    this.verbose = options.verbose ?? 0;
    this.saveBestOnly = options.saveBestOnly ?? false;
    const saveFreq: unknown = options.saveFreq ?? 'epoch';
    if (saveFreq !== 'epoch' && !(typeof saveFreq === 'number' && Number.isInteger(saveFreq) && saveFreq > 0)) {
      throw new ValueError(
        `ModelCheckpoint: saveFreq must be "epoch" or a number of batches, got ${describe(saveFreq)}`,
      );
    }
    this.saveFreq = saveFreq;
    // A hook for batches makes every step read its values, so it is there only where it is needed.
    if (saveFreq !== 'epoch') this.onTrainBatchEnd = (batch, logs) => this.#afterBatch(batch, logs, saveFreq);
  }

  /** @internal */
  protected override watches(): boolean {
    return this.saveBestOnly;
  }

  /** @internal */
  override checkLogs(available: readonly string[]): void {
    super.checkLogs(available);
    const known = [...available, 'epoch', ...(this.saveFreq === 'epoch' ? [] : ['batch'])];
    const missing = placeholders(this.filepath).find((name) => !known.includes(name));
    if (missing !== undefined) {
      throw new UnknownOptionError(
        `ModelCheckpoint: the file path "${this.filepath}" names "${missing}", which the logs do not have; they have ${known.join(', ')}`,
      );
    }
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.saveBestOnly) this.resolveDirection();
    if (this.saveFreq === 'epoch') await this.#save(epoch, null, logs);
  }

  override getState(): CallbackState {
    return {best: this.best, since: this.#since};
  }
  override setState(state: unknown): void {
    const {best, since} = stateSchema.parse(state);
    this.best = best;
    this.#since = since;
  }

  #afterBatch(batch: number, logs: Logs, every: number): Promise<void> | undefined {
    this.#since += 1;
    if (this.#since < every) return undefined;
    this.#since = 0;
    return this.#save(this.#epoch, batch, logs);
  }

  async #save(epoch: number, batch: number | null, logs: Logs): Promise<void> {
    const values = {epoch: epoch + 1, ...(batch === null ? {} : {batch: batch + 1}), ...logs};
    const path = fillTemplate('ModelCheckpoint', this.filepath, values, COUNTED);
    const label = `\nEpoch ${String(epoch + 1)}`;
    if (!this.#wanted(logs, label, path)) return;
    await mkdir(dirname(path), {recursive: true});
    if (this.saveWeightsOnly) await this.model.saveWeights(path);
    else await this.model.save(path);
    if (this.verbose > 0) printLine(`${label}: finished saving model to ${path}`);
  }

  #wanted(logs: Logs, label: string, path: string): boolean {
    const say = (text: string): void => {
      if (this.verbose > 0) printLine(`${label}: ${text}`);
    };
    if (!this.saveBestOnly) {
      say(`saving model to ${path}`);
      return true;
    }
    const current = logs[this.monitor];
    if (current === undefined) {
      warn(`ModelCheckpoint: "${this.monitor}" is not among the logs, so the weights are saved whatever it is`);
      return true;
    }
    const before = this.best === null ? 'None' : fixed(this.best, 5);
    if (!this.isImprovement(current, this.best)) {
      say(`${this.monitor} did not improve from ${before}`);
      return false;
    }
    say(`${this.monitor} improved from ${before} to ${fixed(current, 5)}, saving model to ${path}`);
    this.best = current;
    return true;
  }
}
