import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {where as choose} from '../ops/elementwise.js';
import {castTo} from '../ops/convert.js';
import {nonzero} from '../ops/nonzero.js';
import {stack} from '../ops/shape.js';
import {show} from '../shape.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {describe} from '../suggest.js';
import {expandAxis} from './axes.js';
import {counting, RowPartition} from './partition.js';
import {isRagged, type RaggedTensor, type Rows} from './ragged-tensor.js';
import {type AnyRowsLike, flatOf, takeRows, toRagged, toRows, typed, typedRows, withRaggedRank, wrap} from './rows.js';

// Functions of several operands, element by element. Where ragged axes agree they are functions of the flat values; else the values of
// every operand are first taken to where the common axes want them.

interface Common {
  readonly partitions: readonly RowPartition[];
  /** The innermost values of each operand, cut by the partitions. */
  readonly flat: readonly Tensor<Element>[];
}

function common(operands: readonly Rows<Element>[], where: string): Common {
  const ragged = operands.filter(isRagged);
  const [first] = ragged;
  if (first === undefined) return {partitions: [], flat: operands.map(flatOf)};
  const rank = Math.max(...operands.map(({ndim}) => ndim));
  const depth = Math.max(...ragged.map((each) => each.raggedRank + rank - each.ndim));
  // A tensor whose axes are all behind the ragged ones broadcasts with the values.
  const isInner = (x: Rows<Element>) => isTensor(x) && x.ndim <= rank - depth - 1;
  const outer = operands.filter((x) => !isInner(x));
  const {partitions} = first;
  const agree = outer.every(
    (x) =>
      isRagged(x) &&
      x.ndim === rank &&
      x.raggedRank === depth &&
      x.partitions.every((each, i) => partitions[i]?.equals(each) === true),
  );
  if (agree) return {partitions, flat: operands.map(flatOf)};
  const aligned = outer.map((x) => withRaggedRank(raised(x, rank, where), depth, where));
  const merged = align(aligned as RaggedTensor<Element>[], where);
  let next = 0;
  return {
    partitions: merged.partitions,
    flat: operands.map((x) => (isInner(x) ? flatOf(x) : (merged.flat[next++] ?? flatOf(x)))),
  };
}

/** With axes of size 1 in front, up to a rank. */
function raised(x: Rows<Element>, rank: number, where: string): Rows<Element> {
  let rows = x;
  while (rows.ndim < rank) rows = expandAxis(rows, 0, where);
  return rows;
}

/** Operands of one rank and one ragged rank, brought to common rows. */
function align(operands: readonly RaggedTensor<Element>[], where: string): Common {
  const levels = operands.map(({partitions}) => partitions);
  const depth = levels[0]?.length ?? 0;
  const fail = (axis: number): never => {
    const shapes = operands.map(({shape}) => show(shape)).join(' and ');
    throw new ShapeError(
      `${where}: the rows of axis ${String(axis)} differ in length and do not broadcast, got shapes ${shapes}`,
    );
  };
  const sizes = levels.map((list) => list[0]?.nrows ?? 0);
  const nrows = sizes.find((n) => n !== 1) ?? 1;
  if (sizes.some((n) => n !== nrows && n !== 1)) fail(0);
  // Which row of each operand stands behind each common row; null where it is the same one.
  let sources = sizes.map((n) => (n === nrows ? null : counting(nrows).mul(0)));
  const partitions: RowPartition[] = [];
  for (let level = 0; level < depth; level++) {
    const here = levels.map((list) => list[level] as RowPartition);
    const lengths = here.map((each, i) => through(each.lengths, sources[i] ?? null));
    const spreads = here.map(({uniform}) => uniform === 1);
    const lead = Math.max(spreads.indexOf(false), 0);
    const wanted = lengths[lead] as Tensor;
    lengths.forEach((each, i) => {
      if (spreads[i] === true || each === wanted) return;
      if (!each.equal(wanted).all().item()) fail(level + 1);
    });
    const partition = RowPartition.fromLengths(wanted, here[lead]?.uniform ?? null);
    const alone = spreads[lead] === true;
    sources = here.map((each, i) => {
      const source = sources[i] ?? null;
      if (source === null && (spreads[i] !== true || alone)) return null;
      const starts = through(each.starts, source).take(partition.rowIds, 0);
      return spreads[i] === true ? starts : starts.add(partition.offsets);
    });
    partitions.push(partition);
  }
  return {partitions, flat: operands.map((x, i) => flatOf(takeOr(x.flatValues, sources[i] ?? null)))};
}

const through = (x: Tensor, source: Tensor | null): Tensor => (source === null ? x : x.take(source, 0));
const takeOr = (x: Tensor<Element>, source: Tensor | null): Rows<Element> =>
  source === null ? x : takeRows(x, source);

/** Operands as rows: plain values take the dtype of the first that has one. */
function operandsOf(args: readonly AnyRowsLike[], where: string): Rows<Element>[] {
  const like = (args as readonly unknown[]).find((x): x is Rows<Element> => isRagged(x) || isTensor(x));
  return args.map((x) => toRows(x, where, like?.dtype));
}

