import {
  type DType,
  type Element,
  ops,
  type Shape,
  sparse,
  type SparseTensor,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {concrete} from '@keratin/core/internal';
import {checkBoolean, checkChoice} from '../layer/arguments.js';

/** How the layers for categories write an index. */
export type EncodingMode = 'int' | 'one_hot' | 'multi_hot' | 'count';

/** The `sparse` option, which only vectors may have. */
export function sparseOption(where: string, value: unknown, mode: string): boolean {
  const sparse = checkBoolean(where, 'sparse', value ?? false);
  if (sparse && mode === 'int') {
    throw new ValueError(`${where}: sparse goes with vectors only, got outputMode "int"`);
  }
  return sparse;
}

/** The `outputMode` option: `binary` is an old name of `multi_hot`. */
export function modeOption<const M extends string>(where: string, value: unknown, modes: readonly M[]): M {
  const known: Readonly<Record<string, string>> = {binary: 'multi_hot', 'tf-idf': 'tf_idf'};
  const name = typeof value === 'string' ? (known[value] ?? value) : value;
  return checkChoice(where, 'outputMode', name, modes);
}

/** The shape of what {@link encode} gives. */
export function encodedShape(shape: Shape, mode: EncodingMode, depth: number | null): Shape {
  if (mode === 'int') return shape;
  if (mode === 'one_hot') {
    if (shape.length === 0) return [1, depth];
    return shape.length > 1 && shape.at(-1) === 1 ? [...shape.slice(0, -1), depth] : [...shape, depth];
  }
  return shape.length > 1 ? [...shape.slice(0, 1), ...shape.slice(2), depth] : [depth];
}

/** What {@link encode} needs to know. */
export interface Encoding {
  readonly mode: EncodingMode;
  readonly depth: number;
  readonly dtype: DType;
  /** Of `count`: what each index counts; default 1. */
  readonly weights?: Tensor | null | undefined;
}

/**
 * Indices as vectors of `depth` numbers. `one_hot` adds an axis (or replaces a last one of size 1); `multi_hot` and `count` take away axis
 * 1 (axis 0 of a list). Indices below 0 and from `depth` on count nowhere.
 */
export function encode(indices: Tensor<Element>, {mode, depth, dtype, weights = null}: Encoding): Tensor {
  if (mode === 'int') return castTo(indices, dtype);
  const ids: Tensor = castTo(indices, 'int32');
  if (mode === 'one_hot') {
    const last = ids.ndim > 1 && ids.dim(-1) === 1 ? ids.reshape(concrete(ids.shape).slice(0, -1)) : ids;
    return ops.oneHot(last.ndim === 0 ? last.reshape([1]) : last, depth, {dtype});
  }
  const shape = encodedShape(ids.shape, mode, depth);
  const rows = lastAxisCounted(ids);
  const inside = rows.greaterEqual(0).logicalAnd(rows.less(depth));
  const amount = weights === null ? 'int32' : weights.dtype;
  let flags: Tensor = ops.cast(inside, amount);
  if (weights !== null) flags = flags.mul(lastAxisCounted(weights));
  // Each row counts in its own stretch of one long list.
  const count = rows.dim(0);
  const starts = ops.arange(count).mul(depth).reshape([-1, 1]);
  const places = rows.clip(0, depth - 1).add(starts);
  const sums = ops.scatter(places.reshape([-1, 1]), flags.reshape([-1]), [count * depth]);
  const counted = (mode === 'multi_hot' ? sums.minimum(1) : sums).reshape(concrete(shape));
  return castTo(counted, dtype);
}

/** As a matrix whose rows are counted apart: axis 1 (axis 0 of a list) is the row. */
function lastAxisCounted(x: Tensor): Tensor {
  if (x.ndim < 2) return x.reshape([1, -1]);
  const turned = x.ndim === 2 ? x : ops.moveaxis(x, 1, -1);
  return turned.reshape([
    concrete(turned.shape)
      .slice(0, -1)
      .reduce((n, m) => n * m, 1),
    x.dim(1),
  ]);
}

const castTo = (x: Tensor<Element>, dtype: DType): Tensor => (x.dtype === dtype ? x : x.cast(dtype)) as Tensor;

/** A vector output as a SparseTensor where that was asked for. */
export const sparseOr = (dense: Tensor, isSparse: boolean): Tensor | SparseTensor =>
  isSparse ? sparse.fromDense(dense) : dense;
