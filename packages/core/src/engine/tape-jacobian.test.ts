import {describe, expect, it} from 'vitest';
import {GradientTape, ops, stopGradient, tensor, type Tensor, Variable} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

describe('jacobian', () => {
  it('has the derivative of every element', () => {
    const x = new Variable([1, 2, 3]);
    const w = new Variable([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const tape = new GradientTape({persistent: true});
    const {square, product} = tape.record(() => ({square: x.square(), product: x.reshape([1, 3]).matmul(w)}));
    expect(tape.jacobian(square, x).array()).toEqual([
      [2, 0, 0],
      [0, 4, 0],
      [0, 0, 6],
    ]);
    const {dx, dw} = tape.jacobian(product, {dx: x, dw: w});
    expect(dx.shape).toEqual([1, 2, 3]);
    expect(dx.reshape([2, 3]).array()).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
    expect(dw.shape).toEqual([1, 2, 3, 2]);
    expect(dw.at(0, 0).array()).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
  });

  it('uses the tape up, and names what is not connected', () => {
    const x = new Variable([1, 2]);
    const tape = new GradientTape();
    const y = tape.record(() => x.square());
    expect(() => tape.jacobian(y, new Variable(1, {name: 'b'}))).toThrow('jacobian: the target of shape (2,)');
    tape.jacobian(y, x);
    expect(() => tape.jacobian(y, x)).toThrow('jacobian: this tape was used up');
  });

  it('of each entry of a batch', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const tape = new GradientTape({persistent: true});
    tape.watch(x);
    const y = tape.record(() => ops.stack([x.at(':', 0).mul(x.at(':', 1)), x.at(':', 0).square()], 1));
    const batch = tape.batchJacobian(y, x);
    expect(batch.shape).toEqual([3, 2, 2]);
    expect(batch.array()).toEqual([
      [
        [2, 1],
        [2, 0],
      ],
      [
        [4, 3],
        [6, 0],
      ],
      [
        [6, 5],
        [10, 0],
      ],
    ]);
    const whole = tape.jacobian(y, x);
    for (const i of [0, 1, 2]) expect(whole.at(i, ':', i).array()).toEqual(batch.at(i).array());
    expect(() => tape.batchJacobian(y, x.at(0))).toThrow('must have one first axis (the batch)');
  });
});

describe('jacobians without a connection', () => {
  const setup = () => {
    const [x, other] = [
      new Variable([[1], [2]]),
      new Variable(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        {name: 'other'},
      ),
    ];
    const tape = new GradientTape({persistent: true});
    return {x, other, tape, y: tape.record(() => x.square())};
  };

  it('are null or zeros where that is asked for', () => {
    const {x, other, tape, y} = setup();
    const [dx, none] = tape.jacobian(y, [x, other], {unconnectedGradients: 'none'});
    expect(dx?.shape).toEqual([2, 1, 2, 1]);
    expect(none).toBeNull();
    expect(tape.jacobian(y, other, {unconnectedGradients: 'zero'}).shape).toEqual([2, 1, 2, 3]);
    expect(tape.batchJacobian(y, other, {unconnectedGradients: 'none'})).toBeNull();
    const zeros = tape.batchJacobian(y, other, {unconnectedGradients: 'zero'});
    expect([zeros.shape, zeros.sum().item()]).toEqual([[2, 1, 3], 0]);
    expect(() => tape.batchJacobian(y, other)).toThrow(
      'batchJacobian: the target of shape (2,1) does not depend on variable other',
    );
    expect(() => tape.batchJacobian(y, other, {unconectedGradients: 'zero'} as never)).toThrow(
      'did you mean "unconnectedGradients"?',
    );
  });

  it('have zeros where only some elements depend on the source', () => {
    const [a, b] = [new Variable([2]), new Variable([3])];
    const tape = new GradientTape();
    const y = tape.record(() => ops.concatenate([a.square(), stopGradient(a), b]));
    expect(tape.jacobian(y, a).array()).toEqual([[4], [0], [0]]);
  });

  it('of nothing are empty', () => {
    const x = new Variable(ops.zeros([0, 2]));
    const tape = new GradientTape({persistent: true});
    const y = tape.record(() => x.square());
    expect(tape.jacobian(y, x).shape).toEqual([0, 2, 0, 2]);
    expect(tape.batchJacobian(y, x).shape).toEqual([0, 2, 2]);
  });
});

describe('products of second derivatives with vectors', () => {
  // f = sum of x^3 y: the second derivatives are [[6 x y, 3 x^2], [3 x^2, 0]].
  const pairs = () =>
    [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ].map((pair) => tensor(pair, 'float64')) as [Tensor, Tensor, Tensor, Tensor];
  const expected = [
    [90 + 21, 288 + 96],
    [15, 72],
  ];

  it('backward over backward', () => {
    const [x, y, u, v] = pairs();
    const outer = new GradientTape();
    outer.watch(x);
    outer.watch(y);
    const product = outer.record(() => {
      const inner = new GradientTape();
      inner.watch(x);
      inner.watch(y);
      const f = inner.record(() => x.pow(3).mul(y).sum());
      const [dx, dy] = inner.gradient(f, [x, y]);
      return dx.mul(u).add(dy.mul(v)).sum();
    });
    expect(outer.gradient(product, [x, y]).map((g) => g.array())).toEqual(expected);
  });

  it('a whole Hessian, by a jacobian of gradients', () => {
    const [x, y] = pairs();
    const outer = new GradientTape();
    outer.watch(x);
    const gradient = outer.record(() => {
      const inner = new GradientTape();
      inner.watch(x);
      const f = inner.record(() => x.pow(3).mul(y).sum().square());
      return inner.gradient(f, x);
    });
    const hessian = outer.jacobian(gradient, x).array() as number[][];
    // f = s^2: 2 s s'' + 2 s' s'^T with s = 35, s' = (9, 48), s'' = diag(18, 48).
    expect(hessian).toEqual([
      [70 * 18 + 2 * 81, 2 * 9 * 48],
      [2 * 9 * 48, 70 * 48 + 2 * 48 * 48],
    ]);
  });
});
