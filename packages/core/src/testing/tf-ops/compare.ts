import {expect} from 'vitest';
import {Tensor} from '../../index.js';
import {RaggedTensor} from '../../ragged/ragged-tensor.js';
import {SparseTensor} from '../../sparse/sparse-tensor.js';
import {encodeText} from '../../strings/bytes.js';
import {type Element} from '../../dtype.js';
import {type Nested} from '../../tensor/convert.js';

type Plain = number | boolean | string | null | {readonly float: string} | {readonly bytes: readonly number[]};
type Values = Plain | readonly Values[];

/** A result as the file has it. */
export type Recorded =
  | {readonly ragged: Values; readonly dtype: string; readonly nested_row_splits: readonly (readonly number[])[]}
  | {
      readonly sparse: true;
      readonly dtype: string;
      readonly indices: Values;
      readonly values: Values;
      readonly dense_shape: readonly number[];
    }
  | {readonly dtype: string; readonly shape: readonly number[]; readonly values: Values}
  | {readonly list: readonly Recorded[]}
  | {readonly dict: Readonly<Record<string, Recorded>>}
  | {readonly tensor_shape: readonly (number | null)[]}
  | {readonly dtype_name: string}
  | {readonly value: unknown};

const TOLERANCE = 1e-5;

interface Rules {
  /** Another dtype than the recorded one. */
  readonly dtype?: string | undefined;
  /** Elements in any order. */
  readonly sorted?: boolean | undefined;
}

/** Holds what an expression gave against what TensorFlow gave. */
export function expectRecorded(actual: unknown, recorded: Recorded, rules: Rules = {}): void {
  if ('list' in recorded) {
    const list = actual as readonly unknown[];
    expect(Array.isArray(list), 'a list').toBe(true);
    expect(list).toHaveLength(recorded.list.length);
    recorded.list.forEach((each, i) => {
      expectRecorded(list[i], each, rules);
    });
  } else if ('dict' in recorded) {
    const entries = actual as Readonly<Record<string, unknown>>;
    expect(Object.keys(entries).sort()).toEqual(Object.keys(recorded.dict).sort());
    for (const [key, each] of Object.entries(recorded.dict)) expectRecorded(entries[key], each, rules);
  } else if ('tensor_shape' in recorded) {
    expect(actual).toEqual(recorded.tensor_shape);
  } else if ('dtype_name' in recorded) {
    expect(actual).toBe(recorded.dtype_name);
  } else if ('ragged' in recorded) {
    if (!(actual instanceof RaggedTensor)) throw new Error(`a ragged tensor was expected, got ${String(actual)}`);
    expect(actual.dtype).toBe(recorded.dtype);
    expect(actual.nestedRowSplits.map((splits) => splits.array(1).map(Number))).toEqual(recorded.nested_row_splits);
    expectValues(actual.array() as Nested<Element>, recorded.ragged, rules);
  } else if ('sparse' in recorded) {
    if (!(actual instanceof SparseTensor)) throw new Error(`a sparse tensor was expected, got ${String(actual)}`);
    expect(actual.dtype).toBe(recorded.dtype);
    expect(actual.denseShape).toEqual(recorded.dense_shape);
    expectValues(actual.indices.array(), recorded.indices, rules);
    expectValues(actual.values.array() as Nested<Element>, recorded.values, rules);
  } else if ('values' in recorded) {
    if (!(actual instanceof Tensor)) throw new Error(`a tensor was expected, got ${String(actual)}`);
    expect(actual.dtype).toBe(rules.dtype ?? recorded.dtype);
    expect(actual.shape).toEqual(recorded.shape);
    expectValues(actual.array() as Nested<Element>, recorded.values, rules);
  } else {
    expect(actual).toEqual(recorded.value);
  }
}

const flat = (values: unknown): unknown[] => (Array.isArray(values) ? values.flatMap(flat) : [values]);

function expectValues(actual: Nested<Element>, recorded: Values, {sorted}: Rules): void {
  const byValue = (values: unknown[]) => (sorted === true ? values.sort((a, b) => Number(a) - Number(b)) : values);
  const [got, want] = [byValue(flat(actual)), byValue(flat(recorded).map(plainOf))];
  expect(got).toHaveLength(want.length);
  got.forEach((value, i) => {
    const expected = want[i];
    if (typeof expected === 'number' && (typeof value === 'number' || typeof value === 'bigint')) {
      expectNumber(Number(value), expected);
    } else if (expected instanceof Uint8Array) {
      expect(encodeText(value as string)).toEqual(expected);
    } else {
      expect(value).toBe(expected);
    }
  });
}

function plainOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('bytes' in value) return Uint8Array.from(value.bytes as readonly number[]);
  const {float} = value as {float: string};
  return float === 'nan' ? NaN : float === 'inf' ? Infinity : float === '-inf' ? -Infinity : Number(float);
}

function expectNumber(actual: number, expected: number): void {
  if (!Number.isFinite(expected)) expect(actual).toBe(expected);
  else expect(Math.abs(actual - expected)).toBeLessThanOrEqual(TOLERANCE + TOLERANCE * Math.abs(expected));
}
