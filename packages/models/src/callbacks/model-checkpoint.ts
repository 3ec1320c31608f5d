import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {UnknownOptionError, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {fixed} from '../progress/numbers.js';
import {printLine, warn} from '../progress/output.js';
import {checkWeightsPath} from '../saving/weights.js';
import {z} from 'zod';
import {type CallbackState, type Logs} from './callback.js';
import {MonitorCallback, type MonitorMode} from './monitor-callback.js';
import {fillTemplate, placeholders} from './template.js';

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions {
  /** The value to watch. Default `'val_loss'`. */
  monitor?: string | undefined;
  /** 1 prints what it does. Default 0. */
  verbose?: 0 | 1 | undefined;
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
  'mode',
  'saveFreq',
  'initialValueThreshold',
] as const satisfies readonly (keyof ModelCheckpointOptions)[];

const stateSchema = z.object({best: z.number().nullable(), since: z.number()});

const COUNTED = new Set(['epoch', 'batch']);

/**
 * Saves the weights during training. The path may name the epoch (from 1), the batch and values of the logs, in Python's number formats:
 * `'{epoch:02d}-{val_loss:.2f}.safetensors'` (Keras's `ModelCheckpoint`).
 *
 * @example
 * new callbacks.ModelCheckpoint('best.safetensors', {monitor: 'val_accuracy', saveBestOnly: true});
 */
export class ModelCheckpoint extends MonitorCallback {
  readonly filepath: string;
  readonly verbose: 0 | 1;
  readonly saveBestOnly: boolean;
  readonly saveFreq: 'epoch' | number;
  #epoch = 0;
  #since = 0;

  /** @param filepath where to save; ends in `.safetensors` */
  constructor(filepath: string, options: ModelCheckpointOptions = {}) {
    checkOptions('ModelCheckpoint', options, OPTION_NAMES, {
      period: 'saveFreq',
      saveWeightsOnly: 'filepath',
      save_weights_only: 'filepath',
    });
    super(options.monitor ?? 'val_loss', options.mode ?? 'auto', options.initialValueThreshold ?? null, 0);
    this.filepath = checkWeightsPath('ModelCheckpoint', filepath);
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
    await this.model.saveWeights(path);
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
