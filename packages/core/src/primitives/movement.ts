import {type DType} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {broadcastShapes, checkAxis, contiguousStrides, sameShape, type Shape, show, sizeOf} from '../shape.js';
import {given, requireSameDType, unbroadcast} from './rules.js';
import {type Tensor} from '../tensor/tensor.js';

export interface ShapeAttributes {
  /** One size may be -1: what is left over. */
  readonly shape: Shape;
}

function reshaped(op: string, from: Shape, to: Shape): Shape {
  const total = sizeOf(from);
  const open = to.indexOf(-1);
  if (to.filter((n) => n === -1).length > 1 || to.some((n) => n !== null && (n < -1 || !Number.isInteger(n)))) {
    throw new ShapeError(`${op}: a new shape has non-negative sizes and at most one -1, got ${show(to)}`);
  }
  const known = to.reduce<number>((product, n) => product * (n === -1 || n === null ? 1 : n), 1);
  if (total === null || to.includes(null)) {
    return to.map((n) => (n === -1 ? null : n));
  }
  const missing = open >= 0 ? total / known : 1;
  if (known * missing !== total || !Number.isInteger(missing)) {
    throw new ShapeError(`${op}: ${String(total)} elements of shape ${show(from)} do not fit shape ${show(to)}`);
  }
  return open >= 0 ? to.map((n) => (n === -1 ? missing : n)) : to;
}

/** The same elements, row-major, in another shape; a view where the strides allow it. */
export const reshape: Primitive<ShapeAttributes> = definePrimitive('reshape', {
  inputs: ['x'],
  infer: ([x], {shape}: ShapeAttributes, op) => {
    const input = given(x, op);
    return {shape: reshaped(op, input.shape, shape), dtype: input.dtype};
  },
  run: {
    kind: 'view',
    layout: ({shape, strides, offset}, _, output) => {
      const natural = contiguousStrides(shape);
      const plain = shape.every((size, axis) => size === 1 || strides[axis] === natural[axis]);
      return plain ? {strides: contiguousStrides(output), offset} : null;
    },
  },
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs}) => [apply(reshape, [dy], {shape: given(inputs[0], 'reshape').shape.map((n) => n ?? -1)})],
  },
});

export interface TransposeAttributes {
  readonly axes: readonly number[];
}

export const transpose: Primitive<TransposeAttributes> = definePrimitive('transpose', {
  inputs: ['x'],
  infer: ([x], {axes}: TransposeAttributes, op) => {
    const {shape, dtype} = given(x, op);
    const seen = axes.map((axis) => checkAxis(op, axis, shape.length));
    if (new Set(seen).size !== shape.length || axes.length !== shape.length) {
      throw new ShapeError(
        `${op}: axes must be a permutation of 0 to ${String(shape.length - 1)}, got [${axes.join(', ')}]`,
      );
    }
    return {shape: seen.map((axis) => shape[axis] ?? null), dtype};
  },
  run: {
    kind: 'view',
    layout: ({strides, offset}, {axes}) => ({
      strides: axes.map((axis) => strides.at(axis) ?? 0),
      offset,
    }),
  },
  gradient: {
    saves: [],
    vjp: (_, dy, {attributes: {axes}}) => {
      const inverse = new Array<number>(axes.length);
      axes.forEach((axis, i) => (inverse[axis < 0 ? axis + axes.length : axis] = i));
      return [apply(transpose, [dy], {axes: inverse})];
    },
  },
});

/** Repeats along axes of size 1 without copying. */
export const broadcastTo = definePrimitive('broadcast_to', {
  inputs: ['x'],
  infer: ([x], {shape}: ShapeAttributes, op) => {
    const input = given(x, op);
    const result = broadcastShapes(input.shape, shape);
    if (result === null || !sameShape(result, shape)) {
      throw new ShapeError(`${op}: shape ${show(input.shape)} does not broadcast to ${show(shape)}`);
    }
    return {shape, dtype: input.dtype};
  },
  run: {
    kind: 'view',
    layout: ({shape, strides, offset}, _, output) => {
      const lead = output.length - shape.length;
      return {
        strides: output.map((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? 0 : (strides[i - lead] ?? 0))),
        offset,
      };
    },
  },
  gradient: {saves: [], vjp: (_, dy, {inputs}) => [unbroadcast(dy, given(inputs[0], 'broadcast_to'))]},
});

export interface SliceAttributes {
  /** First index of each axis, in [0, n]. */
  readonly starts: readonly number[];
  /** Sizes of the result; null where the input's axis is open and taken whole. */
  readonly sizes: Shape;
  /** Distance between elements; negative walks backwards. */
  readonly steps: readonly number[];
}

