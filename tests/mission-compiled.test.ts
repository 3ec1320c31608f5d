// What the project must reproduce of compiled functions and devices, each test named by its line (`grep -r "001-2" tests examples packages`).
// examples/control-flow.ts, lstm-cell-jit.ts and time-matmul.ts print the same with their times.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  activations,
  jit,
  layers,
  listPhysicalDevices,
  loadProgram,
  ops,
  print,
  random,
  setSeed,
  type Tensor,
  tensor,
  withDevice,
} from 'keratin';
import {describe, expect, test, vi} from 'vitest';

describe('000-9: a function becomes a graph', () => {
  test('that is pruned and optimized', () => {
    const f = jit((x: Tensor) => {
      const unused = x.exp().sum();
      const y = x.mul(3).add(2);
      return [ops.relu(y), ops.relu(x.mul(3).add(2)), unused.dtype];
    });
    // What nobody needs is gone, what is computed twice is computed once, and the rest is one pass over memory.
    expect(f.ir(ops.ones([4]))).toMatchInlineSnapshot(`
      "program(%0: float32[4]) {
        %1: float32[4] = chain(relu(add(multiply(%0, 3), 2)))
        return %1, %1
      }"
    `);
    expect(f.cost(ops.ones([4])).kernels).toBe(1);
  });

  test('and is exported in a file that runs without the code', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keratin-mission-'));
    const cell = new layers.LSTMCell(8);
    const f = jit((x: Tensor, states: Tensor[]) => cell(x, states));
    const args = [random.normal([2, 3]), [random.normal([2, 8]), random.normal([2, 8])]] as const;
    cell(args[0], [...args[1]]);
    await f.export(join(folder, 'cell.keratin'), args[0], [...args[1]]);
    const loaded = await loadProgram<[Tensor, readonly Tensor[]], [Tensor, [Tensor, Tensor]]>(
      join(folder, 'cell.keratin'),
    );
    const [output, [, c]] = f(args[0], [...args[1]]);
    const [again, [, d]] = loaded(...args);
    expect([again.array(), d.array()]).toEqual([output.array(), c.array()]);
    await rm(folder, {recursive: true});
  });

  test('there is no GPU yet, and asking for it says so', () => {
    expect(listPhysicalDevices('GPU')).toEqual([]);
    expect(() => withDevice('GPU:0', () => 1)).toThrow(
      "withDevice: 'GPU:0' does not exist: Keratin computes on CPUs so far, use 'CPU:0'",
    );
  });
});

describe('001-1: eager execution and jit', () => {
  const linearLayer = (x: Tensor) => x.mul(3).add(2);

  test('calls of inner functions are compiled with it: relu(3x + 2)', () => {
    const simpleNn = jit((x: Tensor) => activations.relu(linearLayer(x)));
    const x = tensor([-2, -1, 0, 1.5]);
    expect(simpleNn(x).array()).toEqual(activations.relu(linearLayer(x)).array());
    expect(simpleNn(x).array()).toEqual([0, 0, 2, 6.5]);
  });

  test('if, while and print', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const f = jit((x: Tensor) => {
      let [y, turns] = [x, 0];
      while (y.sum().less(100).item()) {
        y = y.mul(2);
        turns += 1;
      }
      if (y.max().greater(90).item()) print('large', y);
      else print('small', y);
      return turns;
    });
    const turns = [[60, 40], [1, 99], [1, 2], [60, 40]].map((values) => f(tensor(values))); // prettier-ignore
    const lines = log.mock.calls.map((call) => call.join(' '));
    log.mockRestore();
    expect(turns).toEqual([0, 0, 6, 0]);
    expect(lines).toEqual(['small [60. 40.]', 'large [ 1. 99.]', 'large [ 64. 128.]', 'small [60. 40.]']);
  });
});

test('001-2: LSTMCell(100) on [100,100] compiled gives what it gives eagerly', () => {
  setSeed(1);
  const cell = new layers.LSTMCell(100);
  const fn = jit((x: Tensor, state: Tensor[]) => cell(x, state));
  for (const make of [ops.zeros, random.normal]) {
    const [x, h, c] = [make([100, 100]), make([100, 100]), make([100, 100])];
    const [output, [h1, c1]] = cell(x, [h, c]);
    const [output2, [h2, c2]] = fn(x, [h, c]);
    for (const [a, b] of [
      [output, output2],
      [h1, h2],
      [c1, c2],
    ] as const) {
      // prettier-ignore
      expect(a.sub(b).abs().max().item()).toBeLessThan(1e-5);
      expect(a.shape).toEqual([100, 100]);
    }
  }
  expect(fn.cost().kernels).toBeLessThan(20);
});

test('002-5: matmul of 1000 x 1000 on a device', () => {
  withDevice('CPU:0', () => {
    setSeed(2);
    const x = random.uniform([1000, 1000]);
    const y = ops.matmul(x, x);
    expect([y.device, y.shape]).toEqual(['CPU:0', [1000, 1000]]);
    const element = x.at(3).cast('float64').mul(x.at(':', 7).cast('float64')).sum().item();
    expect(Math.abs(y.at(3, 7).item() / element - 1)).toBeLessThan(1e-5);
  });
});
