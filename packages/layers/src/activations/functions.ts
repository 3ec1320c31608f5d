import {ops, ShapeError, type Tensor} from '@keratin/core';
import {checkAxis, checkOptions, show, withLogits} from '@keratin/core/internal';

// Each takes a tensor of any shape and gives one of the same shape, element by element unless it says otherwise.

/** Options of {@link relu}. */
export interface ReluOptions {
  /** Slope below the threshold. Default 0. */
  negativeSlope?: number | undefined;
  /** The largest output. Default: none. */
  maxValue?: number | null | undefined;
  /** Values up to it are damped. Default 0. */
  threshold?: number | undefined;
}

/** max(x, 0); with options the general form: x above the threshold, negativeSlope * (x - threshold) below, at most maxValue. */
export function relu(x: Tensor, options: ReluOptions = {}): Tensor {
  checkOptions('activations.relu', options, ['negativeSlope', 'maxValue', 'threshold'], {alpha: 'negativeSlope'});
  const {negativeSlope = 0, threshold = 0} = options;
  const maxValue = options.maxValue ?? null;
  if (negativeSlope === 0 && maxValue === null && threshold === 0) return ops.relu(x);
  if (negativeSlope !== 0 && maxValue === null && threshold === 0) return leakyRelu(x, {negativeSlope});
  let y: Tensor;
  if (threshold !== 0) y = ops.where(x.greater(threshold), x, 0);
  else y = maxValue === 6 ? ops.relu6(x) : ops.relu(x);
  if (maxValue !== null && (threshold !== 0 || maxValue !== 6)) y = ops.clip(y, 0, maxValue);
  if (negativeSlope === 0) return y;
  return y.sub(ops.relu(x.neg().add(threshold)).mul(negativeSlope));
}

/** x above 0, negativeSlope * x below. Default slope 0.2. */
export function leakyRelu(x: Tensor, options: {negativeSlope?: number | undefined} = {}): Tensor {
  checkOptions('activations.leakyRelu', options, ['negativeSlope'], {alpha: 'negativeSlope'});
  return ops.leakyRelu(x, options);
}

/** min(max(x, 0), 6) */
export function relu6(x: Tensor): Tensor {
  return ops.relu6(x);
}

/** exp(x) / sum(exp(x)) along an axis (the last by default). A loss finds the logits that it was made of. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return withLogits(ops.softmax(x, axis), x, 'softmax');
}

/** log(softmax(x)) along an axis (the last by default). */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return ops.logSoftmax(x, axis);
}

/** x above 0, alpha * (exp(x) - 1) below. Default alpha 1. */
export function elu(x: Tensor, options: {alpha?: number | undefined} = {}): Tensor {
  checkOptions('activations.elu', options, ['alpha']);
  return ops.elu(x, options);
}

/** The self-normalizing elu: 1.0507 * elu(x) with alpha 1.67326 (Klambauer et al., 2017). */
export function selu(x: Tensor): Tensor {
  return ops.selu(x);
}

/** max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1). Default alpha 1. */
export function celu(x: Tensor, options: {alpha?: number | undefined} = {}): Tensor {
  checkOptions('activations.celu', options, ['alpha']);
  const alpha = options.alpha ?? 1;
  return x.maximum(0).add(x.minimum(0).div(alpha).expm1().mul(alpha));
}

/** log(1 + exp(x)) */
export function softplus(x: Tensor): Tensor {
  return ops.softplus(x);
}

/** x / (1 + |x|) */
export function softsign(x: Tensor): Tensor {
  return ops.softsign(x);
}

/** (x + sqrt(x^2 + b)) / 2. Default b 4. */
export function squareplus(x: Tensor, options: {b?: number | undefined} = {}): Tensor {
  checkOptions('activations.squareplus', options, ['b']);
  return x
    .add(
      x
        .square()
        .add(options.b ?? 4)
        .sqrt(),
    )
    .div(2);
}

/** x moved towards 0 by the threshold, 0 within it. Default threshold 0.5. */
export function softShrink(x: Tensor, options: {threshold?: number | undefined} = {}): Tensor {
  checkOptions('activations.softShrink', options, ['threshold']);
  const t = options.threshold ?? 0.5;
  return ops.where(x.greater(t), x.sub(t), ops.where(x.less(-t), x.add(t), 0));
}

/** x where |x| is above the threshold, else 0. Default threshold 0.5. */
export function hardShrink(x: Tensor, options: {threshold?: number | undefined} = {}): Tensor {
  checkOptions('activations.hardShrink', options, ['threshold']);
  return ops.where(x.abs().greater(options.threshold ?? 0.5), x, 0);
}

