import {ValueError} from '@keratin/core';
import {Adam, ADAM_KEYS, type AdamOptions} from './adam.js';
import {type LearningRate, optionsOf} from './options.js';

/** Options of {@link AdamW}. */
export interface AdamWOptions extends AdamOptions {
  /** How much of each weight a step takes away, times the learning rate. Default 0.004; it cannot be null. */
  weightDecay?: number | undefined;
}

/**
 * Adam with decoupled weight decay, on every variable that was not excluded (Loshchilov and Hutter, "Decoupled weight decay
 * regularization", 2017).
 */
export class AdamW extends Adam {
  constructor(learningRate?: LearningRate | AdamWOptions, options?: AdamWOptions) {
    const given: AdamOptions = optionsOf('AdamW', learningRate, options, ADAM_KEYS);
    if (given.weightDecay === null) throw new ValueError('AdamW: weightDecay must be a number, got null; use Adam');
    super({...given, weightDecay: given.weightDecay ?? 0.004});
  }
}
