import {describe, expect, test} from 'vitest';
import {GradientTape, ops, random, type Tensor} from '@keratin/core';
import {batchNormalization, layerNormalization} from '@keratin/core/internal';
import {expectClose} from '../../../../tests/golden.js';
import {layers} from '../index.js';
import {normalize, normalizeAxes} from './composed.js';

const SHAPES: readonly (readonly number[])[] = [
  [5, 3],
  [1, 7],
  [4, 1],
  [2, 3, 4, 17],
  [33, 130],
];
const epsilon = 1e-3;

interface Inputs {
  readonly x: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly weights: Tensor;
}

function inputsOf(shape: readonly number[], dtype: 'float32' | 'float64'): Inputs {
  const channels = [shape.at(-1) ?? 1];
  const draw = (size: readonly number[], seed: number) => random.normal(size, {seed, dtype});
  return {x: draw(shape, 1).mul(2).add(3), gamma: draw(channels, 2), beta: draw(channels, 3), weights: draw(shape, 4)};
}

/** The value and the gradients of sum(fn * weights), and the gradients of the squares of these gradients. */
function derivatives(fn: (x: Tensor, gamma: Tensor, beta: Tensor) => Tensor, {x, gamma, beta, weights}: Inputs) {
  const outer = new GradientTape();
  for (const input of [x, gamma, beta]) outer.watch(input);
  const {y, first, total} = outer.record(() => {
    const inner = new GradientTape();
    for (const input of [x, gamma, beta]) inner.watch(input);
    let output = x;
    const value = inner.record(() => {
      output = fn(x, gamma, beta);
      return output.mul(weights).sum();
    });
    const gradients = inner.gradient(value, [x, gamma, beta]);
    return {y: output, first: gradients, total: ops.addN(gradients.map((g) => g.square().sum()))};
  });
  const second = outer.gradient(total, [x, gamma, beta], {unconnectedGradients: 'zero'});
  return [y, ...first, ...second];
}

/** The gradients alone, which the fused kernels compute where no tape is around. */
function gradientsOf(fn: (x: Tensor, gamma: Tensor, beta: Tensor) => Tensor, {x, gamma, beta, weights}: Inputs) {
  const tape = new GradientTape();
  for (const input of [x, gamma, beta]) tape.watch(input);
  const value = tape.record(() => fn(x, gamma, beta).mul(weights).sum());
  return tape.gradient(value, [x, gamma, beta]);
}

const forms = {
  'layer normalization': {
    fused: (x: Tensor, gamma: Tensor, beta: Tensor) => layerNormalization(x, gamma, beta, epsilon),
    composed: (x: Tensor, gamma: Tensor, beta: Tensor) => normalizeAxes(x, gamma, beta, [x.ndim - 1], epsilon),
  },
  'batch normalization': {
    fused: (x: Tensor, gamma: Tensor, beta: Tensor) => batchNormalization(x, gamma, beta, epsilon).y,
    composed: (x: Tensor, gamma: Tensor, beta: Tensor) => {
      const axes = x.shape.slice(0, -1).map((_, i) => i);
      const [mean, variance] = ops.moments(x, {axes});
      return normalize(x, {mean, variance, gamma, beta}, -1, epsilon);
    },
  },
} as const;

describe.each(Object.entries(forms))('%s: the fused form and the composed one agree', (_, {fused, composed}) => {
  test.each(SHAPES)('shape %s, %s', (...shape) => {
    const names = ['y', 'dx', 'dgamma', 'dbeta', 'ddx', 'ddgamma', 'ddbeta'];
    const double = inputsOf(shape, 'float64');
    const a = derivatives(fused, double);
    const b = derivatives(composed, double);
    names.forEach((name, i) => {
      const [x, y] = [a[i], b[i]];
      if (x === undefined || y === undefined) expect.fail(name);
      expectClose(x, y, name, 1e-9);
    });
    const kernel = gradientsOf(fused, double);
    kernel.forEach((gradient, i) => {
      const wanted = b[i + 1];
      if (wanted !== undefined) expectClose(gradient, wanted, `kernel's ${names[i + 1] ?? ''}`, 1e-9);
    });
    const single = inputsOf(shape, 'float32');
    expectClose(fused(single.x, single.gamma, single.beta), composed(single.x, single.gamma, single.beta), 'y', 2e-5);
  });
});

test('the statistics have gradients too', () => {
  const {x, gamma, beta} = inputsOf([4, 3], 'float64');
  const loss = (mean: Tensor, variance: Tensor) => mean.mul(2).add(variance.mul(3)).mul(gamma).sum();
  const fused = new GradientTape();
  fused.watch(x);
  const a = fused.record(() => {
    const {mean, variance} = batchNormalization(x, gamma, beta, epsilon);
    return loss(mean, variance);
  });
  const composed = new GradientTape();
  composed.watch(x);
  const b = composed.record(() => loss(...ops.moments(x, {axes: 0})));
  expectClose(fused.gradient(a, x), composed.gradient(b, x), 'dx', 1e-9);
});

describe('BatchNormalization', () => {
  test('follows the batch while training, and only then', () => {
    const layer = new layers.BatchNormalization({momentum: 0.5});
    const x = random.normal([64, 2], {mean: 4, seed: 1});
    layer(x);
    expect(layer.movingMean.array(1)).toEqual([0, 0]);
    const y = layer(x, {training: true});
    const [mean] = ops.moments(x, {axes: 0});
    expectClose(layer.movingMean, mean.mul(0.5), 'moving mean');
    expectClose(ops.mean(y, {axis: 0}), ops.zeros([2]), 'mean');
    layer.trainable = false;
    const before = layer.movingMean.array(1);
    layer(x, {training: true});
    expect(layer.movingMean.array(1)).toEqual(before);
  });

  test('wrong masks and axes', () => {
    const layer = new layers.BatchNormalization({name: 'norm'});
    expect(() => layer(ops.ones([2, 3]), {mask: ops.ones([2, 3], 'bool')})).toThrow(
      'norm: a mask must have one axis less than the inputs, got mask (2,3) and inputs (2,3)',
    );
    expect(() => new layers.BatchNormalization({axis: 4, name: 'bn'})(ops.ones([2, 3]))).toThrow(
      'bn: axis 4 of the inputs must exist and be known, got inputs (2,3)',
    );
    expect(() => new layers.LayerNormalization({axis: 'last' as never})).toThrow(
      'LayerNormalization: axis must be an integer or a list of them, got "last"',
    );
  });
});
