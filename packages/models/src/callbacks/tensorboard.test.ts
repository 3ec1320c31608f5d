import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {ops, random, setSeed, tensor} from '@keratin/core';
import {maskedCrc32c} from '@keratin/core/internal';
import {Input, layers} from '@keratin/layers';
import {PNG} from 'pngjs';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {z} from 'zod';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {weightImages} from '../tensorboard/images.js';
import {bucketsOf} from '../tensorboard/summaries.js';
import {TensorBoard, type TensorBoardOptions} from './tensorboard.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keratin-tensorboard-'));
});
afterEach(() => {
  rmSync(folder, {recursive: true});
});

type Fields = Map<number, (bigint | Buffer)[]>;

/** The fields of a protocol buffer by number. */
function parse(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wire = key & 7;
    const size = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(varint()) : 0;
    const value = wire === 0 ? varint() : bytes.subarray(at, at + size);
    at += size;
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

const part = (fields: Fields, field: number): Buffer => {
  const [value] = fields.get(field) ?? [];
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
};

interface Event {
  readonly tag: string;
  readonly step: number;
  readonly plugin: string;
  readonly tensor: Fields;
}

/** Reads the only event file of a folder, checking every checksum. */
function eventsOf(run: string): Event[] {
  const names = readdirSync(join(folder, run));
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/^events\.out\.tfevents\.\d+\./);
  const bytes = readFileSync(join(folder, run, names[0] ?? ''));
  const events: Event[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const event = bytes.subarray(at + 12, at + 12 + size);
    expect(bytes.readUInt32LE(at + 12 + size)).toBe(maskedCrc32c(event));
    const fields = parse(event);
    if (at === 0) expect(part(fields, 3).toString()).toBe('brain.Event:2');
    else {
      const value = parse(part(parse(part(fields, 5)), 1));
      const plugin = part(parse(part(parse(part(value, 9)), 1)), 1).toString();
      const [step = 0n] = fields.get(2) ?? [];
      events.push({tag: part(value, 1).toString(), step: Number(step), plugin, tensor: parse(part(value, 8))});
    }
    at += 16 + size;
  }
  return events;
}

const numberOf = ({tensor}: Event): number => part(tensor, 5).readFloatLE();

async function train(options: TensorBoardOptions) {
  const model = new Sequential([Input({shape: [2]}), new layers.Dense(3, {name: 'hidden'}), new layers.Dense(1)], {
    name: 'net',
  }).compile({optimizer: new optimizers.SGD(0.1), loss: 'mse', metrics: ['mae']});
  const x = random.normal([8, 2], {seed: 1});
  const y = random.normal([8, 1], {seed: 2});
  const callbacks = [new TensorBoard({logDir: folder, ...options})];
  const {history} = await model.fit(x, y, {epochs: 2, batchSize: 2, validationData: [x, y], verbose: 0, callbacks});
  return {model, history};
}

test('writes the values of each epoch, of the validation in a run of their own', async () => {
  const {history} = await train({});
  const scalars = eventsOf('train').filter(({plugin}) => plugin === 'scalars');
  expect(scalars.map(({tag, step}) => [tag, step])).toEqual([
    ['epoch_loss', 0],
    ['epoch_mae', 0],
    ['epoch_learning_rate', 0],
    ['epoch_loss', 1],
    ['epoch_mae', 1],
    ['epoch_learning_rate', 1],
  ]);
  const losses = scalars.filter(({tag}) => tag === 'epoch_loss').map(numberOf);
  expect(losses).toEqual(history.loss.map(Math.fround));
  expect(scalars.slice(2, 3).map(numberOf)).toEqual([Math.fround(0.1)]);
  const validation = eventsOf('validation');
  expect(validation.map(({tag, step}) => [tag, step])).toEqual([
    ['evaluation_loss_vs_iterations', 4],
    ['evaluation_mae_vs_iterations', 4],
    ['epoch_loss', 0],
    ['epoch_mae', 0],
    ['evaluation_loss_vs_iterations', 8],
    ['evaluation_mae_vs_iterations', 8],
    ['epoch_loss', 1],
    ['epoch_mae', 1],
  ]);
  expect(validation.slice(2, 3).map(numberOf)).toEqual([Math.fround(history.val_loss[0] ?? NaN)]);
});

test('writes the structure of the model', async () => {
  const {model} = await train({});
  const [graph] = eventsOf('train').filter(({plugin}) => plugin === 'graph_keras_model');
  expect(graph?.tag).toBe('keras');
  expect(JSON.parse(part(graph?.tensor ?? parse(Buffer.alloc(0)), 8).toString())).toEqual(JSON.parse(model.toJson()));
});

