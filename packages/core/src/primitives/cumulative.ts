import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {checkedAxis, given, numericOrComplex, requireDType} from './rules.js';

export interface CumulativeAttributes {
  readonly axis: number;
  /** From the last element to the first. */
  readonly reverse: boolean;
}

const rule = {
  inputs: ['x'],
  infer: ([x]: readonly Spec[], {axis}: CumulativeAttributes, op: string): Spec => {
    const input = given(x, op);
    requireDType(op, numericOrComplex, input);
    checkedAxis(op, axis, input);
    return input;
  },
  run: {
    kind: 'contiguous',
    encode: ({axis, reverse}: CumulativeAttributes, [x]: readonly Spec[]) => [
      axis < 0 ? axis + given(x, 'cumulative').shape.length : axis,
      Number(reverse),
    ],
  },
} as const;

/** Running sums along an axis. Each element counts in all later sums. */
export const cumsum: Primitive<CumulativeAttributes> = definePrimitive('cumsum', {
  ...rule,
  gradient: {
    saves: [],
    vjp: (_, dy, {attributes: {axis, reverse}}) => [apply(cumsum, [dy], {axis, reverse: !reverse})],
  },
});

/** Running products along an axis. The gradient is sum(dy y) over later elements / x, not a number at 0, as in TensorFlow. */
export const cumprod: Primitive<CumulativeAttributes> = definePrimitive('cumprod', {
  ...rule,
  gradient: {
    saves: ['x', 'y'],
    holomorphic: true,
    vjp: ({x, y}, dy, {attributes: {axis, reverse}}) => [apply(cumsum, [dy.mul(y)], {axis, reverse: !reverse}).div(x)],
  },
});
