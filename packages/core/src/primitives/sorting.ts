import {ShapeError} from '../errors.js';
import {definePrimitive, type Spec} from '../engine/primitive.js';
import {show} from '../shape.js';
import {comparable, given, requireDType, requireRank, requireSameDType} from './rules.js';

// Indices only: sorted values are gathered with them, which has the gradient.

export interface ArgsortAttributes {
  readonly descending: boolean;
  /** How many of each row, from the first in order; null for all. */
  readonly count: number | null;
}

/** Positions (int32) in the last axis in ascending or descending order. Equal elements keep their order; NaN is largest. */
export const argsort = definePrimitive('argsort', {
  inputs: ['x'],
  infer: ([x]: readonly Spec[], {count}: ArgsortAttributes, op): Spec => {
    const {shape, dtype} = given(x, op);
    requireDType(op, comparable, {shape, dtype});
    const n = shape.at(-1);
    if (n === undefined) throw new ShapeError(`${op}: x must have rank 1 or more, got a scalar`);
    if (count !== null && (!Number.isInteger(count) || count < 0 || (n !== null && count > n))) {
      throw new ShapeError(`${op}: the last axis of shape ${show(shape)} does not have ${String(count)} elements`);
    }
    return {shape: [...shape.slice(0, -1), count ?? n], dtype: 'int32'};
  },
  run: {kind: 'contiguous', encode: ({descending}) => [Number(descending)]},
  gradient: null,
});

export interface SearchsortedAttributes {
  /** Whether values go behind equal elements. */
  readonly right: boolean;
}

/** Where each value belongs in an ascending list (int32). */
export const searchsorted = definePrimitive('searchsorted', {
  inputs: ['sorted', 'values'],
  infer: ([sorted, values]: readonly Spec[], _: SearchsortedAttributes, op): Spec => {
    const list = given(sorted, op);
    const wanted = given(values, op);
    requireSameDType(op, ['sortedSequence', 'values'], [list, wanted]);
    requireDType(op, comparable, list, 'sortedSequence');
    requireRank(op, list, 1, 'sortedSequence');
    return {shape: wanted.shape, dtype: 'int32'};
  },
  run: {kind: 'contiguous', encode: ({right}) => [Number(right)]},
  gradient: null,
});
