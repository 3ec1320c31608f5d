import {uniform} from '../values.js';
import {each, ints, type PrimitiveCases} from './case.js';

export const MOVEMENT: Readonly<Record<string, PrimitiveCases>> = {
  reshape: each([{shape: [4, 3]}, {shape: [12]}, {shape: [2, 1, 6]}], () => [uniform([3, 4])]),
  transpose: each([{axes: [1, 0, 2]}, {axes: [2, 0, 1]}, {axes: [0, 1, 2]}], () => [uniform([2, 3, 4])]),
  broadcast_to: [
    () => ({inputs: [uniform([3, 1])], attributes: {shape: [3, 4]}}),
    () => ({inputs: [uniform([])], attributes: {shape: [2, 3]}}),
    () => ({inputs: [uniform([4])], attributes: {shape: [0, 4]}}),
    () => ({inputs: [uniform([1])], attributes: {shape: [1]}}),
  ],
  slice: each(
    [
      {starts: [0, 1], sizes: [3, 2], steps: [1, 1]},
      {starts: [2, 4], sizes: [2, 3], steps: [-1, -2]},
      {starts: [1, 0], sizes: [0, 2], steps: [1, 2]},
    ],
    () => [uniform([3, 5])],
  ),
  slice_gradient: each(
    [
      {starts: [0, 1], sizes: [3, 2], steps: [1, 1], shape: [3, 5]},
      {starts: [2, 4], sizes: [2, 3], steps: [-1, -2], shape: [3, 5]},
    ],
    ({sizes}) => [uniform(sizes)],
  ),
  pad: each(
    [
      {low: [1, 0], high: [0, 2], value: 0},
      {low: [0, 0], high: [0, 0], value: 3},
    ],
    () => [uniform([2, 3])],
  ),
  concatenate: [
    () => ({inputs: [uniform([2, 3]), uniform([1, 3]), uniform([0, 3])], attributes: {axis: 0}}),
    () => ({inputs: [uniform([2, 3]), uniform([2, 2])], attributes: {axis: -1}}),
    () => ({inputs: [uniform([3])], attributes: {axis: 0}}),
  ],
  gather: [
    ...[0, 1, -1].map((axis) => () => ({
      inputs: [
        uniform([4, 3]),
        ints([
          [0, 2],
          [2, -1],
        ]),
      ],
      attributes: {axis},
    })),
    () => ({inputs: [uniform([2, 3, 4]), ints([2, 0, 2], 'int64')], attributes: {axis: 1}}),
    () => ({inputs: [uniform([5]), ints([3]).reshape([])], attributes: {axis: 0}}),
    () => ({inputs: [uniform([5, 2]), ints([])], attributes: {axis: 0}}),
  ],
  gather_nd: [
    () => ({
      inputs: [
        uniform([3, 4]),
        ints([
          [0, 1],
          [2, 3],
          [0, 1],
        ]),
      ],
    }),
    () => ({inputs: [uniform([3, 4]), ints([[2], [0]])]}),
    () => ({inputs: [uniform([2, 3, 2]), ints([[1, -1]], 'int64')]}),
  ],
  scatter_add: [
    () => ({
      inputs: [
        ints([
          [0, 1],
          [2, 3],
          [0, 1],
        ]),
        uniform([3]),
      ],
      attributes: {shape: [3, 4]},
    }),
    () => ({inputs: [ints([[2], [0], [2]]), uniform([3, 4])], attributes: {shape: [3, 4]}}),
    () => ({inputs: [ints([]).reshape([0, 1]), uniform([0, 4])], attributes: {shape: [3, 4]}}),
  ],
};
