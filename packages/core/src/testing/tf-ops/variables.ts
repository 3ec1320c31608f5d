import {ops, tensor, Variable} from '../../index.js';
import {type Cases, throws} from './case.js';

const v = (...values: number[]) => new Variable(values);

export const VARIABLES: Cases = {
  'variable/assign': () => v(0.45, 0.48, 0.54).assign([9, 8, 7]),
  'variable/assign-add': () => v(4.1, 5.31, -4.75).assignAdd([1, 1, 1]),
  'variable/assign-sub': () => v(7.94, 0.6, 3.94).assignSub([1, 0, 2]),
  'variable/slice-assign': () => {
    const x = v(-2, 1.19, 0.86);
    x.at('1:').assign([5, 6]);
    return x;
  },
  'variable/slice-assign-scalar': () => {
    const x = v(0.56, 2.78, 2.12);
    x.at(0).assign(50);
    return x;
  },
  'variable/scatter_update': () => v(-2.79, -0.13, 2.41).scatterUpdate([2, 0], [10, 20]),
  'variable/scatter_add': () => v(2.29, -0.78, -0.62).scatterAdd([1, 1], [1, 2]),
  'variable/scatter_max': () => v(-0.24, -3.09, -3.64).scatterMax([0, 1], [100, -100]),
  'variable/scatter_nd_update': () => v(4.93, -0.96, 0.51).scatterNdUpdate([[0], [2]], [7, 9]),
  'variable/scatter_nd_add': () => v(-2.02, 4.12, 5.48).scatterNdAdd([[1], [1]], [7, 9]),
  'variable/read': () => {
    const x = v(-0.43, 1.77, -2.04);
    const a = x.add(1);
    x.assign([0, 0, 0]);
    return a;
  },
  'variable/shape': () => v(5.52, 3, -2.29).shape,
  'variable/trainable': () => v(3.97, 1.31, 1.47).trainable,
  'variable/name': {
    run: () => new Variable(1, {name: 'alpha'}).name,
    gives: 'alpha',
    because: 'names have no output number, as in Keras 3',
  },
  'variable/dtype': () => v(2.09, 0.07, -2.63).dtype,
  'variable/matrix-scatter_nd_update': () =>
    new Variable(ops.zeros([3, 4])).scatterNdUpdate(
      [
        [0, 1],
        [1, 3],
      ],
      [5, -2],
    ),
  'variable/matrix-slice-assign': () => {
    const x = new Variable(ops.zeros([3, 4]));
    x.at(1, '1:3').assign([6.31, -0.41]);
    return x;
  },
  'error/variable-assign-shape': throws(
    () => v(1, 2).assign([1, 2, 3]),
    'assign: variable variable has shape (2,), got a value of shape (3,)',
  ),
  'error/variable-assign-dtype': throws(
    () => v(1, 2).assign(tensor([1, 2], 'int32')),
    "assign: variable variable is float32, got a value of dtype int32; use cast('float32')",
  ),
  'error/variable-assign-add-shape': throws(
    () => v(1, 2).assignAdd([1, 2, 3]),
    'assignAdd: variable variable has shape (2,), got a value of shape (3,)',
  ),
};
