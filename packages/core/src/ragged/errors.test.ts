import {inspect} from 'node:util';
import {describe, expect, it} from 'vitest';
import {KeratinError} from '../errors.js';
import {GradientTape, ops, ragged, type RaggedTensor, sparse, SparseTensor, tensor} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

// Bad input, one sentence each; text; what only single examples show.

checkLeaks();

const r = ragged.constant([[3, 1, 4, 1], [], [5, 9, 2], [6]], 'int32');
const f = ragged.constant([[1.5, 2], [0.5], []]);
const n = ragged.constant([[[1, 2], []], [[3]], []], 'int32');
const a = new SparseTensor(
  [
    [0, 1],
    [1, 0],
    [2, 3],
  ],
  [3.22, 0.57, 4.02],
  [3, 4],
);
const small = sparse.eye(2);
// What ragged tensors remember of their rows is there before buffers are counted.
for (const x of [r, f, n]) x.toSparse();

const ints = (...list: number[]) => tensor(list, 'int32');
const wrong = (x: unknown) => x as never;

const BAD: readonly (readonly [string, () => unknown, string])[] = [
  ['constant of one level', () => ragged.constant([1, 2]), 'at least two levels'],
  ['constant of mixed depths', () => ragged.constant([[1, 2], 3]), 'one depth'],
  [
    'constant of arrays deeper than elements',
    () => ragged.constant([[1], [[]]]),
    'arrays of 3 levels beside elements at level 2',
  ],
  ['constant of no array', () => ragged.constant(wrong(3)), 'nested arrays are needed, got 3'],
  [
    'constant with a raggedRank',
    () => ragged.constant([[1], [2]], {raggedRank: 2}),
    'raggedRank must be from 1 to 1, got 2',
  ],
  ['constant, regular axes', () => ragged.constant([[[1], [2, 3]]], {raggedRank: 1}), 'rectangular'],
  ['constant, misspelt option', () => ragged.constant([[1]], wrong({ragedRank: 1})), 'did you mean "raggedRank"'],
  ['constant, misspelt dtype', () => ragged.constant([[1]], wrong('int23')), 'int32'],
  ['constant with a fraction in int32', () => ragged.constant([[1.5]], 'int32'), '1.5'],
  ['rowSplits that begin late', () => ragged.fromRowSplits([1, 2], [1, 2]), 'rowSplits must begin with 0, got 1'],
  ['rowSplits that fall', () => ragged.fromRowSplits([1, 2], [0, 2, 1, 2]), 'must not fall, got [0, 2, 1, 2]'],
  [
    'rowSplits that end early',
    () => ragged.fromRowSplits([1, 2, 3], [0, 2]),
    'end with the number of values, 3, got 2',
  ],
  ['empty rowSplits', () => ragged.fromRowSplits([1], []), 'at least one element'],
  [
    'rowSplits of rank 2',
    () => ragged.fromRowSplits([1], wrong([[0, 1]])),
    'rowSplits must have rank 1, got shape (1,2)',
  ],
  [
    'rowSplits of floats',
    () => ragged.fromRowSplits([1], tensor([0, 1])),
    "must have an integer dtype, got float32; use cast('int64')",
  ],
  ['values without axes', () => ragged.fromRowSplits(1, [0]), 'values must have at least one axis'],
  [
    'rowLengths with another sum',
    () => ragged.fromRowLengths([1, 2], [1, 2]),
    'add up to the number of values, 2, got a sum of 3',
  ],
  ['negative rowLengths', () => ragged.fromRowLengths([1, 2], [3, -1]), 'must not be negative, got [3, -1]'],
  [
    'valueRowIds that fall',
    () => ragged.fromValueRowIds([1, 2], [1, 0]),
    'valueRowIds must ascend from 0 or more, got [1, 0]',
  ],
  ['negative valueRowIds', () => ragged.fromValueRowIds([1, 2], [-1, 0]), 'must ascend from 0 or more'],
  ['too few valueRowIds', () => ragged.fromValueRowIds([1, 2], [0]), 'a row id for each value is needed, got 1 for 2'],
  ['nrows too small', () => ragged.fromValueRowIds([1], [2], 2), 'nrows must be larger than every row id (2), got 2'],
  ['rowStarts that begin late', () => ragged.fromRowStarts([1, 2], [1]), 'begin with 0, got 1'],
  ['rowLimits that end early', () => ragged.fromRowLimits([1, 2], [1]), 'end with the number of values, 2, got 1'],
  [
    'uniform length that does not divide',
    () => ragged.fromUniformRowLength([1, 2, 3], 2),
    '3 values do not make rows of 2',
  ],
  ['uniform length below 0', () => ragged.fromUniformRowLength([1], -1), 'non-negative integer, got -1'],
  ['uniform length with nrows', () => ragged.fromUniformRowLength([1, 2], 1, 3), '2 values do not make 3 rows of 1'],
  ['no nested splits', () => ragged.fromNestedRowSplits([1], []), 'a list of at least one list'],
  [
    'nestedNrows of another length',
    () => ragged.fromNestedValueRowIds([1], [[0]], [1, 1]),
    'a number of rows for each of 1 lists',
  ],
  ['splits as segment ids', () => ragged.rowSplitsToSegmentIds([1, 2]), 'begin with 0'],
  [
    'too few segments',
    () => ragged.segmentIdsToRowSplits([0, 3], {numSegments: 2}),
    'numSegments must be larger than every id (3), got 2',
  ],
  [
    'withFlatValues of another length',
    () => r.withFlatValues(ints(1, 2)),
    '8 values are needed, got values of shape (2,)',
  ],
  [
    'addition of other rows',
    () => r.add(ragged.constant([[1], [2]], 'int32')),
    'RaggedTensor.add: the rows of axis 0 differ',
  ],
  ['addition of other lengths', () => f.add(ragged.constant([[1], [2, 3], []])), 'the rows of axis 1 differ in length'],
  ['addition of another dtype', () => r.add(wrong(f)), "one dtype, got int32 and float32; use cast('int32')"],
  ['addition of a fraction', () => r.add(1.5), '1.5'],
  ['mapFlatValues without ragged', () => ragged.mapFlatValues(wrong(ops.square), ints(1)), 'at least one RaggedTensor'],
  ['mapFlatValues of other rows', () => ragged.mapFlatValues(ops.add, r, n), 'must have the same lengths'],
  [
    'mapFlatValues to fewer',
    () => ragged.mapFlatValues((x) => x.sum(), r),
    'must return a tensor of 8 values, got shape ()',
  ],
  [
    'where with one alternative',
    () => ragged.where(r.greater(1), r, wrong(undefined)),
    'both alternatives are needed, or none',
  ],
  ['sum over axis 2', () => r.sum(2), 'ragged.sum: axis 2 does not exist in a tensor of rank 2'],
  ['sum with a misspelt option', () => r.sum(wrong({axes: 1})), 'here it is called "axis"'],
  ['mean of strings', () => ragged.constant([['a']]).mean(), 'ragged.mean: numbers are needed'],
  ['toTensor with a shape of rank 1', () => r.toTensor({shape: [2]}), 'a size or null for each of 2 axes, got [2]'],
  [
    'toTensor with a default of another dtype',
    () => r.toTensor({defaultValue: wrong(tensor(1))}),
    'defaultValue must be int32',
  ],
  [
    'toTensor with a list as default',
    () => r.toTensor({defaultValue: [1, 2]}),
    'must broadcast to the regular axes behind, ()',
  ],
  ['fromTensor of rank 1', () => ragged.fromTensor([1, 2]), 'raggedRank must be from 1 to 0'],
  [
    'fromTensor with lengths and padding',
    () => ragged.fromTensor([[1]], {lengths: [1], padding: 0}),
    'exclude each other',
  ],
  [
    'fromTensor with too few lengths',
    () => ragged.fromTensor([[1], [2]], {lengths: [1]}),
    'a length for each of 2 rows',
  ],
  ['fromTensor with padding of rank 1', () => ragged.fromTensor([[1]], {padding: [0]}), 'padding must be one value'],
  [
    'fromTensor with nested lengths beyond',
    () => ragged.fromTensor([[[1], [2]]], {lengths: [[3], [1, 1, 1]]}),
    'shape',
  ],
  ['fromSparse of a tensor', () => ragged.fromSparse(wrong(ints(1))), 'a SparseTensor is needed, got a Tensor'],
  ['fromSparse with gaps', () => ragged.fromSparse(a), 'without gaps, from column 0 on'],
  ['concat of nothing', () => ragged.concat([]), 'at least one tensor'],
  ['concat of two ranks', () => ragged.concat([r, n]), 'one rank and one dtype'],
  [
    'concat of two dtypes',
    () => ragged.concat([r, wrong(f)]),
    'one rank and one dtype, got int32 of shape (4,None) and float32',
  ],
  ['concat of other numbers of rows', () => ragged.concat([f, f.at(':2') as RaggedTensor], 1), 'must agree'],
  [
    'concat of other values',
    () => ragged.concat([ragged.fromTensor(ops.ones([2, 2, 3])), ragged.fromTensor(ops.ones([2, 2, 4]))]),
    'regular axes must agree',
  ],
  ['tile with one number', () => r.tile([2]), 'a non-negative integer for each of 2 axes, got [2]'],
  ['tile below 0', () => r.tile([1, -1]), 'non-negative integer'],
  ['reverse of axis 2', () => r.reverse(2), 'axis 2 does not exist'],
  ['expandDims at 4', () => r.expandDims(4), 'axis 4 does not exist in a tensor of rank 3'],
  ['mergeDims from behind', () => n.mergeDims(2, 1), 'the outer axis must not be behind'],
  ['range of other lengths', () => ragged.range([1, 2], [3]), 'lists must have one length'],
  ['range by 0', () => ragged.range([1], [3], 0), 'deltas must not be 0'],
  ['gather outside', () => ragged.gather(r, [4]), '4'],
  [
    'gather outside of a row',
    () => ragged.gather(r, ragged.constant([[0], [0], [], []], 'int32'), {batchDims: 1}),
    'ragged.gather: index 0 is out of range for row 1 of 0 elements',
  ],
  ['gather with floats', () => ragged.gather(r, tensor([1.5])), 'indices must have an integer dtype'],
  ['gather with too many batch axes', () => ragged.gather(r, [0], {axis: 0, batchDims: 1}), 'batchDims must be from 0'],
  [
    'gather with other batches',
    () => ragged.gather(r, ragged.constant([[0]], 'int32'), {batchDims: 1}),
    'batch axes must agree',
  ],
  ['gatherNd of three', () => ragged.gatherNd(r, [[0, 0, 0]]), 'do not index shape (4,None)'],
  ['gatherNd outside', () => ragged.gatherNd(r, [[1, 0]]), 'index 0 is out of range for row 1 of 0 elements'],
  ['booleanMask with numbers', () => ragged.booleanMask(r, r), 'the mask must be bool, got int32'],
  ['booleanMask of other rows', () => ragged.booleanMask(r, [true]), 'must have the rows of the data'],
  ['booleanMask of higher rank', () => ragged.booleanMask(r, n.greater(1)), 'from 1 to 2 axes'],
  ['at outside', () => r.at(4), 'at: index 4 is out of range for axis 0 of size 4'],
  ['at outside of a row', () => r.at(':', 1), 'at: index 1 is out of range for row 1 of 0 elements'],
  ['at with too many', () => r.at(0, 0, 0), '3 indices for a ragged tensor of rank 2'],
  ['at with a fraction', () => r.at(1.5), 'an index must be an integer, got 1.5'],
  ['at with two ellipses', () => r.at('...', '...'), 'only once'],
  ['at with two arrays', () => r.at([0], [0]), 'ragged.gatherNd'],
  ['at with a text', () => r.at(wrong('a')), 'an index is an integer'],
  ['at with a ragged mask', () => r.at(wrong(r.greater(1))), 'ragged.booleanMask'],
  ['at with a mask of another length', () => r.at([true, false]), 'does not fit an axis of size 4'],
  ['cross of floats', () => ragged.cross([f]), 'matrices of integers or strings'],
  ['cross of other rows', () => ragged.cross([r, ragged.constant([[1]], 'int32')]), 'one number of rows, got 4 and 1'],
  ['mapFn without a function', () => ragged.mapFn(wrong(3), r), 'a function is needed'],
  [
    'mapFn that returns a number',
    () =>
      ragged.mapFn(
        wrong(() => 1),
        r,
      ),
    'must return a tensor, got 1',
  ],
  ['oneHot of a tensor', () => ragged.oneHot(wrong(ints(1)), 3), 'a RaggedTensor is needed'],
  ['a name of another library', () => (wrong(r) as {toList(): unknown}).toList(), 'here it is called "array"'],

  ['indices of rank 1', () => new SparseTensor(wrong([0]), [1], [2]), 'indices (n,rank), values (n,)'],
  ['more values than indices', () => new SparseTensor([[0]], [1, 2], [2]), 'got (1,1), (2,) and (2,)'],
  ['another rank', () => new SparseTensor([[0, 0]], [1], [2]), 'got (1,2), (1,) and (2,)'],
  [
    'an index outside',
    () =>
      new SparseTensor(
        [
          [0, 0],
          [5, 5],
        ],
        [1, 1],
        [2, 2],
      ),
    'index [5, 5] at position 1 is outside of denseShape (2,2)',
  ],
  ['a negative index', () => new SparseTensor([[-1]], [1], [2]), 'index [-1] at position 0'],
  ['indices of floats', () => new SparseTensor(tensor([[0.5]]), [1], [2]), 'indices must have an integer dtype'],
  ['a bad denseShape', () => new SparseTensor([[0]], [1], [-2]), 'non-negative integers'],
  ['no denseShape', () => new SparseTensor([[0]], [1], wrong(undefined)), 'indices, values and denseShape are needed'],
  ['fromDense of a scalar', () => sparse.fromDense(1), 'rank 1 or more'],
  [
    'toDense of a tensor',
    () => sparse.toDense(wrong(ints(1))),
    'a SparseTensor is needed, got a Tensor; sparse.fromDense makes one',
  ],
  [
    'toDense out of order',
    () => sparse.toDense(new SparseTensor([[1], [0]], [1, 2], [2])),
    '[0] follows [1]; sparse.reorder sorts them',
  ],
  ['toDense of repeated', () => sparse.toDense(new SparseTensor([[0], [0]], [1, 2], [2])), 'index [0] is there twice'],
  ['toDense with two defaults', () => sparse.toDense(a, {defaultValue: [1, 2]}), 'defaultValue must be one float32'],
  ['add of other shapes', () => sparse.add(a, small), 'one shape, got (3,4) and (2,2)'],
  [
    'add of other dtypes',
    () => sparse.add(a, a.cast('float64')),
    "one dtype, got float32 and float64; use cast('float32')",
  ],
  ['add of two tensors', () => sparse.add(tensor([1]), tensor([1])), 'a SparseTensor is needed'],
  ['add of a dense tensor of another shape', () => a.add(tensor([1])), 'one shape'],
  ['multiply by another dtype', () => a.mul(ops.ones([4], 'float64')), 'one dtype'],
  ['retain with too few', () => sparse.retain(a, [true]), 'a boolean for each of 3 elements'],
  ['slice with one axis', () => sparse.slice(a, [0], [1]), 'each of 2 axes'],
  ['sparse concat of nothing', () => sparse.concat([]), 'at least one SparseTensor'],
  ['sparse concat of other sizes', () => sparse.concat([a, small]), 'must agree, got shapes (3,4) and (2,2)'],
  ['split into too many', () => sparse.split(a, 5, 1), 'numSplit must be from 1 to 4'],
  ['reduceSum over axis 2', () => a.sum(2), 'axis 2 does not exist'],
  ['product of other sizes', () => a.matmul(ops.ones([3, 2])), 'inner dimensions must match, got (3,4) and (3,2)'],
  ['product with a vector', () => a.matmul(ops.ones([4])), 'both must be matrices, got (3,4) and (4,)'],
  ['product of other dtypes', () => a.matmul(ops.ones([4, 2], 'float64')), 'one dtype'],
  [
    'product with a misspelt option',
    () => a.matmul(ops.ones([4, 2]), wrong({transposeA: true})),
    'here it is called "adjointA"',
  ],
  ['transpose with one axis', () => a.transpose([0, 0]), 'perm must name each of 2 axes once'],
  ['reshape to another size', () => sparse.reshape(a, [5, -1]), 'shape (3,4) does not become [5, -1]'],
  ['resetShape to less', () => sparse.resetShape(a, [2, 4]), 'newShape must be at least (3,4)'],
  ['sparse expandDims at 4', () => sparse.expandDims(a, 4), 'axis 4 does not exist'],
  [
    'mask with too few indices',
    () => sparse.mask({values: [1, 2], indices: [0]}, [0]),
    'an index for each row of values',
  ],
  ['fillEmptyRows with a list', () => sparse.fillEmptyRows(a, [1, 2]), 'must be one element'],
  ['mapValues without sparse', () => sparse.mapValues(wrong(ops.square), ints(1)), 'at least one SparseTensor'],
  ['mapValues of other indices', () => sparse.mapValues(ops.add, a, small), 'the same indices and shape'],
  ['mapValues to fewer', () => sparse.mapValues((x) => x.sum(), a), 'a tensor of 3 values, got shape ()'],
  ['toIndicator of floats', () => sparse.toIndicator(a, 3), 'values must be integers, got float32'],
  ['toIndicator beyond', () => sparse.toIndicator(a.cast('int32'), 2), 'values must be from 0 to 1'],
  ['segmentSum of other lengths', () => sparse.segmentSum([1, 2], [0], [0, 1]), 'lists of one length'],
  ['segmentSum out of order', () => sparse.segmentSum([1, 2], [0, 1], [1, 0]), 'segmentIds must ascend'],
  ['segmentSum outside', () => sparse.segmentSum([1, 2], [2], [0]), '2'],
  ['bincount below 0', () => sparse.bincount(ints(-1)), 'values must not be negative'],
  ['bincount with other weights', () => sparse.bincount(ints(1), {weights: [1, 2]}), 'the shape of values'],
];

