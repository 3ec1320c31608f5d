// What the project must reproduce of compiled functions and devices, each test named by its line (`grep -r "001-2" tests examples packages`).
// examples/control-flow.ts, lstm-cell-jit.ts and time-matmul.ts print the same with their times, which `bench compiled sgemm` measures beside
// other libraries.
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  activations,
  getNumThreads,
  jit,
  layers,
  listPhysicalDevices,
  loadProgram,
  ops,
  print,
  random,
  setNumThreads,
  setSeed,
  type Tensor,
  tensor,
  withDevice,
} from 'keratin';
import {describe, expect, test, vi} from 'vitest';

describe('000-9: a function becomes a graph', () => {
  test('000-9: that is pruned and optimized', () => {
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

  test('000-9: and is exported in a platform-neutral file that runs without the code', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keratin-mission-'));
    const cell = new layers.LSTMCell(8);
    const f = jit((x: Tensor, states: Tensor[]) => cell(x, states));
    const args = [random.normal([2, 3]), [random.normal([2, 8]), random.normal([2, 8])]] as const;
    cell(args[0], [...args[1]]);
    await f.export(join(folder, 'cell.keratin'), args[0], [...args[1]]);
    // What is in it is data that any machine reads: operations by name and the weights as numbers, in a safetensors file.
    const bytes = await readFile(join(folder, 'cell.keratin'));
    const size = Number(bytes.readBigUInt64LE());
    const header = JSON.stringify(JSON.parse(bytes.toString('utf8', 8, 8 + size)));
    expect(header).toContain('lstm_sequence');
    expect(bytes.length).toBe(8 + size + 4 * (3 * 32 + 8 * 32 + 32));
    const loaded = await loadProgram<[Tensor, readonly Tensor[]], [Tensor, [Tensor, Tensor]]>(
      join(folder, 'cell.keratin'),
    );
    const [output, [, c]] = f(args[0], [...args[1]]);
    const [again, [, d]] = loaded(...args);
    expect([again.array(), d.array()]).toEqual([output.array(), c.array()]);
    await rm(folder, {recursive: true});
  });

  test('000-9: there is no GPU yet, and asking for it says so', () => {
    expect(listPhysicalDevices('GPU')).toEqual([]);
    expect(() => withDevice('GPU:0', () => 1)).toThrow(
      "withDevice: 'GPU:0' does not exist: Keratin computes on CPUs so far, use 'CPU:0'",
    );
  });
});

describe('001-1: eager execution and jit', () => {
  const linearLayer = (x: Tensor) => x.mul(3).add(2);

  test('001-1: eager execution: values are there as soon as they are computed', () => {
    const x = tensor([-2, 1]);
    const seen: unknown[] = [];
    for (const step of [(t: Tensor) => t.mul(3), (t: Tensor) => t.add(2), ops.relu]) {
      const last = seen.length === 0 ? x : tensor(seen.at(-1) as number[]);
      seen.push(step(last).array());
    }
    expect(seen).toEqual([
      [-6, 3],
      [-4, 5],
      [0, 5],
    ]);
    expect(linearLayer(x).array()).toEqual([-4, 5]);
  });

  test('001-1: calls of inner functions are compiled with it: relu(3x + 2)', () => {
    const simpleNn = jit((x: Tensor) => activations.relu(linearLayer(x)));
    const x = tensor([-2, -1, 0, 1.5]);
    expect(simpleNn(x).array()).toEqual(activations.relu(linearLayer(x)).array());
    expect(simpleNn(x).array()).toEqual([0, 0, 2, 6.5]);
    // The inner functions are no calls any more: all of it is one kernel.
    expect(simpleNn.ir(x)).toContain('chain(relu(add(multiply(%0, 3), 2)))');
    expect(simpleNn.cost(x).kernels).toBe(1);
  });

  test('001-1: if, while and print', () => {
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

test('001-2: LSTMCell(100) on zeros [100,100], 100 calls: compiled once, and each gives what it gives eagerly', () => {
  setSeed(1);
  const cell = new layers.LSTMCell(100);
  let traces = 0;
  const fn = jit((x: Tensor, state: Tensor[]) => {
    traces += 1;
    return cell(x, state);
  });
  const zeros = ops.zeros([100, 100]);
  const [eager] = cell(zeros, [zeros, zeros]);
  let state: readonly Tensor[] = [zeros, zeros];
  let stateJit: readonly Tensor[] = [zeros, zeros];
  for (let i = 0; i < 100; i++) {
    // The notes' call, and one whose state goes on from the call before, on which a difference would grow.
    expect(fn(zeros, [zeros, zeros])[0].sub(eager).abs().max().item()).toBeLessThan(1e-5);
    state = cell(eager.add(1), [...state])[1];
    stateJit = fn(eager.add(1), [...stateJit])[1];
  }
  for (const [i, tensor] of state.entries()) {
    expect(tensor.abs().max().item()).toBeGreaterThan(0.1);
    const difference = stateJit[i]?.sub(tensor).abs().div(tensor.abs().add(1)).max().item();
    expect(difference).toBeLessThan(1e-5);
  }
  expect(traces).toBe(1);
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
  expect(listPhysicalDevices()).toEqual([{name: 'CPU:0', deviceType: 'CPU'}]);
  withDevice('CPU:0', () => {
    setSeed(2);
    const x = random.uniform([1000, 1000]);
    const y = ops.matmul(x, x);
    expect([y.device, y.shape]).toEqual(['CPU:0', [1000, 1000]]);
    const element = x.at(3).cast('float64').mul(x.at(':', 7).cast('float64')).sum().item();
    expect(Math.abs(y.at(3, 7).item() / element - 1)).toBeLessThan(1e-5);
    // What the notes time: the same product again and again, which changes no bit, whatever the number of threads.
    const threads = getNumThreads();
    for (const count of [1, 2, threads]) {
      setNumThreads(count);
      expect(ops.equal(ops.matmul(x, x), y).all().item()).toBe(true);
    }
    setNumThreads(threads);
  });
});
