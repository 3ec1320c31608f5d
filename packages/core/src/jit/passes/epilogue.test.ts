import {expect, it} from 'vitest';
import {GradientTape, jit, ops, random, type Tensor} from '../../index.js';
import {only, programText} from '../../testing/programs.js';

const x = ops.ones([2, 3]);
const w = ops.ones([3, 4]);
const b = ops.ones([4]);

it('gives products their bias and activation', () => {
  const fn = (t: Tensor, k: Tensor, c: Tensor) => [
    t.matmul(k).add(c).tanh(),
    c.add(t.matmul(k)),
    ops.relu(t.matmul(k)),
  ];
  expect(programText(fn, [x, w, b], 'epilogue')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3], %1: float32[3,4], %2: float32[4]) {
      %3: float32[2,4] = dense(%0, %1, %2, activation: tanh)
      %4: float32[2,4] = dense(%0, %1, %2, activation: linear)
      %5: float32[2,4] = matmul(%0, %1, activation: relu)
      return %3, %4, %5
    }"
  `);
});

it('leaves products alone that somebody else reads', () => {
  const fn = (t: Tensor, k: Tensor, c: Tensor) => {
    const product = t.matmul(k);
    const sum = product.add(c);
    return [product, sum, sum.tanh(), t.matmul(k).add(c.reshape([1, 4])), t.matmul(k).square()];
  };
  expect(programText(fn, [x, w, b], 'epilogue')).toBe(programText(fn, [x, w, b]));
});

it('keeps gradients and values', () => {
  const fn = (t: Tensor, k: Tensor, c: Tensor) => {
    const tape = new GradientTape();
    tape.watch(k);
    const y = tape.record(() => t.matmul(k).add(c).sigmoid().matmul(k.transpose()).sum());
    return [y, tape.gradient(y, k)];
  };
  const args = [random.normal([5, 3]), random.normal([3, 4]), random.normal([4])] as const;
  const wanted = fn(...args).map((t) => [...t.data()]);
  const got = jit(fn, {passes: only('epilogue')})(...args).map((t) => [...t.data()]);
  got.flat().forEach((value, i) => expect(Math.abs(value - (wanted.flat()[i] ?? NaN))).toBeLessThanOrEqual(2e-5));
});

it('gives convolutions their bias and activation', () => {
  const images = ops.ones([1, 5, 5, 2]);
  const filter = ops.ones([3, 3, 2, 4]);
  const fn = (t: Tensor, k: Tensor, c: Tensor) => [
    ops.relu(ops.conv(t, k, {padding: 'same'}).add(c)),
    ops.conv(t, k, {strides: 2}).tanh(),
  ];
  expect(programText(fn, [images, filter, b], 'epilogue')).toMatchInlineSnapshot(`
    "program(%0: float32[1,5,5,2], %1: float32[3,3,2,4], %2: float32[4]) {
      %3: float32[1,5,5,4] = convolution_bias(%0, %1, %2, strides: [1,1], dilations: [1,1], low: [1,1], high: [1,1], groups: 1, activation: relu)
      %4: float32[1,2,2,4] = convolution(%0, %1, strides: [2,2], dilations: [1,1], low: [0,0], high: [0,0], groups: 1, activation: tanh)
      return %3, %4
    }"
  `);
  const args = [random.normal([2, 6, 5, 2]), random.normal([3, 3, 2, 4]), random.normal([4])] as const;
  const wanted = fn(...args).map((t) => [...t.data()]);
  const got = jit(fn, {passes: only('epilogue')})(...args).map((t) => [...t.data()]);
  got.flat().forEach((value, i) => expect(Math.abs(value - (wanted.flat()[i] ?? NaN))).toBeLessThanOrEqual(2e-5));
});

it('gives products a residual, where no chain takes it along', () => {
  const fn = (t: Tensor, k: Tensor, c: Tensor, r: Tensor) => [
    r.add(t.matmul(k).add(c)),
    ops.gelu(t.matmul(k).add(r)),
    t.matmul(k).add(t.neg().matmul(k)),
    t.matmul(k).add(r).mul(2),
    t.matmul(k).add(k.transpose().at('1:')),
  ];
  const args = [x, ops.ones([3, 3]), ops.ones([3]), ops.ones([2, 3])] as const;
  expect(programText(fn, [...args], 'epilogue')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3], %1: float32[3,3], %2: float32[3], %3: float32[2,3]) {
      %4: float32[2,3] = dense(%0, %1, %2, %3, activation: linear, residual: true)
      %5: float32[2,3] = matmul(%0, %1, %3, residual: true, activation: gelu_tanh)
      %6: float32[2,3] = matmul(%0, %1)
      %7: float32[2,3] = negative(%0)
      %8: float32[2,3] = matmul(%7, %1, %6, activation: linear, residual: true)
      %9: float32[2,3] = matmul(%0, %1)
      %10: float32[2,3] = add(%9, %3)
      %11: float32[2,3] = multiply(%10, 2)
      %12: float32[2,3] = matmul(%0, %1)
      %13: float32[3,3] = transpose(%1, axes: [1,0])
      %14: float32[2,3] = slice(%13, starts: [1,0], sizes: [2,3], steps: [1,1])
      %15: float32[2,3] = add(%12, %14)
      return %4, %5, %8, %11, %15
    }"
  `);
});

it.each(['float32', 'float64'] as const)(
  'computes activations and residuals of %s as functions of their own do',
  (dtype) => {
    const fn = (t: Tensor, k: Tensor, r: Tensor) => [
      ops.silu(t.matmul(k)),
      ops.gelu(t.matmul(k), {approximate: false}),
      ops.gelu(t.matmul(k), {approximate: true}),
      ops.elu(t.matmul(k)),
      ops.softplus(t.matmul(k).add(r)),
      t.matmul(k).add(r),
    ];
    const args = [random.normal([2, 37, 29]), random.normal([29, 51]), random.normal([2, 37, 51])].map((t) =>
      t.cast(dtype),
    );
    const [t, k, r] = args;
    if (t === undefined || k === undefined || r === undefined) throw new Error('no arguments');
    const got = jit(fn, {passes: only('epilogue')})(t, k, r);
    expect(jit(fn, {passes: only('epilogue')}).ir(t, k, r)).not.toMatch(/= (silu|gelu|gelu_tanh|elu|softplus|add)\(/);
    expect(got.map((each) => [...each.data()])).toEqual(fn(t, k, r).map((each) => [...each.data()]));
  },
);
