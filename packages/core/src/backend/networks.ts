import {type AnyTensorLike, toFloat} from '../ops/convert.js';
import {type ConvOptions, type PoolOptions} from '../ops/nn.js';
import {type ConvTransposeOptions} from '../ops/convolution.js';
import {ops} from '../ops/recorded.js';
import {checkChoice, checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';

// Layers as functions, under older names.

/** max(x, 0), with a slope below the threshold and a largest value. */
export function relu(
  x: AnyTensorLike,
  options: {alpha?: number | undefined; maxValue?: number | null | undefined; threshold?: number | undefined} = {},
): Tensor {
  checkOptions('relu', options, ['alpha', 'maxValue', 'threshold']);
  const {alpha = 0, maxValue = null, threshold = 0} = options;
  if (alpha === 0 && maxValue === null && threshold === 0) return ops.relu(x);
  const value = toFloat(x, 'relu');
  const above = ops.where(ops.greaterEqual(value, threshold), value, 0);
  const below = ops.multiply(ops.minimum(ops.subtract(value, threshold), 0), alpha);
  const limited = maxValue === null ? above : ops.minimum(above, maxValue);
  return alpha === 0 ? limited : ops.add(limited, below);
}

/** x for x > 0, else alpha (exp(x) - 1). */
export const elu = (x: AnyTensorLike, alpha = 1): Tensor => ops.elu(x, {alpha});

/** clip(0.2 x + 0.5, 0, 1): the older definition. */
export const hardSigmoid = (x: AnyTensorLike): Tensor =>
  ops.clip(ops.add(ops.multiply(toFloat(x, 'hardSigmoid'), 0.2), 0.5), 0, 1);

/** Whether each target class is among the k best predictions. */
export const inTopK = (predictions: AnyTensorLike, targets: AnyTensorLike, k: number): Tensor<boolean> =>
  ops.inTopK(targets, predictions, k);

export const conv1d = (x: AnyTensorLike, kernel: AnyTensorLike, options: ConvOptions = {}): Tensor =>
  ops.conv(x, kernel, options);
export const conv2d = conv1d;
export const conv3d = conv1d;
export const conv2dTranspose = (x: AnyTensorLike, kernel: AnyTensorLike, options: ConvTransposeOptions = {}): Tensor =>
  ops.convTranspose(x, kernel, options);
export const depthwiseConv2d = (x: AnyTensorLike, kernel: AnyTensorLike, options: ConvOptions = {}): Tensor =>
  ops.depthwiseConv(x, kernel, options);
export const separableConv2d = (
  x: AnyTensorLike,
  depthwiseKernel: AnyTensorLike,
  pointwiseKernel: AnyTensorLike,
  options: ConvOptions = {},
): Tensor => ops.separableConv(x, depthwiseKernel, pointwiseKernel, options);

/** Maxima or means of windows; strides are 1 by default. */
export function pool2d(
  x: AnyTensorLike,
  poolSize: number | readonly number[],
  options: PoolOptions & {poolMode?: 'max' | 'avg' | undefined} = {},
): Tensor {
  const {poolMode = 'max', ...rest} = options;
  checkOptions('pool', rest, ['strides', 'padding', 'dataFormat']);
  checkChoice('pool', 'poolMode', poolMode, ['max', 'avg']);
  const given = {...rest, strides: rest.strides ?? 1};
  return poolMode === 'max' ? ops.maxPool(x, poolSize, given) : ops.averagePool(x, poolSize, given);
}
export const pool3d = pool2d;

/** The loss of connectionist temporal classification of class probabilities, whose last class is the blank: (batch, 1). */
export function ctcBatchCost(
  yTrue: AnyTensorLike,
  yPred: AnyTensorLike,
  inputLength: AnyTensorLike,
  labelLength: AnyTensorLike,
): Tensor {
  const logits = ops.log(ops.add(toFloat(yPred, 'ctcBatchCost'), 1e-7));
  const flat = (x: AnyTensorLike): Tensor => ops.reshape(x, [-1]);
  const loss = ops.ctcLoss(yTrue, logits, flat(labelLength), flat(inputLength), {maskIndex: logits.dim(-1) - 1});
  return ops.expandDims(loss, 1);
}
