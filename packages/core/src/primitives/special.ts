import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive} from '../engine/primitive.js';
import {isInteger} from '../dtype.js';
import {binary, type DTypeRule, floating, numeric, singleOrDouble, unary, unbroadcast} from './rules.js';

// Elementwise functions that cannot be composed of the others.

const elementwise = {kind: 'elementwise'} as const;
const integer: DTypeRule = {text: 'an integer dtype', allows: isInteger};

// -2 / sqrt(pi) exp(-x^2)
export const erfc = definePrimitive('erfc', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.mul(-2 / Math.sqrt(Math.PI)).mul(x.square().neg().exp())]},
});

// sqrt(pi) / 2 exp(y^2)
export const erfinv = definePrimitive('erfinv', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['y'], vjp: ({y}, dy) => [dy.mul(Math.sqrt(Math.PI) / 2).mul(y.square().exp())]},
});

/** The modified Bessel function of order 0; its derivative is the one of order 1. */
export const besselI0: Primitive = definePrimitive('bessel_i0', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.mul(apply(besselI1, [x], undefined))]},
});

// I0(x) - I1(x) / x, which is 1/2 at 0
export const besselI1: Primitive = definePrimitive('bessel_i1', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {
    saves: ['x', 'y'],
    vjp: ({x, y}, dy) => {
      const zero = x.equal(0).cast(x.dtype) as typeof x;
      const slope = apply(besselI0, [x], undefined).sub(y.add(zero.mul(0.5)).div(x.add(zero)));
      return [dy.mul(slope)];
    },
  },
});

/** Towards zero. Piecewise constant: no gradient. */
export const trunc = definePrimitive('trunc', {
  inputs: ['x'],
  infer: unary(numeric),
  run: elementwise,
  gradient: null,
});

// a - b trunc(a / b): 1, -trunc(a / b)
export const fmod = definePrimitive('fmod', {
  inputs: ['a', 'b'],
  infer: binary(numeric),
  run: elementwise,
  gradient: {
    saves: ['a', 'b'],
    vjp: ({a, b}, dy, {inputs: [x, y], needs}) => [
      needs[0] === true && x !== undefined ? unbroadcast(dy, x) : null,
      needs[1] === true && y !== undefined ? unbroadcast(dy.mul(apply(trunc, [a.div(b)], undefined)).neg(), y) : null,
    ],
  },
});

/** The next number that the dtype has, from a towards b. */
export const nextafter = definePrimitive('nextafter', {
  inputs: ['a', 'b'],
  infer: binary(singleOrDouble),
  run: elementwise,
  gradient: null,
});

const ofIntegers = {inputs: ['a', 'b'], infer: binary(integer), run: elementwise, gradient: null} as const;

/** Greatest common divisor, never negative. */
export const gcd = definePrimitive('gcd', ofIntegers);
export const bitwiseAnd = definePrimitive('bitwise_and', ofIntegers);
export const bitwiseOr = definePrimitive('bitwise_or', ofIntegers);
export const bitwiseXor = definePrimitive('bitwise_xor', ofIntegers);
export const leftShift = definePrimitive('left_shift', ofIntegers);
/** Signed numbers keep their sign. */
export const rightShift = definePrimitive('right_shift', ofIntegers);
export const bitwiseNot = definePrimitive('bitwise_not', {
  inputs: ['x'],
  infer: unary(integer),
  run: elementwise,
  gradient: null,
});
