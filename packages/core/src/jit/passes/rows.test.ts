import {describe, expect, it} from 'vitest';
import {GradientTape, jit, ops, random, type Tensor} from '../../index.js';
import {programText} from '../../testing/programs.js';

const x = ops.ones([6, 8]);

const softmax = (t: Tensor): Tensor => {
  const exp = t.sub(t.max({axis: -1, keepdims: true})).exp();
  return exp.div(exp.sum({axis: -1, keepdims: true}));
};

const normalized = (t: Tensor, scale: Tensor, shift: Tensor): Tensor => {
  const centered = t.sub(t.mean({axis: -1, keepdims: true}));
  const variance = centered.square().mean({axis: -1, keepdims: true});
  return centered.mul(variance.add(1e-3).rsqrt()).mul(scale).add(shift);
};

describe('programs over rows', () => {
  it('hold reductions of rows and what is computed around them', () => {
    expect(programText(softmax, [x], 'rows')).toMatchInlineSnapshot(`
      "program(%0: float32[6,8]) {
        %1: float32[6,8] = rows($0 = exp(subtract(%0, max(%0))); divide($0, sum($0)))
        return %1
      }"
    `);
    expect(programText(normalized, [x, ops.ones([8]), ops.ones([8])], 'rows')).toMatchInlineSnapshot(`
      "program(%0: float32[6,8], %1: float32[8], %2: float32[8]) {
        %3: float32[6,8] = rows($0 = subtract(%0, mean(%0)); add(multiply(multiply($0, rsqrt(add(mean(square($0)), 0.001))), %1), %2))
        return %3
      }"
    `);
  });

  it('give losses with their gradients', () => {
    const fn = (t: Tensor, wanted: Tensor) => {
      const tape = new GradientTape();
      tape.watch(t);
      const loss = tape.record(() => wanted.mul(softmax(t).log()).sum(-1).neg().mean());
      return [loss, tape.gradient(loss, t)];
    };
    expect(programText(fn, [x, x], 'simplify', 'sink', 'share', 'deadCode', 'rows')).toMatchInlineSnapshot(`
      "program(%0: float32[6,8], %1: float32[6,8]) {
        %2: float32[6,1], %3: float32[6,8] = rows($0 = max(%0); $1 = exp(subtract(%0, $0)); $2 = sum($1); $3 = divide($1, $2); $4 = divide(multiply(full(-0.1666666716337204, [6,8]), %1), $3); $5 = multiply(add(divide($4, $2), sum(negative(divide(multiply($4, $3), $2)))), $1); $6 = cast(equal(%0, $0)); negative(sum(multiply(%1, log($3)))); add($5, multiply($6, divide(sum(negative($5)), sum($6)))))
        %4: float32[1,1] = mean(%2, axes: [0,1])
        %5: float32[] = reshape(%4, shape: [])
        return %5, %3
      }"
    `);
  });

  it('leave out what is not of rows: other axes, views, integers, rows that are too long or too short', () => {
    const fn = (t: Tensor, turned: Tensor, long: Tensor, whole: Tensor) => [
      t.exp().sum(0),
      turned.transpose().sum(-1).add(1),
      long.exp().sum(-1),
      whole.add(1).sum(-1),
      t.reshape([24, 2]).exp().sum(-1),
    ];
    const args = [x, x, ops.ones([2, 5000]), ops.ones([3, 8], 'int32')] as const;
    expect(programText(fn, [...args], 'rows')).not.toContain('rows(');
  });

  it('end where something else needs a value', () => {
    const fn = (t: Tensor, w: Tensor) => {
      const sums = t.exp().sum({axis: 1, keepdims: true});
      return sums.matmul(w).add(sums);
    };
    expect(programText(fn, [x, ops.ones([1, 1])], 'rows')).toMatchInlineSnapshot(`
      "program(%0: float32[6,8], %1: float32[1,1]) {
        %2: float32[6,1] = rows(sum(exp(%0)))
        %3: float32[6,1] = matmul(%2, %1)
        %4: float32[6,1] = add(%3, %2)
        return %4
      }"
    `);
  });

  it.each([
    ['short', 4, 300],
    ['odd', 37, 129],
    ['long', 3, 4096],
    ['one row', 1, 64],
  ])('change no bit of %s rows', (_, rows, length) => {
    const args = [random.normal([rows, length]), random.normal([length]), random.normal([rows, 1])] as const;
    const fn = (t: Tensor, column: Tensor, row: Tensor) => [
      softmax(t),
      normalized(t, column, ops.zeros([length])),
      ops.where(t.greater(t.mean({axis: 1, keepdims: true})), t.mul(column), row.add(t.max({axis: 1, keepdims: true}))),
      t
        .square()
        .sum({axis: [0, 1]})
        .sqrt(),
      t.reshape([1, rows, length]).exp().min([1, 2]),
    ];
    expect(jit(fn)(...args).map((t) => [...t.data()])).toEqual(fn(...args).map((t) => [...t.data()]));
  });
});
