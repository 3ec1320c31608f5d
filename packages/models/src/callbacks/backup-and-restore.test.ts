import {spawn} from 'node:child_process';
import {randomInt} from 'node:crypto';
import {cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {ops, random, setSeed, tensor, type Tensor} from '@keratin/core';
import {layers} from '@keratin/layers';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {EPOCHS, resumableRun, type Result, STEPS} from '../testing/resumable-run.js';
import * as callbacks from './index.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keratin-resume-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, {recursive: true});
});

class Interruption extends Error {}

const interruptAt = (at: number) => (batch: number) => {
  if (batch === at) throw new Interruption();
};

interface Whole {
  readonly result: Result;
  readonly csv: string;
  readonly best: Buffer;
  readonly often: Buffer;
}

let known: Whole | undefined;

/** The run without interruption, and its files. */
async function whole(): Promise<Whole> {
  if (known !== undefined) return known;
  const place = mkdtempSync(join(tmpdir(), 'keratin-whole-'));
  const result = await resumableRun(place, null);
  const read = (name: string) => readFileSync(join(place, name));
  const files = {csv: String(read('log.csv')), best: read('best.safetensors'), often: read('often.safetensors')};
  rmSync(place, {recursive: true});
  known = {result, ...files};
  return known;
}

async function expectSame(result: Result): Promise<void> {
  const expected = await whole();
  expect(result).toEqual(expected.result);
  expect(readFileSync(join(folder, 'log.csv'), 'utf8')).toBe(expected.csv);
  // Automatic names differ between two models of one process.
  const values = (bytes: Buffer) => bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
  expect(values(readFileSync(join(folder, 'best.safetensors')))).toEqual(values(expected.best));
  expect(values(readFileSync(join(folder, 'often.safetensors')))).toEqual(values(expected.often));
  expect(existsSync(join(folder, 'backup'))).toBe(false);
}

describe('a run that is interrupted goes on', () => {
  test.each([0, 1, 4, STEPS - 1, STEPS, 9, 2 * STEPS - 1, 15, 3 * STEPS, EPOCHS * STEPS - 1])(
    'after batch %i',
    async (batch) => {
      await expect(resumableRun(folder, 1, interruptAt(batch))).rejects.toThrow(Interruption);
      await expectSame(await resumableRun(folder, 1));
    },
  );

  test.each([2, 5, 7, 'epoch'] as const)('several times, with checkpoints every %s batches', async (saveFreq) => {
    for (const at of [3, 8, 11, 17, 18]) {
      await expect(resumableRun(folder, saveFreq, interruptAt(at))).rejects.toThrow(Interruption);
    }
    await expectSame(await resumableRun(folder, saveFreq));
  });
});

test.each([
  [1, 3],
  ['epoch', 8],
  [7, STEPS - 1],
] as const)(
  'a run with checkpoints every %s that Ctrl+C ended after batch %i goes on behind it',
  async (saveFreq, at) => {
    await resumableRun(folder, saveFreq, (batch) => {
      if (batch === at) process.emit('SIGINT');
    });
    const batches: number[] = [];
    const result = await resumableRun(folder, saveFreq, (batch) => batches.push(batch));
    expect(batches[0]).toBe(at + 1);
    await expectSame(result);
  },
);

/** Starts the run as a process of its own; gives the batches that it told of, and its result unless it was killed. */
async function startRun(
  killAt: number | 'never',
  saveFreq = 1,
): Promise<{readonly batches: number[]; readonly result: unknown; readonly signal: string | null}> {
  const program = fileURLToPath(new URL('../testing/resumable-run.ts', import.meta.url));
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const args = ['--import', 'tsx', program, folder, String(saveFreq)];
  if (killAt !== 'never') args.push(String(killAt));
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: {...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.test.json')},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on('close', (_, signal) => {
      resolve(signal);
    }),
  );
  const batches: number[] = [];
  let result: unknown;
  for await (const line of createInterface({input: child.stdout})) {
    if (line.startsWith('batch ')) batches.push(Number(line.slice(6)));
    else result = JSON.parse(line);
  }
  return {batches, result, signal: await ended};
}