test('writes values of batches, and steps a second', async () => {
  await train({updateFreq: 3, writeStepsPerSecond: true, writeGraph: false});
  const events = eventsOf('train');
  const steps = events.filter(({tag}) => tag === 'batch_loss').map(({step}) => step);
  expect(steps).toEqual([3, 6]);
  for (const tag of ['batch_steps_per_second', 'epoch_steps_per_second']) {
    const found = events.filter((event) => event.tag === tag);
    expect(found).toHaveLength(2);
    for (const event of found) expect(numberOf(event)).toBeGreaterThan(0);
  }
});

test('writes distributions of weights', async () => {
  const {model} = await train({histogramFreq: 1});
  const events = eventsOf('train').filter(({plugin, step}) => plugin === 'histograms' && step === 1);
  expect(events.map(({tag}) => tag)).toEqual(model.weights.map(({path}) => `${path}/histogram`));
  events.forEach(({tensor}, i) => {
    const content = part(tensor, 4);
    expect(content.length).toBe(30 * 3 * 8);
    const values = Array.from(model.weights[i]?.data() ?? []);
    const rows = Array.from({length: 30}, (_, row) => [0, 1, 2].map((k) => content.readDoubleLE(row * 24 + k * 8)));
    expect(rows).toEqual(bucketsOf(values));
    expect(rows.reduce((sum, row) => sum + (row[2] ?? 0), 0)).toBe(values.length);
    expect([rows[0]?.[0], rows[29]?.[1]]).toEqual([Math.min(...values), Math.max(...values)]);
  });
});

test('writes weights as pictures: vectors, matrices, kernels of convolutions', async () => {
  const model = new Sequential([
    Input({shape: [4, 4, 1]}),
    new layers.Conv2D(5, [2, 3], {name: 'conv'}),
    new layers.Flatten(),
    new layers.Dense(2, {name: 'dense'}),
  ]).compile({optimizer: 'sgd', loss: 'mse'});
  const callbacks = [new TensorBoard({logDir: folder, histogramFreq: 1, writeImages: true, writeGraph: false})];
  const [x, y] = [random.normal([2, 4, 4, 1]), random.normal([2, 2])];
  await model.fit(x, y, {verbose: 0, callbacks});
  const events = eventsOf('train').filter(({plugin}) => plugin === 'images');
  const found = events.map(({tag, tensor}) => {
    const [width, height, ...files] = (tensor.get(8) ?? []) as Buffer[];
    return [tag.replace(/^.*?([^/]+\/[^/]+\/image)$/, '$1'), String(width), String(height), files.length];
  });
  expect(found).toEqual([
    // Width, height and number of pictures; of more than three kernels the first three are written.
    ['conv/kernel/image', '3', '2', 3],
    ['conv/bias/image', '1', '5', 1],
    ['dense/kernel/image', '30', '2', 1],
    ['dense/bias/image', '1', '2', 1],
  ]);
  const [, , file = Buffer.alloc(0)] = (events[2]?.tensor.get(8) ?? []) as Buffer[];
  const png = PNG.sync.read(file);
  const kernel = model.getWeights()[2]?.transpose();
  const [least, greatest] = [kernel?.min().item() ?? 0, kernel?.max().item() ?? 0];
  const grey = Array.from(kernel?.data() ?? [], (value) => Math.round(((value - least) / (greatest - least)) * 255));
  expect([png.width, png.height]).toEqual([30, 2]);
  expect(Array.from({length: 60}, (_, i) => png.data[i * 4])).toEqual(grey);
});

test('pictures of other weights', () => {
  expect(weightImages(ops.ones([2, 2, 2, 2, 2]))).toBeNull();
  expect(weightImages(ops.ones([2, 2, 2, 2]))).toBeNull();
  expect(weightImages(ops.ones([1, 1]))).toBeNull();
  const colours = weightImages(ops.arange(24).reshape([2, 2, 2, 3]));
  expect([colours?.width, colours?.height, colours?.files.length]).toEqual([2, 2, 2]);
  const second = PNG.sync.read(colours?.files[1] ?? Buffer.alloc(0));
  expect([...second.data.subarray(0, 8)]).toEqual([133, 144, 155, 255, 166, 177, 188, 255]);
  // Without a range, and beside values that are not finite, all is black.
  expect([...PNG.sync.read(weightImages(tensor([2, NaN]))?.files[0] ?? Buffer.alloc(0)).data.subarray(0, 4)]).toEqual([0, 0, 0, 255]); // prettier-ignore
});