/** A regular selection along every axis, as a view. */
export const slice: Primitive<SliceAttributes> = definePrimitive('slice', {
  inputs: ['x'],
  infer: ([x], {starts, sizes, steps}: SliceAttributes, op) => {
    const {shape, dtype} = given(x, op);
    sizes.forEach((size, axis) => {
      const n = shape[axis];
      const start = starts[axis] ?? 0;
      const last = start + ((size ?? 1) - 1) * (steps[axis] ?? 1);
      const inside =
        n === null ||
        n === undefined ||
        size === null ||
        size === 0 ||
        (start >= 0 && start < n && last >= 0 && last < n);
      if (!inside) {
        throw new ShapeError(
          `${op}: start ${String(start)} and size ${String(size)} leave axis ${String(axis)} of shape ${show(shape)}`,
        );
      }
    });
    return {shape: sizes, dtype};
  },
  run: {
    kind: 'view',
    layout: ({strides, offset}, {starts, steps, sizes}) => ({
      strides: strides.map((stride, axis) => stride * (steps[axis] ?? 1)),
      offset: sizes.includes(0)
        ? offset
        : offset + strides.reduce((sum, stride, axis) => sum + stride * (starts[axis] ?? 0), 0),
    }),
  },
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs, attributes}) => {
      const {shape} = given(inputs[0], 'slice');
      return [apply(sliceGradient, [dy], {...attributes, shape})];
    },
  },
});

/** Zeros of `shape` with the input written into the selection: the gradient of `slice`. */
export const sliceGradient: Primitive<SliceAttributes & ShapeAttributes> = definePrimitive('slice_gradient', {
  inputs: ['dy'],
  infer: ([dy], {shape}: SliceAttributes & ShapeAttributes, op) => ({shape, dtype: given(dy, op).dtype}),
  run: {
    kind: 'strided',
    kernel: 'place',
    encode: ({starts, steps}) => [...starts, ...steps],
  },
  gradient: {
    saves: [],
    vjp: (_, dy, {attributes: {starts, sizes, steps}}) => [apply(slice, [dy], {starts, sizes, steps})],
  },
});

export interface PadAttributes {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly value: number;
}

/** Adds elements of one value before and after each axis. */
export const pad = definePrimitive('pad', {
  inputs: ['x'],
  infer: ([x], {low, high}: PadAttributes, op) => {
    const {shape, dtype} = given(x, op);
    if (low.length !== shape.length || high.length !== shape.length || [...low, ...high].some((n) => n < 0)) {
      throw new ShapeError(
        `${op}: padding must be non-negative for each axis of shape ${show(shape)}, got low [${low.join(', ')}] and high [${high.join(', ')}]`,
      );
    }
    return {shape: shape.map((n, axis) => (n === null ? null : n + (low[axis] ?? 0) + (high[axis] ?? 0))), dtype};
  },
  run: {
    kind: 'strided',
    kernel: 'place',
    encode: ({low, value}) => [...low, ...low.map(() => 1), value],
  },
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs, attributes: {low}}) => {
      const {shape} = given(inputs[0], 'pad');
      return [apply(slice, [dy], {starts: low, sizes: shape, steps: low.map(() => 1)})];
    },
  },
});

export interface ConcatenateAttributes {
  readonly axis: number;
}

export const concatenate = definePrimitive('concatenate', {
  inputs: ['x'],
  variadic: true,
  infer: (inputs, {axis}: ConcatenateAttributes, op): Spec => {
    const dtype = requireSameDType(op, ['x'], inputs);
    const first = given(inputs[0], op);
    const at = checkAxis(op, axis, first.shape.length);
    let total: number | null = 0;
    for (const {shape} of inputs) {
      const fits =
        shape.length === first.shape.length &&
        shape.every((n, i) => i === at || n === null || first.shape[i] === null || n === first.shape[i]);
      if (!fits) {
        const all = inputs.map((input) => show(input.shape)).join(', ');
        throw new ShapeError(`${op}: shapes must agree on every axis but ${String(axis)}, got ${all}`);
      }
      const n: number | null = shape[at] ?? null;
      total = n === null || total === null ? null : total + n;
    }
    return {shape: first.shape.map((n, i) => (i === at ? total : n)), dtype};
  },
  run: {
    kind: 'strided',
    encode: ({axis}, inputs) => [axis < 0 ? axis + given(inputs[0], 'concatenate').shape.length : axis],
  },
  takesStrings: true,
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs, needs, attributes: {axis}}) => {
      const rank = dy.shape.length;
      const at = axis < 0 ? axis + rank : axis;
      let start = 0;
      return inputs.map(({shape}, i): Tensor | null => {
        const starts = Array.from({length: rank}, (_unused, j) => (j === at ? start : 0));
        start += shape[at] ?? 0;
        if (needs[i] !== true) return null;
        return apply(slice, [dy], {starts, sizes: shape, steps: starts.map(() => 1)});
      });
    },
  },
});

export interface RangeAttributes {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly dtype: DType;
}

export const range = definePrimitive('range', {
  inputs: [],
  infer: (_, {count, dtype}: RangeAttributes) => ({shape: [count], dtype}),
  run: {kind: 'strided', encode: ({start, step}) => [start, step]},
  gradient: null,
});