/**
 * A function of tensors, such as `ops.add`, applied element by element to ragged tensors, tensors and numbers: an axis of size 1 broadcasts,
 * as it does among tensors.
 *
 * @throws ShapeError where rows differ in length and neither broadcasts
 */
export function elementwise<E extends Element = number>(
  fn: (...values: Tensor[]) => Tensor<Element>,
  ...args: readonly AnyRowsLike[]
): Rows<E> {
  return combine<E>('ragged.elementwise', fn, operandsOf(args, 'ragged.elementwise'));
}

function combine<E extends Element>(
  where: string,
  fn: (...values: Tensor[]) => Tensor<Element>,
  operands: readonly Rows<Element>[],
): Rows<E> {
  const {partitions, flat} = common(operands, where);
  // Plain tensors behind the ragged axes meet values that have those axes folded into one.
  return wrap(typed<E>(fn(...(flat as readonly Tensor[]))), partitions);
}

/** An operation of two operands, one of which is ragged. */
export function binary<E extends Element>(
  where: string,
  fn: (a: Tensor, b: Tensor) => Tensor<Element>,
  a: RaggedTensor<Element>,
  b: unknown,
): RaggedTensor<E> {
  return combine<E>(where, fn, [a, toRows(b, where, a.dtype)]) as RaggedTensor<E>;
}

/**
 * A function applied to the innermost values; ragged arguments must have the same rows, others are passed on.
 *
 * @example
 * ragged.mapFlatValues(ops.square, r);
 */
export function mapFlatValues<E extends Element = number>(
  fn: (...values: Tensor[]) => Tensor<E>,
  ...args: readonly AnyRowsLike[]
): RaggedTensor<E> {
  const where = 'ragged.mapFlatValues';
  const given = args as readonly unknown[];
  const ragged = given.filter(isRagged);
  const [first] = ragged;
  if (first === undefined) throw new ValueError(`${where}: at least one RaggedTensor is needed`);
  for (const other of ragged) {
    if (!sameRows(first, other)) {
      throw new ShapeError(
        `${where}: the rows of all arguments must have the same lengths, got shapes ${show(first.shape)} and ${show(other.shape)}`,
      );
    }
  }
  const made: unknown = fn(...(given.map((x) => (isRagged(x) ? x.flatValues : x)) as Tensor[]));
  if (!isTensor(made) || made.shape[0] !== first.flatValues.shape[0]) {
    const got = isTensor(made) ? `shape ${show(made.shape)}` : describe(made);
    throw new ShapeError(
      `${where}: the function must return a tensor of ${String(first.flatValues.dim(0))} values, got ${got}`,
    );
  }
  return first.withFlatValues(typed<E>(made));
}

/** Whether two ragged tensors are cut in the same way. */
export function sameRows(a: RaggedTensor<Element>, b: RaggedTensor<Element>): boolean {
  const others = b.partitions;
  return a.raggedRank === b.raggedRank && a.partitions.every((each, i) => others[i]?.equals(each) === true);
}

/** Elements of `x` where the condition holds, of `y` elsewhere, with broadcasting; alone, the positions (int64) where it holds. */
export function where(condition: RaggedTensor<boolean>): Tensor<bigint>;
export function where<E extends Element = number>(
  condition: AnyRowsLike,
  x: AnyRowsLike,
  y: AnyRowsLike,
): RaggedTensor<E>;
export function where<E extends Element = number>(
  condition: AnyRowsLike,
  x?: AnyRowsLike,
  y?: AnyRowsLike,
): RaggedTensor<E> | Tensor<bigint> {
  const op = 'ragged.where';
  if (x === undefined && y === undefined) return positionsOf(toRagged(condition, op));
  if (x === undefined || y === undefined) throw new ValueError(`${op}: both alternatives are needed, or none`);
  const [a, b] = operandsOf([x, y], op) as [Rows<Element>, Rows<Element>];
  const made = combine<E>(op, choose, [toRows(condition, op), a, b]);
  return toRagged<E>(typedRows(made), op);
}

function positionsOf(condition: RaggedTensor<Element>): Tensor<bigint> {
  const flags = condition.flatValues;
  const columns = nonzero(flags).map((column) => castTo(column, 'int64'));
  const [first, ...rest] = columns;
  return typed<bigint>(stack([...coordinates(condition.partitions, first ?? counting(0)), ...rest], 1));
}

/** Indices in the axes of the partitions, and in the axis of their values, of values at positions. */
export function coordinates(partitions: readonly RowPartition[], positions: Tensor): Tensor[] {
  let at = positions;
  const columns: Tensor[] = [];
  for (const partition of [...partitions].reverse()) {
    columns.unshift(partition.offsets.take(at, 0));
    at = partition.rowIds.take(at, 0);
  }
  return [at, ...columns];
}
