import {ops, type Tensor} from '@keratin/core';
import {Metric} from '../metrics/index.js';

/**
 * The mean loss of the steps so far, weighted by their numbers of samples. Like `metrics.Mean`, but the count is a plain number: it is
 * known without a kernel, and the loss is updated in every step.
 */
export class LossTracker extends Metric<'loss'> {
  override readonly direction = 'down';
  readonly total = this.addVariable({name: 'total'});
  /** The number of samples so far. */
  samples = 0;

  constructor() {
    super({name: 'loss'});
  }

  /**
   * @param loss the loss of a step
   * @param samples how many samples the step had
   */
  updateState(loss: Tensor, samples: number): void {
    this.add(loss, samples);
    this.samples += samples;
  }

  /** Adds the loss of a step without counting its samples: see {@link samples}. */
  add(loss: Tensor, samples: number): void {
    const value = loss.ndim === 0 ? loss : loss.mean();
    const own = value.dtype === this.total.dtype ? value : ops.cast(value, this.total.dtype);
    this.total.assignAdd(samples === 1 ? own : own.mul(samples));
  }

  result(): Tensor {
    return this.samples === 0 ? this.total.readValue() : this.total.div(this.samples);
  }

  override resetState(): void {
    this.total.assign(0);
    this.samples = 0;
  }
}
