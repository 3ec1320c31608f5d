import {isTensor, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe, schema} from '@keratin/core/internal';
import {printLine, warn} from '../progress/output.js';
import {type CallbackState, type Logs} from './callback.js';
import {MonitorCallback, type MonitorMode} from './monitor-callback.js';

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** The value to watch. Default `'val_loss'`. */
  monitor?: string | undefined;
  /** Less than this is no improvement. Default 0. */
  minDelta?: number | undefined;
  /** Epochs without improvement after which training stops. Default 0, which stops at the first one. */
  patience?: number | undefined;
  /** 1 prints what it does. Default 0. */
  verbose?: 0 | 1 | undefined;
  /** Default `'auto'`: known for losses and for the metrics of the model. */
  mode?: MonitorMode | undefined;
  /** A value that must be beaten for the count to start over. */
  baseline?: number | null | undefined;
  /** Whether the weights of the best epoch are put back at the end. Default false. */
  restoreBestWeights?: boolean | undefined;
  /** The first epoch that counts. Default 0. */
  startFromEpoch?: number | undefined;
}

const OPTION_NAMES = [
  'monitor',
  'minDelta',
  'patience',
  'verbose',
  'mode',
  'baseline',
  'restoreBestWeights',
  'startFromEpoch',
] as const satisfies readonly (keyof EarlyStoppingOptions)[];

const stateSchema = schema((z) =>
  z.object({
    best: z.number().nullable(),
    wait: z.number(),
    stoppedEpoch: z.number(),
    bestEpoch: z.number(),
    bestWeights: z.array(z.custom<Tensor>(isTensor)).nullable(),
  }),
);

/**
 * Stops training when a value has not improved for a number of epochs (Keras's `EarlyStopping`).
 *
 * @example
 * await model.fit(x, y, {epochs: 100, validationSplit: 0.2, callbacks: [new callbacks.EarlyStopping({patience: 3})]});
 */
export class EarlyStopping extends MonitorCallback {
  readonly patience: number;
  readonly verbose: 0 | 1;
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  /** Epochs since the last improvement. */
  wait = 0;
  /** The epoch at whose end training stopped; 0 where it did not. */
  stoppedEpoch = 0;
  bestEpoch = 0;
  #bestWeights: Tensor[] | null = null;

  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions('EarlyStopping', options, OPTION_NAMES);
    super(options.monitor ?? 'val_loss', options.mode ?? 'auto', null, options.minDelta ?? 0);
    this.patience = options.patience ?? 0;
    this.verbose = options.verbose ?? 0;
    this.baseline = options.baseline ?? null;
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = options.startFromEpoch ?? 0;
    for (const name of ['patience', 'startFromEpoch'] as const) {
      if (!Number.isInteger(this[name]) || this[name] < 0) {
        throw new ValueError(`EarlyStopping: ${name} must be a number of epochs, got ${describe(this[name])}`);
      }
    }
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = null;
    this.bestEpoch = 0;
    this.#bestWeights = null;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.resolveDirection();
    const current = logs[this.monitor];
    if (current === undefined) {
      warn(
        `EarlyStopping: "${this.monitor}" is not among the logs of this epoch, which have ${Object.keys(logs).join(', ')}`,
      );
      return;
    }
    if (epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.#bestWeights === null) {
      this.#bestWeights = this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait += 1;
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.#bestWeights = this.model.getWeights();
      if (this.baseline === null || this.isImprovement(current, this.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0) printLine(`Epoch ${String(this.stoppedEpoch + 1)}: early stopping`);
    if (this.#bestWeights === null) return;
    if (this.verbose > 0) {
      printLine(`Restoring model weights from the end of the best epoch: ${String(this.bestEpoch + 1)}.`);
    }
    this.model.setWeights(this.#bestWeights);
    this.#bestWeights = null;
  }

  override getState(): CallbackState {
    const {best, wait, stoppedEpoch, bestEpoch} = this;
    return {best, wait, stoppedEpoch, bestEpoch, bestWeights: this.#bestWeights};
  }
  override setState(state: unknown): void {
    const {bestWeights, ...own} = stateSchema.parse(state);
    Object.assign(this, own);
    this.#bestWeights = bestWeights;
  }
}
