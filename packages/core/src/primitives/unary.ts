import {isComplex} from '../dtype.js';
import {definePrimitive, type Primitive} from '../engine/primitive.js';
import {apply} from '../engine/dispatch.js';
import {asComplex, conj, magnitude, real} from './complex.js';
import {boolean, binary, floating, floatingOrComplex, numeric, numericOrComplex, unary} from './rules.js';
import {select} from './select.js';
import {type Tensor} from '../tensor/tensor.js';

// Elementwise functions of one tensor. Above each gradient stands its derivative.

const elementwise = {kind: 'elementwise'} as const;

export const negative = definePrimitive('negative', {
  inputs: ['x'],
  infer: unary(numericOrComplex),
  run: elementwise,
  gradient: {saves: [], holomorphic: true, vjp: (_, dy) => [dy.neg()]},
});

// sign(x); 0 at 0, as TensorFlow has it
export const abs = definePrimitive('abs', {
  inputs: ['x'],
  infer: unary(numeric),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.mul(x.sign())]},
});

// 0; of complex numbers y = x / |x|, which is (dy - y Re(dy conj(y))) / |x|
export const sign = definePrimitive('sign', {
  inputs: ['x'],
  infer: unary(numericOrComplex),
  run: elementwise,
  gradient: {
    saves: ['x', 'y'],
    vjp: ({x, y}, dy) => {
      if (!isComplex(dy.dtype)) return [dy.mul(0)];
      const along = asComplex(apply(real, [dy.mul(conj(y))], undefined));
      return [dy.sub(y.mul(along)).div(asComplex(apply(magnitude, [x], undefined)))];
    },
  },
});

// 2x
export const square = definePrimitive('square', {
  inputs: ['x'],
  infer: unary(numericOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.mul(2).mul(x)]},
});

// 1 / (2 sqrt(x))
export const sqrt = definePrimitive('sqrt', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [dy.mul(0.5).div(y)]},
});

// -x^(-3/2) / 2
export const rsqrt = definePrimitive('rsqrt', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [dy.mul(-0.5).mul(y.mul(y).mul(y))]},
});

// exp(x)
export const exp = definePrimitive('exp', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [dy.mul(y)]},
});

// exp(x) = y + 1
export const expm1 = definePrimitive('expm1', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [dy.mul(y.add(1))]},
});

// 1 / x
export const log = definePrimitive('log', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x)]},
});

// 1 / (1 + x)
export const log1p = definePrimitive('log1p', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x.add(1))]},
});

// cos(x)
export const sin = definePrimitive('sin', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.mul(x.cos())]},
});

// -sin(x)
export const cos = definePrimitive('cos', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.mul(x.sin()).neg()]},
});

// 1 + tan(x)^2
export const tan = definePrimitive('tan', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [dy.mul(y.square().add(1))]},
});

// 1 / sqrt(1 - x^2)
export const asin = definePrimitive('asin', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x.square().neg().add(1).sqrt())]},
});

// -1 / sqrt(1 - x^2)
export const acos = definePrimitive('acos', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x.square().neg().add(1).sqrt()).neg()]},
});

// 1 / (1 + x^2)
export const atan = definePrimitive('atan', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x.square().add(1))]},
});

// cosh(x)
export const sinh = definePrimitive('sinh', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.mul(x.cosh())]},
});

// sinh(x)
export const cosh = definePrimitive('cosh', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.mul(x.sinh())]},
});

// 1 - tanh(x)^2; one pass over memory
export const tanhGradient: Primitive = definePrimitive('tanh_gradient', {
  inputs: ['dy', 'y'],
  infer: binary(floatingOrComplex),
  run: elementwise,
  // d/d(dy) = 1 - y^2, d/dy = -2 y dy
  gradient: {
    saves: ['dy', 'y'],
    holomorphic: true,
    vjp: ({dy, y}, g) => [apply(tanhGradient, [g, y], undefined), g.mul(dy).mul(y).mul(-2)],
  },
});

export const tanh = definePrimitive('tanh', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [apply(tanhGradient, [dy, y], undefined)]},
});

// 1 / sqrt(x^2 + 1)
export const asinh = definePrimitive('asinh', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x.square().add(1).sqrt())]},
});

// 1 / (sqrt(x - 1) sqrt(x + 1)): one root of the product would lie on the wrong branch of the complex plane
export const acosh = definePrimitive('acosh', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x.sub(1).sqrt().mul(x.add(1).sqrt()))]},
});

// 1 / (1 - x^2)
export const atanh = definePrimitive('atanh', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['x'], holomorphic: true, vjp: ({x}, dy) => [dy.div(x.square().neg().add(1))]},
});

// y (1 - y); one pass over memory
export const sigmoidGradient: Primitive = definePrimitive('sigmoid_gradient', {
  inputs: ['dy', 'y'],
  infer: binary(floatingOrComplex),
  run: elementwise,
  // d/d(dy) = y (1 - y), d/dy = dy (1 - 2y)
  gradient: {
    saves: ['dy', 'y'],
    holomorphic: true,
    vjp: ({dy, y}, g) => [apply(sigmoidGradient, [g, y], undefined), g.mul(dy).mul(y.mul(-2).add(1))],
  },
});

