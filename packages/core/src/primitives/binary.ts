import {isComplex} from '../dtype.js';
import {definePrimitive} from '../engine/primitive.js';
import {apply} from '../engine/dispatch.js';
import {asComplex, real} from './complex.js';
import {select} from './select.js';
import {
  binary,
  boolean,
  comparable,
  equatable,
  floating,
  floatingOrComplex,
  given,
  numeric,
  numericOrComplex,
  unbroadcast,
} from './rules.js';
import {type Spec} from '../engine/primitive.js';
import {type Tensor} from '../tensor/tensor.js';

// Elementwise functions of two tensors of one dtype, with broadcasting.

const elementwise = {kind: 'elementwise'} as const;

/** Sums a gradient back to the shape of input `i`; null where it is not wanted. */
function back(
  gradient: () => Tensor,
  i: number,
  {inputs, needs}: {readonly inputs: readonly Spec[]; readonly needs: readonly boolean[]},
): Tensor | null {
  return needs[i] === true ? unbroadcast(gradient(), given(inputs[i], 'gradient')) : null;
}

export const add = definePrimitive('add', {
  inputs: ['a', 'b'],
  infer: binary(numericOrComplex),
  run: elementwise,
  gradient: {saves: [], vjp: (_, dy, c) => [back(() => dy, 0, c), back(() => dy, 1, c)]},
});

export const subtract = definePrimitive('subtract', {
  inputs: ['a', 'b'],
  infer: binary(numericOrComplex),
  run: elementwise,
  gradient: {saves: [], vjp: (_, dy, c) => [back(() => dy, 0, c), back(() => dy.neg(), 1, c)]},
});

export const multiply = definePrimitive('multiply', {
  inputs: ['a', 'b'],
  infer: binary(numericOrComplex),
  run: elementwise,
  gradient: {
    saves: ['a', 'b'],
    holomorphic: true,
    vjp: ({a, b}, dy, c) => [back(() => dy.mul(b), 0, c), back(() => dy.mul(a), 1, c)],
  },
});

// 1 / b, -a / b^2 = -(y / b)
export const divide = definePrimitive('divide', {
  inputs: ['a', 'b'],
  infer: binary(floatingOrComplex),
  run: elementwise,
  gradient: {
    saves: ['b', 'y'],
    holomorphic: true,
    vjp: ({b, y}, dy, c) => [back(() => dy.div(b), 0, c), back(() => dy.mul(y).div(b).neg(), 1, c)],
  },
});

// b a^(b-1), a^b log(a) (0 where a <= 0, of complex numbers where a = 0, as TensorFlow has it)
export const power = definePrimitive('power', {
  inputs: ['a', 'b'],
  infer: binary(numericOrComplex),
  run: elementwise,
  gradient: {
    saves: ['a', 'b', 'y'],
    holomorphic: true,
    vjp: ({a, b, y}, dy, c) => [
      back(() => dy.mul(b).mul(a.pow(b.sub(1))), 0, c),
      back(
        () => {
          const positive = isComplex(a.dtype) ? a.notEqual(0) : a.greater(0);
          const safe = apply(select, [positive, a, a.mul(0).add(1)], undefined);
          const log = apply(select, [positive, safe.log(), a.mul(0)], undefined);
          return dy.mul(y).mul(log);
        },
        1,
        c,
      ),
    ],
  },
});

/** To the first operand where it wins or ties, as TensorFlow has it. */
export const maximum = definePrimitive('maximum', {
  inputs: ['a', 'b'],
  infer: binary(numeric),
  run: elementwise,
  gradient: {
    saves: ['a', 'b'],
    vjp: ({a, b}, dy, c) => {
      const first = a.greaterEqual(b).cast(dy.dtype) as Tensor;
      return [back(() => dy.mul(first), 0, c), back(() => dy.mul(first.neg().add(1)), 1, c)];
    },
  },
});

/** To the first operand where it wins or ties, as TensorFlow has it. */
export const minimum = definePrimitive('minimum', {
  inputs: ['a', 'b'],
  infer: binary(numeric),
  run: elementwise,
  gradient: {
    saves: ['a', 'b'],
    vjp: ({a, b}, dy, c) => {
      const first = a.lessEqual(b).cast(dy.dtype) as Tensor;
      return [back(() => dy.mul(first), 0, c), back(() => dy.mul(first.neg().add(1)), 1, c)];
    },
  },
});

// a - b floor(a / b): 1, -floor(a / b)
export const mod = definePrimitive('mod', {
  inputs: ['a', 'b'],
  infer: binary(numeric),
  run: elementwise,
  gradient: {
    saves: ['a', 'b'],
    vjp: ({a, b}, dy, c) => [back(() => dy, 0, c), back(() => dy.mul(a.floorDivide(b)).neg(), 1, c)],
  },
});

/** Piecewise constant: no gradient, as in TensorFlow. */
export const floorDivide = definePrimitive('floor_divide', {
  inputs: ['a', 'b'],
  infer: binary(numeric),
  run: elementwise,
  gradient: null,
});

// 2 (a - b), -2 (a - b); of complex numbers the same, as of |a - b|^2
export const squaredDifference = definePrimitive('squared_difference', {
  inputs: ['a', 'b'],
  infer: binary(numericOrComplex),
  run: elementwise,
  gradient: {
    saves: ['a', 'b'],
    vjp: ({a, b}, dy, c) => {
      // |a - b|^2 is real: what its imaginary part is given counts for nothing.
      const weight = isComplex(dy.dtype) ? asComplex(apply(real, [dy], undefined)) : dy;
      const slope = weight.mul(2).mul(a.sub(b));
      return [back(() => slope, 0, c), back(() => slope.neg(), 1, c)];
    },
  },
});

// b / (a^2 + b^2), -a / (a^2 + b^2)
export const atan2 = definePrimitive('atan2', {
  inputs: ['a', 'b'],
  infer: binary(floating),
  run: elementwise,
  gradient: {
    saves: ['a', 'b'],
    vjp: ({a, b}, dy, c) => {
      const scaled = dy.div(a.square().add(b.square()));
      return [back(() => scaled.mul(b), 0, c), back(() => scaled.mul(a).neg(), 1, c)];
    },
  },
});

const comparison = {inputs: ['a', 'b'], infer: binary(comparable, 'bool'), run: elementwise, gradient: null} as const;

const equality = {...comparison, infer: binary(equatable, 'bool'), takesStrings: true} as const;

export const equal = definePrimitive('equal', equality);
export const notEqual = definePrimitive('not_equal', equality);
export const less = definePrimitive('less', comparison);
export const lessEqual = definePrimitive('less_equal', comparison);
export const greater = definePrimitive('greater', comparison);
export const greaterEqual = definePrimitive('greater_equal', comparison);

const logic = {inputs: ['a', 'b'], infer: binary(boolean), run: elementwise, gradient: null} as const;

export const logicalAnd = definePrimitive('logical_and', logic);
export const logicalOr = definePrimitive('logical_or', logic);
export const logicalXor = definePrimitive('logical_xor', logic);