describe('bad input', () => {
  it.each(BAD)('%s', (_, run, words) => {
    let error: unknown;
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(KeratinError);
    expect((error as Error).message).toContain(words);
    expect((error as Error).message).not.toContain('internal:');
  });
});

describe('single examples', () => {
  it('text', () => {
    expect(String(f)).toBe('RaggedTensor([[1.5, 2.0], [0.5], []], shape=(3, None), dtype=float32)');
    expect(inspect(r.greater(4).at(':1'))).toBe(
      'RaggedTensor([[False, False, False, False]], shape=(1, None), dtype=bool)',
    );
    expect(String(ragged.constant([['a b'], []]))).toBe("RaggedTensor([['a b'], []], shape=(2, None), dtype=string)");
    const long = String(ragged.range([30, 2]));
    expect(long).toMatch(
      /^RaggedTensor\(\n\[\[0, 1, 2, .*,\n {2}\d+, .*29\],\n \[0, 1\]\], shape=\(2, None\), dtype=int32\)$/s,
    );
    for (const line of long.split('\n').slice(0, -1)) expect(line.length).toBeLessThanOrEqual(75);
    const many = String(ragged.range([2000, 1]));
    expect(many).toBe('RaggedTensor([[0, 1, 2, ..., 1997, 1998, 1999], [0]], shape=(2, None), dtype=int32)');
    expect(JSON.stringify(f)).toBe('[[1.5,2],[0.5],[]]');
    expect(inspect(small)).toBe(
      'SparseTensor(indices=Tensor(\n[[0 0]\n [1 1]], shape=(2, 2), dtype=int64), values=Tensor([1. 1.], shape=(2,), dtype=float32), denseShape=Tensor([2 2], shape=(2,), dtype=int64))',
    );
  });

  it('strings', () => {
    const words = ragged.constant([['b', 'a'], [], ['c']]);
    expect(words.dtype).toBe('string');
    expect(words.toTensor().array()).toEqual([
      ['b', 'a'],
      ['', ''],
      ['c', ''],
    ]);
    expect(words.toTensor({defaultValue: '-'}).at(1).array()).toEqual(['-', '-']);
    expect(words.reverse(1).array()).toEqual([['a', 'b'], [], ['c']]);
    expect(words.equal('a').array()).toEqual([[false, true], [], [false]]);
    expect(words.toSparse().values.array()).toEqual(['b', 'a', 'c']);
    expect(ragged.concat([words, words], 1).array()).toEqual([['b', 'a', 'b', 'a'], [], ['c', 'c']]);
    expect(ragged.gather(words, [2, 0]).array()).toEqual([['c'], ['b', 'a']]);
    expect(words.equals(ragged.constant([['b', 'a'], [], ['c']]))).toBe(true);
    expect(sparse.fromDense(words.toTensor()).toDense().array()).toEqual(words.toTensor().array());
    expect(ragged.cross([ragged.constant([[1, 2], [3]], 'int32'), [['x'], ['y']]]).array()).toEqual([
      ['1_X_x', '2_X_x'],
      ['3_X_y'],
    ]);
  });

  it('regular axes and axes of one length by construction', () => {
    const regular = ragged.fromTensor(ops.ones([2, 3, 4]), {raggedRank: 2});
    expect(regular.shape).toEqual([2, 3, 4]);
    expect(regular.uniformRowLength).toBe(3);
    expect(ragged.constant([[[1, 2]], []], {raggedRank: 1}).shape).toEqual([2, null, 2]);
    const cut = ragged.fromTensor(
      tensor([
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ]),
      {
        lengths: [
          [1, 2],
          [2, 1, 1],
        ],
      },
    );
    expect(cut.array()).toEqual([[[1, 2]], [[5], [7]]]);
    const ended = ragged.fromTensor(
      [
        [
          [1, 2],
          [3, 0],
        ],
        [
          [0, 0],
          [0, 0],
        ],
      ],
      {padding: 0, raggedRank: 2},
    );
    expect(ended.array()).toEqual([
      [[1, 2], [3]],
      [[], []],
    ]);
    expect(
      ragged
        .fromTensor(
          [
            [
              [1, 2],
              [3, 0],
            ],
            [
              [0, 0],
              [0, 0],
            ],
          ],
          {padding: [0, 0]},
        )
        .array(),
    ).toEqual([
      [
        [1, 2],
        [3, 0],
      ],
      [],
    ]);
  });

  it('means of integers', () => {
    expect(r.mean(1).dtype).toBe('float64');
    expect(r.cast('int8').mean().dtype).toBe('float32');
    expect(r.cast('int8').sum(1).dtype).toBe('int32');
    expect(r.max(1).array()).toEqual([4, -2147483648, 9, 6]);
  });

  it('rows with indices in other shapes', () => {
    expect(
      ragged
        .gather(n, [
          [0, 1],
          [2, 2],
        ])
        .array(),
    ).toEqual([
      [[[1, 2], []], [[3]]],
      [[], []],
    ]);
    expect(ragged.gather(r, 2).array()).toEqual([5, 9, 2]);
    expect(
      ragged
        .gather(
          tensor([
            [1, 2],
            [3, 4],
          ]),
          ragged.constant([[0], [1, 0]], 'int32'),
        )
        .array(),
    ).toEqual([
      [[1, 2]],
      [
        [3, 4],
        [1, 2],
      ],
    ]);
    expect(ragged.gather(r.at('::2') as RaggedTensor, [0, -1], {axis: 1}).array()).toEqual([
      [3, 1],
      [5, 2],
    ]);
    expect(r.at(ints(3, 0)).array()).toEqual([[6], [3, 1, 4, 1]]);
    expect(r.at([true, false, false, true], '-1:').array()).toEqual([[1], [6]]);
    expect(r.at('newaxis').shape).toEqual([1, 4, null]);
    expect(r.at('...', 'newaxis').shape).toEqual([4, null, 1]);
  });

  it('gradients reach Variables through a sparse product', () => {
    const tape = new GradientTape();
    const d = ops.ones([4, 2]);
    tape.watch(a.values);
    tape.watch(d);
    const y = tape.record(() => a.matmul(d).sum());
    const [dv, dd] = tape.gradient(y, [a.values, d]);
    expect(dv.array()).toEqual([2, 2, 2]);
    expect(dd.sum(1).sum().item()).toBeCloseTo(2 * 7.81, 5);
  });
});
