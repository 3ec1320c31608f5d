import {afterEach, describe, expect, it, vi} from 'vitest';
import {cond, jit, ops, print, tensor, type Tensor, Variable, whileLoop} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

describe('print', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const lines = (fn: () => void): string[] => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    fn();
    const seen = log.mock.calls.map((call) => call.join(' '));
    log.mockRestore();
    return seen;
  };

  it('writes at every run, console.log while compiling only', () => {
    const w = new Variable([10, 20]);
    const f = jit((x: Tensor) => {
      console.log('compiling');
      print('before', w, 'and', 5);
      w.assignAdd(x);
      print('after', w, x.sum(), ops.zeros([2]));
      return x;
    });
    const run = () => lines(() => f(tensor([1, 2])));
    expect(run()).toEqual(['compiling', 'before [10. 20.] and 5', 'after [11. 22.] 3.0 [0. 0.]']);
    expect(run()).toEqual(['before [11. 22.] and 5', 'after [12. 24.] 3.0 [0. 0.]']);
    expect(lines(() => { print('eager', tensor([1, 2], 'int32')); })).toEqual(['eager [1 2]']); // prettier-ignore
  });

  it('follows the way that is taken', () => {
    const f = (x: Tensor) => {
      let y = x;
      print('start');
      while (y.sum().less(10).item()) {
        print('again', y);
        y = y.mul(2);
      }
      print('end', y);
      return y;
    };
    const compiled = jit(f);
    for (const values of [
      [1, 2],
      [4, 4],
      [1, 2],
      [20, 1],
    ]) {
      const x = tensor(values);
      expect(lines(() => compiled(x))).toEqual(lines(() => f(x)));
    }
  });

  it('within cond and whileLoop', () => {
    const f = (x: Tensor) =>
      whileLoop(
        (y) => y.less(5),
        (y) => {
          print('y is', y);
          return cond(y.less(2), () => (print('small'), y.add(1)), () => y.mul(2)); // prettier-ignore
        },
        x,
      );
    const compiled = jit(f);
    for (const value of [0, 1, 3, 0, 9]) {
      expect(lines(() => compiled(tensor(value)))).toEqual(lines(() => f(tensor(value))));
    }
  });
});
