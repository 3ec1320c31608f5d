import {describe, expect, it} from 'vitest';
import {
  GradientError,
  GradientTape,
  type GradientTapeOptions,
  ops,
  random,
  range,
  tensor,
  type Tensor,
  valueAndGrad,
  ValueError,
  Variable,
} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';
import {apply} from './dispatch.js';
import {definePrimitive, type Spec} from './primitive.js';
import {recordFunction} from './recording.js';

checkLeaks();

describe('gradient', () => {
  it('002-4 of x^2 at 3 is 6', () => {
    const x = new Variable(3);
    const tape = new GradientTape();
    const y = tape.record(() => x.pow(2));
    expect(tape.gradient(y, x).item()).toBe(6);
  });

  it('002-4 has the form of the sources, and their shapes and dtypes', () => {
    const w = new Variable(random.normal([3, 2]), {name: 'w'});
    const b = new Variable(ops.zeros([2]), {name: 'b'});
    const x = tensor([[1, 2, 3]]);
    const tape = new GradientTape({persistent: true});
    const loss = tape.record(() => ops.mean(x.matmul(w).add(b).square()));
    const [dw, db] = tape.gradient(loss, [w, b]);
    const named = tape.gradient(loss, {w, b});
    expect(dw.shape).toEqual([3, 2]);
    expect(db.shape).toEqual([2]);
    expect(named.w.array()).toEqual(dw.array());
    expect(named.b.array()).toEqual(db.array());
    expect(Object.keys(named)).toEqual(['w', 'b']);
    const nothing: readonly Variable[] = [];
    expect(tape.gradient(loss, nothing)).toEqual([]);
  });

  it('002-6 reproduces backpropagation by hand', () => {
    const X = new Variable([[2], [3]]);
    const Y = new Variable([1]);
    const W1 = new Variable([
      [0.11, 0.21],
      [0.12, 0.08],
    ]);
    const W2 = new Variable([[0.14, 0.15]]);
    const forward = (a: Tensor, c: Tensor) => {
      const H = a.matmul(X);
      const out = c.matmul(H);
      return {H, out, L: out.sub(Y).square().div(2)};
    };
    const close = (t: Tensor, values: number[], digits = 6) =>
      [...t.data()].forEach((value, i) => expect(value).toBeCloseTo(values[i] ?? NaN, digits));
    const tape = new GradientTape();
    const {H, out, L} = tape.record(() => forward(W1, W2));
    close(H, [0.85, 0.48]);
    close(out, [0.191]);
    close(L, [0.32724053], 7);
    const [d1, d2] = tape.gradient(L, [W1, W2]);
    close(d1, [-0.22652, -0.33978, -0.2427, -0.36405]);
    close(d2, [-0.68765, -0.38832]);
    const next = forward(W1.sub(d1.mul(0.05)), W2.sub(d2.mul(0.05)));
    close(next.H, [0.923619, 0.55887747]);
    close(next.out, [0.25574577]);
    close(next.L, [0.27695718], 7);
  });

  it('sums over the elements of a target that is no scalar', () => {
    const x = new Variable([1, 2, 3]);
    const tape = new GradientTape();
    const y = tape.record(() => x.square());
    expect(tape.gradient(y, x).array()).toEqual([2, 4, 6]);
  });

  it('adds up where a tensor is used several times', () => {
    const x = new Variable(3);
    const tape = new GradientTape();
    const y = tape.record(() => x.mul(x).add(x).sub(x.mul(2)));
    expect(tape.gradient(y, x).item()).toBe(5);
  });

  it('reaches tensors in between, and the target itself', () => {
    const x = new Variable(2);
    const tape = new GradientTape({persistent: true});
    const {y, z} = tape.record(() => {
      const middle = x.square();
      return {y: middle, z: middle.mul(3)};
    });
    expect(tape.gradient(z, y).item()).toBe(3);
    expect(tape.gradient(z, [x, y, z]).map((g) => g.item())).toEqual([12, 3, 1]);
  });

  it('uses the values of the time of recording', () => {
    const x = new Variable([3]);
    const tape = new GradientTape();
    const y = tape.record(() => x.square());
    x.assign([100]);
    expect(tape.gradient(y, x).array()).toEqual([6]);
    expect(x.array()).toEqual([100]);
  });

  it('passes through casts, and not through integers', () => {
    const x = new Variable([1.5, 2.5]);
    const tape = new GradientTape({persistent: true});
    const {y, z} = tape.record(() => ({
      y: x.cast('float64').square().cast('float32'),
      z: x.cast('int32').cast('float32').square(),
    }));
    expect(tape.gradient(y, x).array()).toEqual([3, 5]);
    expect(tape.gradient(z, x, {unconnectedGradients: 'none'})).toBeNull();
  });
});