describe('as a process of its own', () => {
  test('a run that is killed at random batches ends with the same bytes', async () => {
    // KERATIN_TEST_SEED repeats a run that failed.
    const seed = Number(process.env['KERATIN_TEST_SEED'] ?? randomInt(2 ** 31));
    console.info(`KERATIN_TEST_SEED=${String(seed)}`);
    const drawn = random.randint([3], 0, EPOCHS * STEPS, {seed}).array(1);
    let from = 0;
    for (const at of drawn.sort((a, b) => a - b)) {
      const {batches, result, signal} = await startRun(at);
      // The batch that the run before was killed in had no checkpoint yet.
      expect([batches[0], batches.at(-1)], `seed ${String(seed)}`).toEqual([from, at]);
      expect([result, signal]).toEqual([undefined, 'SIGKILL']);
      from = at;
    }
    const {batches, result} = await startRun('never');
    expect([batches[0], batches.at(-1)], `seed ${String(seed)}`).toEqual([from, EPOCHS * STEPS - 1]);
    await expectSame(result as Result);
  }, 120_000);
});

describe('a damaged checkpoint', () => {
  const latest = () => join(folder, 'backup', 'latest.safetensors');
  const previous = () => join(folder, 'backup', 'previous.safetensors');

  test.each([
    [
      'is cut off',
      () => {
        truncateSync(latest(), readFileSync(latest()).length - 7);
      },
      'latest.safetensors',
    ],
    [
      'is empty',
      () => {
        truncateSync(latest(), 0);
      },
      'has only 0 bytes',
    ],
    [
      'is missing',
      () => {
        rmSync(latest());
      },
      null,
    ],
  ])('that %s falls back to the one before', async (_, damage, message) => {
    await expect(resumableRun(folder, 1, interruptAt(9))).rejects.toThrow(Interruption);
    damage();
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const batches: number[] = [];
    const result = await resumableRun(folder, 1, (batch) => batches.push(batch));
    expect(batches[0]).toBe(8);
    const texts = warned.mock.calls.map(([text]) => String(text));
    if (message === null) expect(texts).toEqual([]);
    else {
      expect(texts).toHaveLength(1);
      expect(texts[0]).toContain(message);
      expect(texts[0]).toContain(`going on from ${previous()}`);
    }
    await expectSame(result);
  });

  test('stops training where the one before is damaged too', async () => {
    await expect(resumableRun(folder, 1, interruptAt(4))).rejects.toThrow(Interruption);
    truncateSync(latest(), 20);
    writeFileSync(previous(), 'nothing');
    await expect(resumableRun(folder, 1)).rejects.toThrow(/remove .*backup to train from the start/);
  });

  test('is refused where it holds something else', async () => {
    await expect(resumableRun(folder, 1, interruptAt(6))).rejects.toThrow(Interruption);
    rmSync(previous(), {force: true});
    cpSync(join(folder, 'often.safetensors'), latest(), {force: true});
    await expect(resumableRun(folder, 1)).rejects.toThrow('latest.safetensors holds no checkpoint');
  });
});

const x = random.normal([12, 2], {seed: 1});
const y = random.normal([12, 1], {seed: 2});

function small(units = 3) {
  const model = new Sequential([new layers.Dense(units), new layers.Dropout(0.3, {seed: 5}), new layers.Dense(1)]);
  return model.compile({optimizer: new optimizers.SGD({learningRate: 0.1, momentum: 0.9}), loss: 'mse'});
}

const values = (tensors: readonly Tensor[]) => tensors.map((weight) => weight.array());

test.each([0, 1, 2, 3, 5])(
  'batches of a generator are taken again, steps per epoch go on (interrupted after %i)',
  async (at) => {
    const batches = function* () {
      const order = random.permutation(12);
      for (let start = 0; start < 12; start += 4) {
        const rows = ops.slice(order, [start], [4]);
        yield [x.take(rows, 0), y.take(rows, 0)];
      }
    };
    // Three batches are no multiple of two steps: the data runs out in every second epoch.
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const run = async (interrupted: number | null, backup: boolean) => {
      setSeed(3);
      const model = small();
      model.build([null, 2]);
      let seen = 0;
      const {history} = await model.fit(batches, {
        epochs: 4,
        stepsPerEpoch: 2,
        verbose: 0,
        callbacks: [
          ...(backup ? [new callbacks.BackupAndRestore(join(folder, 'b'), {saveFreq: 1})] : []),
          {
            onTrainBatchEnd() {
              if (seen++ === interrupted) throw new Interruption();
            },
          },
        ],
      });
      return {weights: values(model.getWeights()), history};
    };
    const expected = await run(null, false);
    await expect(run(at, true)).rejects.toThrow(Interruption);
    expect(await run(null, true)).toEqual(expected);
    for (const [text] of warned.mock.calls) expect(String(text)).toContain('the data ran out');
  },
);

