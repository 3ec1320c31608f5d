import {describe, expect, it} from 'vitest';
import {exponential, fixed, repr} from './numbers.js';

describe('fixed', () => {
  it.each([
    [0.53125, 4, '0.5312'],
    [0.53135, 4, '0.5313'],
    [0.99995, 4, '1.0000'],
    [2.00005, 4, '2.0000'],
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [0.375, 2, '0.38'],
    [0.125, 2, '0.12'],
    [-1.5, 4, '-1.5000'],
    [-0, 1, '-0.0'],
    [1e22, 1, '10000000000000000000000.0'],
    [NaN, 4, 'nan'],
    [-Infinity, 4, '-inf'],
  ])('%f with %i digits is %s', (value, digits, text) => expect(fixed(value, digits)).toBe(text));
});

describe('exponential', () => {
  it.each([
    [1.2345678e-5, 4, '1.2346e-05'],
    [0, 4, '0.0000e+00'],
    [0.001, 4, '1.0000e-03'],
    [-0.25, 4, '-2.5000e-01'],
    [9.9999e-5, 4, '9.9999e-05'],
    [0.015625, 6, '1.562500e-02'],
    [1234.5, 6, '1.234500e+03'],
    [2.5, 0, '2e+00'],
    [1e-120, 2, '1.00e-120'],
  ])('%f with %i digits is %s', (value, digits, text) => expect(exponential(value, digits)).toBe(text));
});

describe('repr', () => {
  it.each([
    [1, '1.0'],
    [1e16, '1e+16'],
    [1e-5, '1e-05'],
    [0.1, '0.1'],
    [123456789, '123456789.0'],
    [0.0001, '0.0001'],
    [-3.5, '-3.5'],
    [1.25e-7, '1.25e-07'],
  ])('%f is %s', (value, text) => expect(repr(value)).toBe(text));
});
