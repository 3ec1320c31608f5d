import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {ops, RaggedTensor, tensor} from '@keratin/core';
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest';
import {resampled} from '../audio/resample.js';
import {decodeWav} from '../audio/wav.js';
import {saveImg} from '../images/image-utils.js';
import {audioDatasetFromDirectory} from './audio-dataset.js';
import {imageDatasetFromDirectory} from './image-dataset.js';
import {type FolderOptions, indexFolder} from './index-folder.js';
import {textDatasetFromDirectory} from './text-dataset.js';

const root = mkdtempSync(join(tmpdir(), 'keratin-'));
const quiet = {verbose: false} as const;

/** A WAV file of 16 bits. */
function wav(samples: readonly number[], rate = 8000, channels = 1): Buffer {
  const data = Buffer.alloc(samples.length * 2);
  samples.forEach((value, i) => data.writeInt16LE(Math.round(value * 32768), i * 2));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2 * channels, 28);
  head.writeUInt16LE(2 * channels, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

const texts = join(root, 'texts');
const images = join(root, 'images');
const sounds = join(root, 'sounds');
beforeAll(async () => {
  for (const [name, count] of Object.entries({b: 3, a: 4, c: 2})) {
    mkdirSync(join(texts, name, 'in'), {recursive: true});
    for (let i = 0; i < count; i++) {
      const file = i % 2 === 0 ? `${String(i)}.txt` : `in/${String(i)}.txt`;
      writeFileSync(join(texts, name, file), `${name}${String(i)}`);
    }
  }
  writeFileSync(join(texts, 'top.txt'), 'topä');
  writeFileSync(join(texts, 'a', 'other.md'), 'no');
  for (const [label, name] of ['cats', 'dogs'].entries()) {
    mkdirSync(join(images, name), {recursive: true});
    mkdirSync(join(sounds, name), {recursive: true});
    for (let i = 0; i < 3; i++) {
      const picture = ops.ones([4 + i, 6, 3]).mul(100 * label + 10 * i);
      await saveImg(join(images, name, `${String(i)}.png`), picture, {scale: false});
      const samples = Array.from({length: 2 + i}, (_, k) => (label - 0.5) * (k + 1) * 0.25);
      writeFileSync(join(sounds, name, `${String(i)}.wav`), wav(samples));
    }
  }
});
afterAll(() => rmSync(root, {recursive: true}));

describe('files come in the order in which Keras has them', () => {
  test.each<[FolderOptions, string[], number[] | null, string[] | null]>([
    [
      {shuffle: false},
      ['a/0', 'a/2', 'a/in/1', 'a/in/3', 'b/0', 'b/2', 'b/in/1', 'c/0', 'c/in/1'],
      [0, 0, 0, 0, 1, 1, 1, 2, 2],
      ['a', 'b', 'c'],
    ],
    [
      {seed: 5},
      ['a/in/1', 'b/0', 'c/in/1', 'c/0', 'a/2', 'a/0', 'b/2', 'b/in/1', 'a/in/3'],
      [0, 1, 2, 2, 0, 0, 1, 1, 0],
      ['a', 'b', 'c'],
    ],
    [
      {classNames: ['c', 'a'], seed: 0},
      ['a/in/3', 'a/0', 'c/in/1', 'a/2', 'c/0', 'a/in/1'],
      [1, 1, 0, 1, 0, 1],
      ['c', 'a'],
    ],
    [
      {labels: null, shuffle: false},
      ['top', 'a/0', 'a/2', 'a/in/1', 'a/in/3', 'b/0', 'b/2', 'b/in/1', 'c/0', 'c/in/1'],
      null,
      null,
    ],
    [
      {labels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], seed: 2},
      ['a/in/3', 'a/0', 'b/0', 'top', 'b/in/1', 'a/2', 'a/in/1', 'b/2', 'c/in/1', 'c/0'],
      [4, 1, 5, 0, 7, 2, 3, 6, 9, 8],
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    ],
  ])('%j', async (options, paths, labels, classNames) => {
    const index = await indexFolder('test', texts, {...options, ...quiet}, ['.txt']);
    const [part] = index.parts;
    expect(part?.paths.map((path) => relative(texts, path).replace('.txt', ''))).toEqual(paths);
    expect([part?.labels, index.classNames]).toEqual([labels, classNames]);
  });

  test('parts for training and validation, of one order', async () => {
    const options = {validationSplit: 0.25, seed: 5, ...quiet} as const;
    const whole = await indexFolder('test', texts, {seed: 5, ...quiet}, ['.txt']);
    const both = await indexFolder('test', texts, {...options, subset: 'both'}, ['.txt']);
    expect(both.parts.map(({paths}) => paths.length)).toEqual([7, 2]);
    expect(both.parts.flatMap(({paths}) => paths)).toEqual(whole.parts[0]?.paths);
    const validation = await indexFolder('test', texts, {...options, subset: 'validation'}, ['.txt']);
    expect(validation.parts[0]).toEqual(both.parts[1]);
  });

  test('a link that leads upwards has an end', async () => {
    symlinkSync(texts, join(texts, 'c', 'up'));
    const found = await indexFolder('test', texts, {followLinks: true, classNames: ['c'], ...quiet}, ['.txt']);
    expect(found.parts[0]?.paths.length).toBeGreaterThan(2);
    const plain = await indexFolder('test', texts, {classNames: ['c'], ...quiet}, ['.txt']);
    expect(plain.parts[0]?.paths).toHaveLength(2);
    rmSync(join(texts, 'c', 'up'));
  });

  test('says how many there are', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue(undefined);
    await indexFolder('test', texts, {}, ['.txt']);
    expect(log.mock.calls).toEqual([['Found 9 files belonging to 3 classes.']]);
    log.mockRestore();
  });
});

