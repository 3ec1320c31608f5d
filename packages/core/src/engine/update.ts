import {type Element} from '../dtype.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Amount} from './amount.js';
import {type Variable} from '../tensor/variable.js';
import {itemOf} from '../tensor/read.js';
import {contiguous, opcodeOf, runInto} from './execute.js';
import {tracing} from './tracing.js';

/**
 * Runs a kernel whose outputs are Variables, in place: what optimizers' fused steps use. A Variable whose memory somebody else
 * still holds gets a copy first. An attribute may be a float64 tensor of one element: in a jitted function it is computed at
 * every run.
 */
export function updateVariables(
  kernel: string,
  inputs: readonly Tensor<Element>[],
  attributes: readonly Amount[],
  variables: readonly Variable<Element>[],
): void {
  if (tracing !== null) {
    tracing.update(kernel, inputs, attributes, variables);
    return;
  }
  const numbers = attributes.map((attribute) =>
    typeof attribute === 'number' ? attribute : Number(itemOf(attribute)),
  );
  const targets = variables.map((variable) => variable.fresh(true));
  runInto(opcodeOf(kernel), inputs.map(contiguous), numbers, targets, kernel);
  variables.forEach((variable, i) => {
    variable.source = targets[i]?.source ?? variable.source;
  });
}
