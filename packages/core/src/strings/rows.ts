import {type Element} from '../dtype.js';
import {concrete} from '../shape.js';
import {tensor} from '../tensor/convert.js';
import {valuesOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {RowPartition} from '../ragged/partition.js';
import {RaggedTensor, type Rows} from '../ragged/ragged-tensor.js';

/** What a function gives that makes a list of each string: a list of a single string, rows of several. */
export type Lists<S, E extends Element> = S extends string
  ? Tensor<E>
  : S extends readonly unknown[]
    ? RaggedTensor<E>
    : Rows<E>;

/** A list for each element of `input`: a tensor where it is a scalar, a ragged tensor where it has axes. */
export function rowsOf<T, E extends Element, S>(
  input: Tensor<string>,
  lists: readonly (readonly T[])[],
  make: (flat: readonly T[]) => Tensor<E>,
): Lists<S, E>;
export function rowsOf<T, E extends Element>(
  input: Tensor<string>,
  lists: readonly (readonly T[])[],
  make: (flat: readonly T[]) => Tensor<E>,
): Rows<E> {
  const values = make(lists.flat(1));
  if (input.ndim === 0) return values;
  const lengths = tensor(BigInt64Array.from(lists, (list) => BigInt(list.length))) as Tensor<Element> as Tensor;
  let rows: Rows<E> = RaggedTensor.create<E>(values, RowPartition.fromLengths(lengths));
  const shape = concrete(input.shape);
  // The axes before are regular rows of rows.
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const count = shape.slice(0, axis).reduce((product, n) => product * n, 1);
    rows = RaggedTensor.create<E>(rows, RowPartition.uniform(shape[axis] ?? 0, count));
  }
  return rows;
}

/** The innermost lists of rows, with what makes a tensor of one value for each. */
export function listsOf<E extends Element>(
  rows: Rows<E>,
  elements: (values: Tensor<E>) => readonly E[],
): {lists: readonly (readonly E[])[]; rebuild: <R extends Element>(values: Tensor<R>) => Rows<R>} {
  if (!(rows instanceof RaggedTensor)) {
    const shape = concrete(rows.shape);
    const length = shape.at(-1) ?? 1;
    const count = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    const all = elements(rows);
    const lists = Array.from({length: count}, (_, i) => all.slice(i * length, (i + 1) * length));
    return {lists, rebuild: (values) => values.reshape([...shape.slice(0, -1), ...values.shape.slice(1).map(Number)])};
  }
  const {values, partition} = rows;
  if (values instanceof RaggedTensor || values.ndim > 1) {
    const inner = listsOf<E>(values, elements);
    return {
      lists: inner.lists,
      rebuild: <R extends Element>(made: Tensor<R>) => RaggedTensor.create<R>(inner.rebuild<R>(made), partition),
    };
  }
  const all = elements(values);
  const splits = valuesOf(partition.splits).map(Number);
  const lists = splits.slice(1).map((end, i) => all.slice(splits[i], end));
  return {lists, rebuild: (made) => made};
}
