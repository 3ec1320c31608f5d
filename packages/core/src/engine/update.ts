import {type Element} from '../dtype.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Variable} from '../tensor/variable.js';
import {contiguous, opcodeOf, runInto} from './execute.js';

/**
 * Runs a kernel whose outputs are Variables, in place: what optimizers' fused steps use. A Variable whose memory somebody else
 * still holds gets a copy first.
 */
export function updateVariables(
  kernel: string,
  inputs: readonly Tensor<Element>[],
  attributes: readonly number[],
  variables: readonly Variable<Element>[],
): void {
  const targets = variables.map((variable) => variable.fresh(true));
  runInto(opcodeOf(kernel), inputs.map(contiguous), attributes, targets, kernel);
  variables.forEach((variable, i) => {
    variable.source = targets[i]?.source ?? variable.source;
  });
}
