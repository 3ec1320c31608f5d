import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {ops, tensor} from '@keratin/core';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {arrayToImg, imgToArray, loadImg, saveImg} from './image-utils.js';
import {Picture} from './picture.js';

interface Golden {
  readonly files: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly file: string;
    readonly options: Readonly<Record<string, never>>;
    readonly tolerance: number;
    readonly shape: readonly number[];
    readonly values: readonly number[];
  }[];
  readonly arrays: readonly {
    readonly x: readonly number[];
    readonly shape: readonly number[];
    readonly scale: boolean;
    readonly values: readonly number[];
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../../tests/golden/pictures.json', import.meta.url), 'utf8'),
) as Golden;

const folder = mkdtempSync(join(tmpdir(), 'keratin-'));
beforeAll(() => {
  for (const [name, content] of Object.entries(golden.files))
    writeFileSync(join(folder, name), Buffer.from(content, 'base64'));
});
afterAll(() => rmSync(folder, {recursive: true}));
const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

describe('loadImg gives what Keras and Pillow give', () => {
  test.each(golden.cases.map((one) => [`${one.file} ${JSON.stringify(one.options)}`, one] as const))(
    '%s',
    async (_, {file, options, tolerance, shape, values}) => {
      const own = Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value]));
      const x = imgToArray(await loadImg(join(folder, file), own));
      expect(x.shape).toEqual(shape);
      expect(x.dtype).toBe('float32');
      const found = [...x.data()];
      if (tolerance === 0) expect(found).toEqual(values);
      else
        expect(Math.max(...found.map((value, i) => Math.abs(value - (values[i] ?? 0))))).toBeLessThanOrEqual(tolerance);
    },
  );
});

test.each(golden.arrays)('arrayToImg: shape $shape, scale $scale', ({x, shape, scale, values}) => {
  const picture = arrayToImg(tensor([...x], {shape}), {scale});
  expect([...picture.data]).toEqual(values);
});

describe('saveImg', () => {
  const x = ops.arange(60).cast('float32').reshape([4, 5, 3]).mul(4);

  test('PNG comes back as it was', async () => {
    for (const channels of [1, 3, 4]) {
      const own = ops
        .arange(20 * channels)
        .cast('float32')
        .reshape([4, 5, channels]);
      const path = join(folder, 'a.png');
      await saveImg(path, own, {scale: false});
      const colorMode = channels === 1 ? 'grayscale' : channels === 3 ? 'rgb' : 'rgba';
      expect(imgToArray(await loadImg(path, {colorMode})).array()).toEqual(own.array());
    }
  });

  test('JPEG nearly, and channels may come first', async () => {
    const path = new URL(`file://${join(folder, 'a.jpg')}`);
    await saveImg(path, ops.transpose(x, [2, 0, 1]), {scale: false, dataFormat: 'channels_first', quality: 100});
    const back = imgToArray(await loadImg(path), {dataFormat: 'channels_first'});
    expect(back.shape).toEqual([3, 4, 5]);
    expect(
      back
        .sub(ops.transpose(x, [2, 0, 1]))
        .abs()
        .mean()
        .item(),
    ).toBeLessThan(12);
  });
});

describe('mistakes, a sentence each', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
  const png = (): Buffer => readFileSync(join(folder, 'rgb'));
  const huge = (): Buffer => {
    const content = Buffer.from(png());
    content.writeUInt32BE(100_000, 16);
    content.writeUInt32BE(100_000, 20);
    content.writeUInt32BE(crc32(content.subarray(12, 29)), 29);
    return content;
  };
  test.each<[string, () => unknown]>([
    ['loadImg is a GIF; PNG and JPEG are read', () => loadImg(bytes('GIF89a...'))],
    ['loadImg is no picture that is known; PNG and JPEG are read', () => loadImg(bytes('hello'))],
    ['loadImg: the picture is damaged (', () => loadImg(bytes('\xff\xd8\xff\xe0'))],
    ['loadImg: the picture is damaged (', () => loadImg(png().subarray(0, 60))],
    ['loadImg: a picture of 100000 x 100000 pixels is larger than 89478485 pixels', () => loadImg(huge())],
    [
      'loadImg: targetSize must be [height, width] of positive integers, got [2]',
      () => loadImg(png(), {targetSize: [2] as never}),
    ],
    [
      "loadImg: colorMode must be one of 'grayscale', 'rgb', 'rgba', got \"grey\"",
      () => loadImg(png(), {colorMode: 'grey' as never}),
    ],
    ['loadImg: a path, a file URL or bytes are needed, got 3', () => loadImg(3 as never)],
    [
      'arrayToImg: an array of rank 3 (a single picture) is needed, got shape (2,2)',
      () => arrayToImg(ops.zeros([2, 2])),
    ],
    ['arrayToImg: a picture has 1, 3 or 4 channels, got shape (2,2,2)', () => arrayToImg(ops.zeros([2, 2, 2]))],
    [
      'arrayToImg: without scale values must be 0 to 255, got -1 to 300; with {scale: true} they are made so',
      () => arrayToImg(tensor([[[-1], [300]]]), {scale: false}),
    ],
    ['imgToArray: a picture of loadImg or arrayToImg is needed, got', () => imgToArray([[1]] as never)],
    ["saveImg: pictures are written as 'png' or 'jpeg', got \"bmp\"", () => saveImg('a.bmp', ops.ones([2, 2, 3]))],
    [
      'saveImg: quality must be an integer from 1 to 100, got 0',
      () => saveImg('a.png', ops.ones([2, 2, 3]), {quality: 0}),
    ],
  ])('%s', async (message, fn) => {
    await expect(Promise.resolve().then(fn)).rejects.toThrow(message);
  });

  test('a picture says what it is', () => {
    expect(String(new Picture(3, 2, 'rgb', new Uint8Array(18)))).toBe('Picture(3 x 2, rgb)');
  });
});
