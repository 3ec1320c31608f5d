import {describe, expect, it, vi} from 'vitest';
import {DtypeError, jit, ops, ShapeError, tensor, type Tensor, ValueError} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

describe('inputSignature', () => {
  const traced = vi.fn();
  const f = jit(
    (x: Tensor, [a, {b}]: readonly [Tensor, {b: Tensor}]) => {
      traced();
      return x.matmul(a).add(b.cast('float32'));
    },
    {inputSignature: [{shape: [null, 3]}, [{shape: [3, 2]}, {b: {shape: [], dtype: 'int32'}}]]},
  );
  const rest = () => [ops.ones([3, 2]), {b: tensor(1, 'int32')}] as const;

  it('lets the sizes that it leaves open be any, one program each', () => {
    for (const n of [4, 1, 4, 1]) expect(f(ops.ones([n, 3]), rest()).shape).toEqual([n, 2]);
    expect(traced).toHaveBeenCalledTimes(2);
  });

  it.each<readonly [string, () => unknown, new (message: string) => Error, string]>([
    [
      'shape',
      () => f(ops.ones([4, 2]), rest()),
      ShapeError,
      'jit: argument 0 must be float32 (None,3) by the inputSignature, got float32 (4,2)',
    ],
    [
      'rank',
      () => f(ops.ones([3]), rest()),
      ShapeError,
      'jit: argument 0 must be float32 (None,3) by the inputSignature, got float32 (3,)',
    ],
    [
      'dtype',
      () => f(ops.ones([4, 3]), [rest()[0], {b: tensor(1)}]),
      DtypeError,
      'jit: argument 1[1].b must be int32 () by the inputSignature, got float32 ()',
    ],
    [
      'no tensor',
      () => f(5 as never, rest()),
      ValueError,
      'jit: argument 0 must be a tensor float32 (None,3) by the inputSignature, got 5',
    ],
    [
      'count',
      () => Reflect.apply(f, undefined, [ops.ones([4, 3])]) as unknown,
      ValueError,
      'jit: the function takes 2 arguments by its inputSignature, got 1',
    ],
    [
      'structure',
      () => f(ops.ones([4, 3]), [rest()[0]] as never),
      ValueError,
      'jit: argument 1 must be a list of 2 by the inputSignature, got [a Tensor]',
    ],
    [
      'signature',
      () => jit((x: Tensor) => x, {inputSignature: [{shape: [-1]}]}),
      ShapeError,
      'jit: the sizes of inputSignature[0] must be null or integers of at least 0, got (-1,)',
    ],
    [
      'entry',
      () => jit((x: Tensor) => x, {inputSignature: [5 as never]}),
      ValueError,
      'jit: inputSignature[0] must be {shape, dtype}, or a list or dictionary of those, got 5',
    ],
  ])('refuses another %s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
