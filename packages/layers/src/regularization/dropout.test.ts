import {expect, test} from 'vitest';
import {GradientTape, ops, setSeed} from '@keratin/core';
import {layers} from '../index.js';

const share = (values: readonly number[], value: number) => values.filter((x) => x === value).length / values.length;

test('drops a part while training and keeps the sum in expectation', () => {
  const layer = new layers.Dropout(0.25, {seed: 1});
  const x = ops.ones([100, 100]);
  expect(layer(x)).toBe(x);
  const y = Array.from(layer(x, {training: true}).data() as Float32Array);
  expect(share(y, 0)).toBeCloseTo(0.25, 1);
  expect(share(y, Math.fround(4 / 3))).toBeCloseTo(0.75, 1);
  expect(layer(x, {training: true}).array()).not.toEqual(y);
});

test('rates of 0 and 1, noise shapes', () => {
  const x = ops.ones([20, 8]);
  expect(new layers.Dropout(0)(x, {training: true})).toBe(x);
  expect(new layers.Dropout(1)(x, {training: true}).sum().item()).toBe(0);
  const rows = new layers.Dropout(0.5, {noiseShape: [null, 1], seed: 3})(x, {training: true}).array(2);
  expect(rows.every((row) => row.every((value) => value === row[0]))).toBe(true);
  expect(new Set(rows.map(([first]) => first))).toEqual(new Set([0, 2]));
});

test('the same seed gives the same masks, layer by layer and call by call', () => {
  const run = () => {
    setSeed(7);
    const layer = new layers.Dropout(0.5);
    const x = ops.ones([4, 4]);
    return [layer(x, {training: true}).array(), layer(x, {training: true}).array()];
  };
  const [a, b] = [run(), run()];
  expect(a).toEqual(b);
  expect(a[0]).not.toEqual(a[1]);
});

test('gradients pass where values pass', () => {
  const layer = new layers.Dropout(0.5, {seed: 5});
  const x = ops.full([6, 6], 3);
  const tape = new GradientTape();
  tape.watch(x);
  let y = x;
  const total = tape.record(() => {
    y = layer(x, {training: true});
    return y.sum();
  });
  expect(tape.gradient(total, x).mul(3).array()).toEqual(y.array());
});
