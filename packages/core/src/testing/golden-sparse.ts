import {ops, sparse, tensor} from '../index.js';

// The recorded expressions of TensorFlow for sparse tensors, each by its id, as they are written here.

const {SparseTensor} = sparse;

const a = () =>
  new SparseTensor(
    [
      [0, 1],
      [1, 0],
      [2, 3],
    ],
    [3.22, 0.57, 4.02],
    [3, 4],
  );
const b = () =>
  new SparseTensor(
    [
      [0, 1],
      [2, 0],
    ],
    [1.07, 2.72],
    [3, 4],
  );
const u = () =>
  new SparseTensor(
    [
      [2, 0],
      [0, 3],
      [0, 1],
    ],
    [1.01, -2.81, -0.65],
    [3, 4],
  );
const d = () =>
  tensor([
    [-1.99, 2.54],
    [-2.95, -4.56],
    [2.09, 3.48],
    [4.38, 3.32],
  ]);

export const SPARSE: Readonly<Record<string, () => unknown>> = {
  'sparse/to_dense(a)': () => sparse.toDense(a()),
  'sparse/to_dense(a, default_value=-1.0)': () => sparse.toDense(a(), {defaultValue: -1}),
  'sparse/sparse_dense_matmul(a, d)': () => sparse.sparseDenseMatmul(a(), d()),
  'sparse/sparse_dense_matmul(a, tf.ones([3, 2]), adjoint_a=True)': () =>
    sparse.sparseDenseMatmul(a(), ops.ones([3, 2]), {adjointA: true}),
  'sparse/add(a, b)': () => sparse.add(a(), b()),
  'sparse/reorder(u)': () => sparse.reorder(u()),
  'sparse/reduce_sum(a)': () => sparse.reduceSum(a()),
  'sparse/reduce_sum(a, 0)': () => sparse.reduceSum(a(), 0),
  'sparse/reduce_sum(a, axis=1, keepdims=True)': () => sparse.reduceSum(a(), {axis: 1, keepdims: true}),
  'sparse/reduce_max(a, 1)': () => sparse.reduceMax(a(), 1),
  'sparse/slice(a, [0, 0], [2, 3])': () => sparse.slice(a(), [0, 0], [2, 3]),
  'sparse/concat(0, [a, b])': () => sparse.concat([a(), b()], 0),
  'sparse/concat(1, [a, b])': () => sparse.concat([a(), b()], 1),
  'sparse/from_dense([[0, 2], [3, 0]])': () =>
    sparse.fromDense(
      tensor(
        [
          [0, 2],
          [3, 0],
        ],
        'int32',
      ),
    ),
  'sparse/transpose(a)': () => sparse.transpose(a()),
  'sparse/reshape(a, [4, 3])': () => sparse.reshape(a(), [4, 3]),
  'sparse/expand_dims(a, 0).dense_shape': () => sparse.expandDims(a(), 0).denseShape,
  'sparse/retain(a, [True, False, True])': () => sparse.retain(a(), [true, false, true]),
  'sparse/softmax(a)': () => sparse.softmax(a()),
  'sparse/map_values(tf.square, a)': () => sparse.mapValues((x) => ops.square(x), a()),
  'sparse/mask(tf.IndexedSlices([1., 2.], [0, 3]), [3]).values': () =>
    sparse.mask({values: [1, 2], indices: [0, 3]}, [3]).values,
  'sparse/maximum(a, b)': () => sparse.maximum(a(), b()),
  'sparse/fill_empty_rows(b, 0.0)': () => sparse.fillEmptyRows(b(), 0),
  'sparse/eye(2, 3)': () => sparse.eye(2, 3),
  'sparse/a * 2.0': () => a().mul(2),
  'sparse/a.shape': () => a().shape,
  'sparse/to_indicator(SparseTensor([[0, 0], [1, 0]], tf.constant([2, 0], tf.int64), [2, 1]), 3)': () =>
    sparse.toIndicator(
      new SparseTensor(
        [
          [0, 0],
          [1, 0],
        ],
        tensor([2, 0], 'int64'),
        [2, 1],
      ),
      3,
    ),
  'sparse/segment_sum(d, [0, 1, 3], [0, 0, 1])': () => sparse.segmentSum(d(), [0, 1, 3], [0, 0, 1]),
  'sparse/split(sp_input=a, num_split=2, axis=1)': () => sparse.split(a(), 2, 1),
  'sparse/bincount([1, 1, 3])': () => sparse.bincount(tensor([1, 1, 3], 'int32')),
  'sparse/unordered-to-dense': () => sparse.toDense(u()),
  'sparse/repeated-indices': () => sparse.toDense(new SparseTensor([[0], [0]], [1, 2], [2])),
};