test('writes tables of embeddings for the projector', async () => {
  const model = new Sequential([
    Input({shape: [2], dtype: 'int32'}),
    new layers.Embedding(3, 2, {name: 'words'}),
    new layers.Flatten(),
    new layers.Dense(1),
  ]).compile({optimizer: 'sgd', loss: 'mse'});
  const options = {logDir: folder, embeddingsFreq: 2, embeddingsMetadata: {words: 'words.tsv'}};
  const [x, y] = [tensor([[0, 1]], 'int32'), tensor([[1]])];
  await model.fit(x, y, {epochs: 3, verbose: 0, callbacks: [new TensorBoard(options)]});
  expect(readFileSync(join(folder, 'projector_config.pbtxt'), 'utf8')).toBe(
    'embeddings {\n  tensor_name: "words"\n  tensor_path: "train/words.embeddings-2.tsv"\n  metadata_path: "words.tsv"\n}\n',
  );
  const rows = readFileSync(join(folder, 'train', 'words.embeddings-2.tsv'), 'utf8')
    .trim()
    .split('\n');
  expect(rows.map((row) => row.split('\t').map(Number))).toEqual(model.getWeights()[0]?.array());
  expect(readdirSync(join(folder, 'train')).filter((name) => name.endsWith('.tsv'))).toHaveLength(2);
  const wrong = new TensorBoard({...options, embeddingsMetadata: {word: 'words.tsv'}});
  await expect(model.fit(x, y, {verbose: 0, callbacks: [wrong]})).rejects.toThrow(
    'TensorBoard: embeddingsMetadata names "word", but the model has no Embedding layer of that name; did you mean "words"?',
  );
});

test('bars of a histogram', () => {
  const rows = bucketsOf([0, 1, 29.5, 30, NaN, Infinity]);
  expect(rows[0]).toEqual([0, 1, 1]);
  expect(rows[1]).toEqual([1, 2, 1]);
  expect(rows[29]).toEqual([29, 30, 2]);
  expect(bucketsOf([5, 5])[29]).toEqual([5, 5, 2]);
  expect(bucketsOf([])).toEqual(Array.from({length: 30}, () => [0, 0, 0]));
});

describe('profileBatch', () => {
  const traceSchema = z.object({
    traceEvents: z.array(
      z.object({name: z.string(), cat: z.string().optional(), args: z.record(z.string(), z.unknown())}),
    ),
  });
  /** The only trace, where TensorBoard's Profile tab looks for it. */
  const traceEvents = () => {
    const profiles = join(folder, 'train', 'plugins', 'profile');
    const [time = '', ...others] = readdirSync(profiles);
    const files = readdirSync(join(profiles, time));
    expect([others, files]).toEqual([[], [`${hostname()}.trace.json.gz`]]);
    expect(time).toMatch(/^\d{4}(_\d\d){5}$/);
    const bytes = gunzipSync(readFileSync(join(profiles, time, files[0] ?? '')));
    return traceSchema.parse(JSON.parse(bytes.toString())).traceEvents;
  };

  test.each<[TensorBoardOptions['profileBatch'], number[]]>([
    [2, [2]],
    [
      [3, 5],
      [3, 4, 5],
    ],
    [[8, 100], [8]],
  ])('%j measures these batches, counted from 1 over all epochs', async (profileBatch, steps) => {
    setSeed(1);
    const {history} = await train({profileBatch, updateFreq: 'batch'});
    const events = traceEvents();
    const names = events.filter(({cat}) => cat === 'step').map(({name}) => name);
    expect(names.filter((name) => name.startsWith('train'))).toEqual(steps.map((step) => `train step ${String(step)}`));
    expect(events.filter(({args}) => args['kernel'] === 'matmul').length).toBeGreaterThanOrEqual(3 * steps.length);
    // It changes nothing, and the values of batches are written beside it.
    rmSync(folder, {recursive: true});
    setSeed(1);
    expect(history).toEqual((await train({updateFreq: 'batch'})).history);
    expect(eventsOf('train').filter(({tag}) => tag === 'batch_loss')).toHaveLength(8);
  });

  test('0, the default, measures nothing and needs no hook', async () => {
    await train({profileBatch: 0});
    expect(readdirSync(join(folder, 'train'))).toHaveLength(1);
    expect(new TensorBoard().onTrainBatchBegin).toBe(undefined);
  });

  test.each([-1, 1.5, [0, 3], [4, 3], [1, 2, 3], '1,2'])('%j is refused', (wrong) => {
    expect(() => new TensorBoard({profileBatch: wrong as never})).toThrow(
      'TensorBoard: profileBatch must be a batch counted from 1, the first and the last of several, or 0 for none, got ',
    );
  });
});

test('mistakes', () => {
  expect(() => new TensorBoard({histogramFreq: -1})).toThrow(
    'TensorBoard: histogramFreq must be a number of epochs, got -1',
  );
  expect(() => new TensorBoard({updateFreq: 0})).toThrow(
    'TensorBoard: updateFreq must be "epoch", "batch" or a number of batches, got 0',
  );
  expect(() => new TensorBoard({embeddingsFreq: 0.5})).toThrow(
    'TensorBoard: embeddingsFreq must be a number of epochs, got 0.5',
  );
  expect(() => new TensorBoard({embeddingsMetadata: 3 as never})).toThrow(
    'TensorBoard: embeddingsMetadata must be a file, or an object of files by layer name, got 3',
  );
  // @ts-expect-error -- the name is logDir
  expect(() => new TensorBoard({log_dir: 'logs'})).toThrow('logDir');
});
