import {describe, expect, it} from 'vitest';
import {jit, ops, random, type Tensor} from '../index.js';
import {registeredPrimitives} from '../engine/primitive.js';
import '../jit/jit.js';
import {RULED} from './flops.js';

const costOf = (fn: (...xs: Tensor[]) => unknown, ...shapes: number[][]): number =>
  jit(fn).cost(...shapes.map((shape) => random.normal(shape))).flops;

describe('floating-point operations', () => {
  const cases: Readonly<Record<string, readonly [flops: number, fn: (...xs: Tensor[]) => unknown, ...number[][]]>> = {
    'a batch of products': [2 * 7 * 3 * 4 * 5, (a, b) => a.matmul(b), [7, 3, 4], [7, 4, 5]],
    'a transposed product': [2 * 3 * 4 * 5, (a, b) => a.transpose().matmul(b), [4, 3], [4, 5]],
    'a grouped convolution': [
      2 * (2 * 6 * 6 * 8) * (3 * 3 * 2),
      (x, filter) => ops.conv(x, filter, {padding: 'same'}),
      [2, 6, 6, 4],
      [3, 3, 2, 8],
    ],
    'a pooling': [2 * 3 * 3 * 5 * 4, (x) => ops.maxPool(x, 2), [2, 6, 6, 5]],
    'a softmax': [5 * 12, (x) => ops.softmax(x), [3, 4]],
    'a Fourier transform': [2.5 * 3 * 64 * 6, (x) => ops.rfft(x), [3, 64]],
    'a factorization': [Math.round((2 * 10 ** 3) / 3), (x) => ops.det(x), [10, 10]],
    'a system': [Math.round((2 * 10 ** 3) / 3 + 2 * 100 * 3), (x, y) => ops.solve(x, y), [10, 10], [10, 3]],
    'a sum': [12, (x) => x.sum(), [3, 4]],
    'a gather': [0, (x) => x.at([0, 2]), [3, 4]],
  };
  it.each(Object.entries(cases))('of %s', (_, [flops, fn, ...shapes]) => {
    expect(costOf(fn, ...shapes)).toBe(flops);
  });

  it('have a rule for each kernel of several results', () => {
    const several = [...registeredPrimitives().values()].filter(
      ({definition}) => (definition.outputs?.length ?? 1) > 1,
    );
    const kernels = several.map(({name, definition: {run}}) => (run.kind === 'view' ? name : (run.kernel ?? name)));
    expect(kernels.filter((name) => !RULED.includes(name))).toEqual([]);
  });
});
