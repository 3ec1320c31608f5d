import {ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {repr} from '../progress/numbers.js';
import {printLine} from '../progress/output.js';
import {Callback, type Logs} from './callback.js';
import {addLearningRates, optimizersOf} from './learning-rates.js';

/** Options of {@link LearningRateScheduler}. */
export interface LearningRateSchedulerOptions {
  /** 1 prints each rate. Default 0. */
  verbose?: 0 | 1 | undefined;
}

/**
 * Sets the learning rate at the beginning of each epoch. The rate is added to the logs as `learning_rate` (Keras's
 * `LearningRateScheduler`).
 *
 * @example
 * new callbacks.LearningRateScheduler((epoch, rate) => (epoch < 3 ? rate : rate * 0.9));
 */
export class LearningRateScheduler extends Callback {
  readonly schedule: (epoch: number, learningRate: number) => number;
  readonly verbose: 0 | 1;

  /** @param schedule gives the new rate from the epoch (from 0) and the present rate */
  constructor(schedule: (epoch: number, learningRate: number) => number, options: LearningRateSchedulerOptions = {}) {
    super();
    checkOptions('LearningRateScheduler', options, ['verbose']);
    if (typeof schedule !== 'function') {
      throw new ValueError(
        `LearningRateScheduler: a function (epoch, learningRate) => newRate is needed, got ${describe(schedule)}`,
      );
    }
    this.schedule = schedule;
    this.verbose = options.verbose ?? 0;
  }

  override onEpochBegin(epoch: number): void {
    for (const {optimizer, label} of optimizersOf(this.model)) {
      const rate: unknown = this.schedule(epoch, optimizer.learningRate);
      if (typeof rate !== 'number' || !Number.isFinite(rate)) {
        throw new ValueError(
          `LearningRateScheduler: the schedule must give a number, got ${describe(rate)} for epoch ${String(epoch)}`,
        );
      }
      optimizer.learningRate = rate;
      if (this.verbose > 0) {
        printLine(
          `\nEpoch ${String(epoch + 1)}: LearningRateScheduler setting${label} learning rate to ${repr(rate)}.`,
        );
      }
    }
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    addLearningRates(this.model, logs);
  }
}
