import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {type Element} from '../dtype.js';
import {KeratinError} from '../errors.js';
import {isTensor, type Tensor} from '../index.js';
import {isSparse} from '../sparse/sparse-tensor.js';
import {RAGGED} from '../testing/golden-ragged.js';
import {SPARSE} from '../testing/golden-sparse.js';
import {checkLeaks} from '../testing/leaks.js';
import {isRagged} from './ragged-tensor.js';

// Every case that real TensorFlow recorded for ragged and sparse tensors. Where it gives sizes and numbers of rows as tensors, here they
// are numbers.

checkLeaks();

type Plain = null | boolean | number | string | readonly Plain[] | {readonly [key: string]: Plain};
interface Recorded {
  readonly [key: string]: Plain | undefined;
  readonly ragged?: Plain;
  readonly dtype?: string;
  readonly ragged_rank?: number;
  readonly nested_row_splits?: Plain;
  readonly flat_values?: Recorded & Plain;
  readonly sparse?: boolean;
  readonly indices?: Plain;
  readonly values?: Plain;
  readonly dense_shape?: Plain;
  readonly shape?: Plain;
  readonly value?: Plain;
  readonly list?: Plain;
  readonly tensor_shape?: Plain;
  readonly float?: string;
}

interface Case {
  readonly id: string;
  readonly expect?: 'error';
  readonly result: Recorded | null;
  readonly tolerance?: number;
}

const file = new URL('../../../../tests/golden/tf-ragged-sparse.json', import.meta.url);
const {cases} = JSON.parse(readFileSync(file, 'utf8')) as {cases: readonly Case[]};
const EXPRESSIONS = {...RAGGED, ...SPARSE};

/** Recorded numbers: NaN and infinities are objects. */
function plain(x: Plain | undefined): Plain | undefined {
  if (Array.isArray(x)) return (x as readonly Plain[]).map((item) => plain(item) ?? null);
  if (typeof x === 'object' && x !== null && 'float' in x)
    return Number((x as Recorded).float === 'nan' ? NaN : (x as Recorded).float);
  if (typeof x === 'object' && x !== null && 'value' in x) return plain((x as Recorded).value);
  if (typeof x === 'object' && x !== null && 'list' in x) return plain((x as Recorded).list);
  return x;
}

/** Nested arrays with bigints as numbers. */
function numbers(x: unknown): unknown {
  if (typeof x === 'bigint') return Number(x);
  return Array.isArray(x) ? x.map(numbers) : x;
}

function expectClose(got: unknown, wanted: unknown, tolerance: number): void {
  if (Array.isArray(wanted)) {
    expect(got).toHaveLength(wanted.length);
    wanted.forEach((each, i) => {
      expectClose((got as readonly unknown[])[i], each, tolerance);
    });
  } else if (typeof wanted === 'number' && !Number.isInteger(wanted) && Number.isFinite(wanted)) {
    expect(typeof got).toBe('number');
    expect(Math.abs(Number(got) - wanted)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(wanted)));
  } else expect(got).toEqual(wanted);
}

const values = (x: Tensor<Element>) => numbers(x.array());

function check(got: unknown, wanted: Recorded, tolerance: number): void {
  if (isRagged(got)) {
    expectClose(numbers(got.array()), plain(wanted.ragged), tolerance);
    expect(got.dtype).toBe(wanted.dtype);
    expect(got.raggedRank).toBe(wanted.ragged_rank);
    expect(got.nestedRowSplits.map(values)).toEqual(wanted.nested_row_splits);
    check(got.flatValues, wanted.flat_values as Recorded, tolerance);
  } else if (isSparse(got)) {
    expect(wanted.sparse).toBe(true);
    expect(got.dtype).toBe(wanted.dtype);
    expect(values(got.indices)).toEqual(wanted.indices);
    expectClose(values(got.values), plain(wanted.values), tolerance);
    expect(got.denseShape).toEqual(wanted.dense_shape);
  } else if (isTensor(got)) {
    expect(got.dtype).toBe(wanted.dtype);
    expect(got.shape).toEqual(wanted.shape);
    expectClose(values(got), plain(wanted.values), tolerance);
  } else if (typeof got === 'string') {
    // The numbers alone: the words around them are ours.
    const inside = /^<tf\.RaggedTensor (.*)>$/.exec(wanted.value as string)?.[1];
    expect(inside).toBeDefined();
    expect(got.startsWith(`RaggedTensor(${String(inside)}, shape=`)).toBe(true);
  } else if ('list' in wanted && Array.isArray(got) && got.some((x) => isSparse(x))) {
    const list = wanted.list as readonly Recorded[];
    expect(got).toHaveLength(list.length);
    list.forEach((each, i) => {
      check(got[i], each, tolerance);
    });
  } else {
    expectClose(got, plain(wanted.tensor_shape ?? wanted.list ?? wanted.values), tolerance);
  }
}

describe('recorded by TensorFlow', () => {
  it('has an expression for every case, and no other', () => {
    expect(Object.keys(EXPRESSIONS).sort()).toEqual(cases.map(({id}) => id).sort());
  });

  it.each(cases.map((each) => [each.id, each] as const))('%s', (id, {result, expect: kind, tolerance = 1e-5}) => {
    const run = EXPRESSIONS[id];
    if (run === undefined) throw new Error(`no expression for ${id}`);
    if (kind === 'error') expect(run).toThrow(KeratinError);
    else if (result !== null) check(run(), result, tolerance);
    else throw new Error(`${id} has no result`);
  });
});
