import {random, type Tensor} from '@keratin/core';
import {type Model} from '../model/model.js';

/** Options of a training that prints nothing. */
export const quiet = {verbose: 0} as const;

/** Samples, and the sum of each as what is to be learnt. */
export function data(samples = 20, inputs = 2): [Tensor, Tensor] {
  const x = random.normal([samples, inputs], {seed: 3});
  return [x, x.sum({axis: 1, keepdims: true})];
}

/** Every weight of a model, to the bit. */
export const bits = (model: Model<never, unknown>): number[][] =>
  model.getWeights().map((weight) => [...(weight.data() as Float32Array)]);
