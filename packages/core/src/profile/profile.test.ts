import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {z} from 'zod';
import {profiling} from '../engine/profiling.js';
import {GradientTape, jit, ops, profile, random, tensor, type Tensor, Variable} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';
import {type Trace} from './trace.js';

checkLeaks();

// The Trace Event Format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
const time = z.number().min(0);
const traceSchema = z.strictObject({
  displayTimeUnit: z.enum(['ms', 'ns']),
  otherData: z.record(z.string(), z.union([z.string(), z.number()])),
  traceEvents: z.array(
    z.discriminatedUnion('ph', [
      z.strictObject({
        ph: z.literal('X'),
        name: z.string().min(1),
        cat: z.string().min(1),
        ts: time,
        dur: time,
        pid: z.int(),
        tid: z.int(),
        args: z.record(z.string(), z.unknown()),
      }),
      z.strictObject({ph: z.literal('C'), name: z.string(), ts: time, pid: z.int(), args: z.record(z.string(), time)}),
      z.strictObject({
        ph: z.literal('M'),
        name: z.enum(['process_name', 'thread_name']),
        pid: z.int(),
        tid: z.int(),
        args: z.strictObject({name: z.string()}),
      }),
    ]),
  ),
});

const complete = ({traceEvents}: Trace) => traceEvents.filter((event) => event.ph === 'X');

/** Events of one thread lie within each other or beside each other. */
function checkNested(trace: Trace): void {
  const open: number[] = [];
  let before = 0;
  for (const {ts, dur} of complete(trace)) {
    expect(ts).toBeGreaterThanOrEqual(before);
    before = ts;
    // Sums of microseconds are rounded.
    while ((open.at(-1) ?? Infinity) <= ts + 1e-3) open.pop();
    expect(ts + dur).toBeLessThanOrEqual((open.at(-1) ?? Infinity) + 1e-3);
    open.push(ts + dur);
  }
}

describe('profile', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keratin-profile-'));
  });
  afterAll(() => rm(folder, {recursive: true}));

  it('says operation, shapes, dtype, time, operations and bytes of eager calls', async () => {
    const [a, b] = [random.normal([64, 32]), random.normal([32, 16])];
    const {result, trace, summary} = await profile(() => ops.softmax(a.matmul(b).add(1)).sum());
    expect(result.item()).toBeCloseTo(64, 4);
    traceSchema.parse(trace);
    checkNested(trace);
    const events = complete(trace);
    expect(events.map(({name}) => name)).toEqual(['matmul', 'add', 'softmax', 'sum']);
    const [product, sum] = events;
    expect(product?.args).toMatchObject({
      kernel: 'matmul',
      inputs: ['float32[64,32]', 'float32[32,16]'],
      outputs: ['float32[64,16]'],
      dtype: 'float32',
      flops: 2 * 64 * 32 * 16,
      bytes: 4 * (64 * 32 + 32 * 16 + 64 * 16),
    });
    expect(product?.args['GFLOP/s']).toBeGreaterThan(0);
    expect(product?.args['GB/s']).toBeGreaterThan(0);
    expect(sum?.args).toMatchObject({kernel: 'add', inputs: ['float32[64,16]', 'float32[]'], bytes: 2 * 4 * 64 * 16});
    const memory = trace.traceEvents.filter((event) => event.ph === 'C');
    expect(memory.length).toBeGreaterThan(2);
    const [first, last] = [memory[0], memory.at(-1)].map((event) => event?.args['tensors'] ?? 0);
    expect((last ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(3 * 4 * 64 * 16);
    expect(summary().split('\n')[0]).toMatch(/^operation +calls +ms +share +GFLOP\/s$/);
    expect(summary()).toMatch(/\nmatmul +1 +\d+\.\d{3} +\d+\.\d % +\d+\.\d\d/);
  });

  it('measures the kernels of compiled programs within them', async () => {
    const w = new Variable(random.normal([32, 8]));
    const step = jit((x: Tensor) => {
      const tape = new GradientTape();
      const loss = tape.record(() => x.matmul(w).tanh().square().mean());
      w.assignSub(tape.gradient(loss, w).mul(0.1));
      return loss;
    });
    const x = random.normal([16, 32]);
    step(x);
    const before = w.readValue();
    const plain = step(x).item();
    w.assign(before);
    const {result, trace} = await profile(() => [step(x), step(x)].map((loss) => loss.item()));
    expect(result[0]).toBe(plain);
    expect(result[1]).toBeLessThan(plain);
    checkNested(trace);
    traceSchema.parse(trace);
    const events = complete(trace);
    const programs = events.filter(({cat}) => cat === 'program');
    expect(programs).toHaveLength(2);
    const {kernels, flops} = step.cost(x);
    for (const program of programs) {
      expect(program.args).toMatchObject({kernels, flops});
      const inside = events.filter(
        ({cat, ts, dur}) => cat === 'op' && ts >= program.ts && ts + dur <= program.ts + program.dur + 1e-3,
      );
      expect(inside).toHaveLength(kernels);
      expect(inside.map(({args}) => args['kernel'])).toContain('matmul');
      expect(inside.reduce((sum, {args}) => sum + Number(args['flops']), 0)).toBe(flops);
      expect(inside.reduce((sum, {dur}) => sum + dur, 0)).toBeLessThanOrEqual(program.dur + 1e-3);
    }
    const product = events.find(({args}) => args['kernel'] === 'matmul');
    expect(product?.args['inputs']).toEqual(['float32[16,32]', 'float32[32,8]']);
    // The program itself is as it was.
    expect(step.cost(x).kernels).toBe(kernels);
  });

  it('writes a file that holds the same', async () => {
    const path = join(folder, 'trace.json');
    const {trace} = await profile(
      async () => {
        const y = tensor([1, 2, 3]).exp();
        await Promise.resolve();
        return y.sum();
      },
      {path},
    );
    const read = traceSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    expect(read).toEqual(JSON.parse(JSON.stringify(trace)));
    expect(read.traceEvents.filter(({ph}) => ph === 'X').map(({name}) => name)).toEqual(['exp', 'sum']);
    expect(await readdir(folder)).toEqual(['trace.json']);
  });

  it('ends with the function, also where that throws', async () => {
    await expect(profile(() => tensor([1, 2]).reshape([3]))).rejects.toThrow('do not fit');
    expect(profiling).toBeNull();
    const {trace} = await profile(() => 1);
    expect(complete(trace)).toEqual([]);
  });

  it('refuses what it cannot do', async () => {
    await expect(profile(() => profile(() => 1))).rejects.toThrow(
      /^profile: something is being profiled already, and one profiler sees all that happens$/,
    );
    expect(profiling).toBeNull();
    await expect(profile(5 as never)).rejects.toThrow(/^profile: a function is needed, got 5$/);
    await expect(profile(() => 1, {file: 'x'} as never)).rejects.toThrow(/file -> path|path/);
  });
});
