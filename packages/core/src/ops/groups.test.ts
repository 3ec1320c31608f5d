import {describe, expect, it} from 'vitest';
import {KeratinError} from '../errors.js';
import {GradientTape, ops, tensor, type Tensor} from '../index.js';
import {isSymbolic, symbolicTensor} from '../engine/hidden.js';
import {checkGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {spread, uniform} from '../testing/values.js';

// What the recorded cases of Keras do not have: TensorFlow's functions, second gradients, open shapes, errors.

checkLeaks();

const list = (...values: number[]) => tensor(values, 'int32');

describe('many tensors', () => {
  it('join in one call', () => {
    const each = Array.from({length: 251}, (_, i) => tensor([i, i * i], 'int32'));
    const rows = each.map((_, i) => [i, i * i]);
    expect(ops.concatenate(each).array()).toEqual(rows.flat());
    expect(ops.stack(each, 1).transpose().array()).toEqual(rows);
    expect(ops.vstack(each).array()).toEqual(rows);
    expect(ops.hstack(each).array()).toEqual(rows.flat());
  });
});

describe('functions of TensorFlow', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it('index', () => {
    expect(
      ops
        .gatherNd(
          x,
          tensor(
            [
              [0, 2],
              [1, -3],
            ],
            'int32',
          ),
        )
        .array(),
    ).toEqual([3, 4]);
    expect(ops.scatterNd(tensor([[1], [1]], 'int32'), [5, 6], [3]).array()).toEqual([0, 11, 0]);
    expect(ops.booleanMask(x, [true, false]).array()).toEqual([[1, 2, 3]]);
    expect(ops.booleanMask(x, [true, false, true], {axis: 1}).array()).toEqual([
      [1, 3],
      [4, 6],
    ]);
    expect(ops.booleanMask(x, x.greater(2)).array()).toEqual([3, 4, 5, 6]);
    expect(ops.stridedSlice(x, [0, 0], [2, 3], [1, 2]).array()).toEqual([
      [1, 3],
      [4, 6],
    ]);
    expect(ops.invertPermutation(list(2, 0, 1)).array()).toEqual([1, 2, 0]);
    expect(
      ops
        .where([
          [false, true],
          [true, true],
        ])
        .map((each) => each.array()),
    ).toEqual([
      [0, 1, 1],
      [1, 0, 1],
    ]);
  });

  it('clip', () => {
    expect(ops.clipByValue(x, 2, 4).array()).toEqual([
      [2, 2, 3],
      [4, 4, 4],
    ]);
    expect(
      ops
        .clipByNorm([3, 4], 1)
        .array(1)
        .map((n) => n.toFixed(3)),
    ).toEqual(['0.600', '0.800']);
    expect(ops.clipByNorm([3, 4], 10).array()).toEqual([3, 4]);
    const [clipped, norm] = ops.clipByGlobalNorm([[3], null, [4]], 2.5);
    expect([clipped.map((each) => each?.array() ?? null), norm.item()]).toEqual([[[1.5], null, [2]], 5]);
  });
});

describe('second gradients', () => {
  const positive = (shape: readonly number[]) => uniform(shape, 0.4, 1.6);
  const distinct = (shape: readonly number[]) => spread(shape);

  it.each<[string, (x: Tensor, y: Tensor) => Tensor, readonly number[], readonly number[]]>([
    ['sort', (x, y) => ops.sort(x).mul(y), [3, 4], [4]],
    ['topK', (x, y) => ops.topK(x, 2)[0].mul(y), [3, 4], [2]],
    ['takeAlongAxis', (x, y) => ops.takeAlongAxis(x, tensor([[0, 0, 1]], 'int32'), 0).mul(y), [2, 3], [3]],
    ['cumsum', (x, y) => ops.cumsum(x, 0).mul(y), [3, 2], [2]],
    ['einsum', (x, y) => ops.einsum('ij,jk->ki', x, y), [2, 3], [3, 4]],
    ['einsum with an ellipsis', (x, y) => ops.einsum('...i,ij->...j', x, y), [2, 1, 3], [3, 2]],
    ['tensordot', (x, y) => ops.tensordot(x, y, [0, 1]), [3, 2], [2, 3]],
    ['kron', ops.kron, [2, 2], [3]],
    ['segmentMax', (x, y) => ops.segmentMax(x.square(), list(0, 1, 0)).mul(y), [3, 2], [2]],
    ['segmentProd', (x, y) => ops.segmentProd(x, list(0, 1, 0)).mul(y), [3, 2], [2]],
    ['quantile', (x, y) => ops.quantile(x.square(), 0.3, 1).mul(y), [2, 4], [2]],
    ['layerNormalization', (x, y) => ops.layerNormalization(x, {gamma: y}), [2, 3], [3]],
    ['convTranspose', (x, y) => ops.convTranspose(x, y, {strides: 2}), [1, 3, 2], [3, 2, 2]],
    ['depthwiseConv', (x, y) => ops.depthwiseConv(x, y), [1, 4, 2], [2, 2, 2]],
    ['correlate', (x, y) => ops.correlate(x, y, {mode: 'same'}), [6], [3]],
    ['hypot', (x, y) => ops.hypot(x, y), [4], [4]],
    ['logaddexp', (x, y) => ops.logaddexp(x, y), [4], [4]],
    ['sliceUpdate', (x, y) => ops.sliceUpdate(x.square(), [1, 0], y.square()), [3, 2], [2, 1]],
    ['pad by mirrors', (x, y) => ops.pad(x.square(), [[1, 2]], {mode: 'reflect'}).mul(y), [4], [7]],
    ['cdist', (x, y) => ops.cdist(x, y.add(3)), [2, 3], [2, 3]],
  ])('%s', (_, fn, a, b) => {
    checkGradients((x, y) => fn(x, y), [distinct(a), positive(b)], {order: 2});
  });
});

