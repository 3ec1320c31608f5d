import {describe, expect, it} from 'vitest';
import {KeratinError} from '../errors.js';
import {ops, tensor, type Tensor} from '../index.js';
import {checkGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {uniform} from '../testing/values.js';

checkLeaks();

const ints = (...values: number[]) => tensor(values, 'int32');

describe('values, as TensorFlow has them', () => {
  it('sequenceMask', () => {
    expect(ops.sequenceMask(ints(1, 3, 0)).array()).toEqual([
      [true, false, false],
      [true, true, true],
      [false, false, false],
    ]);
    expect(ops.sequenceMask([[1], [2]], {maxlen: 2, dtype: 'float32'}).array()).toEqual([[[1, 0]], [[1, 1]]]);
    expect(ops.sequenceMask(tensor([2n])).shape).toEqual([1, 2]);
  });

  it('histogramFixedWidth', () => {
    const counts = ops.histogramFixedWidth([-1, 0, 1.5, 2, 5, 15], [0, 5], {nbins: 5});
    expect([counts.array(), counts.dtype]).toEqual([[2, 1, 1, 0, 2], 'int32']);
  });

  it('uniqueWithCounts and setdiff1d', () => {
    const {y, idx, count} = ops.uniqueWithCounts(ints(1, 1, 2, 4, 4, 4, 7, 8, 8, 0));
    expect([y.array(), idx.array(), count.array()]).toEqual([
      [1, 2, 4, 7, 8, 0],
      [0, 0, 1, 2, 2, 2, 3, 4, 4, 5],
      [2, 1, 3, 1, 2, 1],
    ]);
    const [out, at] = ops.setdiff1d(ints(1, 2, 3, 4, 5, 6), ints(1, 3, 5));
    expect([out.array(), at.array()]).toEqual([
      [2, 4, 6],
      [1, 3, 5],
    ]);
  });

  it('dynamicPartition and dynamicStitch are inverse', () => {
    const data = tensor([
      [10, 1],
      [20, 2],
      [30, 3],
      [40, 4],
    ]);
    const partitions = ints(0, 1, 1, 0);
    const parts = ops.dynamicPartition(data, partitions, 3);
    expect(parts.map((part) => part.array())).toEqual([
      [
        [10, 1],
        [40, 4],
      ],
      [
        [20, 2],
        [30, 3],
      ],
      [],
    ]);
    const places = ops.dynamicPartition(ops.arange(4), partitions, 3);
    expect(ops.dynamicStitch(places, parts).array()).toEqual(data.array());
    expect(ops.dynamicStitch([ints(0, 2), ints(2)], [ints(1, 2), ints(3)]).array()).toEqual([1, 0, 3]);
  });

  it('reverseSequence', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(ops.reverseSequence(x, [2, 3]).array()).toEqual([
      [2, 1, 3],
      [6, 5, 4],
    ]);
    expect(ops.reverseSequence(x, [1, 2, 0], {seqAxis: 0, batchAxis: 1}).array()).toEqual([
      [1, 5, 3],
      [4, 2, 6],
    ]);
  });

  it('confusionMatrix', () => {
    expect(ops.confusionMatrix([1, 2, 4], [2, 2, 4]).array()).toEqual([
      [0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 1],
    ]);
    const weighted = ops.confusionMatrix([0, 1], [1, 1], {numClasses: 2, weights: [0.5, 2], dtype: 'float32'});
    expect(weighted.array()).toEqual([
      [0, 0.5],
      [0, 2],
    ]);
  });

  it('quotients towards zero', () => {
    expect(ops.truncateDiv(ints(7, -7, 7, -7, 6), ints(2, 2, -2, -2, -3)).array()).toEqual([3, -3, -3, 3, -2]);
    expect(ops.truncateDiv([7.5, -7.5], 2).array()).toEqual([3, -3]);
    expect(ops.truncateDiv(tensor([-(2n ** 60n) - 1n]), 2n).array()).toEqual([-(2n ** 59n)]);
  });

  it('parts of networks', () => {
    const x = tensor([
      [3, -4],
      [1, 2],
    ]);
    expect(ops.crelu(x).array()).toEqual([
      [3, 0, 0, 4],
      [1, 2, 0, 0],
    ]);
    expect(ops.l2Loss(x).item()).toBe(15);
    expect(
      ops
        .l2Normalize(x, 1)
        .array(2)
        .map((row) => row.map((n) => Number(n.toFixed(4)))),
    ).toEqual([
      [0.6, -0.8],
      [0.4472, 0.8944],
    ]);
    expect(ops.biasAdd(x, [1, 2]).array()).toEqual([
      [4, -2],
      [2, 4],
    ]);
    const image = ops.zeros([1, 2, 2]);
    expect(ops.biasAdd(image, [1, 2], {dataFormat: 'channels_first'}).array()).toEqual([
      [
        [1, 1],
        [2, 2],
      ],
    ]);
    expect(ops.columnStack([[1, 2], x]).array()).toEqual([
      [1, 3, -4],
      [2, 1, 2],
    ]);
  });
});

