import {mkdtemp, readFile, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {profile, random, setSeed} from '@keratin/core';
import {layers} from '@keratin/layers';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {z} from 'zod';
import {callbacks, Sequential} from '../index.js';

const traceSchema = z.object({
  traceEvents: z.array(
    z.object({
      name: z.string(),
      ph: z.enum(['X', 'C', 'M']),
      cat: z.string().optional(),
      ts: z.number().optional(),
      dur: z.number().optional(),
      args: z.record(z.string(), z.unknown()),
    }),
  ),
});

describe('Profiler', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keratin-profiler-'));
  });
  afterEach(() => rm(folder, {recursive: true}));

  const train = async (list: readonly callbacks.Callback[], runEagerly = false) => {
    setSeed(1);
    const [x, y] = [random.normal([32, 6]), random.normal([32, 1])];
    const model = new Sequential([new layers.Dense(8, {activation: 'relu', inputShape: [6]}), new layers.Dense(1)]);
    model.compile({optimizer: 'adam', loss: 'mse', runEagerly});
    const {history} = await model.fit(x, y, {epochs: 2, batchSize: 8, verbose: 0, callbacks: [...list]});
    return history['loss'];
  };

  it.each([false, true])('measures the steps that it was asked for (op by op: %s)', async (eagerly) => {
    const path = join(folder, 'trace.json');
    const loss = await train([new callbacks.Profiler(path, {batches: [2, 5]})], eagerly);
    expect(loss).toEqual(await train([], eagerly));
    const {traceEvents} = traceSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const steps = traceEvents.filter(({cat}) => cat === 'step');
    expect(steps.map(({name}) => name)).toEqual(['train step 2', 'train step 3', 'train step 4', 'train step 5']);
    for (const {ts = 0, dur = 0, args} of steps) {
      const inside = traceEvents.filter(
        (event) => event.cat === 'op' && (event.ts ?? 0) >= ts && (event.ts ?? 0) <= ts + dur,
      );
      const kernels = inside.map(({args: {kernel}}) => kernel);
      expect(kernels).toContain('adam_update');
      expect(kernels.filter((kernel) => kernel === 'matmul').length).toBeGreaterThanOrEqual(4);
      expect(JSON.stringify(inside.map(({args: {inputs}}) => inputs))).toContain('float32[8,6]');
      expect(args).toHaveProperty('loss');
    }
    // Nothing is measured afterwards.
    expect((await profile(() => 5)).result).toBe(5);
  });

  it('writes what there is where training ends before, and nothing where it does not begin', async () => {
    const [short, none] = [join(folder, 'short.json'), join(folder, 'none.json')];
    await train([new callbacks.Profiler(short, {batches: [6, 100]})]);
    const {traceEvents} = traceSchema.parse(JSON.parse(await readFile(short, 'utf8')));
    expect(traceEvents.filter(({cat}) => cat === 'step')).toHaveLength(2);
    await train([new callbacks.Profiler(none, {batches: [100, 101]})]);
    await expect(stat(none)).rejects.toThrow('ENOENT');
  });

  it('gives way after a training that failed', async () => {
    const failing = {
      onTrainBatchEnd: (batch: number) => {
        if (batch === 2) throw new Error('stop here');
      },
    };
    const profiler = new callbacks.Profiler(join(folder, 'failed.json'));
    await expect(train([profiler, Object.assign(new callbacks.Callback(), failing)])).rejects.toThrow('stop here');
    expect((await profile(() => 5)).result).toBe(5);
  });

  it.each([
    [() => new callbacks.Profiler(''), /^Profiler: the path of a file is needed, got ''|""$/],
    [
      () => new callbacks.Profiler('x.json', {batches: [3, 2]}),
      /^Profiler: batches must be the first and the last batch to measure, such as \[1, 10\], got /,
    ],
    [() => new callbacks.Profiler('x.json', {batches: 5 as never}), /^Profiler: batches must be the first/],
    [() => new callbacks.Profiler('x.json', {batch: [1, 2]} as never), /batches/],
  ])('refuses wrong arguments (%#)', (make, message) => {
    expect(make).toThrow(message);
  });
});
