import {ops, ragged, sparse, tensor} from '../index.js';

// The recorded expressions of TensorFlow for ragged tensors, each by its id, as they are written here.

const r = () => ragged.constant([[3, 1, 4, 1], [], [5, 9, 2], [6]], 'int32');
const q = () => ragged.constant([[10, 20, 30, 40], [], [50, 60, 70], [80]], 'int32');
const n = () => ragged.constant([[[1, 2], []], [[3]], []], 'int32');
const f = () => ragged.constant([[1.5, 2], [0.5], []]);
const ints = (...list: number[]) => tensor(list, 'int32');
const rows = (x: readonly (readonly number[])[]) => tensor(x, 'int32');

export const RAGGED: Readonly<Record<string, () => unknown>> = {
  'constant/ragged-list': () => tensor([[1, 2], [3]]),
  'ragged/r': r,
  'ragged/r.row_splits': () => r().rowSplits,
  'ragged/r.values': () => r().values,
  'ragged/r.row_lengths()': () => r().rowLengths,
  'ragged/r.value_rowids()': () => r().valueRowIds,
  'ragged/r.row_starts()': () => r().rowStarts,
  'ragged/r.row_limits()': () => r().rowLimits,
  'ragged/r.nrows()': () => r().nrows,
  'ragged/r.bounding_shape()': () => r().boundingShape,
  'ragged/r.shape': () => r().shape,
  'ragged/n.shape': () => n().shape,
  'ragged/r.to_tensor()': () => r().toTensor(),
  'ragged/r.to_tensor(-1)': () => r().toTensor({defaultValue: -1}),
  'ragged/r.to_tensor(shape=[None, 3])': () => r().toTensor({shape: [null, 3]}),
  'ragged/reduce_sum(r, axis=1)': () => r().sum(1),
  'ragged/reduce_mean(f, axis=1)': () => f().mean(1),
  'ragged/reduce_max(r, axis=0)': () => r().max(0),
  'ragged/reduce_sum(r)': () => r().sum(),
  'ragged/reduce_sum(n, axis=2)': () => n().sum(2),
  'ragged/reduce_sum(n, axis=1)': () => n().sum(1),
  'ragged/r + q': () => r().add(q()),
  'ragged/r + 100': () => r().add(100),
  'ragged/r * 2': () => r().mul(2),
  'ragged/r == 1': () => r().equal(1),
  'ragged/concat([r, q], axis=1)': () => ragged.concat([r(), q()], 1),
  'ragged/concat([r, q], axis=0)': () => ragged.concat([r(), q()], 0),
  'ragged/stack([r, q]).shape': () => ragged.stack([r(), q()]).shape,
  'ragged/ragged.boolean_mask(r, r > 2)': () => ragged.booleanMask(r(), r().greater(2)),
  'ragged/ragged.boolean_mask(constant([[1, 2], [3, 4]]), [[True, False], [True, True]])': () =>
    ragged.booleanMask(
      rows([
        [1, 2],
        [3, 4],
      ]),
      [
        [true, false],
        [true, true],
      ],
    ),
  'ragged/r[0]': () => r().at(0),
  'ragged/r[2:]': () => r().at('2:'),
  'ragged/r[:, 1:]': () => r().at(':', '1:'),
  'ragged/r[:, :2]': () => r().at(':', ':2'),
  'ragged/r[:, -1:]': () => r().at(':', '-1:'),
  'ragged/r[1:3, ::2]': () => r().at('1:3', '::2'),
  'ragged/n[0, 0]': () => n().at(0, 0),
  'ragged/n[:, :1]': () => n().at(':', ':1'),
  'ragged/r[2, 1]': () => r().at(2, 1),
  'ragged/r.to_list()': () => r().array(),
  'ragged/RaggedTensor.from_row_splits([1, 2, 3], [0, 2, 2, 3])': () =>
    ragged.fromRowSplits(ints(1, 2, 3), [0, 2, 2, 3]),
  'ragged/RaggedTensor.from_row_lengths([1, 2, 3], [0, 1, 2])': () => ragged.fromRowLengths(ints(1, 2, 3), [0, 1, 2]),
  'ragged/RaggedTensor.from_value_rowids([1, 2, 3], [0, 0, 2])': () => ragged.fromValueRowIds(ints(1, 2, 3), [0, 0, 2]),
  'ragged/RaggedTensor.from_tensor([[1, 0, 0], [2, 3, 0]], padding=0)': () =>
    ragged.fromTensor(
      rows([
        [1, 0, 0],
        [2, 3, 0],
      ]),
      {padding: 0},
    ),
  'ragged/RaggedTensor.from_tensor([[1, 2], [3, 4]], lengths=[1, 2])': () =>
    ragged.fromTensor(
      rows([
        [1, 2],
        [3, 4],
      ]),
      {lengths: [1, 2]},
    ),
  'ragged/ragged.range([2, 0, 3])': () => ragged.range([2, 0, 3]),
  'ragged/ragged.range([1, 5], [4, 9], 2)': () => ragged.range([1, 5], [4, 9], 2),
  'ragged/ragged.stack([[1, 2], [3]])': () => ragged.stack([ints(1, 2), ints(3)]),
  'ragged/gather(r, [2, 0])': () => ragged.gather(r(), [2, 0]),
  'ragged/ragged.map_flat_values(square, r)': () => ragged.mapFlatValues((x) => ops.square(x), r()),
  'ragged/map_fn(reduce_sum, r, fn_output_signature=int32)': () => ragged.mapFn((row) => row.sum(), r()),
  'ragged/r.to_sparse()': () => r().toSparse(),
  'ragged/RaggedTensor.from_sparse(sparse.from_dense([[1, 2, 0], [3, 0, 0]]))': () =>
    ragged.fromSparse(
      sparse.fromDense(
        rows([
          [1, 2, 0],
          [3, 0, 0],
        ]),
      ),
    ),
  'ragged/tile(r, [1, 2])': () => r().tile([1, 2]),
  'ragged/reverse(r, [1])': () => r().reverse([1]),
  'ragged/expand_dims(r, 1).shape': () => r().expandDims(1).shape,
  'ragged/n.merge_dims(1, 2)': () => n().mergeDims(1, 2),
  'ragged/n.flat_values': () => n().flatValues,
  'ragged/size(r)': () => r().size,
  'ragged/rank(n)': () => n().ndim,
  'ragged/one_hot(r, 10).shape': () => ragged.oneHot(r(), 10).shape,
  'ragged/ragged.row_splits_to_segment_ids([0, 2, 2, 5])': () => ragged.rowSplitsToSegmentIds([0, 2, 2, 5]),
  'ragged/ragged.segment_ids_to_row_splits([0, 0, 2])': () => ragged.segmentIdsToRowSplits([0, 0, 2]),
  'ragged/reduce_min(f, axis=1)': () => f().min(1),
  'ragged/reduce_mean(r, axis=1)': () => r().mean(1),
  'ragged/where(r > 2, r, 0)': () => ragged.where(r().greater(2), r(), 0),
  "ragged/ragged.cross([ragged.constant([['a']]), ragged.constant([['x', 'y']])])": () =>
    ragged.cross([ragged.constant([['a']]), ragged.constant([['x', 'y']])]),
  'ragged/str(r)': () => String(r()),
  'ragged/repr(r)': () => String(r()),
  'ragged/add-mismatch': () => r().add(ragged.constant([[1], [2]], 'int32')),
  'ragged/bad-row-splits': () => ragged.fromRowSplits(ints(1, 2, 3), [0, 2, 4]),
};
