import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {type Shape, show} from '../shape.js';
import {type WindowAttributes, windowOutput} from './convolution.js';
import {given, requireDType, singleOrDouble} from './rules.js';

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
  // Linear in dy: g at the chosen positions. Sums over a window of g * d(max_pool_gradient)/d(dy).
  gradient: {
    saves: ['x', 'y', 'dy'],
    vjp: ({x, y, dy}, g, {attributes}) => {
      const chosen = apply(maxPoolGradient, [x, y, dy.mul(0).add(1)], attributes)
        .greater(0)
        .cast(g.dtype);
      const size = attributes.window.reduce((a, b) => a * b, 1);
      const disjoint = attributes.window.every((w, i) => w <= (attributes.strides[i] ?? 1));
      if (!disjoint || [...attributes.low, ...attributes.high].some((n) => n > 0)) return [null, null, null];
      return [null, null, apply(averagePool, [g.mul(chosen as typeof g)], attributes).mul(size)];
    },
  },
});

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
