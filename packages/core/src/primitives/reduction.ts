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
import {broadcastTo} from './movement.js';
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

// The product of all other elements. Where none is zero that is y / x; a single zero gets the product of the rest.
export const prod: Primitive<ReductionAttributes> = definePrimitive('prod', {
  inputs: ['x'],
  infer: reduction(numericOrComplex),
  run: {kind: 'strided', encode},
  gradient: {
    saves: ['x'],
    holomorphic: true,
    vjp: ({x}, dy, {attributes}) => {
      const zero = x.equal(0).cast(dy.dtype) as Tensor;
      const zeros = apply(sum, [zero], attributes);
      const rest = apply(prod, [x.add(zero)], attributes);
      const none = zeros.equal(0).cast(dy.dtype) as Tensor;
      const one = zeros.equal(1).cast(dy.dtype) as Tensor;
      return [dy.mul(rest).mul(none.div(x.add(zero)).mul(zero.neg().add(1)).add(one.mul(zero)))];
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
