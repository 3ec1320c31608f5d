import {constant, convertToTensor, ops, range, tensor} from '../../index.js';
import {broadcastShapes, DTYPES, isFloating, sizeOf} from '../../internal.js';
import {type Case, type Cases, throws} from './case.js';

const whole = (run: () => unknown): Case => ({
  run,
  dtype: 'float32',
  because: 'JavaScript cannot tell 2 from 2.0: numbers are float32',
});

export const CONSTANTS: Cases = {
  'constant/int': whole(() => constant(3)),
  'constant/ints': whole(() => constant([3, 7])),
  'constant/float': () => constant(2.5),
  'constant/mixed': () => constant([1, 2.5]),
  'constant/bool': () => constant(true),
  'constant/str': () => constant('abc'),
  'constant/strs': () => constant(['a', 'bc']),
  'constant/np-f64': () => constant(Float64Array.of(1.5)),
  'constant/np-i64': () => constant(BigInt64Array.of(1n, 2n)),
  'constant/np-f32': () => constant(Float32Array.of(2), {shape: []}),
  'constant/empty': () => constant([]),
  'constant/nested': whole(() =>
    constant([
      [1, 2],
      [3, 4],
    ]),
  ),
  'constant/complex': () => constant(0),
  'constant/range': () => range(4),
  'constant/constant(3, dtype=tf.float32)': () => constant(3, 'float32'),
  'constant/constant([1, 2, 3, 4], shape=(2, 2))': () => constant([1, 2, 3, 4], {dtype: 'int32', shape: [2, 2]}),
  'constant/constant(7, shape=(2, 3))': () => ops.full([2, 3], 7, 'int32'),
  "constant/constant([1.5, 2.5], dtype='float64')": () => constant([1.5, 2.5], 'float64'),
  'constant/convert_to_tensor([1, 2], dtype=tf.float32)': () => convertToTensor([1, 2], 'float32'),
  'constant/float-as-int': throws(() => constant(1.5, 'int32'), 'tensor: 1.5 is not an integer, which int32 needs'),
  'constant/ragged-list': throws(() => constant([[1, 2], [3]]), 'tensor: nested arrays must be rectangular'),
  'constant/int-overflow': throws(
    () => constant(2 ** 31, 'int32'),
    'tensor: 2147483648 is outside of -2147483648 to 2147483647, which int32 needs',
    'a number that a dtype cannot hold is an error, never another number',
  ),

  'create/range(5)': () => range(5),
  'create/range(2, 9, 3)': () => range(2, 9, 3),
  'create/range(5, 0, -2)': () => range(5, 0, -2),
  'create/range(0.0, 1.0, 0.25)': () => ops.arange(0, 1, 0.25),
  'create/range(3, dtype=tf.float32)': () => ops.arange(0, 3, 1, 'float32'),
  'create/range(0)': () => range(0),
  'create/range(3, 3)': () => range(3, 3),
  'create/linspace(0.0, 1.0, 5)': () => ops.linspace(0, 1, 5),
  'create/zeros([2, 3])': () => ops.zeros([2, 3]),
  'create/ones([2], tf.int32)': () => ops.ones([2], 'int32'),
  'create/fill([2, 2], 9)': () => ops.full([2, 2], 9, 'int32'),
  'create/eye(2, 3)': () => ops.eye(2, 3),
  'create/zeros_like([1, 2])': () => ops.zerosLike(tensor([1, 2], 'int32')),
  'create/ones_like([1.5])': () => ops.onesLike([1.5]),
  'create/one_hot([0, 2, -1], 3)': () => ops.oneHot([0, 2, -1], 3),
  'create/one_hot([1, 0], 2, on_value=5, off_value=-1)': () =>
    ops.where(ops.oneHot([1, 0], 2, {dtype: 'bool'}), tensor(5, 'int32'), tensor(-1, 'int32')),

  "meta/dtypes.as_dtype('float32').size": () => DTYPES.float32.bytes,
  'meta/float32.max': () => (2 - 2 ** -23) * 2 ** 127,
  'meta/int32.min': () => tensor(Int32Array.of(-(2 ** 31))).item(),
  'meta/float16.is_floating': () => isFloating('float16'),
  'meta/as_dtype(np.int64)': () => tensor(BigInt64Array.of(1n)).dtype,
  'meta/broadcast_static_shape(tf.TensorShape([2, 1]), tf.TensorShape([3]))': () => broadcastShapes([2, 1], [3]),
  'meta/TensorShape([None, 3]).is_compatible_with([2, 3])': () => broadcastShapes([null, 3], [2, 3]) !== null,
  'meta/TensorShape([2, 3]).num_elements()': () => sizeOf([2, 3]),
};
