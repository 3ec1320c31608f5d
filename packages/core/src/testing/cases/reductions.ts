import {tensor} from '../../index.js';
import {spread, uniform} from '../values.js';
import {type Make, type PrimitiveCases} from './case.js';

const axesCases = (make: Make, low = -2, high = 2): PrimitiveCases =>
  [
    {shape: [3, 4], axes: [0]},
    {shape: [3, 4], axes: [1]},
    {shape: [2, 3, 4], axes: [0, 2]},
    {shape: [2, 3, 2], axes: [0, 1, 2]},
    {shape: [1, 3, 1], axes: [0]},
    {shape: [5], axes: []},
    {shape: [], axes: []},
  ].map(({shape, axes}) => () => ({inputs: [make(shape, low, high)], attributes: {axes}}));

const emptyAxes: PrimitiveCases = [() => ({inputs: [uniform([0, 3])], attributes: {axes: [0]}})];

export const REDUCTIONS: Readonly<Record<string, PrimitiveCases>> = {
  sum: [...(axesCases(uniform) as []), ...(emptyAxes as [])],
  mean: axesCases(uniform),
  max: axesCases(spread),
  min: axesCases(spread),
  prod: [
    ...(axesCases(uniform, 0.5, 2) as []),
    ...(emptyAxes as []),
    // One zero and two zeros in a column.
    () => ({
      inputs: [
        tensor(
          [
            [0, 0],
            [2, 3],
            [5, 0],
          ],
          'float64',
        ),
      ],
      attributes: {axes: [0]},
    }),
  ],
};
