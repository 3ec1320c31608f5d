import {describe, expect, test} from 'vitest';
import {ops, random, setNumThreads, setSeed, slice, type Tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {Sequential} from '../model/sequential.js';

// Steps that take long run on a thread of their own: what the process does meanwhile neither sees nor makes anything wrong.

const x = random.normal([1024, 256], {seed: 1});
const y = ops.sum(x, {axis: 1, keepdims: true});

function make(runEagerly = false) {
  setSeed(3);
  const model = new Sequential([
    Input({shape: [256]}),
    new layers.Dense(256, {activation: 'relu'}),
    new layers.Dropout(0.2, {seed: 1}),
    new layers.Dense(1),
  ]);
  return model.compile({optimizer: 'adam', loss: 'mse', metrics: ['mae'], runEagerly});
}

const options = {batchSize: 64, verbose: 0, epochs: 4} as const;
const valuesOf = (model: Sequential) => model.getWeights().map((weight) => weight.flatten().array(1));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Runs `each` between the turns of the event loop until the promise settles; gives how often. */
async function beside<T>(promise: Promise<T>, each: () => unknown): Promise<number> {
  const state = {over: false};
  const done = promise.finally(() => {
    state.over = true;
  });
  done.catch(() => undefined);
  let turns = 0;
  for (await turn(); !state.over; await turn()) {
    await each();
    turns += 1;
  }
  await done;
  return turns;
}

describe('steps on the engine thread', () => {
  test('the same bytes for any number of threads and whoever looks on; as operation by operation', async () => {
    const runs: number[][][] = [];
    for (const threads of [1, 2]) {
      setNumThreads(threads);
      const model = make();
      let seen = 0;
      const turns = await beside(model.fit(x, y, options), () => {
        // Reading ends the steps of the engine early, and changes nothing.
        const kernel = model.trainableVariables[0]?.readValue();
        const before = kernel?.sum().item() ?? NaN;
        expect(Number.isFinite(before)).toBe(true);
        expect(kernel?.sum().item()).toBe(before);
        seen += 1;
      });
      expect(turns).toBe(seen);
      runs.push(valuesOf(model));
    }
    expect(runs[1]).toEqual(runs[0]);
    const eager = make(true);
    await eager.fit(x, y, options);
    valuesOf(eager).forEach((values, i) => {
      values.forEach((value, k) => {
        expect(Math.abs(value - (runs[0]?.[i]?.[k] ?? NaN))).toBeLessThan(1e-4 * (1 + Math.abs(value)));
      });
    });
  });

  test('weights belong to the run: written from outside of callbacks they are an error, in callbacks they are not', async () => {
    const model = make();
    const [kernel] = model.trainableVariables;
    let refused = 0;
    const zeros = ops.zerosLike(kernel as Tensor);
    const training = model.fit(x, y, {
      ...options,
      callbacks: [{onEpochEnd: () => void kernel?.assign(zeros)}],
    });
    await beside(training, () => {
      try {
        kernel?.assign(zeros);
      } catch (error) {
        expect((error as Error).message).toBe(
          `variable ${kernel?.path ?? ''} belongs to the fit of model "${model.name}", which is running: write it in a callback, or when that has ended`,
        );
        refused += 1;
      }
    });
    expect(refused).toBeGreaterThan(0);
    await expect(Promise.all([model.fit(x, y, options), model.fit(x, y, options)])).rejects.toThrow(
      /is being trained already/,
    );
  });

  test('another model is trained, this one predicts and operations run beside it', async () => {
    const alone = make();
    await alone.fit(x, y, options);
    const [one, other] = [make(), make()];
    const beginning = one.fit(x, y, options);
    // Random weights and states of both begin the same.
    await Promise.all([
      beside(beginning, async () => {
        await one.predict(x.at(':8'), {verbose: 0});
        ops.matmul(x, ops.transpose(x));
      }),
      other.evaluate(x, y, {verbose: 0}),
    ]);
    expect(valuesOf(one)).toHaveLength(4);
    expect(valuesOf(one).flat(2).every(Number.isFinite)).toBe(true);
  });

  test('data that is disposed of meanwhile, and a signal', async () => {
    const own = x.add(0);
    const model = make();
    const controller = new AbortController();
    const training = model.fit(own, y, {...options, epochs: 1000, signal: controller.signal});
    await turn();
    await turn();
    own.dispose();
    controller.abort();
    await training.catch((error: unknown) => {
      expect(String(error)).toMatch(/disposed/);
    });
    expect(valuesOf(model).flat(2).every(Number.isFinite)).toBe(true);
  });

  test('the next batch of a generator is made while a step runs', async () => {
    const events: string[] = [];
    function* batches() {
      for (let i = 0; i < 6; i++) {
        events.push(`batch ${String(i)}`);
        yield [x.at(slice(64 * i, 64 * i + 64)), y.at(slice(64 * i, 64 * i + 64))] as const;
      }
    }
    const model = make();
    await model.fit(x, y, {...options, epochs: 2});
    await model.fit(batches() as never, {
      verbose: 0,
      callbacks: [{onTrainBatchEnd: (step: number) => void events.push(`step ${String(step)}`)}],
    });
    expect(events.filter((event) => event.startsWith('step'))).toHaveLength(6);
    expect(events.indexOf('batch 4')).toBeLessThan(events.indexOf('step 3'));
  });
});
