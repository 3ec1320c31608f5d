import {constant, ops, range, tensor} from '../../index.js';
import {type Cases, throws} from './case.js';

const DTYPES_DIFFER = 'tensors must have one dtype, got';

export const ERRORS: Cases = {
  'error/i32+f32': throws(
    () => tensor([1, 2], 'int32').add(tensor([1, 2])),
    `add: ${DTYPES_DIFFER} a int32 and b float32`,
  ),
  'error/f32+f64': throws(
    () => constant(1).add(constant(1, 'float64')),
    `add: ${DTYPES_DIFFER} a float32 and b float64`,
  ),
  'error/i32+2.5': throws(() => constant(3, 'int32').add(2.5), 'add: 2.5 is not an integer, which int32 needs'),
  'error/matmul-i32-f32': throws(
    () => ops.matmul(tensor([[1, 2]], 'int32'), tensor([[1], [2]])),
    `matmul: ${DTYPES_DIFFER} a int32 and b float32`,
  ),
  'error/concat-mixed': throws(
    () => ops.concatenate([tensor([1], 'int32'), tensor([1])], 0),
    `concatenate: ${DTYPES_DIFFER} x int32 and x float32`,
  ),
  'error/matmul-shape': throws(
    () => ops.matmul(ops.ones([2, 3]), ops.ones([2, 3])),
    'matmul: inner dimensions must match, got a (2,3) and b (2,3)',
  ),
  'error/reshape': throws(() => range(6).reshape([4, 2]), 'reshape: 6 elements of shape (6,) do not fit shape (4,2)'),
  'error/add-shape': throws(
    () => ops.ones([2, 3]).add(ops.ones([2])),
    'add: shapes must broadcast, got a (2,3) and b (2,)',
  ),
  'error/index': throws(() => range(3).at(5), /at: index 5 is (?:out|outside)/),
  'error/bool-ambiguous': throws(
    () => Number(tensor([true, false])),
    'a tensor of shape (2,) does not convert to a number',
  ),
  'error/item-assign': throws(() => Reflect.set(tensor([1, 2], 'int32'), 0, 5), 't[0] = ...: tensors do not change'),
  'error/gather-range': throws(() => ops.take([1, 2, 3], [0, 9], 0), /take: .*9/),
  'error/assert-equal': {
    run: () => tensor([1, 2], 'int32').equal([1, 3]).all().item(),
    gives: false,
    because: 'assertions are the business of test libraries',
  },
  'error/sqrt-int': {
    run: () => ops.sqrt(tensor(4, 'int32')).item(),
    gives: 2,
    because: 'a function with fractions gives float32 of integers, as in Keras',
  },
  'error/string-add': throws(
    () => ops.add(tensor('a'), tensor(1, 'int32')),
    'add: tensors must have one dtype, got a string and b int32; strings.toNumber and strings.asString convert text',
  ),
};
