import {describe, expect, it} from 'vitest';
import {ops, tensor} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';
import {opCases} from '../testing/ops.js';

checkLeaks();

const erf = (x: number): number => {
  // Maclaurin series: exact to double precision for the small values of these tests.
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
};
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('functions of one tensor', () => {
  const wide = {domain: [-3, 3]} as const;
  opCases('negative', ops.negative, {reference: (x) => -x, ...wide});
  opCases('abs', ops.abs, {reference: Math.abs, ...wide});
  opCases('sign', ops.sign, {reference: Math.sign, ...wide});
  opCases('square', ops.square, {reference: (x) => x * x, ...wide});
  opCases('sqrt', ops.sqrt, {reference: Math.sqrt, domain: [0.5, 9]});
  opCases('rsqrt', ops.rsqrt, {reference: (x) => 1 / Math.sqrt(x), domain: [0.5, 9]});
  opCases('exp', ops.exp, {reference: Math.exp, ...wide});
  opCases('expm1', ops.expm1, {reference: Math.expm1, ...wide});
  opCases('log', ops.log, {reference: Math.log, domain: [0.3, 5]});
  opCases('log1p', ops.log1p, {reference: Math.log1p, domain: [-0.5, 5]});
  opCases('sin', ops.sin, {reference: Math.sin, ...wide});
  opCases('cos', ops.cos, {reference: Math.cos, ...wide});
  opCases('tan', ops.tan, {reference: Math.tan, domain: [-1.2, 1.2]});
  opCases('arcsin', ops.arcsin, {reference: Math.asin, domain: [-0.9, 0.9]});
  opCases('arccos', ops.arccos, {reference: Math.acos, domain: [-0.9, 0.9]});
  opCases('arctan', ops.arctan, {reference: Math.atan, ...wide});
  opCases('sinh', ops.sinh, {reference: Math.sinh, ...wide});
  opCases('cosh', ops.cosh, {reference: Math.cosh, ...wide});
  opCases('tanh', ops.tanh, {reference: Math.tanh, ...wide});
  opCases('arcsinh', ops.arcsinh, {reference: Math.asinh, ...wide});
  opCases('arccosh', ops.arccosh, {reference: Math.acosh, domain: [1.3, 4]});
  opCases('arctanh', ops.arctanh, {reference: Math.atanh, domain: [-0.9, 0.9]});
  opCases('sigmoid', ops.sigmoid, {reference: sigmoid, ...wide});
  opCases('softplus', ops.softplus, {reference: (x) => Math.log1p(Math.exp(x)), ...wide});
  opCases('softsign', ops.softsign, {reference: (x) => x / (1 + Math.abs(x)), ...wide});
  opCases('erf', ops.erf, {reference: erf, ...wide, tolerance: 2e-6});
  opCases('reciprocal', ops.reciprocal, {reference: (x) => 1 / x, domain: [0.4, 3]});
  opCases('relu', ops.relu, {reference: (x) => Math.max(x, 0), ...wide});
  opCases('relu6', ops.relu6, {reference: (x) => Math.min(Math.max(x, 0), 6), domain: [-3, 9]});
  opCases('silu', ops.silu, {reference: (x) => x * sigmoid(x), ...wide});
  opCases('elu', (x) => ops.elu(x), {reference: (x) => (x > 0 ? x : Math.expm1(x)), ...wide});
  opCases('elu with alpha', (x) => ops.elu(x, {alpha: 0.5}), {
    reference: (x) => (x > 0 ? x : 0.5 * Math.expm1(x)),
    ...wide,
  });
  opCases('selu', ops.selu, {
    reference: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
    ...wide,
  });
  opCases('leakyRelu', (x) => ops.leakyRelu(x, {negativeSlope: 0.1}), {
    reference: (x) => (x > 0 ? x : 0.1 * x),
    ...wide,
  });
  opCases('logSigmoid', ops.logSigmoid, {reference: (x) => -Math.log1p(Math.exp(-x)), ...wide});
  opCases('gelu', (x) => ops.gelu(x, {approximate: false}), {
    reference: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
    ...wide,
    tolerance: 2e-6,
  });
  opCases('gelu with tanh', (x) => ops.gelu(x), {
    reference: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
    ...wide,
  });
  const step = {...wide, differentiable: false};
  opCases('floor', ops.floor, {reference: Math.floor, ...step});
  opCases('ceil', ops.ceil, {reference: Math.ceil, ...step});
  opCases('round', (x) => ops.round(x), {reference: (x) => Math.sign(x) * Math.round(Math.abs(x)), ...step});
});

describe('functions of two tensors', () => {
  const wide = {domain: [-3, 3]} as const;
  const positive = {domain: [0.4, 3]} as const;
  opCases('add', ops.add, {reference: (a, b) => a + b, ...wide});
  opCases('subtract', ops.subtract, {reference: (a, b) => a - b, ...wide});
  opCases('multiply', ops.multiply, {reference: (a, b) => a * b, ...wide});
  opCases('divide', ops.divide, {reference: (a, b) => a / b, ...positive});
  opCases('power', ops.power, {reference: (a, b) => a ** b, ...positive, tolerance: 3e-6});
  opCases('maximum', ops.maximum, {reference: (a, b) => Math.max(a, b), ...wide});
  opCases('minimum', ops.minimum, {reference: (a, b) => Math.min(a, b), ...wide});
  opCases('mod', ops.mod, {
    reference: (a, b) => a - b * Math.floor(a / b),
    domain: [
      [-3, 3],
      [0.7, 2],
    ],
  });
  opCases('floorDivide', ops.floorDivide, {
    reference: (a, b) => Math.floor(a / b),
    domain: [
      [-3, 3],
      [0.7, 2],
    ],
    differentiable: false,
  });
  opCases('squaredDifference', ops.squaredDifference, {reference: (a, b) => (a - b) ** 2, ...wide});
  opCases('arctan2', ops.arctan2, {reference: Math.atan2, ...wide});
  const test = {...wide, differentiable: false};
  opCases('less', (a, b) => ops.less(a, b).cast('float32'), {reference: (a, b) => Number(a < b), ...test});
  opCases('greaterEqual', (a, b) => ops.greaterEqual(a, b).cast('float32'), {
    reference: (a, b) => Number(a >= b),
    ...test,
  });
});

describe('special values', () => {
  it('pass through maximum, minimum and relu', () => {
    expect(ops.maximum([NaN, 1], [1, NaN]).array()).toEqual([NaN, NaN]);
    expect(ops.minimum([NaN, 1], [1, NaN]).array()).toEqual([NaN, NaN]);
    expect(ops.relu([-Infinity, Infinity]).array()).toEqual([0, Infinity]);
  });

  it('halves are rounded to even', () => {
    expect(ops.round([0.5, 1.5, 2.5, -0.5, -1.5]).array()).toEqual([0, 2, 2, -0, -2]);
  });

  it('integers stay integers, or become float32', () => {
    expect(ops.square(tensor([3, -4], 'int32')).dtype).toBe('int32');
    expect(ops.sqrt(tensor([4, 9], 'int32')).array()).toEqual([2, 3]);
    expect(ops.divide(tensor([1, 3], 'int32'), 2).array()).toEqual([0.5, 1.5]);
    expect(ops.floorDivide(tensor([7, -7], 'int32'), 2).array()).toEqual([3, -4]);
    expect(ops.mod(tensor([7, -7], 'int32'), 3).array()).toEqual([1, 2]);
    expect(ops.mod(tensor([7], 'int32'), 0).array()).toEqual([0]);
  });
});