it('comparisons and indices give no gradient and never throw in a loss', () => {
  const x = tensor([3, 1, 2]);
  const tape = new GradientTape();
  tape.watch(x);
  const y = tape.record(() => {
    const order: Tensor = ops.argsort(x).cast('float32');
    return ops.where(ops.isclose(x, 1), x, x.mul(2)).add(order).add(ops.trunc(x)).sum();
  });
  expect(tape.gradient(y, x).array()).toEqual([2, 1, 2]);
});

it('open shapes go through', () => {
  const x: Tensor = symbolicTensor({shape: [null, 4, 6], dtype: 'float32'});
  const shapes = [
    ops.sort(x),
    ops.cumsum(x, 1),
    ops.topK(x, 2)[1],
    ops.einsum('bij,bkj->bik', x, x),
    ops.glu(x),
    ops.layerNormalization(x),
    ops.tril(x),
  ].map((y) => [isSymbolic(y), ...y.shape]);
  expect(shapes).toEqual([
    [true, null, 4, 6],
    [true, null, 4, 6],
    [true, null, 4, 2],
    [true, null, 4, 4],
    [true, null, 4, 3],
    [true, null, 4, 6],
    [true, null, 4, 6],
  ]);
});

describe('mistakes', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  it.each<[string, () => unknown]>([
    [
      'takeAlongAxis: index 2 is out of range for an axis of size 2',
      () => ops.takeAlongAxis(x, tensor([[2]], 'int32'), 1),
    ],
    ['gatherNd: indices must be integers, got float32', () => ops.gatherNd(x, tensor([[0]]))],
    ['topK: the last axis of shape (2,2) does not have 3 elements', () => ops.topK(x, 3)],
    ["einsum: 'j' of 'ij,jk->ik' has sizes 2 and 3", () => ops.einsum('ij,jk->ik', x, ops.ones([3, 2]))],
    ["einsum: 'z' of the output of 'ij->iz' is in no operand", () => ops.einsum('ij->iz', x)],
    ["einsum: 'ij,jk' has 2 operands, got 1 tensors", () => ops.einsum('ij,jk', x)],
    ['tensordot: axes 1 must pair equal sizes', () => ops.tensordot(x, ops.ones([3]), 1)],
    ["rearrange: both sides of 'a b -> a c' must have the same names", () => ops.rearrange(x, 'a b -> a c')],
    ['quantile: probabilities must be in [0, 1]', () => ops.quantile(x, 1.5)],
    ["searchsorted: side must be one of 'left', 'right'", () => ops.searchsorted([1, 2], 1, {side: 'up' as 'left'})],
    ['sliceUpdate: updates (2,) at [1]', () => ops.sliceUpdate([1, 2], [1], [3, 4])],
    ['bitwiseAnd: a must have an integer dtype, got float32', () => ops.bitwiseAnd(x, x)],
    ['logaddexp: tensors must have one dtype', () => ops.logaddexp(x, x.cast('float64'))],
    ['segmentSum: segmentIds must have shape (n,)', () => ops.segmentSum(x, list(0, 1, 2))],
    ['glu: axis -1 must have an even size', () => ops.glu([1, 2, 3])],
    ['pad: axis 0 of size 2 cannot be mirrored by 2', () => ops.pad([1, 2], 2, {mode: 'reflect'})],
    ['geomspace: start and stop must have one sign', () => ops.geomspace(-1, 2)],
    ['diag: x must have rank 1 or 2', () => ops.diag(ops.ones([1, 1, 1]))],
    ['bincount: x must not be negative', () => ops.bincount(list(1, -1))],
    ['max: unknown option "axes"', () => ops.max(x, {axes: 1} as never)],
    ['histogram: bins must be a positive integer', () => ops.histogram(x, {bins: 0})],
    ['dotProductAttention: query, key and value must have shape', () => ops.dotProductAttention(x, x, x)],
  ])('%s', (message, wrong) => {
    expect(wrong).toThrow(message);
    expect(wrong).toThrow(KeratinError);
  });
});
