import {describe, expect, it} from 'vitest';
import {ops} from '../index.js';
import {symbolicTensor} from '../internal.js';

// What random programs (testing/random-programs.test.ts) found once.

describe('operations on odd shapes', () => {
  it('sort what has no elements', () => {
    expect(ops.sort(ops.zeros([3, 0])).shape).toEqual([3, 0]);
    expect(ops.takeAlongAxis(ops.zeros([0, 4]), ops.zeros([0, 2], 'int32'), 1).shape).toEqual([0, 2]);
  });

  it('infer open sizes', () => {
    const x = symbolicTensor({shape: [null, 3], dtype: 'float32'});
    expect(ops.tile(x, [2, 2]).shape).toEqual([null, 6]);
    expect(ops.repeat(x, 2, 0).shape).toEqual([null, 3]);
    expect(ops.roll(x, 1, 1).shape).toEqual([null, 3]);
  });

  it('refuse kernels of no element and targets of another shape', () => {
    expect(() => ops.conv(ops.zeros([1, 3, 4]), ops.zeros([0, 4, 2]))).toThrow(
      'conv: the kernel needs at least one element along every spatial axis, got (0,4,2)',
    );
    for (const fromLogits of [true, false]) {
      expect(() => ops.categoricalCrossentropy(ops.ones([3, 4]), ops.ones([12]), {fromLogits})).toThrow(
        'categoricalCrossentropy: target and output must have one shape, got (3,4) and (12,)',
      );
    }
  });
});
