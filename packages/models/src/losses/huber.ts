import {type Config, ops, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** Options of {@link huber}. */
export interface HuberFunctionOptions {
  /** Where the parabola becomes a line. Default 1. */
  delta?: number | undefined;
}

/** With e = yPred - yTrue: the mean of e^2 / 2 where |e| <= delta, else of delta |e| - delta^2 / 2. */
export function huber(yTrue: Labels, yPred: Labels, options: HuberFunctionOptions = {}): Tensor {
  const delta = options.delta ?? 1;
  const [t, p] = toPair(yTrue, yPred, 'huber');
  const error = p.sub(t);
  const size = error.abs();
  const line = size.mul(delta).sub(0.5 * delta * delta);
  return ops.where(size.lessEqual(delta), error.square().mul(0.5), line).mean(-1);
}

/** Options of {@link Huber}. */
export interface HuberOptions extends LossOptions, HuberFunctionOptions {}

/** The Huber loss, reduced. Its default name is `'huber_loss'`, as in Keras. */
export class Huber extends LossFunctionWrapper {
  readonly delta: number;

  constructor(options: HuberOptions = {}) {
    const {delta = 1} = options;
    super((yTrue, yPred) => huber(yTrue, yPred, {delta}), baseOptions('Huber', options, 'huber_loss', ['delta']));
    this.delta = delta;
  }

  /** As Keras's, which leaves `delta` out; here it is written where it is not the default, so that it is not lost. */
  override getConfig(): Config {
    return this.delta === 1 ? super.getConfig() : {...super.getConfig(), delta: this.delta};
  }
}
