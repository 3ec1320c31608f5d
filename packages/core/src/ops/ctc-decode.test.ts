import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {KeratinError} from '../errors.js';
import {isSymbolic, symbolicTensor} from '../engine/hidden.js';
import {ops, tensor, type Tensor} from '../index.js';

interface Case {
  readonly inputs: number[][][];
  readonly lengths: number[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly decoded: number[][][];
  readonly scores: number[][];
}

const file = new URL('../../../../tests/golden/ctc_decode.json', import.meta.url);
const suite = JSON.parse(readFileSync(file, 'utf8')) as {source: string; cases: Case[]};

const toCamel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

describe(`of ${suite.source}`, () => {
  it.each(suite.cases.map((c) => [JSON.stringify(c.options), c] as const))('%s', (_, c) => {
    const options = Object.fromEntries(Object.entries(c.options).map(([key, value]) => [toCamel(key), value]));
    const [decoded, scores] = ops.ctcDecode(tensor(c.inputs), tensor(c.lengths, 'int32'), options);
    expect([decoded.dtype, scores.dtype]).toEqual(['int32', 'float32']);
    expect(decoded.array()).toEqual(c.decoded);
    scores.array(2).forEach((row, b) => {
      row.forEach((score, path) => {
        expect(score).toBeCloseTo(c.scores[b]?.[path] ?? NaN, 4);
      });
    });
  });
});

it('open shapes go through', () => {
  const logits: Tensor = symbolicTensor({shape: [null, 5, 4], dtype: 'float32'});
  const lengths: Tensor = symbolicTensor({shape: [null], dtype: 'int32'});
  const [decoded, scores] = ops.ctcDecode(logits, lengths, {strategy: 'beam_search', topPaths: 3});
  expect([isSymbolic(decoded), decoded.shape, scores.shape]).toEqual([true, [3, null, 5], [null, 3]]);
});

describe('mistakes', () => {
  const x = ops.zeros([2, 3, 4]);
  const n = tensor([3, 3], 'int32');
  it.each<[() => unknown, string]>([
    [
      // @ts-expect-error a strategy of another library
      () => ops.ctcDecode(x, n, {strategy: 'beam'}),
      "ctcDecode: strategy must be one of 'greedy', 'beam_search', got \"beam\"",
    ],
    [() => ops.ctcDecode(x, n, {beamWidth: 0}), 'ctcDecode: beamWidth must be a positive integer, got 0'],
    [
      () => ops.ctcDecode(x, n, {strategy: 'beam_search', beamWidth: 2, topPaths: 3}),
      'ctcDecode: topPaths must be at most beamWidth, got 3 and 2',
    ],
    [() => ops.ctcDecode(x, n, {maskIndex: 4}), 'ctcDecode: maskIndex must be one of 4 classes, got 4'],
    [() => ops.ctcDecode(x, [3, 4]), 'ctcDecode: sequenceLengths must be from 0 to 3, got 4'],
    [
      () => ops.ctcDecode(x, [3]),
      'ctcDecode: inputs must be (batch,steps,classes) and sequenceLengths (batch,), got (2,3,4) and (1,)',
    ],
    [
      () => ops.ctcDecode(x, [0, 0], {strategy: 'beam_search', topPaths: 2}),
      'ctcDecode: topPaths 2 is more than there are sequences of 0 steps',
    ],
  ])('%#', (fn, message) => {
    expect(fn).toThrow(KeratinError);
    expect(fn).toThrow(message);
  });
});
