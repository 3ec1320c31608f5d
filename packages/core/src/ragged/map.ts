import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {describe} from '../suggest.js';
import {isTensor} from '../tensor/tensor.js';
import {stack} from './arrange.js';
import {isRagged, type RaggedTensor, type Rows} from './ragged-tensor.js';
import {rowAt, toRagged} from './rows.js';

/** A function of each row, one after the other; what it returns is stacked, and ragged where the sizes differ. */
export function mapFn<E extends Element = number, F extends Element = number>(
  fn: (row: Rows<E>, index: number) => Rows<F>,
  x: RaggedTensor<E>,
): Rows<F> {
  const op = 'ragged.mapFn';
  const given = toRagged<E>(x, op);
  if (typeof fn !== 'function') throw new ValueError(`${op}: a function is needed, got ${describe(fn)}`);
  if (given.nrows === 0) throw new ShapeError(`${op}: without rows it is not known what the function returns`);
  const made = Array.from({length: given.nrows}, (_, i) => {
    const row: unknown = fn(rowAt(given, i, op), i);
    if (isTensor(row) || isRagged(row)) return row as Rows<F>;
    throw new ValueError(`${op}: the function must return a tensor, got ${describe(row)}`);
  });
  return stack(made);
}