describe('a tape', () => {
  it('that is not persistent is used up by the first gradient', () => {
    const x = new Variable(3);
    const tape = new GradientTape();
    const y = tape.record(() => x.square());
    tape.gradient(y, x);
    expect(() => tape.gradient(y, x)).toThrow(GradientError);
    expect(() => tape.gradient(y, x)).toThrow('make it with {persistent: true}');
  });

  it('goes on with every record', () => {
    const x = new Variable(3);
    const tape = new GradientTape({persistent: true});
    const y = tape.record(() => x.square());
    const outside = y.mul(2);
    const z = tape.record(() => y.mul(5));
    expect(tape.gradient(z, x).item()).toBe(30);
    expect(tape.gradient(outside, x, {unconnectedGradients: 'none'})).toBeNull();
  });

  it('watches tensors that it is told to', () => {
    const x = tensor([1, 2]);
    const tape = new GradientTape();
    tape.watch(x);
    const y = tape.record(() => x.square().sum());
    expect(tape.gradient(y, x).array()).toEqual([2, 4]);
    expect(() => tape.watch(tensor([1], 'int32'))).toThrow(
      'only floating and complex tensors have gradients, got int32',
    );
    expect(() => tape.watch([1] as never)).toThrow(ValueError);
  });

  it('watches trainable Variables, unless it is told not to', () => {
    const x = new Variable(3);
    const frozen = new Variable(2, {trainable: false, name: 'frozen'});
    const tape = new GradientTape({persistent: true});
    const y = tape.record(() => x.mul(frozen));
    expect(tape.gradient(y, x).item()).toBe(2);
    expect(() => tape.gradient(y, frozen)).toThrow(
      'variable frozen in a way that this tape recorded (it is not trainable: tape.watch it first)',
    );
    const selective = new GradientTape({watchAccessedVariables: false, persistent: true});
    selective.watch(frozen);
    const z = selective.record(() => x.mul(frozen));
    expect(selective.gradient(z, frozen).item()).toBe(3);
    expect(selective.gradient(z, x, {unconnectedGradients: 'none'})).toBeNull();
  });

  it('gives no gradient in part for what it did not watch', () => {
    const [x, c] = [new Variable(3), tensor(2)];
    const tape = new GradientTape();
    // The square of c alone is not recorded.
    const y = tape.record(() => x.mul(c).add(c.square()));
    expect(tape.gradient(y, c, {unconnectedGradients: 'none'})).toBeNull();
  });

  it('does not record while it is stopped', () => {
    const x = new Variable(3);
    const tape = new GradientTape();
    const y = tape.record(() => x.square().add(tape.stopRecording(() => x.pow(3))));
    expect(tape.gradient(y, x).item()).toBe(6);
  });

  it('inside another gives higher orders', () => {
    const x = new Variable(tensor(2, 'float64'));
    const outermost = new GradientTape();
    const d2 = outermost.record(() => {
      const outer = new GradientTape();
      const d1 = outer.record(() => {
        const inner = new GradientTape();
        const y = inner.record(() => x.pow(4));
        return inner.gradient(y, x);
      });
      expect(d1.item()).toBe(32);
      return outer.gradient(d1, x);
    });
    expect(d2.item()).toBe(48);
    expect(outermost.gradient(d2, x).item()).toBe(48);
  });

  it('beside another sees what it follows', () => {
    const [a, b] = [new Variable(2), new Variable(5)];
    const outer = new GradientTape();
    const inner = new GradientTape();
    const y = outer.record(() => {
      const part = a.square();
      return inner.record(() => part.mul(b));
    });
    expect(inner.gradient(y, b).item()).toBe(4);
    expect(outer.gradient(y, [a, b]).map((g) => g.item())).toEqual([20, 4]);
  });

  it('ends where the function throws', () => {
    const x = new Variable(3);
    const tape = new GradientTape({persistent: true});
    expect(() =>
      tape.record(() => {
        x.square();
        throw new Error('inside');
      }),
    ).toThrow('inside');
    const y = tape.record(() => x.square());
    expect(tape.gradient(y, x).item()).toBe(6);
  });
});

