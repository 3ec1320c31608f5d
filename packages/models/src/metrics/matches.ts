import {config, ops, ShapeError, type Tensor} from '@keratin/core';
import {isFloating, show} from '@keratin/core/internal';

/** Throws where shapes differ; open sizes fit all. */
export function requireShapes(where: string, yTrue: Tensor, yPred: Tensor, tail = ''): void {
  const fits =
    yTrue.ndim === yPred.ndim &&
    yTrue.shape.every((n, i) => n === yPred.shape[i] || n === null || yPred.shape[i] === null);
  if (fits) return;
  throw new ShapeError(
    `${where}: yTrue and yPred must have one shape, got yTrue ${show(yTrue.shape)} and yPred ${show(yPred.shape)}${tail}`,
  );
}

/** Throws where `labels` does not have one entry for each vector of classes. */
export function requireOnePerSample(where: string, labels: Tensor, yTrue: Tensor, yPred: Tensor): void {
  const outer = yPred.shape.slice(0, -1);
  const fits =
    yPred.ndim > 0 &&
    labels.ndim === outer.length &&
    labels.shape.every((n, i) => n === outer[i] || n === null || outer[i] === null);
  if (fits) return;
  throw new ShapeError(
    `${where}: yTrue must hold one class number for each sample of yPred, got yTrue ${show(yTrue.shape)} and yPred ${show(yPred.shape)}`,
  );
}

/** 1 where class numbers (of any dtype) equal indices (int32), else 0. */
export function matches(labels: Tensor, indices: Tensor): Tensor {
  const exact = isFloating(labels.dtype) || labels.dtype === 'int64' || labels.dtype === 'int32';
  const t = exact ? labels : ops.cast(labels, 'int32');
  const p: Tensor = t.dtype === 'int32' ? indices : ops.cast(indices, t.dtype);
  return ops.cast(t.equal(p), config.floatx());
}
