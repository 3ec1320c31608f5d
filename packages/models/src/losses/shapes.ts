import {config, type DType, ops, ShapeError, type Tensor, type TensorLike} from '@keratin/core';
import {convert, isFloating, show} from '@keratin/core/internal';

/** Labels: numbers of any dtype, or booleans. */
export type Labels = TensorLike | TensorLike<bigint> | TensorLike<boolean>;

/** A value of any dtype as a tensor. */
export function toTensor(x: Labels, where: string): Tensor {
  return convert(x as TensorLike, undefined, where);
}

/** A value as a tensor of `dtype`; the tensor itself where it has it, so that what travels with it is kept. */
export function toDType(x: Labels, dtype: DType, where: string): Tensor {
  const value = toTensor(x, where);
  return value.dtype === dtype ? value : ops.cast(value, dtype);
}

/** A prediction as a floating tensor. */
export function toFloat(x: Labels, where: string): Tensor {
  const value = toTensor(x, where);
  return isFloating(value.dtype) ? value : ops.cast(value, config.floatx());
}

/**
 * Keras's rule for ranks that differ by one: a last axis of size 1 is taken away, or added where the other is a vector.
 */
export function squeezeOrExpand(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.ndim === b.ndim + 1 && a.shape.at(-1) === 1) {
    return b.ndim === 1 ? [a, b.expandDims(-1)] : [a.squeeze(-1), b];
  }
  if (b.ndim === a.ndim + 1 && b.shape.at(-1) === 1) {
    return a.ndim === 1 ? [a.expandDims(-1), b] : [a, b.squeeze(-1)];
  }
  return [a, b];
}

/**
 * Targets and predictions of one shape and dtype: targets are converted, one trailing axis of size 1 is added or taken away.
 * @throws ShapeError where they still differ
 */
export function toPair(yTrue: Labels, yPred: Labels, where: string): [yTrue: Tensor, yPred: Tensor] {
  const prediction = toFloat(yPred, where);
  const target = toDType(yTrue, prediction.dtype, where);
  const [t, p] = squeezeOrExpand(target, prediction);
  if (!fits(t, p) || p.ndim === 0) refuse(where, target, prediction);
  return [t, p];
}

const fits = (a: Tensor, b: Tensor): boolean =>
  a.ndim === b.ndim && a.shape.every((n, i) => n === b.shape[i] || n === null || b.shape[i] === null);

function refuse(where: string, yTrue: Tensor, yPred: Tensor): never {
  const classes = yPred.shape.at(-1) ?? 0;
  const sparse = where.startsWith('categorical') && yTrue.ndim < yPred.ndim && classes > 1;
  const tail = sparse
    ? '; labels that are class numbers go with the sparse form (sparse_categorical_crossentropy), or use utils.toCategorical'
    : '';
  throw new ShapeError(
    yPred.ndim === 0 && yTrue.ndim === 0
      ? `${where}: yTrue and yPred must have at least one axis, got two scalars`
      : `${where}: yTrue and yPred must have one shape, got yTrue ${show(yTrue.shape)} and yPred ${show(yPred.shape)}${tail}`,
  );
}