test('texts and labels', async () => {
  const dataset = await textDatasetFromDirectory(texts, {batchSize: 4, seed: 1, ...quiet});
  expect([dataset.classNames, dataset.filePaths.length, dataset.cardinality()]).toEqual([['a', 'b', 'c'], 9, 3]);
  const rows: unknown[] = [];
  for await (const [text, label] of dataset) {
    expect([text.dtype, label.dtype]).toEqual(['string', 'int32']);
    text.array(1).forEach((value, i) => rows.push([value, label.array(1)[i]]));
  }
  expect(rows.sort()).toEqual([
    ['a0', 0],
    ['a1', 0],
    ['a2', 0],
    ['a3', 0],
    ['b0', 1],
    ['b1', 1],
    ['b2', 1],
    ['c0', 2],
    ['c1', 2],
  ]);
  const single = await textDatasetFromDirectory(texts, {
    labels: null,
    batchSize: null,
    shuffle: false,
    maxLength: 4,
    ...quiet,
  });
  // The fourth byte is half of a character.
  expect((await single.iterator().getNext()).item()).toBe('top');
});

test('pictures: sizes, label modes, both parts', async () => {
  const options = {imageSize: [3, 5], batchSize: 2, shuffle: false, ...quiet} as const;
  const dataset = await imageDatasetFromDirectory(images, {...options, labelMode: 'binary'});
  const batches = await dataset.toArray();
  expect(batches.map(([x, y]) => [x.shape, x.dtype, y.array()])).toEqual([
    [[2, 3, 5, 3], 'float32', [[0], [0]]],
    [[2, 3, 5, 3], 'float32', [[0], [1]]],
    [[2, 3, 5, 3], 'float32', [[1], [1]]],
  ]);
  expect(batches[2]?.[0].at(1, 0, 0).array()).toEqual([120, 120, 120]);
  const [train, validation] = await imageDatasetFromDirectory(images, {
    ...options,
    labelMode: 'categorical',
    validationSplit: 0.5,
    subset: 'both',
    colorMode: 'grayscale',
    dataFormat: 'channels_first',
    padToAspectRatio: true,
  });
  expect((await train.toArray()).map(([x]) => x.shape)).toEqual([
    [2, 1, 3, 5],
    [1, 1, 3, 5],
  ]);
  expect((await validation.iterator().getNext())[1].array()).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

describe('sounds', () => {
  test('padded to the longest, cut or filled up, ragged', async () => {
    const options = {batchSize: 3, shuffle: false, ...quiet} as const;
    const [x, y] = await (await audioDatasetFromDirectory(sounds, options)).iterator().getNext();
    expect([x.shape, y.array()]).toEqual([
      [3, 4, 1],
      [0, 0, 0],
    ]);
    expect(x.at(0).reshape([-1]).array()).toEqual([-0.125, -0.25, 0, 0]);
    const cut = await audioDatasetFromDirectory(sounds, {...options, outputSequenceLength: 3});
    expect((await cut.iterator().getNext())[0].shape).toEqual([3, 3, 1]);
    const faster = await audioDatasetFromDirectory(sounds, {...options, samplingRate: 16_000, labels: null});
    expect((await faster.iterator().getNext()).shape).toEqual([3, 8, 1]);
    const rows = await audioDatasetFromDirectory(sounds, {...options, ragged: true});
    const [lines] = await rows.iterator().getNext();
    expect(lines).toBeInstanceOf(RaggedTensor);
  });

  test('resampled as SciPy does', () => {
    const near = (values: readonly number[], count: number, expected: readonly number[]) => {
      const found = resampled(tensor([...values], {shape: [values.length, 1]}), count)
        .reshape([-1])
        .array(1);
      expect(found).toHaveLength(expected.length);
      found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 5));
    };
    const even = [0.5, -0.25, 1, 0.125, -1, 0.75];
    near(even, 3, [0.395833, 0.333333, -0.166667]);
    near(even, 4, [0.520833, 0.351175, 0.104167, -0.226175]);
    near(even, 9, [0.5, -0.288096, 0.104723, 1, 0.753306, -0.5575, -1, 0.12854, 1.046527]);
    near(even, 8, [0.5, -0.312356, 0.351175, 1.095604, 0.125, -1.044695, -0.226175, 1.011447]);
    near(even.slice(0, 5), 4, [0.5, -0.177524, 1.137132, -1.159608]);
    near(even.slice(0, 5), 8, [0.5, 0.040424, -0.177524, 0.804014, 1.137132, -0.203493, -1.159608, -0.340945]);
  });

  test('WAV files: channels, kinds of samples, and what is none', () => {
    const stereo = decodeWav(wav([0.5, -0.5, 0.25, -1], 44_100, 2), 'w');
    expect([stereo.samplingRate, stereo.samples.array()]).toEqual([
      44_100,
      [
        [0.5, -0.5],
        [0.25, -1],
      ],
    ]);
    const eight = Buffer.from(wav([0, 0]));
    eight.writeUInt16LE(8, 34);
    eight.set([0, 128, 192, 64], 44);
    expect(decodeWav(eight, 'w').samples.reshape([-1]).array()).toEqual([-1, 0, 0.5, -0.5]);
    const floats = Buffer.from(wav([0, 0]));
    floats.writeUInt16LE(3, 20);
    floats.writeUInt16LE(32, 34);
    floats.writeFloatLE(0.75, 44);
    expect(decodeWav(floats, 'w').samples.array()).toEqual([[0.75]]);
    expect(() => decodeWav(Buffer.from('hello, no sound'), 'w')).toThrow(
      'w is no WAV file that can be read: it does not begin',
    );
    expect(() => decodeWav(wav([0.5, 0.5]).subarray(0, 46), 'w')).toThrow('its chunk "data" ends after the file');
    expect(() => decodeWav(wav([]).subarray(0, 36), 'w')).toThrow('it has no data');
    const odd = wav([0.5]);
    odd.writeUInt16LE(7, 20);
    expect(() => decodeWav(odd, 'w')).toThrow('its samples are of kind 7 with 16 bits');
  });
});