/** x - tanh(x) */
export function tanhShrink(x: Tensor): Tensor {
  return x.sub(x.tanh());
}

/** 0 up to -1, (x + 1)^2 / 4 up to 1, x above. */
export function sparsePlus(x: Tensor): Tensor {
  return ops.where(x.lessEqual(-1), 0, ops.where(x.less(1), x.add(1).square().mul(0.25), x));
}

/** 0 up to -1, (x + 1) / 2 up to 1, 1 above. */
export function sparseSigmoid(x: Tensor): Tensor {
  return ops.where(x.lessEqual(-1), 0, ops.where(x.greaterEqual(1), 1, x.add(1).mul(0.5)));
}

/** x * sigmoid(x), also called swish. */
export function silu(x: Tensor): Tensor {
  return ops.silu(x);
}

/** x * Phi(x), Phi the normal distribution's; exact unless `approximate` asks for the tanh form. */
export function gelu(x: Tensor, options: {approximate?: boolean | undefined} = {}): Tensor {
  checkOptions('activations.gelu', options, ['approximate']);
  return ops.gelu(x, {approximate: options.approximate ?? false});
}

/** The first half along an axis times the sigmoid of the second. Default axis -1. */
export function glu(x: Tensor, axis = -1): Tensor {
  const at = checkAxis('activations.glu', axis, x.ndim);
  if (x.dim(at) % 2 !== 0) {
    throw new ShapeError(`activations.glu: axis ${String(axis)} must have an even size, got x ${show(x.shape)}`);
  }
  const [a, b] = ops.split(x, 2, at);
  if (a === undefined || b === undefined) throw new ShapeError('activations.glu: two halves are needed');
  return a.mul(b.sigmoid());
}

/** The hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return ops.tanh(x);
}

/** x brought into [-1, 1]. */
export function hardTanh(x: Tensor): Tensor {
  return ops.clip(x, -1, 1);
}

/** x above `threshold`, else `defaultValue`. */
export function threshold(x: Tensor, threshold: number, defaultValue: number): Tensor {
  return ops.where(x.greater(threshold), x, defaultValue);
}

/** 1 / (1 + exp(-x)). A loss finds the logits that it was made of. */
export function sigmoid(x: Tensor): Tensor {
  return withLogits(ops.sigmoid(x), x, 'sigmoid');
}

/** exp(x) */
export function exponential(x: Tensor): Tensor {
  return ops.exp(x);
}

/** min(max(x + 3, 0), 6) / 6 */
export function hardSigmoid(x: Tensor): Tensor {
  return ops.relu6(x.add(3)).div(6);
}

/** x * hardSigmoid(x), also called hard swish. */
export function hardSilu(x: Tensor): Tensor {
  return x.mul(hardSigmoid(x));
}

/** log(sigmoid(x)) */
export function logSigmoid(x: Tensor): Tensor {
  return ops.logSigmoid(x);
}

/** x * tanh(softplus(x)) (Misra, 2019). */
export function mish(x: Tensor): Tensor {
  return x.mul(ops.softplus(x).tanh());
}

/** x itself. */
export function linear(x: Tensor): Tensor {
  return x;
}

/**
 * A softmax with zeros (Martins and Astudillo, 2016), along an axis (the last by default), with Keras's threshold: tau = (sum of the
 * cumulative sums over the support - 1) / size of the support.
 */
export function sparsemax(x: Tensor, axis = -1): Tensor {
  const at = checkAxis('activations.sparsemax', axis, x.ndim);
  const z = at === x.ndim - 1 ? x : ops.moveaxis(x, at, -1);
  const n = z.dim(-1);
  // Pairs [..., i, j] stand for a sort: j comes before i where it is larger, or equal and earlier.
  const self = z.expandDims(-1);
  const other = z.expandDims(-2);
  const index = ops.arange(n);
  const earlier = index.expandDims(0).lessEqual(index.expandDims(1));
  const before = other.greater(self).logicalOr(ops.logicalAnd(other.equal(self), earlier));
  const placed = ops.cast(before, z.dtype);
  const rank = placed.sum({axis: -1});
  const cumulative = placed.mul(other).sum({axis: -1});
  const support = ops.cast(z.mul(rank).add(1).greater(cumulative), z.dtype);
  const size = support.sum({axis: -1, keepdims: true});
  const tau = cumulative.mul(support).sum({axis: -1, keepdims: true}).sub(1).div(size);
  const y = z.sub(tau).maximum(0);
  return at === x.ndim - 1 ? y : ops.moveaxis(y, -1, at);
}
