import {type Element} from '../dtype.js';
import {DtypeError, ShapeError} from '../errors.js';
import {sameShape, show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {convert, tensor} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {isSparse, SparseTensor} from '../sparse/sparse-tensor.js';
import {type Rows, rowsOf, type SetInput} from './rows.js';

type Row = ReadonlySet<Element>;

const NOTHING: Row = new Set();
const bytes = new TextEncoder();

/** Numbers by size, strings by their bytes. */
function before(a: Element, b: Element): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(bytes.encode(a), bytes.encode(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function operands(a: SetInput<Element>, b: SetInput<Element>, op: string): [Rows, Rows] {
  // Plain values take the dtype of the other operand.
  const known = [a, b].find((each) => isTensor(each) || isSparse(each))?.dtype;
  const [x, y] = [rowsOf(a, known, op), rowsOf(b, known, op)];
  if (x.dtype !== y.dtype) {
    throw new DtypeError(
      `${op}: sets must have one dtype, got a ${x.dtype} and b ${y.dtype}; convert one with cast('${x.dtype}')`,
    );
  }
  if (!sameShape(x.leading, y.leading)) {
    throw new ShapeError(
      `${op}: the axes before the last must be the same, got a ${show(x.leading)} and b ${show(y.leading)}`,
    );
  }
  return [x, y];
}

function combine<E extends Element>(
  a: SetInput<E>,
  b: SetInput<E>,
  op: string,
  fn: (x: Row, y: Row) => Iterable<Element>,
): SparseTensor<E>;
function combine(
  a: SetInput<Element>,
  b: SetInput<Element>,
  op: string,
  fn: (x: Row, y: Row) => Iterable<Element>,
): SparseTensor<Element> {
  const [x, y] = operands(a, b, op);
  const {leading} = x;
  const count = leading.reduce((product, n) => product * n, 1);
  const indices: bigint[] = [];
  const values: Element[] = [];
  let longest = 0;
  for (let row = 0; row < count; row++) {
    const set = [...fn(x.sets.get(row) ?? NOTHING, y.sets.get(row) ?? NOTHING)].sort(before);
    const place: bigint[] = [];
    for (let axis = leading.length - 1, rest = row; axis >= 0; axis--) {
      const n = leading[axis] ?? 1;
      place.unshift(BigInt(rest % n));
      rest = Math.floor(rest / n);
    }
    set.forEach((value, i) => {
      indices.push(...place, BigInt(i));
      values.push(value);
    });
    longest = Math.max(longest, set.length);
  }
  const rank = leading.length + 1;
  return new SparseTensor<Element>(
    tensor(BigInt64Array.from(indices), {shape: [values.length, rank]}),
    convert<Element>(values, x.dtype, op),
    [...leading, longest],
  );
}

/**
 * What is in both sets of each row, sorted.
 *
 * @example
 * const a = tensor([[1, 2, 9]], 'int32');
 * sparse.toDense(sets.intersection(a, [[2, 9, 9]])).array(); // [[2, 9]]
 */
export const intersection = <E extends Element = number>(a: SetInput<E>, b: SetInput<E>): SparseTensor<E> =>
  combine(a, b, 'sets.intersection', (x, y) => [...x].filter((value) => y.has(value)));

/** What is in one of the two sets of each row or in both, sorted. */
export const union = <E extends Element = number>(a: SetInput<E>, b: SetInput<E>): SparseTensor<E> =>
  combine(a, b, 'sets.union', (x, y) => new Set([...x, ...y]));

export interface DifferenceOptions {
  /** Whether b is taken from a (default), or a from b. */
  aMinusB?: boolean | undefined;
}

/** What is in one set of each row and not in the other, sorted. */
export function difference<E extends Element = number>(
  a: SetInput<E>,
  b: SetInput<E>,
  options: DifferenceOptions = {},
): SparseTensor<E> {
  const op = 'sets.difference';
  checkOptions(op, options, ['aMinusB'], {aminusb: 'aMinusB'});
  const {aMinusB = true} = options;
  return combine(a, b, op, (x, y) => {
    const [from, without] = aMinusB ? [x, y] : [y, x];
    return [...from].filter((value) => !without.has(value));
  });
}

/** How many different elements the set of each row has, as int32. */
export function size(x: SparseTensor<Element> | SparseTensor | SparseTensor<bigint> | SparseTensor<string>): Tensor {
  const {leading, sets} = rowsOf(x, undefined, 'sets.size');
  const counts = new Int32Array(leading.reduce((product, n) => product * n, 1));
  for (const [row, set] of sets) counts[row] = set.size;
  return tensor(counts, {shape: leading});
}