export const sigmoid = definePrimitive('sigmoid', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [apply(sigmoidGradient, [dy, y], undefined)]},
});

// sigmoid(x)
export const softplus = definePrimitive('softplus', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.mul(x.sigmoid())]},
});

// 2 / sqrt(pi) exp(-x^2)
export const erf = definePrimitive('erf', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.mul(2 / Math.sqrt(Math.PI)).mul(x.square().neg().exp())]},
});

// -1 / x^2
export const reciprocal = definePrimitive('reciprocal', {
  inputs: ['x'],
  infer: unary(floatingOrComplex),
  run: elementwise,
  gradient: {saves: ['y'], holomorphic: true, vjp: ({y}, dy) => [dy.mul(y).mul(y).neg()]},
});

// 1 where y > 0, else 0: at the kink too, as TensorFlow has it
export const reluGradient: Primitive = definePrimitive('relu_gradient', {
  inputs: ['dy', 'y'],
  infer: binary(floating),
  run: elementwise,
  gradient: {saves: ['y'], vjp: ({y}, g) => [apply(reluGradient, [g, y], undefined), null]},
});

export const relu = definePrimitive('relu', {
  inputs: ['x'],
  infer: unary(numeric),
  run: elementwise,
  gradient: {saves: ['y'], vjp: ({y}, dy) => [apply(reluGradient, [dy, y], undefined)]},
});

const between = (x: Tensor, low: number, high: number): Tensor =>
  x.greater(low).cast('int32').mul(x.less(high).cast('int32')).cast(x.dtype) as Tensor;

// 1 where 0 < x < 6
export const relu6 = definePrimitive('relu6', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.mul(between(x, 0, 6))]},
});

// s + y (1 - s) with s = sigmoid(x)
export const silu = definePrimitive('silu', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {
    saves: ['x'],
    vjp: ({x}, dy) => {
      const s = x.sigmoid();
      return [dy.mul(s.add(x.mul(s).mul(s.neg().add(1))))];
    },
  },
});

// Phi(x) + x phi(x), with the normal distribution's function and density
export const gelu = definePrimitive('gelu', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {
    saves: ['x'],
    vjp: ({x}, dy) => {
      const cdf = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
      const density = x
        .square()
        .mul(-0.5)
        .exp()
        .mul(1 / Math.sqrt(2 * Math.PI));
      return [dy.mul(cdf.add(x.mul(density)))];
    },
  },
});

// y = x (1 + t) / 2 with t = tanh(u), u = k (x + c x^3): (1 + t)/2 + x (1 - t^2) k (1 + 3 c x^2) / 2
export const geluTanh = definePrimitive('gelu_tanh', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {
    saves: ['x'],
    vjp: ({x}, dy) => {
      const k = Math.sqrt(2 / Math.PI);
      const c = 0.044715;
      const t = x.add(x.mul(x).mul(x).mul(c)).mul(k).tanh();
      const slope = t
        .square()
        .neg()
        .add(1)
        .mul(
          x
            .square()
            .mul(3 * c)
            .add(1),
        )
        .mul(k);
      return [dy.mul(t.add(1).add(x.mul(slope)).mul(0.5))];
    },
  },
});

// NaN counts as a positive number, as in TensorFlow.
const below = (y: Tensor, left: Tensor, right: Tensor): Tensor => apply(select, [y.less(0), left, right], undefined);

// 1 for x >= 0, else exp(x) = y + 1
export const elu = definePrimitive('elu', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['y'], vjp: ({y}, dy) => [below(y, dy.mul(y.add(1)), dy)]},
});

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

// scale for x >= 0, else y + scale alpha, as TensorFlow has it
export const selu = definePrimitive('selu', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {
    saves: ['y'],
    vjp: ({y}, dy) => [below(y, dy.mul(y.add(SELU_SCALE * SELU_ALPHA)), dy.mul(SELU_SCALE))],
  },
});

// 1 / (1 + |x|)^2
export const softsign = definePrimitive('softsign', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.div(x.abs().add(1).square())]},
});

// sigmoid(-x)
export const logSigmoid = definePrimitive('log_sigmoid', {
  inputs: ['x'],
  infer: unary(floating),
  run: elementwise,
  gradient: {saves: ['x'], vjp: ({x}, dy) => [dy.mul(x.neg().sigmoid())]},
});

const step = {inputs: ['x'], infer: unary(numeric), run: elementwise, gradient: null} as const;

/** Piecewise constant: no gradient, as in TensorFlow. */
export const floor = definePrimitive('floor', step);
export const ceil = definePrimitive('ceil', step);
/** Half to even. */
export const round = definePrimitive('round', step);

const test = {inputs: ['x'], infer: unary(numericOrComplex, 'bool'), run: elementwise, gradient: null} as const;

export const isnan = definePrimitive('isnan', test);
export const isinf = definePrimitive('isinf', test);
export const isfinite = definePrimitive('isfinite', test);

export const logicalNot = definePrimitive('logical_not', {
  inputs: ['x'],
  infer: unary(boolean),
  run: elementwise,
  gradient: null,
});
