import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {type DType} from '../dtype.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {checkAxis, sameShape, type Shape, show} from '../shape.js';
import {type AxisAttributes, given, indices, requireDType, requireSameDType} from './rules.js';
import {reshape, transpose} from './movement.js';
import {Tensor} from '../tensor/tensor.js';

/** Entries of one axis by index; negative indices count from the end, others outside are errors. */
export const gather = definePrimitive('gather', {
  inputs: ['x', 'indices'],
  infer: ([x, i]: readonly Spec[], {axis}: AxisAttributes, op): Spec => {
    const input = given(x, op);
    const index = given(i, op);
    requireDType(op, indices, index, 'indices');
    const at = checkAxis(op, axis, input.shape.length);
    return {shape: [...input.shape.slice(0, at), ...index.shape, ...input.shape.slice(at + 1)], dtype: input.dtype};
  },
  run: {
    kind: 'contiguous',
    encode: ({axis}, inputs) => [axis < 0 ? axis + given(inputs[0], 'gather').shape.length : axis],
  },
  takesStrings: true,
  gradient: {
    saves: ['indices'],
    vjp: ({indices: index}, dy, {inputs, attributes: {axis}}) => {
      const {shape} = given(inputs[0], 'gather');
      return [gatherGradient(dy, index, shape, axis < 0 ? axis + shape.length : axis), null];
    },
  },
});

/** Rows of dy are added up where their indices point. */
function gatherGradient(dy: Tensor, index: Tensor, shape: Shape, axis: number): Tensor {
  const flat: Tensor = apply(reshape, [index], {shape: [-1, 1]});
  // The indexed axes of dy come first, so that its rows match the list of indices.
  const order = [
    ...index.shape.map((_, i) => axis + i),
    ...shape.slice(0, axis).map((_, i) => i),
    ...shape.slice(axis + 1).map((_, i) => axis + index.ndim + i),
  ];
  const front: Tensor = apply(transpose, [dy], {axes: order});
  const rest = [...shape.slice(0, axis), ...shape.slice(axis + 1)];
  const rows: Tensor = apply(reshape, [front], {shape: [flat.dim(0), ...rest]});
  const summed = apply(scatterAdd, [flat, rows], {shape: [shape[axis] ?? 0, ...rest]});
  const back = [...shape.slice(0, axis).map((_, i) => i + 1), 0, ...shape.slice(axis + 1).map((_, i) => axis + 1 + i)];
  return apply(transpose, [summed], {axes: back});
}

interface ScatterAttributes {
  readonly shape: Shape;
}

/** Zeros of `shape` with updates added at indices [..., k] into the first k axes; duplicates add up. */
export const scatterAdd: Primitive<ScatterAttributes> = definePrimitive('scatter_add', {
  inputs: ['indices', 'updates'],
  infer: ([i, u]: readonly Spec[], {shape}: ScatterAttributes, op): Spec => {
    const index = given(i, op);
    const updates = given(u, op);
    requireDType(op, indices, index, 'indices');
    const depth = index.shape.at(-1) ?? 0;
    const expected = [...index.shape.slice(0, -1), ...shape.slice(depth)];
    if (
      depth > shape.length ||
      expected.length !== updates.shape.length ||
      expected.some((n, k) => n !== updates.shape[k])
    ) {
      throw new ShapeError(
        `${op}: indices ${show(index.shape)} into shape ${show(shape)} need updates of shape ${show(expected)}, got ${show(updates.shape)}`,
      );
    }
    return {shape, dtype: updates.dtype};
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['indices'],
    vjp: ({indices: index}, dy) => [null, apply(gatherNd, [dy, index], undefined)],
  },
});

/** Entries at indices [..., k] of the first k axes. */
export const gatherNd: Primitive = definePrimitive('gather_nd', {
  inputs: ['x', 'indices'],
  infer: ([x, i]: readonly Spec[], _: undefined, op): Spec => {
    const input = given(x, op);
    const index = given(i, op);
    requireDType(op, indices, index, 'indices');
    const depth = index.shape.at(-1) ?? 0;
    if (index.shape.length === 0 || depth > input.shape.length) {
      throw new ShapeError(`${op}: indices ${show(index.shape)} do not index shape ${show(input.shape)}`);
    }
    return {shape: [...index.shape.slice(0, -1), ...input.shape.slice(depth)], dtype: input.dtype};
  },
  run: {kind: 'contiguous'},
  takesStrings: true,
  gradient: {
    saves: ['indices'],
    vjp: ({indices: index}, dy, {inputs}) => [
      apply(scatterAdd, [index, dy], {shape: given(inputs[0], 'gather_nd').shape}),
      null,
    ],
  },
});

export interface OneHotAttributes {
  readonly depth: number;
  readonly dtype: DType;
  readonly on: number;
  readonly off: number;
}

/** A new last axis with `on` at the index and `off` elsewhere; an index outside gives `off` throughout. */
export const oneHot = definePrimitive('one_hot', {
  inputs: ['indices'],
  infer: ([i], {depth, dtype}: OneHotAttributes, op) => {
    const index = given(i, op);
    requireDType(op, indices, index, 'indices');
    return {shape: [...index.shape, depth], dtype};
  },
  run: {kind: 'contiguous', encode: ({on, off}) => [on, off]},
  gradient: null,
});

/** How `scatterUpdate` combines what is there with an update. */
export const SCATTER_MODES = {add: 0, set: 1, max: 2, min: 3, subtract: 4, mul: 5} as const;

export interface ScatterUpdateAttributes {
  readonly mode: keyof typeof SCATTER_MODES;
}

/** A copy of x with updates combined at indices [..., k] into the first k axes, in their order. */
export const scatterUpdate: Primitive<ScatterUpdateAttributes> = definePrimitive('scatter_update', {
  inputs: ['indices', 'updates', 'x'],
  infer: ([i, u, x]: readonly Spec[], _: ScatterUpdateAttributes, op): Spec => {
    const index = given(i, op);
    const updates = given(u, op);
    const input = given(x, op);
    requireDType(op, indices, index, 'indices');
    requireSameDType(op, ['inputs', 'updates'], [input, updates]);
    const depth = index.shape.at(-1) ?? 0;
    const expected = [...index.shape.slice(0, -1), ...input.shape.slice(depth)];
    if (depth > input.shape.length || !sameShape(expected, updates.shape)) {
      throw new ShapeError(
        `${op}: indices ${show(index.shape)} into shape ${show(input.shape)} need updates of shape ${show(expected)}, got ${show(updates.shape)}`,
      );
    }
    return {shape: input.shape, dtype: input.dtype};
  },
  run: {kind: 'contiguous', encode: ({mode}) => [SCATTER_MODES[mode]]},
  // Where an element was set, the old value and all updates but the last have none; maxima and products have none, as in TensorFlow.
  gradient: {
    saves: ['indices'],
    vjp: ({indices: index}, dy, {attributes: {mode}, inputs}) => {
      if (mode !== 'set' && mode !== 'add' && mode !== 'subtract') return [null, null, null];
      const updates: Tensor = apply(gatherNd, [dy, index], undefined);
      if (mode !== 'set') return [null, mode === 'add' ? updates : updates.neg(), dy];
      const zeros = Tensor.create(given(inputs[1], 'scatter_update').shape, dy.dtype, 0);
      return [null, updates, apply(scatterUpdate, [index, zeros, dy], {mode: 'set'})];
    },
  },
});
