import {describe, expect, expectTypeOf, it} from 'vitest';
import {KeratinError} from '../errors.js';
import {isSymbolic, symbolicTensor} from '../engine/hidden.js';
import {GradientTape, ops, tensor, type Tensor} from '../index.js';
import {checkGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {uniform} from '../testing/values.js';

// Branches, loops and scans beyond the recorded cases of Keras: structures, gradients, open shapes, errors.

checkLeaks();

const symbol = (...shape: (number | null)[]): Tensor => symbolicTensor({shape, dtype: 'float32'});

describe('values', () => {
  it('cond and switch call one function', () => {
    const called: string[] = [];
    const say = (name: string) => () => {
      called.push(name);
      return name;
    };
    expect([ops.cond(tensor(true), say('a'), say('b')), ops.cond(0, say('c'), say('d'))]).toEqual(['a', 'd']);
    expect([-1, 1, 9].map((i) => ops.switchOp(i, [say('x'), say('y'), say('z')]))).toEqual(['x', 'y', 'z']);
    expect(called).toEqual(['a', 'd', 'x', 'y', 'z']);
    expect(ops.switch(tensor(1, 'int32'), [() => 'x', () => 'y'])).toBe('y');
  });

  it('switch passes on as many operands as there are', () => {
    const count = (...operands: number[]) => operands.length;
    expect([0, 1, 6].map((n) => ops.switchOp(0, [count], ...new Array<number>(n).fill(7)))).toEqual([0, 1, 6]);
  });

  it('whileLoop takes a list of variables or one, and may be limited', () => {
    const [i, pair] = ops.whileLoop(
      (n, {x}) => x.sum().less(n.add(50)),
      (n, {x, y}) => [n.add(1), {x: x.mul(2), y: y.sub(1)}],
      [0, {x: tensor([1, 2]), y: tensor([5])}],
    );
    expectTypeOf(i).toEqualTypeOf<Tensor>();
    expect([i.item(), pair.x.array(), pair.y.array()]).toEqual([5, [32, 64], [0]]);
    const one = ops.whileLoop(
      (x: Tensor) => x.less(100),
      (x: Tensor) => x.mul(3),
      tensor(2),
      {maximumIterations: 3},
    );
    expect(one.item()).toBe(54);
    const never = ops.whileLoop(
      () => false,
      (x: Tensor) => x.mul(3),
      tensor(2),
    );
    expect(never.item()).toBe(2);
  });

  it('foriLoop counts in int32; bounds may be tensors', () => {
    const sum = ops.foriLoop(tensor(2, 'int32'), 5, (i, total: Tensor) => total.add(i), tensor(0, 'int32'));
    expect([sum.item(), sum.dtype]).toEqual([9, 'int32']);
    expect(ops.foriLoop(3, 3, (_, x: Tensor) => x.mul(2), tensor(7)).item()).toBe(7);
  });

  it('scan carries structures and gives outputs of any form', () => {
    const xs = {a: tensor([1, 2, 3]), b: tensor([[1], [10], [100]])};
    const [carry, ys] = ops.scan(
      ([sum]: [Tensor], {a, b}: {a: Tensor; b: Tensor}): [[Tensor], {y: Tensor}] => [[sum.add(b.sum())], {y: a.mul(b)}],
      [tensor(0)] as [Tensor],
      xs,
    );
    expect([carry[0].item(), ys.y.array()]).toEqual([111, [[1], [20], [300]]]);
    const [last, none] = ops.scan((x: Tensor): [Tensor, null] => [x.mul(2), null], tensor(1), null, {length: 5});
    expect([last.item(), none]).toEqual([32, null]);
  });

  it('nothing to scan or map gives size 0', () => {
    const empty = ops.zeros([0, 3]);
    const [carry, ys] = ops.scan((c: Tensor, x: Tensor): [Tensor, Tensor] => [c, x.sum()], tensor(4), empty);
    expect([carry.item(), ys.shape]).toEqual([4, [0]]);
    expect(ops.map((x: Tensor) => ops.stack([x, x]), empty).shape).toEqual([0, 2, 3]);
  });

  it.each([1, 2, 3, 4, 5, 8, 9])('associativeScan over %i entries, on any axis', (n) => {
    const x = uniform([2, n, 3], 0.5, 1.5);
    const add = (a: Tensor, b: Tensor) => a.add(b);
    const running = ops.associativeScan(add, x, {axis: 1});
    expect(running.sub(ops.cumsum(x, 1)).abs().max().item()).toBeLessThan(1e-12);
    expect(ops.associativeScan(add, x, {axis: -2}).array()).toEqual(running.array());
    const back = ops.associativeScan(add, x, {axis: 1, reverse: true});
    expect(
      ops
        .flip(back, 1)
        .sub(ops.cumsum(ops.flip(x, 1), 1))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-12);
  });

  it('associativeScan of pairs: a linear recurrence', () => {
    // y = a y + b
    const [a, b] = [tensor([0.5, 2, 1, -1, 3]), tensor([1, 2, 3, 4, 5])];
    const join = ([a1, b1]: [Tensor, Tensor], [a2, b2]: [Tensor, Tensor]): [Tensor, Tensor] => [
      a1.mul(a2),
      b1.mul(a2).add(b2),
    ];
    expect(ops.associativeScan(join, [a, b])[1].array()).toEqual([1, 4, 7, -3, -4]);
  });

  it('vectorize broadcasts; a signature names axes', () => {
    const larger = ops.vectorize((a: Tensor, b: Tensor) =>
      ops.cond(
        a.greater(b),
        () => a,
        () => b,
      ),
    );
    expect(larger([1, 2, 3], 2).array()).toEqual([2, 2, 3]);
    expect(larger([[1], [5]], [2, 3]).array()).toEqual([
      [2, 3],
      [5, 5],
    ]);
    const product = ops.vectorize((m: Tensor, v: Tensor) => ops.dot(m, v), {signature: '(m,n),(n)->(m)'});
    expect(product(ops.ones([4, 2, 3]), [1, 2, 3]).array()).toEqual(new Array(4).fill([6, 6]));
    const powers = ops.vectorize((x: Tensor, n: number) => x.pow(n), {excluded: [1]});
    expect(powers([1, 2, 3], 2).array()).toEqual([1, 4, 9]);
    const both = ops.vectorize((x: Tensor): [Tensor, Tensor] => [x.add(1), x.mul(2)]);
    expect(both([1, 2]).map((y) => y.array())).toEqual([
      [2, 3],
      [2, 4],
    ]);
    expect(larger(ops.zeros([0, 2]), 1).shape).toEqual([0, 2]);
  });

  it('jvp: structures, unconnected results, aux', () => {
    const [y, dy, aux] = ops.jvp(
      (a: Tensor, b: Tensor): [{sum: Tensor; count: Tensor}, string] => [
        {sum: a.mul(b), count: tensor([1], 'int32')},
        'more',
      ],
      [tensor([2, 3]), tensor([4, 5])],
      [
        [1, 0],
        [0, 10],
      ],
      {hasAux: true},
    );
    expect([y.sum.array(), dy.sum.array(), dy.count.array(), aux]).toEqual([[8, 15], [4, 30], [0], 'more']);
  });
});

describe('gradients', () => {
  it.each<[string, (x: Tensor, y: Tensor) => Tensor]>([
    [
      'cond',
      (x, y) =>
        ops.cond(
          x.sum().greater(-100),
          () => x.mul(y).square(),
          () => y,
        ),
    ],
    ['switch', (x, y) => ops.switchOp(1, [(a: Tensor) => a, (a: Tensor) => a.mul(y).square()], x)],
    [
      'whileLoop',
      (x, y) =>
        ops.whileLoop(
          (i) => i.less(3),
          (i, a) => [i.add(1), a.mul(y).sin()],
          [0, x],
        )[1],
    ],
    ['foriLoop', (x, y) => ops.foriLoop(0, 3, (_, a) => a.mul(y).sin(), x)],
    [
      'scan',
      (x, y) => ops.scan((c: Tensor, row: Tensor): [Tensor, Tensor] => [c.mul(row), c.sin()], y, ops.stack([x, x]))[1],
    ],
    ['map', (x, y) => ops.map((row: Tensor) => row.mul(row.sum()).mul(y.sum()), x.reshape([3, 1]))],
    ['associativeScan', (x, y) => ops.associativeScan((a: Tensor, b: Tensor) => a.mul(b), x.mul(y))],
    ['jvp', (x, y) => ops.jvp((a: Tensor) => a.pow(3), [x], [y])[1]],
  ])('%s', (_, fn) => {
    checkGradients((x, y) => fn(x, y), [uniform([3], 0.5, 1.5), uniform([3], 0.6, 1.4, 7)], {order: 2});
  });

  it('of loops over Variables of the outer function', () => {
    const x = tensor([1, 2, 3]);
    const tape = new GradientTape();
    tape.watch(x);
    const y = tape.record(() =>
      ops.foriLoop(0, 4, (i, sum: Tensor) => sum.add(x.at(1).mul(i.cast('float32'))), tensor(0)),
    );
    expect(tape.gradient(y, x).array()).toEqual([0, 6, 0]);
  });
});

it('symbolic tensors tell shapes', () => {
  const x = symbol(null, 3);
  const truth = ops.greater(x.sum(), 0);
  const y = ops.cond(
    truth,
    () => x.mul(2),
    () => x.sub(1),
  );
  expect([isSymbolic(y), y.shape]).toEqual([true, [null, 3]]);
  const [i, z] = ops.whileLoop(
    (_, a) => a.sum().less(3),
    (n, a) => [n.add(1), a.mul(2)],
    [0, x],
  );
  expect([i.shape, z.shape]).toEqual([[], [null, 3]]);
  expect(() =>
    ops.cond(
      truth,
      () => x,
      () => x.sum(),
    ),
  ).toThrow('cond: both functions must give the same shapes and dtypes, got float32 (None,3) and float32 ()');
});

describe('mistakes', () => {
  const x = tensor([1, 2, 3]);
  const same = (y: Tensor) => y;
  const never = 'not a function' as never;
  it.each<[() => unknown, string]>([
    [
      () =>
        ops.cond(
          x.greater(1),
          () => x,
          () => x,
        ),
      'cond: pred must be one boolean, got shape (3,)',
    ],
    [
      () =>
        ops.cond(
          'yes' as never,
          () => x,
          () => x,
        ),
      'cond: pred must be a boolean or a tensor of one element, got "yes"',
    ],
    [() => ops.cond(true, never, () => x), 'cond: trueFn must be a function, got "not a function"'],
    [() => ops.switchOp(0, []), 'switch: branches must be a list of at least one function, got []'],
    [() => ops.switchOp(0, [never]), 'switch: branches[0] must be a function, got "not a function"'],
    [() => ops.switchOp(x, [() => 1]), 'switch: indices must be integers, got float32 of shape (3,)'],
    [
      () =>
        ops.whileLoop(
          () => true,
          (y: Tensor) => y.sum(),
          x,
        ),
      'whileLoop: what body gives must keep shape and dtype: float32 (3,), got float32 ()',
    ],
    [
      () =>
        ops.whileLoop(
          () => true,
          (i) => [i] as never,
          [0, x],
        ),
      'whileLoop: what body gives must have the form [*, *], got [*]',
    ],
    [
      () => ops.whileLoop((y: Tensor) => y.less(3), same, x),
      'whileLoop: what cond gives must be one boolean, got shape (3,)',
    ],
    [
      () => ops.whileLoop(() => true, same, x, {maximumIterations: -1}),
      'whileLoop: maximumIterations must be an integer of at least 0, got -1',
    ],
    [
      // @ts-expect-error a misspelt option
      () => ops.whileLoop(() => true, same, x, {maxIterations: 1}),
      'whileLoop: unknown option "maxIterations"; did you mean "maximumIterations"?',
    ],
    [
      () => ops.foriLoop(0, x.cast('int32'), (_, y) => y, x),
      'foriLoop: lower and upper must be one number each, got shape (3,)',
    ],
    [
      () => ops.foriLoop(0, 2, (_, y) => y.cast('int32'), x),
      'foriLoop: what bodyFun gives must keep shape and dtype: float32 (3,), got int32 (3,)',
    ],
    [() => ops.scan(() => 'odd' as never, x, x), 'scan: f must return [carry, output], got "odd"'],
    [() => ops.scan((c: Tensor): [Tensor, null] => [c, null], x, null), 'scan: xs or length is needed, got neither'],
    [
      () => ops.scan((c: Tensor): [Tensor, null] => [c, null], x, x, {length: 4}),
      'scan: length must be the size of xs, 3, got 4',
    ],
    [
      () => ops.scan((c: Tensor): [Tensor, null] => [c, null], x, [x, tensor([1])]),
      'scan: xs must have one size along axis 0, got shapes (3,) and (1,)',
    ],
    [
      () => ops.scan((c: Tensor): [Tensor, null] => [c.sum(), null], x, x),
      'scan: the carry that f gives must keep shape and dtype: float32 (3,), got float32 ()',
    ],
    [
      () => ops.scan((c: Tensor): [Tensor, null] => [c, null], x, x, {unroll: 0}),
      'scan: unroll must be a positive integer or a boolean, got 0',
    ],
    [() => ops.map(same, tensor(3)), 'map: xs must have axis 0, got shape ()'],
    [() => ops.map((entry: readonly Tensor[]) => entry, []), 'map: xs must hold at least one tensor, got []'],
    [() => ops.vectorizedMap(never, x), 'vectorizedMap: f must be a function, got "not a function"'],
    [
      () => ops.associativeScan((a: Tensor) => a.sum(), x),
      'associativeScan: what f gives must keep shape and dtype: float32 (1,), got float32 ()',
    ],
    [() => ops.associativeScan(same, x, {axis: 1}), 'associativeScan: elems must have axis 1, got shape (3,)'],
    [
      () => ops.vectorize(same, {signature: '(m->n)'}),
      'vectorize: signature must have the form \'(m,n),(n)->(m)\', got "(m->n)"',
    ],
    [
      () => ops.vectorize((a: Tensor) => a, {signature: '(n),(n)->(n)'})(x),
      'vectorize: signature "(n),(n)->(n)" takes 2 tensors, got 1',
    ],
    [
      () => ops.vectorize((a: Tensor) => a, {signature: '(n),(n)->(n)'})(x, [1, 2]),
      'vectorize: axis n of argument 1 must have size 3 as elsewhere, got 2',
    ],
    [() => ops.vectorize((a: Tensor) => a)(x, [1, 2]), 'vectorize: arguments must broadcast, got (3,) and (2,)'],
    [
      () => ops.vectorize((a: Tensor) => ops.stack([a, a]))(x),
      'vectorize: result 0 must have the axes (), got shape (2,)',
    ],
    // @ts-expect-error a tangent for each primal
    [() => ops.jvp(same, [x], []), 'jvp: primals and tangents must be lists of one length, got [a Tensor] and []'],
    [() => ops.jvp(same, [x], [[1, 2]]), 'jvp: tangents[0] must be like its primal, float32 (3,), got float32 (2,)'],
  ])('%#', (fn, message) => {
    expect(fn).toThrow(KeratinError);
    expect(fn).toThrow(message);
  });
});
