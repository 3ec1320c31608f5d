import {apply} from '../engine/dispatch.js';
import {dense as densePrimitive, type EpilogueActivation} from '../primitives/matmul.js';
import {type Tensor} from '../tensor/tensor.js';

/** activation(x kernel + bias) in one pass over memory; `add`, `matmul` and the activation composed give the same. */
export function dense(x: Tensor, kernel: Tensor, bias: Tensor, activation: EpilogueActivation, op = 'dense'): Tensor {
  return apply(densePrimitive, [x, kernel, bias], {activation}, op);
}
