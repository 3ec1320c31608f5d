import {ShapeError} from '../errors.js';
import {checkAxis, show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat} from './convert.js';
import {clip, relu, relu6, where} from './elementwise.js';
import {arange} from './create.js';
import {cumsum} from './cumulative.js';
import {moveaxis, split} from './shape.js';
import {sort} from './sorting.js';

// Activation functions that are composed of others.

/** relu6(x + 3) / 6: a sigmoid of straight lines. */
export function hardSigmoid(x: AnyTensorLike): Tensor {
  return relu6(toFloat(x, 'hardSigmoid').add(3)).div(6);
}

/** x hardSigmoid(x) */
export function hardSilu(x: AnyTensorLike): Tensor {
  const value = toFloat(x, 'hardSilu');
  return value.mul(hardSigmoid(value));
}
/** {@link hardSilu} under its other name. */
export {hardSilu as hardSwish};

/** x brought into [-1, 1]. */
export function hardTanh(x: AnyTensorLike): Tensor {
  return clip(toFloat(x, 'hardTanh'), -1, 1);
}

/** x where |x| > threshold, else 0. */
export function hardShrink(x: AnyTensorLike, options: {threshold?: number | undefined} = {}): Tensor {
  const value = toFloat(x, 'hardShrink');
  return where(value.abs().greater(options.threshold ?? 0.5), value, 0);
}

/** x moved towards 0 by the threshold; 0 within it. */
export function softShrink(x: AnyTensorLike, options: {threshold?: number | undefined} = {}): Tensor {
  const value = toFloat(x, 'softShrink');
  const threshold = options.threshold ?? 0.5;
  const below = where(value.less(-threshold), value.add(threshold), 0);
  return where(value.greater(threshold), value.sub(threshold), below);
}

/** x - tanh(x) */
export function tanhShrink(x: AnyTensorLike): Tensor {
  const value = toFloat(x, 'tanhShrink');
  return value.sub(value.tanh());
}

/** max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1) */
export function celu(x: AnyTensorLike, options: {alpha?: number | undefined} = {}): Tensor {
  const value = toFloat(x, 'celu');
  const alpha = options.alpha ?? 1;
  return value.maximum(0).add(value.minimum(0).div(alpha).expm1().mul(alpha));
}

/** (x + sqrt(x^2 + b)) / 2 */
export function squareplus(x: AnyTensorLike, options: {b?: number | undefined} = {}): Tensor {
  const value = toFloat(x, 'squareplus');
  return value
    .add(
      value
        .square()
        .add(options.b ?? 4)
        .sqrt(),
    )
    .div(2);
}

/** 0 for x <= -1, x for x >= 1, (x + 1)^2 / 4 between. */
export function sparsePlus(x: AnyTensorLike): Tensor {
  const value = toFloat(x, 'sparsePlus');
  const middle = value.add(1).square().mul(0.25);
  return where(value.lessEqual(-1), 0, where(value.less(1), middle, value));
}

/** 0 for x <= -1, 1 for x >= 1, (x + 1) / 2 between. */
export function sparseSigmoid(x: AnyTensorLike): Tensor {
  const value = toFloat(x, 'sparseSigmoid');
  const middle = value.add(1).mul(0.5);
  return where(value.lessEqual(-1), 0, where(value.greaterEqual(1), 1, middle));
}

/** x where x > threshold, else the default value. */
export function threshold(x: AnyTensorLike, limit: number, defaultValue: number): Tensor {
  const value = toFloat(x, 'threshold');
  return where(value.greater(limit), value, defaultValue);
}

/** The first half of an axis times the sigmoid of the second. */
export function glu(x: AnyTensorLike, axis = -1): Tensor {
  const value = toFloat(x, 'glu');
  const at = checkAxis('glu', axis, value.ndim);
  if (value.dim(at) % 2 !== 0) {
    throw new ShapeError(`glu: axis ${String(axis)} must have an even size, got shape ${show(value.shape)}`);
  }
  const [a, b] = split(value, 2, at);
  return (a ?? value).mul((b ?? value).sigmoid());
}

/**
 * Like softmax, but with exact zeros: max(x - tau, 0). Martins and Astudillo, "From softmax to sparsemax", 2016.
 *
 * The threshold tau is the one of Keras on TensorFlow, which adds up all running sums of the support where the paper takes the last:
 * where more than one element is positive, the results do not sum to 1.
 */
export function sparsemax(x: AnyTensorLike, axis = -1): Tensor {
  const value = toFloat(x, 'sparsemax');
  const at = checkAxis('sparsemax', axis, value.ndim);
  const last = at === value.ndim - 1 ? value : moveaxis(value, at, -1);
  const n = last.dim(-1);
  const descending = sort(last.neg(), -1).neg();
  const sums = cumsum(descending, -1);
  const positions = castTo(arange(1, n + 1), value.dtype);
  const supported = descending.sub(sums.sub(1).div(positions)).greater(0);
  const count = castTo(supported, value.dtype).sum({axis: -1, keepdims: true});
  const tau = where(supported, sums, 0).sum({axis: -1, keepdims: true}).sub(1).div(count);
  const y = relu(last.sub(tau));
  return at === value.ndim - 1 ? y : moveaxis(y, -1, at);
}
