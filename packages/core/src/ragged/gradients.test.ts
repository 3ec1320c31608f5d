import {describe, it} from 'vitest';
import {ops, ragged, sparse, tensor, type RaggedTensor, type Tensor} from '../index.js';
import {checkGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {spread, uniform} from '../testing/values.js';
import {type Rows} from './ragged-tensor.js';
import {flatOf} from './rows.js';

// Gradients by finite differences: through the flat values of ragged tensors and the values of sparse ones.

checkLeaks();

const SPLITS = [0, 3, 3, 5, 6];
const rag = (x: Tensor): RaggedTensor => ragged.fromRowSplits(x, SPLITS);
const deep = (x: Tensor): RaggedTensor => ragged.fromRowLengths(rag(x), [1, 0, 3]);
const column = uniform([4, 1], -1, 1, 5);

const RAGGED: Readonly<Record<string, (x: Tensor) => Rows>> = {
  toTensor: (x) => rag(x).toTensor({defaultValue: 3}),
  'toTensor, cut': (x) => rag(x).toTensor({shape: [3, 2]}),
  'toTensor of two ragged axes': (x) => deep(x).toTensor(),
  'fromTensor with lengths': (x) => ragged.fromTensor(x.reshape([2, 3]), {lengths: [1, 2]}),
  'sum over rows': (x) => rag(x).sum(1),
  'sum over positions': (x) => rag(x).sum({axis: 0, keepdims: true}),
  'sum over the middle axis': (x) => deep(x).sum(1),
  mean: (x) => rag(x).at('::2').mean(1),
  variance: (x) => rag(x).at('::2').variance(1),
  max: (x) => ragged.booleanMask(rag(x), [true, false, true, true]).max(1),
  'min over all': (x) => rag(x).min(),
  prod: (x) => rag(x).prod(1),
  softmax: (x) => rag(x).softmax(),
  'add and mul': (x) => rag(x).mul(rag(x).add(2)),
  'broadcast a column': (x) => rag(x).mul(column),
  'dense by ragged': (x) => ragged.elementwise(ops.subtract, column, rag(x)),
  where: (x) => ragged.where(rag(x).greater(0), rag(x).square(), column),
  mapFlatValues: (x) => ragged.mapFlatValues((each) => each.tanh(), rag(x)),
  concat: (x) => ragged.concat([rag(x), rag(x).square()], 1),
  stack: (x) => ragged.stack([rag(x), rag(x).square()], 1),
  tile: (x) => rag(x).tile([2, 2]),
  reverse: (x) => rag(x).reverse([0, 1]),
  at: (x) => rag(x).at('::-1', ':2'),
  'at one': (x) => rag(x).at(2, 1),
  gather: (x) => ragged.gather(rag(x), [2, 0, 2]),
  'gather in rows': (x) => ragged.gather(rag(x), ragged.constant([[0, 0], [], [1], [0]], 'int32'), {batchDims: 1}),
  gatherNd: (x) =>
    ragged.gatherNd(rag(x), [
      [0, 2],
      [3, 0],
    ]),
  booleanMask: (x) => ragged.booleanMask(rag(x), rag(x).greater(0)),
  mergeDims: (x) => deep(x).mergeDims(1, 2),
  toSparse: (x) => rag(x).toSparse().values,
};

describe('ragged', () => {
  const x = spread([6], -2, 2);
  it.each(Object.entries(RAGGED))('%s', (_, fn) => {
    checkGradients((values) => flatOf(fn(values)), [x], {order: 2});
  });

  it('of rows of regular values', () => {
    checkGradients((values) => ragged.fromRowSplits(values, [0, 1, 4]).sum(1) as Tensor, [uniform([4, 2])]);
    checkGradients((values) => ragged.fromRowSplits(values, [0, 1, 4]).toTensor(), [uniform([4, 2])]);
  });
});

const PLACES = tensor([0, 1, 1, 0, 2, 3, 2, 1], 'int64').reshape([4, 2]);
const made = (values: Tensor) => new sparse.SparseTensor(PLACES, values, [3, 4]);
const other = (values: Tensor) =>
  new sparse.SparseTensor(tensor([0, 1, 2, 2], 'int64').reshape([2, 2]), values, [3, 4]);

describe('sparse', () => {
  const v = spread([4], -2, 2);
  const w = spread([2], 2.5, 3);
  const matrix = uniform([4, 2]);

  it.each<[string, (values: Tensor) => Tensor]>([
    ['toDense', (values) => made(values).reorder().toDense()],
    ['toDense with a default', (values) => made(values).reorder().toDense({defaultValue: 2})],
    ['sum', (values) => made(values).sum(1)],
    ['max', (values) => made(values).max(0)],
    ['softmax', (values) => sparse.softmax(made(values)).values],
    ['mul', (values) => made(values).mul(uniform([3, 1])).values],
    ['div', (values) => made(values).div(2).values],
    ['transpose', (values) => made(values).transpose().values],
    ['concat', (values) => sparse.concat([made(values), made(values.square())], 1).values],
    ['slice', (values) => sparse.slice(made(values), [1, 0], [2, 2]).values],
    [
      'fillEmptyRows',
      (values) => sparse.fillEmptyRows(sparse.retain(made(values), [true, false, true, true]), 1)[0].values,
    ],
    ['mapValues', (values) => sparse.mapValues((x) => x.exp(), made(values)).values],
    ['segmentMean', (values) => sparse.segmentMean(values, [0, 1, 3, 3], [0, 0, 1, 1])],
  ])('%s', (_, fn) => {
    checkGradients(fn, [v], {order: 2});
  });

  it('of two sparse tensors', () => {
    checkGradients((a, b) => sparse.add(made(a), other(b)).values, [v, w]);
    checkGradients((a, b) => sparse.maximum(made(a), other(b)).values, [v, w]);
    checkGradients((a, b) => sparse.add(made(a), b), [v, uniform([3, 4])]);
  });

  it.each([
    ['a b', (a: Tensor, b: Tensor) => sparse.sparseDenseMatmul(made(a), b)],
    ["a b'", (a: Tensor, b: Tensor) => sparse.sparseDenseMatmul(made(a), b.transpose(), {adjointB: true})],
    ["a' b", (a: Tensor, b: Tensor) => sparse.sparseDenseMatmul(made(a).transpose(), b, {adjointA: false}).add(0)],
    ["b' a'", (a: Tensor, b: Tensor) => sparse.sparseDenseMatmul(b, made(a), {adjointA: true, adjointB: true})],
  ])('matrix product %s, by values and matrix', (name, fn) => {
    const shape = name === "a' b" ? [3, 2] : [4, 2];
    checkGradients((a, b) => fn(a, b), [v, name === "a' b" ? uniform(shape) : matrix], {order: 2});
  });
});
