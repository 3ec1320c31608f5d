import {definePrimitive, type GradientContext, type Primitive, type Spec} from '../engine/primitive.js';
import {apply} from '../engine/dispatch.js';
import {checkAxis} from '../shape.js';
import {
  boolean,
  comparable,
  given,
  floatingOrComplex,
  numeric,
  numericOrComplex,
  reduction,
  type ReductionAttributes,
  requireDType,
} from './rules.js';
import {broadcastTo, pad, reshape, slice, transpose} from './movement.js';
import {ShapeError} from '../errors.js';
import {type AxisAttributes} from './rules.js';
import {type Tensor} from '../tensor/tensor.js';

// Reductions keep the reduced axes with size 1; ops drop them.

const encode = ({axes}: ReductionAttributes) => axes;

const input = (context: GradientContext<ReductionAttributes>): Spec => given(context.inputs[0], 'reduction');

const spread = (dy: Tensor, context: GradientContext<ReductionAttributes>): Tensor =>
  apply(broadcastTo, [dy], {shape: input(context).shape});

const countOf = ({shape}: Spec, axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * (shape[axis] ?? 1), 1);

export const sum = definePrimitive('sum', {
  inputs: ['x'],
  infer: reduction(numericOrComplex),
  run: {kind: 'strided', encode},
  gradient: {saves: [], vjp: (_, dy, context) => [spread(dy, context)]},
});

export const mean = definePrimitive('mean', {
  inputs: ['x'],
  infer: reduction(floatingOrComplex),
  run: {kind: 'strided', encode},
  gradient: {
    saves: [],
    vjp: (_, dy, context) => [spread(dy.div(countOf(input(context), context.attributes.axes)), context)],
  },
});

/** Ties share the gradient, as in TensorFlow. */
const extremeGradient = {
  saves: ['x', 'y'],
  vjp: (
    {x, y}: Readonly<Record<'x' | 'y', Tensor>>,
    dy: Tensor,
    {attributes}: GradientContext<ReductionAttributes>,
  ): readonly Tensor[] => {
    const chosen = x.equal(y).cast(dy.dtype) as Tensor;
    const count = apply(sum, [chosen], attributes);
    return [chosen.mul(dy.div(count))];
  },
} as const;

export const max = definePrimitive('max', {
  inputs: ['x'],
  infer: reduction(numeric, {needsElements: true}),
  run: {kind: 'strided', encode},
  gradient: extremeGradient,
});

export const min = definePrimitive('min', {
  inputs: ['x'],
  infer: reduction(numeric, {needsElements: true}),
  run: {kind: 'strided', encode},
  gradient: extremeGradient,
});

/**
 * dy times the product of all other elements of each row of x [r, n]. Partners are multiplied in pairs, pairs of pairs, and so on; on
 * the way back each takes its partner's product. Nothing is divided, so that zeros do no harm in any order.
 */
function productGradient(x: Tensor, dy: Tensor): Tensor {
  const levels: {readonly pairs: Tensor; readonly size: number}[] = [];
  let level = x;
  for (let size = x.dim(1); size > 1; size = level.dim(1)) {
    if (size % 2 === 1) level = apply(pad, [level], {low: [0, 0], high: [0, 1], value: 1});
    const pairs: Tensor = apply(reshape, [level], {shape: [level.dim(0), level.dim(1) / 2, 2]});
    levels.push({pairs, size});
    const [first, second] = [0, 1].map((start): Tensor => {
      const half: Tensor = apply(slice, [pairs], {
        starts: [0, 0, start],
        sizes: [...pairs.shape.slice(0, 2), 1],
        steps: [1, 1, 1],
      });
      return apply(reshape, [half], {shape: pairs.shape.slice(0, 2)});
    });
    level = (first ?? level).mul(second ?? level);
  }
  return levels.reduceRight((gradient, {pairs, size}) => {
    const partners = apply(slice, [pairs], {starts: [0, 0, 1], sizes: pairs.shape, steps: [1, 1, -1]});
    const wide: Tensor = apply(reshape, [gradient], {shape: [...gradient.shape, 1]});
    const row: Tensor = apply(reshape, [wide.mul(partners)], {shape: [x.dim(0), 2 * pairs.dim(1)]});
    return apply(slice, [row], {starts: [0, 0], sizes: [x.dim(0), size], steps: [1, 1]});
  }, dy);
}

export const prod: Primitive<ReductionAttributes> = definePrimitive('prod', {
  inputs: ['x'],
  infer: reduction(numericOrComplex),
  run: {kind: 'strided', encode},
  gradient: {
    saves: ['x'],
    holomorphic: true,
    vjp: ({x}, dy, {attributes: {axes}}) => {
      const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
      const order = [...kept, ...axes];
      const count = countOf(x, axes);
      if (count === 0) return [x];
      const moved: Tensor = apply(transpose, [x], {axes: order});
      const rows: Tensor = apply(reshape, [moved], {shape: [countOf(x, kept), count]});
      const weights: Tensor = apply(reshape, [dy], {shape: [countOf(x, kept), 1]});
      const gradient: Tensor = apply(reshape, [productGradient(rows, weights)], {shape: moved.shape});
      return [apply(transpose, [gradient], {axes: order.map((_, i) => order.indexOf(i))})];
    },
  },
});

export const any = definePrimitive('any', {
  inputs: ['x'],
  infer: reduction(boolean),
  run: {kind: 'strided', encode},
  gradient: null,
});

export const all = definePrimitive('all', {
  inputs: ['x'],
  infer: reduction(boolean),
  run: {kind: 'strided', encode},
  gradient: null,
});

const extremeIndex = {
  inputs: ['x'],
  infer: ([x]: readonly Spec[], {axis}: AxisAttributes, op: string): Spec => {
    const spec = given(x, op);
    requireDType(op, comparable, spec);
    const at = checkAxis(op, axis, spec.shape.length);
    if (spec.shape[at] === 0) throw new ShapeError(`${op}: axis ${String(axis)} has size 0`);
    return {shape: spec.shape.map((n, i) => (i === at ? 1 : n)), dtype: 'int32'};
  },
  run: {
    kind: 'strided',
    encode: ({axis}: AxisAttributes, [x]: readonly Spec[]) => [
      axis < 0 ? axis + given(x, 'argmax').shape.length : axis,
    ],
  },
  gradient: null,
} as const;

export const argmax = definePrimitive('argmax', extremeIndex);
export const argmin = definePrimitive('argmin', extremeIndex);
