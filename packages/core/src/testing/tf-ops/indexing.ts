import {ops, tensor} from '../../index.js';
import {type Cases, positions} from './case.js';

const ints = (x: readonly number[] | readonly (readonly number[])[]) => tensor(x as readonly number[], 'int32');

export const INDEXING: Cases = {
  'slice/t[:, 1:]': ({t}) => t.at(':', '1:'),
  'slice/t[..., 1, tf.newaxis]': ({t}) => t.at('...', 1, 'newaxis'),
  'slice/t[0]': ({t}) => t.at(0),
  'slice/t[-1, -1, -1]': ({t}) => t.at(-1, -1, -1),
  'slice/t[:, ::2]': ({t}) => t.at(':', '::2'),
  'slice/t[:, ::-1, :]': ({t}) => t.at(':', '::-1', ':'),
  'slice/t[1, :, 1:3]': ({t}) => t.at(1, ':', '1:3'),
  'slice/t[..., ::-2]': ({t}) => t.at('...', '::-2'),
  'slice/t[tf.newaxis, ..., 0]': ({t}) => t.at('newaxis', '...', 0),
  'slice/t[0, tf.newaxis, :, tf.newaxis, 0]': ({t}) => t.at(0, 'newaxis', ':', 'newaxis', 0),
  'slice/t[:, 5:]': ({t}) => t.at(':', '5:'),
  'slice/t[:, 2:0:-1]': ({t}) => t.at(':', '2:0:-1'),
  'slice/t[0:2, 1]': ({t}) => t.at('0:2', 1),
  'slice/t[:, -2:]': ({t}) => t.at(':', '-2:'),
  'slice/t[:, :-1, -1]': ({t}) => t.at(':', ':-1', -1),
  'slice/t[tf.constant(1)]': ({t}) => t.at(tensor(1, 'int32')),
  'slice/t[..., -1]': ({t}) => t.at('...', -1),
  'slice/tf.shape(t)': ({t}) => tensor(t.shape.map(Number), 'int32'),
  'slice/t.shape': ({t}) => t.shape,
  'slice/tf.size(t)': ({t}) => tensor(t.size, 'int32'),
  'slice/tf.rank(t)': ({t}) => tensor(t.ndim, 'int32'),
  'slice/len(t)': ({t}) => t.length,
  'slice/boolean-mask': ({t, m}) => ops.booleanMask(t, m),

  'index/gather(t, [2, 0])': ({t}) => t.take([2, 0], 0),
  'index/gather(t, [1, 1], axis=1)': ({t}) => t.take([1, 1], 1),
  'index/gather_nd(t, [[0, 1], [2, 2]])': ({t}) =>
    ops.gatherNd(t, [
      [0, 1],
      [2, 2],
    ]),
  'index/gather_nd(t, [[1]])': ({t}) => ops.gatherNd(t, [[1]]),
  'index/gather(t, [[0, 2], [1, 0], [2, 2]], batch_dims=1)': ({t}) =>
    ops.takeAlongAxis(
      t,
      ints([
        [0, 2],
        [1, 0],
        [2, 2],
      ]),
      1,
    ),
  'index/slice(t, [1, 0], [2, 2])': ({t}) => ops.slice(t, [1, 0], [2, 2]),
  'index/slice(t, [0, 1], [-1, -1])': ({t}) => t.at('0:', '1:'),
  'index/strided_slice(t, [0, 2], [3, 0], [1, -1])': ({t}) => ops.stridedSlice(t, [0, 2], [3, 0], [1, -1]),
  'index/tensor_scatter_nd_update(t, [[0, 0], [2, 1]], [100, 200])': ({t}) =>
    ops.scatterUpdate(
      t,
      [
        [0, 0],
        [2, 1],
      ],
      [100, 200],
    ),
  'index/tensor_scatter_nd_add(t, [[0], [0]], [[1, 1, 1], [2, 2, 2]])': ({t}) =>
    ops.scatterUpdate(
      t,
      [[0], [0]],
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      {reduction: 'add'},
    ),
  'index/tensor_scatter_nd_max(t, [[1, 1]], [50])': ({t}) => ops.scatterUpdate(t, [[1, 1]], [50], {reduction: 'max'}),
  'index/scatter_nd([[0], [2], [0]], [5, 6, 7], [4])': () => ops.scatterNd([[0], [2], [0]], ints([5, 6, 7]), [4]),
  'index/where(t > 0)': positions(({t}) => ops.stack(ops.where(t.greater(0)), 1)),
  'index/where(t > 0, t, -1)': ({t}) => ops.where(t.greater(0), t, -1),
  'index/dynamic_partition(t, [0, 1, 0], 2)': ({t}) => ops.dynamicPartition(t, [0, 1, 0], 2),
  'index/dynamic_stitch([[0, 2], [1]], [[10, 30], [20]])': () =>
    ops.dynamicStitch([ints([0, 2]), ints([1])], [ints([10, 30]), ints([20])]),
  'index/unstack(t, axis=1)': ({t}) => ops.unstack(t, 1),
  'index/split(t, [1, 2], axis=1)': ({t}) => ops.split(t, [1], 1),
  'index/sequence_mask([1, 3, 0], 4)': () => ops.sequenceMask([1, 3, 0], {maxlen: 4}),
  'index/reverse(t, [0])': ({t}) => t.flip([0]),
  'index/roll(t, 1, 0)': ({t}) => ops.roll(t, 1, 0),
  'index/argsort(t, axis=1)': ({t}) => ops.argsort(t, 1),
  "index/sort(t, direction='DESCENDING')": ({t}) => ops.sort(t).flip(-1),
  'index/math.top_k(t, 2)': ({t}) => ops.topK(t, 2),
  'index/unique([4, 5, 4, 9, 5])': () => ops.unique(ints([4, 5, 4, 9, 5]), {returnInverse: true}),
  'index/unique_with_counts([4, 5, 4])': () => ops.unique(ints([4, 5, 4]), {returnInverse: true, returnCounts: true}),
  'index/searchsorted([1, 3, 5], [0, 3, 6])': () => ops.searchsorted([1, 3, 5], [0, 3, 6]),
  'index/meshgrid([1, 2], [3, 4, 5])': () => ops.meshgrid([ints([1, 2]), ints([3, 4, 5])]),
  'index/reverse_sequence(t, [1, 3, 2], seq_axis=1)': ({t}) => ops.reverseSequence(t, [1, 3, 2], {seqAxis: 1}),
  'index/math.bincount([1, 1, 3])': () => ops.bincount(ints([1, 1, 3])),
  'index/math.in_top_k([0, 1], [[0.1, 0.9], [0.3, 0.7]], 1)': () =>
    ops.inTopK(
      [0, 1],
      [
        [0.1, 0.9],
        [0.3, 0.7],
      ],
      1,
    ),
  'index/math.confusion_matrix([0, 1, 2, 1], [0, 2, 2, 1])': () => ops.confusionMatrix([0, 1, 2, 1], [0, 2, 2, 1]),
  'index/linalg.band_part(t, 0, -1)': ({t}) => ops.triu(t),
  'index/linalg.diag([1, 2])': () => ops.diag(ints([1, 2])),
  'index/linalg.diag_part(t)': ({t}) => ops.diagonal(t),
  'index/cumsum(t, axis=1, exclusive=True)': ({t}) => ops.cumsum(t, 1).sub(t),
  'index/cumsum(t, axis=1, reverse=True)': ({t}) => ops.cumsum(t.flip(1), 1).flip(1),
  'index/nn.relu(t)': ({t}) => t.relu(),
  'index/clip_by_value(t, -2, 3)': ({t}) => ops.clipByValue(t, -2, 3),
};
