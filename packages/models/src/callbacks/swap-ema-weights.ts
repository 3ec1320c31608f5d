import {ValueError} from '@keratin/core';
import {checkOptions, describe, schema} from '@keratin/core/internal';
import {LossScaleOptimizer} from '../optimizers/loss-scale-optimizer.js';
import {type Optimizer} from '../optimizers/optimizer.js';
import {Callback, type CallbackState} from './callback.js';

/** Options of {@link SwapEMAWeights}. */
export interface SwapEMAWeightsOptions {
  /** Whether the averages stay in place from the end of an epoch to the start of the next, for callbacks that save. Default false. */
  swapOnEpoch?: boolean | undefined;
}

const stateSchema = schema((z) => z.array(z.boolean()));

/**
 * Evaluates and predicts with the moving averages of the weights, which an optimizer with `useEma: true` keeps, and puts the weights
 * back afterwards (Keras's `SwapEMAWeights`, which leaves the averages in place after `predict`).
 *
 * @example
 * model.compile({optimizer: new optimizers.SGD({learningRate: 0.1, useEma: true}), loss: 'mse'});
 * await model.fit(x, y, {validationData: [xv, yv], callbacks: [new callbacks.SwapEMAWeights()]});
 * @throws ValueError when training begins with optimizers that keep no averages
 */
export class SwapEMAWeights extends Callback {
  readonly swapOnEpoch: boolean;

  constructor(options: SwapEMAWeightsOptions = {}) {
    super();
    checkOptions('SwapEMAWeights', options, ['swapOnEpoch'], {swap_on_epoch: 'swapOnEpoch'});
    const swapOnEpoch: unknown = options.swapOnEpoch ?? false;
    if (typeof swapOnEpoch !== 'boolean') {
      throw new ValueError(`SwapEMAWeights: swapOnEpoch must be true or false, got ${describe(swapOnEpoch)}`);
    }
    this.swapOnEpoch = swapOnEpoch;
  }

  override onTrainBegin(): void {
    this.#put('weights');
  }
  override onEpochBegin(): void {
    this.#put('weights');
  }
  override onEpochEnd(): void {
    if (this.swapOnEpoch) this.#put('averages');
  }
  override onTestBegin(): void {
    this.#put('averages');
  }
  override onTestEnd(): void {
    this.#put('weights');
  }
  override onPredictBegin(): void {
    this.#put('averages');
  }
  override onPredictEnd(): void {
    this.#put('weights');
  }

  override getState(): CallbackState {
    return this.#averaging().map(({averagesSwapped}) => averagesSwapped);
  }
  override setState(state: unknown): void {
    const swapped = stateSchema.parse(state);
    // The weights and averages are restored as they were: exchanged or not.
    this.#averaging().forEach((optimizer, i) => {
      optimizer.averagesSwapped = swapped[i] ?? false;
    });
  }

  // The optimizers know which of them are in place, so an evaluation that failed in between leaves no doubt.
  #put(which: 'averages' | 'weights'): void {
    for (const optimizer of this.#averaging()) {
      if (optimizer.averagesSwapped !== (which === 'averages')) optimizer.swapAverages();
    }
  }

  #averaging(): Optimizer[] {
    const all = this.model.optimizers.map((optimizer) =>
      optimizer instanceof LossScaleOptimizer ? optimizer.innerOptimizer : optimizer,
    );
    const averaging = all.filter(({useEma}) => useEma);
    if (averaging.length > 0) return averaging;
    const names = all.map(({name}) => name).join(', ');
    throw new ValueError(`SwapEMAWeights: an optimizer with {useEma: true} is needed, got ${names || 'no optimizer'}`);
  }
}