describe('sources that the target does not depend on', () => {
  const setup = () => {
    const x = new Variable(3, {name: 'x'});
    const other = new Variable([1, 2], {name: 'other'});
    const tape = new GradientTape({persistent: true});
    return {x, other, tape, y: tape.record(() => x.square())};
  };

  it('are an error that names them', () => {
    const {y, x, other, tape} = setup();
    expect(() => tape.gradient(y, [x, other])).toThrow(GradientError);
    expect(() => tape.gradient(y, {x, other})).toThrow(
      "gradient: the target of shape () does not depend on variable other in a way that this tape recorded; pass {unconnectedGradients: 'zero'} or 'none'",
    );
    expect(() => tape.gradient(y, tensor([1]))).toThrow('(a plain tensor needs tape.watch first)');
  });

  it('give zeros or null where that is asked for', () => {
    const {y, x, other, tape} = setup();
    expect(tape.gradient(y, [x, other], {unconnectedGradients: 'zero'})[1].array()).toEqual([0, 0]);
    expect(tape.gradient(y, [x, other], {unconnectedGradients: 'none'})[1]).toBeNull();
  });
});

describe('wrong calls', () => {
  it('an async function', () => {
    // @ts-expect-error a Promise does not compile either
    expect(() => new GradientTape().record(() => Promise.resolve(1))).toThrow('it returned a Promise');
  });

  const x = () => new Variable(3);
  const recorded = (options: GradientTapeOptions = {}) => {
    const tape = new GradientTape(options);
    return {tape, y: tape.record(() => x().square())};
  };

  it.each<[string, () => unknown, string]>([
    ['an unknown option', () => new GradientTape({persistant: true} as never), 'did you mean "persistent"?'],
    ['a target that is no tensor', () => recorded().tape.gradient(3 as never, x()), 'must be a tensor, got 3'],
    [
      'an integer target',
      () => recorded().tape.gradient(range(2), x()),
      'must be a floating or complex tensor, got int32',
    ],
    [
      'a source that is no tensor',
      () => recorded().tape.gradient(recorded().y, [1] as never),
      'source 0 must be a Variable',
    ],
    [
      'an unknown mode',
      () => recorded().tape.gradient(recorded().y, x(), {unconnectedGradients: 'zeros'} as never),
      "did you mean 'zero'?",
    ],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});

describe('gradients that do not fit what they are the gradients of', () => {
  const record = (give: (dy: Tensor) => Tensor) => {
    const x = new Variable([1, 2, 3]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      const out = tensor([1, 2, 3]);
      recordFunction('brokenOp', [x], [out], ([dy]) => [dy === null || dy === undefined ? null : give(dy)]);
      return out;
    });
    return () => tape.gradient(y, x);
  };
  it.each<[string, (dy: Tensor) => Tensor, string]>([
    ['shape', (dy) => dy.sum(), 'gradient: brokenOp gave a gradient of dtype float32 and shape () for its input 0'],
    [
      'dtype',
      (dy) => dy.cast('float64'),
      'dtype float64 and shape (3,) for its input 0, which is float32 of shape (3,)',
    ],
  ])('are refused by op and input: %s', (_, give, message) => {
    expect(record(give)).toThrow(GradientError);
    expect(record(give)).toThrow(message);
  });

  it('name the input of a primitive', () => {
    const broken = definePrimitive('broken_for_a_test', {
      inputs: ['left', 'right'],
      infer: ([a]: readonly Spec[]) => a ?? {shape: [], dtype: 'float32'},
      run: {kind: 'elementwise', kernel: 'add'},
      gradient: {saves: [], vjp: (_, dy) => [dy, dy.cast('float64')]},
    });
    const run = () => {
      const x = new Variable([1, 2]);
      return valueAndGrad(() => apply(broken, [x.mul(1), x], undefined), x);
    };
    expect(run).toThrow(
      'broken_for_a_test gave a gradient of dtype float64 and shape (2,) for its input right, which is float32 of shape (2,)',
    );
  });
});

describe('valueAndGrad', () => {
  it('gives both', () => {
    const [a, b] = [new Variable(2), tensor(3)];
    const [value, grads] = valueAndGrad(() => a.square().mul(b), {a, b});
    expect(value.item()).toBe(12);
    expect(grads.a.item()).toBe(12);
    expect(grads.b.item()).toBe(4);
  });
});
