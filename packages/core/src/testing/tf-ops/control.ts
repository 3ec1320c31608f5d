import {jit, ops, tensor, type Tensor} from '../../index.js';
import {type Cases} from './case.js';

export const CONTROL: Cases = {
  'control/while_loop': () =>
    ops.whileLoop(
      (i, _x) => i.less(3),
      (i, x) => [i.add(1), x.mul(2)],
      [tensor(0, 'int32'), tensor(1.5)],
    ),
  'control/cond': () =>
    ops.cond(
      tensor(true),
      () => tensor(1, 'int32'),
      () => tensor(2, 'int32'),
    ),
  'control/scan': () => {
    const xs = tensor([-1.61, -0.03, -6.43, 0.01, 0.87]);
    const step = (a: Tensor, x: Tensor): [Tensor, Tensor] => {
      const next = a.mul(0.5).add(x);
      return [next, next];
    };
    return ops.scan(step, tensor(0), xs)[1];
  },
  'control/map_fn': () => ops.vectorizedMap((x: Tensor) => x.mul(x).sub(1), tensor([-2.82, 0.39, 3.61, 0.17])),
  'control/foldl': () => [...tensor([8, -2, 1, -5], 'int32')].reduce((a, x) => a.mul(2).add(x)),
  'control/switch_case': () => ops.switch(tensor(1, 'int32'), [() => 10, () => 20, () => 30]),
  'function/trace-count': () => {
    const n: number[] = [];
    const f = jit((x: Tensor) => {
      n.push(n.length);
      return x.mul(2);
    });
    return [f(tensor(1)), f(tensor(2)), f(tensor([1])), n];
  },
};