it.each<[string, (x: Tensor) => Tensor]>([
  ['dynamicPartition', (x) => ops.dynamicPartition(x.square(), ints(0, 1, 0), 2)[0] ?? x],
  ['dynamicStitch', (x) => ops.dynamicStitch([ints(2, 0, 1)], [x.square()])],
  ['reverseSequence', (x) => ops.reverseSequence(x.square(), ints(1, 2, 2))],
  ['l2Normalize', (x) => ops.l2Normalize(x, 1)],
  ['l2Loss', (x) => ops.l2Loss(x)],
])('gradients of %s', (_, fn) => {
  checkGradients((x) => fn(x), [uniform([3, 2], 0.5, 1.5)], {order: 2});
});

describe('mistakes', () => {
  const x = tensor([1, 2, 3]);
  it.each<[() => unknown, string]>([
    [() => ops.sequenceMask(x), 'sequenceMask: indices must be integers, got float32 of shape (3,)'],
    [() => ops.sequenceMask([1], {maxlen: -1}), 'sequenceMask: maxlen must be an integer of at least 0, got -1'],
    [
      () => ops.histogramFixedWidth(x, [2, 2]),
      'histogramFixedWidth: valueRange must be [low, high] with low < high, got [2, 2]',
    ],
    [
      () => ops.histogramFixedWidth(x, [0, 1], {nbins: 0}),
      'histogramFixedWidth: nbins must be a positive integer, got 0',
    ],
    [() => ops.uniqueWithCounts([[1]]), 'uniqueWithCounts: x must have rank 1, got shape (1,1)'],
    [() => ops.setdiff1d([[1]], [1]), 'setdiff1d: x and y must have rank 1, got shapes (1,1) and (1,)'],
    [
      () => ops.dynamicPartition(x, [0, 1], 2),
      'dynamicPartition: partitions must have the shape of the first axes of data, got (2,) and (3,)',
    ],
    [() => ops.dynamicPartition(x, [0, 1, 2], 2), 'dynamicPartition: partitions must be below 2, got 2'],
    [() => ops.dynamicPartition(x, [0, 1, 2], 0), 'dynamicPartition: numPartitions must be a positive integer, got 0'],
    [() => ops.dynamicStitch([ints(0)], []), 'dynamicStitch: data must be a list of at least one tensor, got []'],
    [() => ops.dynamicStitch([ints(0)], [[1], [2]]), 'dynamicStitch: as many indices as data are needed, got 1 and 2'],
    [() => ops.dynamicStitch([ints(-1)], [[1]]), 'dynamicStitch: indices must be at least 0, got -1'],
    [
      () => ops.dynamicStitch([ints(1, 2)], [x]),
      'dynamicStitch: indices must have the shape of the first axes of data, got (2,) and (3,)',
    ],
    [() => ops.reverseSequence([[1, 2]], [3]), 'reverseSequence: seqLengths must be from 0 to 2, got 3'],
    [
      () => ops.reverseSequence([[1, 2]], [1, 2]),
      'reverseSequence: a length for each entry of batchAxis 0 and another seqAxis are needed, got lengths (2,) and input (1,2)',
    ],
    [
      () => ops.confusionMatrix([1, 2], [1]),
      'confusionMatrix: as many predictions as labels are needed, got 2 labels and 1 predictions',
    ],
    [() => ops.truncateDiv(tensor([true]), tensor([true])), 'truncateDiv: a must have a number dtype, got bool'],
    [() => ops.biasAdd([[1, 2]], [1]), 'biasAdd: bias must have a number for each channel of x (1,2), got shape (1,)'],
    // @ts-expect-error a misspelt option
    [() => ops.l2Normalize(x, 0, {eps: 1}), 'l2Normalize: unknown option "eps"'],
  ])('%#', (fn, message) => {
    expect(fn).toThrow(KeratinError);
    expect(fn).toThrow(message);
  });
});