test('the last checkpoint stays where that is asked for, and more epochs go on from it', async () => {
  const run = async (epochs: number, backup: boolean) => {
    setSeed(3);
    const model = small();
    const options = {deleteCheckpoint: false};
    await model.fit(x, y, {
      epochs,
      verbose: 0,
      batchSize: 4,
      callbacks: backup ? [new callbacks.BackupAndRestore(join(folder, 'b'), options)] : [],
    });
    return [values(model.getWeights()), model.history?.history];
  };
  await run(2, true);
  expect(readdirSync(join(folder, 'b')).sort()).toEqual(['latest.safetensors', 'previous.safetensors']);
  expect(await run(5, true)).toEqual(await run(5, false));
});

test('a callback of a user keeps its state', async () => {
  class Counter extends callbacks.Callback {
    batches = 0;
    sum = tensor([0]);
    constructor(readonly limit: number) {
      super();
    }
    override onTrainBatchEnd(): void {
      if (this.batches === this.limit) throw new Interruption();
      this.batches += 1;
      this.sum = this.sum.add(1);
    }
    override getState() {
      return {batches: this.batches, sum: this.sum, inf: Infinity, zero: -0};
    }
    override setState(state: unknown): void {
      expect(state).toMatchObject({inf: Infinity, zero: -0});
      Object.assign(this, state);
    }
  }
  const run = async (limit: number) => {
    const counter = new Counter(limit);
    const backup = new callbacks.BackupAndRestore(join(folder, 'b'), {saveFreq: 1});
    await small().fit(x, y, {epochs: 3, batchSize: 4, verbose: 0, callbacks: [backup, counter]});
    return counter;
  };
  await expect(run(5)).rejects.toThrow(Interruption);
  const counter = await run(Infinity);
  expect([counter.batches, counter.sum.item()]).toEqual([9, 9]);
});

describe('mistakes', () => {
  const interrupted = async () => {
    const stop = {onTrainBatchEnd: interruptAt(1)};
    const backup = new callbacks.BackupAndRestore(folder, {saveFreq: 1});
    await expect(small().fit(x, y, {batchSize: 4, verbose: 0, callbacks: [backup, stop]})).rejects.toThrow(
      Interruption,
    );
  };
  const callbacksOf = () => [new callbacks.BackupAndRestore(folder, {saveFreq: 1})];

  test('another model', async () => {
    await interrupted();
    const model = small(4);
    await expect(model.fit(x, y, {batchSize: 4, verbose: 0, callbacks: callbacksOf()})).rejects.toThrow(
      /is of another run: .*kernel has shape \(2,3\) and dtype float32 there, here \(2,4\) and float32/,
    );
  });

  test('another batch size', async () => {
    await interrupted();
    await expect(small().fit(x, y, {batchSize: 3, verbose: 0, callbacks: callbacksOf()})).rejects.toThrow(
      'is of another run: its epochs have 3 steps, and this one has 4',
    );
  });

  test('a model without weights and data that does not tell its shapes', async () => {
    await interrupted();
    const batches = function* () {
      yield [x, y];
    };
    await expect(small().fit(batches, {verbose: 0, callbacks: callbacksOf()})).rejects.toThrow(
      'must be built before fit',
    );
  });

  test('options', () => {
    expect(() => new callbacks.BackupAndRestore('')).toThrow('BackupAndRestore: a folder is needed, got ""');
    expect(() => new callbacks.BackupAndRestore('b', {saveFreq: 0})).toThrow(
      'BackupAndRestore: saveFreq must be "epoch" or a number of batches, got 0',
    );
    // @ts-expect-error -- the name is saveFreq
    expect(() => new callbacks.BackupAndRestore('b', {save_freq: 1})).toThrow('saveFreq');
  });
});
