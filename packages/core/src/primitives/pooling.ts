import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {concrete, type Shape, show} from '../shape.js';
import {full} from '../tensor/convert.js';
import {type WindowAttributes, windowOutput} from './convolution.js';
import {pad, slice} from './movement.js';
import {given, requireDType, singleOrDouble} from './rules.js';
import {select} from './select.js';
import {type Tensor} from '../tensor/tensor.js';

export interface PoolingAttributes extends WindowAttributes {
  readonly window: readonly number[];
}

interface PoolingGradientAttributes extends PoolingAttributes {
  readonly shape: Shape;
}

const encode = ({window, strides, low, high}: PoolingAttributes) => [
  window.length,
  ...window,
  ...strides,
  ...low,
  ...high,
];

function inferPooling([x]: readonly Spec[], {window, strides, low, high}: PoolingAttributes, op: string): Spec {
  const input = given(x, op);
  requireDType(op, singleOrDouble, input, 'inputs');
  if (input.shape.length !== window.length + 2) {
    throw new ShapeError(`${op}: inputs must have rank ${String(window.length + 2)}, got shape ${show(input.shape)}`);
  }
  const spatial = window.map((size, i) => {
    const n = windowOutput(input.shape[i + 1] ?? null, size, strides[i] ?? 1, 1, (low[i] ?? 0) + (high[i] ?? 0));
    if (n !== null && n <= 0) {
      throw new ShapeError(`${op}: the window ${show(window)} does not fit inputs of shape ${show(input.shape)}`);
    }
    return n;
  });
  return {shape: [input.shape[0] ?? null, ...spatial, input.shape.at(-1) ?? null], dtype: input.dtype};
}

/** Maxima of windows, channels last; padding never wins. */
export const maxPool = definePrimitive('max_pool', {
  inputs: ['x'],
  infer: inferPooling,
  run: {kind: 'contiguous', encode},
  // To the first maximum of each window, as in TensorFlow.
  gradient: {
    saves: ['x', 'y'],
    vjp: ({x, y}, dy, {attributes}) => [apply(maxPoolGradient, [x, y, dy], attributes)],
  },
});

export const maxPoolGradient: Primitive<PoolingAttributes> = definePrimitive('max_pool_gradient', {
  inputs: ['x', 'y', 'dy'],
  infer: ([x], _: PoolingAttributes, op) => given(x, op),
  run: {kind: 'contiguous', encode},
  // Linear in dy: g where the maxima are.
  gradient: {
    saves: ['x', 'y'],
    vjp: ({x, y}, g, {attributes}) => [null, null, atMaxima(x, y, g, attributes)],
  },
});

/** The elements of g at the first maximum of each window of x. */
function atMaxima(x: Tensor, y: Tensor, g: Tensor, {window, strides, low, high}: PoolingAttributes): Tensor {
  const around = (edges: readonly number[]) => [0, ...edges, 0];
  const padded = (value: Tensor, fill: number): Tensor =>
    apply(pad, [value], {low: around(low), high: around(high), value: fill});
  const [inputs, gradients] = [padded(x, -Infinity), padded(g, 0)];
  const steps = [1, ...strides, 1];
  const positions = window.reduce((all, size) => all * size, 1);
  let result = full(concrete(y.shape), 0, g.dtype);
  // From the last position of the window to the first, which stays where several are equal.
  for (let position = positions - 1; position >= 0; position--) {
    let rest = position;
    const offsets = window.map(() => 0);
    for (let axis = window.length - 1; axis >= 0; axis--) {
      const size = window[axis] ?? 1;
      offsets[axis] = rest % size;
      rest = Math.floor(rest / size);
    }
    const part = {starts: around(offsets), sizes: y.shape, steps};
    const isMaximum = apply<typeof part>(slice, [inputs], part).equal(y);
    result = apply(select, [isMaximum, apply<typeof part>(slice, [gradients], part), result], undefined);
  }
  return result;
}

/** Means of windows, channels last; padding is left out. */
export const averagePool: Primitive<PoolingAttributes> = definePrimitive('average_pool', {
  inputs: ['x'],
  infer: inferPooling,
  run: {kind: 'contiguous', encode},
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs, attributes}) => [
      apply(averagePoolGradient, [dy], {...attributes, shape: given(inputs[0], 'average_pool').shape}),
    ],
  },
});

export const averagePoolGradient: Primitive<PoolingGradientAttributes> = definePrimitive('average_pool_gradient', {
  inputs: ['dy'],
  infer: ([dy], {shape}: PoolingGradientAttributes, op) => ({shape, dtype: given(dy, op).dtype}),
  run: {kind: 'contiguous', encode},
  gradient: {saves: [], vjp: (_, g, {attributes}) => [apply(averagePool, [g], attributes)]},
});
