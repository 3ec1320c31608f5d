import {afterAll, describe, expect, it} from 'vitest';
import {type Element} from '../dtype.js';
import {
  getNumThreads,
  GradientTape,
  jit,
  ops,
  random,
  range,
  setNumThreads,
  tensor,
  type Tensor,
  Variable,
} from '../index.js';
import {batchNormalization, layerNormalization, updateVariables} from '../internal.js';

const initial = getNumThreads();
afterAll(() => setNumThreads(initial));

const normal = (shape: readonly number[], seed = 1) => random.normal(shape, {seed});

/** Large enough that kernels share the work out. */
const CASES: Readonly<Record<string, () => Tensor<Element> | readonly Tensor<Element>[]>> = {
  'elementwise chains': () =>
    normal([1000, 301])
      .mul(1.7)
      .tanh()
      .add(normal([301], 2))
      .exp(),
  'strided elementwise': () =>
    normal([513, 700])
      .transpose()
      .add(normal([700, 513], 2)),
  'sums over all axes': () => normal([1000, 777]).sum(),
  'sums over rows and columns': () => [
    normal([1000, 777]).sum(0),
    normal([1000, 777]).sum(1),
    normal([40, 50, 60]).sum([0, 2]),
  ],
  'means, maxima and products': () => [
    normal([999, 501]).mean(0),
    normal([999, 501]).max(1),
    normal([999, 501]).prod(0),
  ],
  argmax: () => normal([1000, 500]).argmax(1),
  'variance and logsumexp': () => [normal([600, 900]).variance({axis: 0}), normal([600, 900]).logsumexp({axis: 1})],
  matmul: () => normal([301, 517]).matmul(normal([517, 263], 2)),
  'matmul with few rows': () => normal([3, 4096]).matmul(normal([4096, 999], 2)),
  'matmul in float64': () =>
    normal([200, 300])
      .cast('float64')
      .matmul(normal([300, 150], 2).cast('float64')),
  'batched matmul with transposed operands': () =>
    normal([9, 120, 80])
      .transpose([0, 2, 1])
      .matmul(normal([9, 120, 70], 2)),
  'softmax and cross-entropy': () => [
    normal([700, 130]).softmax(),
    ops.sparseCategoricalCrossentropy(random.randint([700], 0, 130, {seed: 3}), normal([700, 130]), {fromLogits: true}),
  ],
  'convolution with its gradients': () => {
    const [x, kernel] = [new Variable(normal([4, 30, 31, 16])), new Variable(normal([3, 3, 16, 24], 2))];
    const tape = new GradientTape();
    const y = tape.record(() => ops.conv(x, kernel, {padding: 'same'}).square().sum());
    return [y, ...tape.gradient(y, [x, kernel])];
  },
  'pooling with its gradients': () => {
    const x = new Variable(normal([6, 40, 41, 19]));
    const tape = new GradientTape();
    const y = tape.record(() =>
      ops.maxPool(x, 3, {strides: 2, padding: 'same'}).sum().add(ops.averagePool(x, 2).sum()),
    );
    return [y, tape.gradient(y, x)];
  },
  'normalization with its gradients': () => {
    const [x, gamma, beta] = [normal([800, 130]), normal([130], 2), normal([130], 3)].map((v) => new Variable(v));
    if (x === undefined || gamma === undefined || beta === undefined) return [];
    const tape = new GradientTape();
    const y = tape.record(() => {
      const layer = layerNormalization(x, gamma, beta, 1e-3);
      const batch = batchNormalization(x, gamma, beta, 1e-3).y;
      return layer.square().sum().add(batch.square().sum());
    });
    return [y, ...tape.gradient(y, [x, gamma, beta])];
  },
  'gather and scatter': () => {
    const x = new Variable(normal([500, 200]));
    const i = random.randint([3000], 0, 500, {seed: 5});
    const tape = new GradientTape();
    const y = tape.record(() => x.at(i).square());
    return [y, tape.gradient(y, x), new Variable(x).scatterAdd(i, normal([3000, 200], 6)).readValue()];
  },
  'concatenate, pad and transpose': () => [
    ops.concatenate([normal([300, 400]), normal([300, 500], 2)], 1),
    ops.pad(normal([400, 300]), 7),
    normal([60, 70, 80]).transpose([2, 0, 1]).flip(0).add(0),
  ],
  'random numbers': () => [
    random.uniform([500_001], {seed: 7}),
    normal([300_001], 8),
    random.truncatedNormal([100_001], {seed: 9}),
    random.permutation(100_003, {seed: 10}),
    random.randint([200_001], -5, 1000, {seed: 11}),
  ],
  casts: () => [normal([700_000]).mul(100).cast('int32'), range(700_000).cast('float16')],
  'an optimizer step': () => {
    const [w, m, v] = [normal([300_007]), normal([300_007], 2), normal([300_007], 3).square()].map(
      (t) => new Variable(t),
    );
    if (w === undefined || m === undefined || v === undefined) return [];
    updateVariables('adam_update', [normal([300_007], 4)], [0.001, 0.9, 0.999, 1e-7, 0], [w, m, v]);
    return [w.readValue(), m.readValue(), v.readValue()];
  },
  'one optimizer step for many weights': () => {
    const sizes = [100_003, 7, 70_001, 1, 40_000];
    const weights = sizes.map((size, i) => new Variable(normal([size], i)));
    const gradients = sizes.map((size, i) => normal([size], 10 + i));
    jit(() => {
      weights.forEach((weight, i) => {
        updateVariables('sgd_update', [gradients[i] ?? weight], [0.1, 0, 0, 0.01, 0.1], [weight]);
      });
    })();
    return weights.map((weight) => weight.readValue());
  },
  'a compiled softmax with its loss and gradient': () => {
    const loss = (x: Tensor, wanted: Tensor) => {
      const exp = x.sub(x.max({axis: -1, keepdims: true})).exp();
      const p = exp.div(exp.sum({axis: -1, keepdims: true}));
      return wanted.mul(p.log()).sum(-1).neg().mean();
    };
    const step = jit((x: Tensor, wanted: Tensor) => {
      const tape = new GradientTape();
      tape.watch(x);
      const value = tape.record(() => loss(x, wanted));
      return [value, tape.gradient(value, x)];
    });
    return step(normal([701, 333]), normal([701, 333], 2).square());
  },
};

describe('results do not depend on the number of threads, bit for bit', () => {
  it.each(Object.entries(CASES))('%s', (_, compute) => {
    const run = (threads: number) => {
      setNumThreads(threads);
      return [compute()].flat().map((t) => t.data());
    };
    const one = run(1);
    for (const threads of [2, 3]) {
      run(threads).forEach((data, i) => {
        expect(Buffer.compare(bytesOf(data), bytesOf(one[i]))).toBe(0);
      });
    }
    expect(one.some((data) => (data as {length: number}).length > 0)).toBe(true);
  });
});

function bytesOf(data: unknown): Buffer {
  const {buffer, byteOffset, byteLength} = data as Float32Array;
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

describe('randomness', () => {
  it('does not depend on threads for a mask of dropout size', () => {
    setNumThreads(1);
    const a = random.uniform([1, 3], {seed: 3}).array();
    setNumThreads(2);
    expect(random.uniform([1, 3], {seed: 3}).array()).toEqual(a);
    expect(tensor(a).shape).toEqual([1, 3]);
  });
});
