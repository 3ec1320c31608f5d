import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {apply} from '../engine/dispatch.js';
import {Tensor} from '../tensor/tensor.js';
import {boolean, broadcast, given, isDifferentiable, requireDType, requireSameDType, unbroadcast} from './rules.js';

/** Elements of `a` where the condition holds, of `b` elsewhere. */
export const select: Primitive = definePrimitive('select', {
  inputs: ['condition', 'a', 'b'],
  infer: ([condition, a, b]: readonly Spec[], _: undefined, op): Spec => {
    const test = given(condition, op);
    const x = given(a, op);
    const y = given(b, op);
    requireDType(op, boolean, test, 'condition');
    const dtype = requireSameDType(op, ['a', 'b'], [x, y]);
    return {shape: broadcast(op, test, {shape: broadcast(op, x, y), dtype}), dtype};
  },
  run: {kind: 'elementwise'},
  takesStrings: true,
  gradient: {
    saves: ['condition'],
    vjp: ({condition}, dy, {inputs, needs}) => {
      const [, a, b] = inputs;
      // Not dy * 0: a NaN of the branch that was not chosen must stay out.
      const zero = Tensor.create([], dy.dtype, 0);
      const part = (i: number, spec: Spec | undefined) => {
        if (needs[i] !== true || spec === undefined || !isDifferentiable(spec)) return null;
        const pair = i === 1 ? [condition, dy, zero] : [condition, zero, dy];
        return unbroadcast(apply(select, pair, undefined), spec);
      };
      return [null, part(1, a), part(2, b)];
    },
  },
});
