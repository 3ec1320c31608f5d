import {ValueError} from '@keratin/core';
import {checkOptions, describe, schema} from '@keratin/core/internal';
import {repr} from '../progress/numbers.js';
import {printLine, warn} from '../progress/output.js';
import {type CallbackState, type Logs} from './callback.js';
import {addLearningRates, optimizersOf} from './learning-rates.js';
import {MonitorCallback, type MonitorMode} from './monitor-callback.js';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** The value to watch. Default `'val_loss'`. */
  monitor?: string | undefined;
  /** What the rate is multiplied by; below 1. Default 0.1. */
  factor?: number | undefined;
  /** Epochs without improvement before the rate falls. Default 10. */
  patience?: number | undefined;
  /** 1 prints what it does. Default 0. */
  verbose?: 0 | 1 | undefined;
  /** Default `'auto'`: known for losses and for the metrics of the model. */
  mode?: MonitorMode | undefined;
  /** Less than this is no improvement. Default 1e-4. */
  minDelta?: number | undefined;
  /** Epochs after a cut that do not count. Default 0. */
  cooldown?: number | undefined;
  /** The rate does not fall below it. Default 0. */
  minLr?: number | undefined;
}

const OPTION_NAMES = [
  'monitor',
  'factor',
  'patience',
  'verbose',
  'mode',
  'minDelta',
  'cooldown',
  'minLr',
] as const satisfies readonly (keyof ReduceLROnPlateauOptions)[];

const stateSchema = schema((z) =>
  z.object({best: z.number().nullable(), cooldownCounter: z.number(), wait: z.number()}),
);

/**
 * Cuts the learning rate when a value has not improved for a number of epochs: newRate = max(rate factor, minLr). The rate is
 * added to the logs as `learning_rate` (Keras's `ReduceLROnPlateau`).
 *
 * @example
 * new callbacks.ReduceLROnPlateau({monitor: 'val_loss', factor: 0.2, patience: 5, minLr: 1e-5});
 */
export class ReduceLROnPlateau extends MonitorCallback {
  readonly factor: number;
  readonly patience: number;
  readonly verbose: 0 | 1;
  readonly cooldown: number;
  readonly minLr: number;
  cooldownCounter = 0;
  /** Epochs since the last improvement or cut. */
  wait = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    checkOptions('ReduceLROnPlateau', options, OPTION_NAMES, {min_lr: 'minLr', epsilon: 'minDelta'});
    super(options.monitor ?? 'val_loss', options.mode ?? 'auto', null, options.minDelta ?? 1e-4);
    this.factor = options.factor ?? 0.1;
    this.patience = options.patience ?? 10;
    this.verbose = options.verbose ?? 0;
    this.cooldown = options.cooldown ?? 0;
    this.minLr = options.minLr ?? 0;
    if (!(this.factor < 1 && this.factor > 0)) {
      throw new ValueError(`ReduceLROnPlateau: factor must be between 0 and 1, got ${describe(this.factor)}`);
    }
  }

  override onTrainBegin(): void {
    this.best = null;
    this.cooldownCounter = 0;
    this.wait = 0;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.resolveDirection();
    addLearningRates(this.model, logs);
    const current = logs[this.monitor];
    if (current === undefined) {
      const names = Object.keys(logs).join(', ');
      warn(`ReduceLROnPlateau: "${this.monitor}" is not among the logs of this epoch, which have ${names}`);
      return;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter -= 1;
      this.wait = 0;
    }
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.wait = 0;
    } else if (this.cooldownCounter <= 0) {
      this.wait += 1;
      if (this.wait >= this.patience && this.#cut(epoch)) {
        this.cooldownCounter = this.cooldown;
        this.wait = 0;
      }
    }
  }

  override getState(): CallbackState {
    const {best, cooldownCounter, wait} = this;
    return {best, cooldownCounter, wait};
  }
  override setState(state: unknown): void {
    Object.assign(this, stateSchema.parse(state));
  }

  #cut(epoch: number): boolean {
    let cut = false;
    for (const {optimizer, label} of optimizersOf(this.model)) {
      const old = optimizer.learningRate;
      if (old <= Math.fround(this.minLr)) continue;
      const rate = Math.max(old * this.factor, this.minLr);
      optimizer.learningRate = rate;
      cut = true;
      if (this.verbose > 0) {
        printLine(`\nEpoch ${String(epoch + 1)}: ReduceLROnPlateau reducing${label} learning rate to ${repr(rate)}.`);
      }
    }
    return cut;
  }
}
