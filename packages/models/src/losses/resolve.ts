import {type Shape} from '@keratin/core';

/** Which kind of classification targets and predictions of these shapes are: Keras's rule, by shapes alone. */
export function kindOf(yTrue: Shape, yPred: Shape): 'binary' | 'sparse' | 'categorical' {
  const classes = yPred.at(-1) ?? null;
  if (classes === 1) return 'binary';
  if (yTrue.length < yPred.length || (yTrue.at(-1) === 1 && (classes === null || classes > 1))) return 'sparse';
  return 'categorical';
}
