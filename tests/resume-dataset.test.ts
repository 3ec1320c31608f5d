import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callbacks, data, layers, optimizers, random, Sequential, setSeed, type Tensor} from 'keratin';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keratin-resume-dataset-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, {recursive: true});
});

class Interruption extends Error {}

const x = random.normal([14, 2], {seed: 1});
const y = random.normal([14, 1], {seed: 2});
const EPOCHS = 4;

type Pair = readonly [Tensor, Tensor];
interface Sets {
  readonly train: data.Dataset<Pair>;
  readonly validation?: data.Dataset<Pair> | undefined;
  readonly stepsPerEpoch?: number | undefined;
  readonly validationSteps?: number | undefined;
}

const samples = () => data.Dataset.fromTensorSlices<Pair>([x, y]);

/** What the pipelines did for single elements. */
let mapped = 0;

// Each of 14 samples in batches of 4: 4 steps an epoch, unless something else is said.
const PIPELINES: Readonly<Record<string, () => Sets>> = {
  'shuffled anew in each epoch': () => ({train: samples().shuffle(14).batch(4)}),
  'of a seed, mapped and prefetched': () => ({
    train: samples()
      .shuffle(5, {seed: 3})
      .map(([a, b]): Pair => {
        mapped += 1;
        return [a.mul(2), b];
      })
      .batch(4)
      .prefetch(2),
  }),
  'with random numbers in map': () => ({
    train: samples()
      .shuffle(14, {seed: 1})
      .map(([a, b]): Pair => [a.add(random.normal([2])), b])
      .batch(4),
  }),
  'one order for training and validation': () => {
    const all = samples().shuffle(14);
    return {train: all.skip(4).batch(3), validation: all.take(4).batch(2)};
  },
  'repeated, in steps per epoch': () => ({
    train: samples().shuffle(14).repeat().batch(4),
    stepsPerEpoch: 3,
    validation: samples().shuffle(14).batch(3),
    validationSteps: 2,
  }),
  'of no random order': () => ({
    train: samples()
      .filter(([a]) => a.sum().item() > -9)
      .batch(4),
  }),
};

/** Trains, and ends with an interruption after so many batches. */
async function run(make: () => Sets, interrupted: number | null, saveFreq: number | 'epoch' | null) {
  setSeed(7);
  const {train, validation: validationData, stepsPerEpoch, validationSteps} = make();
  const model = new Sequential([
    new layers.Dense(3, {activation: 'tanh'}),
    new layers.Dropout(0.3),
    new layers.Dense(1),
  ]);
  model.build([null, 2]);
  model.compile({optimizer: new optimizers.Adam(0.05), loss: 'mse', metrics: ['mae']});
  const seen: unknown[] = [];
  let batches = 0;
  const {history} = await model.fit(train, {
    epochs: EPOCHS,
    stepsPerEpoch,
    validationSteps,
    ...(validationData === undefined ? {} : {validationData}),
    verbose: 0,
    callbacks: [
      ...(saveFreq === null ? [] : [new callbacks.BackupAndRestore(join(folder, 'backup'), {saveFreq})]),
      {
        onTrainBatchEnd(_, logs) {
          seen.push(logs['loss']);
          if (batches++ === interrupted) throw new Interruption();
        },
      },
    ],
  });
  return {weights: model.getWeights().map((weight) => weight.array()), history, seen};
}

describe.each(Object.entries(PIPELINES))('a dataset %s', (_, make) => {
  test('goes on exactly where it was interrupted', async () => {
    const whole = await run(make, null, null);
    const steps = whole.seen.length / EPOCHS;
    for (const [at, saveFreq] of [
      [steps - 1, 1],
      [2 * steps + 2, 2],
      [2 * steps + 1, 'epoch'],
    ] as const) {
      await expect(run(make, at, saveFreq)).rejects.toThrow(Interruption);
      const {seen, ...rest} = await run(make, null, saveFreq);
      expect({at, ...rest}).toEqual({at, weights: whole.weights, history: whole.history});
      // Batches before the checkpoint were not taken again.
      expect(seen.length).toBeLessThanOrEqual(whole.seen.length - at + (at % steps));
      expect(seen).toEqual(whole.seen.slice(whole.seen.length - seen.length));
    }
  });
});

test('elements before the position are not made again', async () => {
  const make = PIPELINES['of a seed, mapped and prefetched'];
  if (make === undefined) throw new Error('no pipeline');
  await expect(run(make, 3 * 4 + 3, 1)).rejects.toThrow(Interruption);
  mapped = 0;
  await run(make, null, 1);
  // The last batch of the last epoch has the two samples that are left.
  expect(mapped).toBe(2);
});

test.each([
  [
    'another pipeline',
    () => ({train: samples().shuffle(14).batch(4).prefetch(1)}),
    /^Dataset.iterator: from belongs to another pipeline/,
  ],
  [
    'less data',
    () => ({train: samples().take(4).shuffle(14).batch(4)}),
    /its epochs have 4 steps, and this one has 1$/,
  ],
])('%s than that of the checkpoint is refused', async (_, make, message) => {
  await expect(run(() => ({train: samples().shuffle(14).batch(4)}), 2, 1)).rejects.toThrow(Interruption);
  await expect(run(make, null, 1)).rejects.toThrow(message);
});
