import {cumsum} from '../ops/cumulative.js';
import {scatter} from '../ops/indexing.js';
import {nonzero} from '../ops/nonzero.js';
import {concatenate} from '../ops/shape.js';
import {argsort} from '../ops/sorting.js';
import {type Tensor} from '../tensor/tensor.js';

/** Equal integers of a list. */
export interface Groups {
  /** Each integer once, ascending. */
  readonly keys: Tensor;
  /** For each of the list, which of the keys it is. */
  readonly ids: Tensor;
  readonly count: number;
}

export function groupsOf(keys: Tensor): Groups {
  if (keys.size === 0) return {keys, ids: keys, count: 0};
  const order = argsort(keys);
  const sorted = keys.take(order, 0);
  const begins = concatenate([sorted.at(':1').onesLike(), sorted.at('1:').notEqual(sorted.at(':-1')).cast('int64')]);
  const firsts = nonzero(begins)[0] as Tensor;
  const ids = cumsum(begins, 0).sub(1);
  return {
    keys: sorted.take(firsts, 0),
    ids: scatter(order.reshape([-1, 1]), ids, [keys.size]),
    count: firsts.size,
  };
}
