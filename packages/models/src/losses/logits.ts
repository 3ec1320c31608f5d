import {type Tensor} from '@keratin/core';
import {logitsOf} from '@keratin/core/internal';

const warned = new Set<string>();

/**
 * What a cross-entropy is computed from: the logits that a softmax or sigmoid activation remembers, else what was given. From
 * logits nothing has to be clipped, and the gradient is exact.
 */
export function fromActivation(
  yPred: Tensor,
  fromLogits: boolean,
  activation: 'softmax' | 'sigmoid',
  where: string,
): [output: Tensor, fromLogits: boolean] {
  const remembered = logitsOf(yPred);
  if (remembered?.activation !== activation) return [yPred, fromLogits];
  if (fromLogits && !warned.has(where)) {
    warned.add(where);
    console.warn(`${where}: fromLogits is true, but yPred is the output of a ${activation}: its input is used`);
  }
  return [remembered.tensor, true];
}
