import {describe, expect, it} from 'vitest';
import {GradientTape, jit, ops, random, type Tensor} from '../../index.js';
import {programText} from '../../testing/programs.js';

const x = ops.ones([8, 4]);

describe('programs that add rows up', () => {
  it('hold reductions of leading axes and what makes the values that they reduce', () => {
    const fn = (t: Tensor, w: Tensor) => {
      const y = t.exp().mul(w);
      return [y, y.sum(0), t.square().add(1).mean({axis: 0, keepdims: true})];
    };
    expect(programText(fn, [x, ops.ones([4])], 'squeeze', 'columns')).toMatchInlineSnapshot(`
      "program(%0: float32[8,4], %1: float32[4]) {
        %2: float32[8,4], %3: float32[4] = columns($0 = multiply(exp(%0), %1); $0; sum($0))
        %4: float32[1,4] = columns(mean(add(square(%0), 1)))
        return %2, %3, %4
      }"
    `);
  });

  it('take reductions to come along, so that what reads the values first does not part them', () => {
    const fn = (t: Tensor, w: Tensor, b: Tensor) => {
      const tape = new GradientTape();
      tape.watch(w);
      tape.watch(b);
      const loss = tape.record(() => ops.tanh(t.matmul(w).add(b)).square().sum());
      return tape.gradient(loss, [w, b]);
    };
    const text = programText(fn, [x, ops.ones([4, 5]), ops.ones([5])]);
    expect(text.match(/ = sum\(/g)?.length).toBe(2);
    expect(programText(fn, [x, ops.ones([4, 5]), ops.ones([5])], 'deadCode', 'squeeze', 'columns'))
      .toMatchInlineSnapshot(`
      "program(%0: float32[8,4], %1: float32[4,5], %2: float32[5]) {
        %3: float32[8,5] = matmul(%0, %1)
        %4: float32[4,8] = transpose(%0, axes: [1,0])
        %5: float32[8,5], %6: float32[5] = columns($0 = tanh(add(%3, %2)); $1 = tanh_gradient(multiply(full(2, [8,5]), $0), $0); $1; sum($1))
        %7: float32[4,5] = matmul(%4, %5)
        return %7, %6
      }"
    `);
  });

  it('end where a reduction is read', () => {
    const fn = (t: Tensor) => {
      const e = t.exp();
      return e.div(e.sum(0));
    };
    expect(programText(fn, [x], 'squeeze', 'columns')).toMatchInlineSnapshot(`
      "program(%0: float32[8,4]) {
        %1: float32[8,4], %2: float32[4] = columns($0 = exp(%0); $0; sum($0))
        %3: float32[8,4] = divide(%1, %2)
        return %3
      }"
    `);
  });

  it('reduce what they read, too', () => {
    const fn = (dy: Tensor, normal: Tensor) => [dy.mul(normal).sum(0), dy.sum(0), dy.max(0)];
    expect(programText(fn, [x, x], 'squeeze', 'columns')).toMatchInlineSnapshot(`
      "program(%0: float32[8,4], %1: float32[8,4]) {
        %2: float32[4], %3: float32[4], %4: float32[4] = columns(sum(multiply(%0, %1)); sum(%0); max(%0))
        return %2, %3, %4
      }"
    `);
  });

  it('leave out what is not of columns: other axes, few rows, integers, reductions alone, operands in another order', () => {
    const fn = (t: Tensor, n: Tensor, few: Tensor, alone: Tensor) => [
      t.exp().sum(1),
      n.add(1).sum(0),
      few.exp().sum(0),
      alone.sum(0),
      t.transpose().exp().sum(0),
      t.exp().sum(),
    ];
    const args = [ops.ones([8, 8]), ops.ones([8, 4], 'int32'), ops.ones([3, 4]), x] as const;
    expect(programText(fn, [...args], 'columns')).toBe(programText(fn, [...args]));
  });

  it.each([
    ['narrow', [40, 3]],
    ['odd', [301, 37]],
    ['wide', [9, 1500]],
    ['wider', [90, 1500]],
    ['many', [2000, 300]],
    ['images', [4, 9, 9, 24]],
  ])('change no bit of %s columns', (_, shape) => {
    const length = shape.at(-1) ?? 1;
    const axes = shape.slice(0, -1).map((_, axis) => axis);
    const fn = (t: Tensor, gamma: Tensor, rows: Tensor) => {
      const mean = t.mean({axis: axes, keepdims: true});
      const centered = t.sub(mean);
      const variance = centered.square().mean({axis: axes, keepdims: true});
      const normal = centered.mul(variance.add(1e-3).rsqrt()).mul(gamma);
      const gated = ops.where(t.greater(0), t.mul(rows), t.add(0.5));
      return [normal, normal.sum(axes), gated.min(axes), gated.cast('float64').sum(axes), normal.mul(t).sum(axes)];
    };
    const args = [random.normal(shape), random.normal([length]), random.normal([...shape.slice(0, -1), 1])] as const;
    expect(jit(fn).ir(...args)).toContain('columns(');
    expect(jit(fn)(...args).map((t) => [...t.data()])).toEqual(fn(...args).map((t) => [...t.data()]));
  });
});