describe('mistakes, a sentence each', () => {
  const of = (options: object) => textDatasetFromDirectory(texts, {...quiet, ...options});
  test.each<[string, () => Promise<unknown>]>([
    [
      'labels must be \'inferred\', null or a list of integers, one for each file, got "int"',
      () => of({labels: 'int'}),
    ],
    ["classNames is for labels: 'inferred', got labels null", () => of({labels: null, classNames: ['a']})],
    ["labelMode must be one of 'int', 'categorical', 'binary', got \"onehot\"", () => of({labelMode: 'onehot'})],
    ['there must be one label for each file, got 2 labels and 10 files', () => of({labels: [1, 2]})],
    ["labelMode 'binary' is for exactly two classes", () => of({labelMode: 'binary'})],
    ['validationSplit and subset belong together, got 0.5 and undefined', () => of({validationSplit: 0.5})],
    [
      'a split of shuffled files needs a seed, or else files could be in both parts',
      () => of({validationSplit: 0.5, subset: 'training'}),
    ],
    ['validationSplit must be between 0 and 1, got 2', () => of({validationSplit: 2, subset: 'training', seed: 1})],
    ['there is no folder "z" in', () => of({classNames: ['z']})],
    ['batchSize must be a positive integer or null, got 0', () => of({batchSize: 0})],
    ['unknown option "batch_size"; here it is called "batchSize"', () => of({batch_size: 3})],
    ['maxLength must be an integer of at least 0 or null, got -1', () => of({maxLength: -1})],
    ['there are no files in', () => imageDatasetFromDirectory(texts, quiet)],
    [
      'imageSize must be [height, width] of positive integers, got [0, 0]',
      () => imageDatasetFromDirectory(images, {imageSize: 0, ...quiet}),
    ],
    ['is no folder that can be read', () => imageDatasetFromDirectory(join(root, 'none'), quiet)],
    [
      'ragged and outputSequenceLength cannot be given together',
      () => audioDatasetFromDirectory(sounds, {ragged: true, outputSequenceLength: 3, ...quiet}),
    ],
    [
      'samplingRate must be a positive integer or null, got 0.5',
      () => audioDatasetFromDirectory(sounds, {samplingRate: 0.5, ...quiet}),
    ],
  ])('%s', async (message, fn) => {
    await expect(fn()).rejects.toThrow(message);
  });
});
