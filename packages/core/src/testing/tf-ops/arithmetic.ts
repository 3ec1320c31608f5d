import {ops} from '../../index.js';
import {type Case, type Cases, type Inputs} from './case.js';

// Python's operators are methods and functions.

const float = (run: (inputs: Inputs) => unknown): Case => ({
  run,
  dtype: 'float32',
  because: 'integers divide to float32, as in Keras',
});

export const ARITHMETIC: Cases = {
  'operator/f32 a + b': ({a, b}) => a.add(b),
  'operator/f32 a - b': ({a, b}) => a.sub(b),
  'operator/f32 a * b': ({a, b}) => a.mul(b),
  'operator/f32 a / b': ({a, b}) => a.div(b),
  'operator/f32 a // b': ({a, b}) => a.floorDivide(b),
  'operator/f32 a % b': ({a, b}) => a.mod(b),
  'operator/f32 a ** 2': ({a}) => a.pow(2),
  'operator/f32 -a': ({a}) => a.neg(),
  'operator/f32 a @ tf.transpose(b)': ({a, b}) => a.matmul(b.transpose()),
  'operator/f32 a > b': ({a, b}) => a.greater(b),
  'operator/f32 a == b': ({a, b}) => a.equal(b),
  'operator/f32 a != 3': ({a}) => a.notEqual(3),
  'operator/f32 2 - a': ({a}) => ops.subtract(2, a),
  'operator/f32 abs(a)': ({a}) => a.abs(),
  'operator/f32 10 // b': ({b}) => ops.floorDivide(10, b),
  'operator/f32 a + 0.5': ({a}) => a.add(0.5),
  'operator/i32 a + b': ({a, b}) => a.add(b),
  'operator/i32 a / b': float(({a, b}) => a.div(b)),
  'operator/i32 a // b': ({a, b}) => a.floorDivide(b),
  'operator/i32 a % b': ({a, b}) => a.mod(b),
  'operator/i32 a ** 2': ({a}) => a.pow(2),
  'operator/i32 a & b': ({a, b}) => ops.bitwiseAnd(a, b),
  'operator/i32 a | b': ({a, b}) => ops.bitwiseOr(a, b),
  'operator/i32 a ^ b': ({a, b}) => ops.bitwiseXor(a, b),
  'operator/i32 ~a': ({a}) => ops.bitwiseNot(a),
  'operator/i32 a < b': ({a, b}) => a.less(b),
  'operator/i32 a == b': ({a, b}) => a.equal(b),
  'operator/i32 tf.truediv(a, b)': float(({a, b}) => ops.trueDivide(a, b)),
  'operator/i32 tf.math.floormod(a, b)': ({a, b}) => ops.mod(a, b),
  'operator/i32 tf.truncatediv(a, b)': ({a, b}) => ops.truncateDiv(a, b),
  'operator/i32 tf.truncatemod(a, b)': ({a, b}) => ops.fmod(a, b),
  'operator/bool a & b': ({a, b}) => ops.logicalAnd(a, b),
  'operator/bool a | b': ({a, b}) => ops.logicalOr(a, b),
  'operator/bool a ^ b': ({a, b}) => ops.logicalXor(a, b),
  'operator/bool ~a': ({a}) => ops.logicalNot(a),
};
