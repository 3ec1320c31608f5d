import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {FileFormatError, tensor, ValueError} from '@keratin/core';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {Dataset} from '../dataset.js';
import {encodeExample, FixedLenFeature, parseExample, VarLenFeature} from './example.js';
import {writeTfrecord} from './write-tfrecord.js';

// tf.train.Example(...).SerializeToString(deterministic=True) of TensorFlow 2.21.
const RECORD = Buffer.from(
  '0a5a0a150a01611210120e0a0c0000003f000080bf000000400a1a0a016212151a130a1103ffffffffffffffffff018080808080200a0f0a0163120a0a080a0378c3a40a01790a0b0a016412060a040a02ff000a070a016512021a00',
  'hex',
);

test('reads what TensorFlow wrote', () => {
  const {a, b, c, d, e, f, g} = parseExample(RECORD, {
    a: new FixedLenFeature([3], 'float32'),
    b: new FixedLenFeature([3, 1], 'int64'),
    c: new VarLenFeature('string'),
    d: new FixedLenFeature([], 'bytes'),
    e: new VarLenFeature('int64'),
    f: new FixedLenFeature([2], 'float32', 7),
    g: new VarLenFeature('bytes'),
  });
  expect([a.dtype, a.array()]).toEqual(['float32', [0.5, -1, 2]]);
  expect([b.shape, b.reshape([-1]).array()]).toEqual([
    [3, 1],
    [3n, -1n, 2n ** 40n],
  ]);
  expect([c.shape, c.array()]).toEqual([[2], ['xä', 'y']]);
  expect(d).toEqual(Uint8Array.from([255, 0]));
  expect([e.shape, e.dtype]).toEqual([[0], 'int64']);
  expect(f.array()).toEqual([7, 7]);
  expect(g).toEqual([]);
});

test('writes what TensorFlow writes', () => {
  const bytes = encodeExample({
    d: Uint8Array.from([255, 0]),
    c: ['xä', 'y'],
    b: tensor([3n, -1n, 2n ** 40n]),
    a: tensor([0.5, -1, 2]),
  });
  // Without the empty feature, whose kind nothing tells.
  const whole = Buffer.concat([RECORD.subarray(0, 1), Buffer.from([RECORD.readUInt8(1) - 9]), RECORD.subarray(2, -9)]);
  expect(Buffer.from(bytes).equals(whole)).toBe(true);
});

test('through a file, also compressed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keratin-'));
  for (const name of ['a.tfrecord', 'a.tfrecord.gz']) {
    const path = join(folder, name);
    const records = [0, 1, 2].map((i) => encodeExample({x: [i, i + 0.5], label: BigInt(i)}));
    expect(await writeTfrecord(path, records)).toBe(3);
    const features = {x: new FixedLenFeature([2], 'float32'), label: new FixedLenFeature([], 'int32')};
    const batch = await Dataset.tfrecord(path)
      .map((record) => parseExample(record, features))
      .batch(3)
      .getSingleElement();
    expect([batch.x.array(), batch.label.array()]).toEqual([
      [
        [0, 0.5],
        [1, 1.5],
        [2, 2.5],
      ],
      [0, 1, 2],
    ]);
  }
  await expect(writeTfrecord(join(folder, 'b'), ['x' as never])).rejects.toThrow(
    'writeTfrecord: record 0 must be bytes, got "x"',
  );
  rmSync(folder, {recursive: true});
});

describe('mistakes, a sentence each', () => {
  const one =
    (spec: FixedLenFeature | VarLenFeature, name = 'a') =>
    () =>
      parseExample(RECORD, {[name]: spec});
  test.each<[string, () => unknown]>([
    ['feature "z" is missing in the record and has no defaultValue', one(new FixedLenFeature([], 'float32'), 'z')],
    ['feature "a" has 3 values, shape (2,) needs 2', one(new FixedLenFeature([2], 'float32'))],
    ['feature "a" holds floats in the record, int64 was asked for', one(new VarLenFeature('int64'))],
    ['feature "d" holds bytes that are no UTF-8 text; ask for \'bytes\'', one(new VarLenFeature('string'), 'd')],
    ['feature "b": 1099511627776 does not fit int32; ask for int64', one(new VarLenFeature('int32'), 'b')],
    ['must be given as a FixedLenFeature or VarLenFeature, got "float32"', one('float32' as never)],
    [
      'FixedLenFeature: dtype must be one of float32, int64, int32, string, bytes, got "float16"',
      () => new FixedLenFeature([], 'float16' as never),
    ],
    ['FixedLenFeature: shape must be a list of sizes, got 3', () => new FixedLenFeature(3 as never, 'int64')],
    ['encodeExample: feature "x" must be numbers, bigints, text or bytes', () => encodeExample({x: [1, 'a'] as never})],
    [
      'encodeExample: feature "x": an Example holds no complex64',
      () => encodeExample({x: tensor([1]).cast('complex64')}),
    ],
  ])('%s', (message, fn) => {
    expect(fn).toThrow(message);
  });

  test('whatever bytes change: features, or an error that says so', () => {
    const features = {a: new VarLenFeature('float32'), b: new VarLenFeature('int64'), d: new VarLenFeature('bytes')};
    const runs = Number(process.env['KERATIN_FUZZ'] ?? 500);
    fc.assert(
      fc.property(fc.nat(RECORD.length - 1), fc.nat(255), fc.nat(RECORD.length), (at, byte, end) => {
        const bytes = Buffer.from(RECORD);
        bytes[at] = byte;
        try {
          parseExample(bytes.subarray(0, end), features);
        } catch (error) {
          expect(error instanceof FileFormatError || error instanceof ValueError).toBe(true);
        }
      }),
      {numRuns: runs},
    );
  });
});
