import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {type DType} from '../../dtype.js';
import {GradientTape, isTensor, ops, tensor, type Tensor} from '../../index.js';

// More cases of Keras than the suite `ops` has: every interpolation in both directions, far positions, integers, channels first.

interface Stored {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

interface Case {
  readonly id: string;
  readonly op: string;
  readonly args: readonly (Stored | number | string | readonly number[])[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly output: Stored;
  readonly gradient?: Stored;
}

const file = new URL('../../../../../tests/golden/image.json', import.meta.url);
const suite = JSON.parse(readFileSync(file, 'utf8')) as {source: string; cases: Case[]};

const toCamel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const isStored = (value: unknown): value is Stored =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'values');

const restore = ({dtype, shape, values}: Stored): Tensor =>
  tensor(Float64Array.from(values)).cast(dtype).reshape(shape) as Tensor;

function close(actual: Tensor, expected: Stored): void {
  expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape]);
  const values = Array.from(actual.data(), Number);
  values.forEach((value, i) => {
    const wanted = expected.values[i] ?? NaN;
    expect(Math.abs(value - wanted), `element ${String(i)}: ${String(value)} against ${String(wanted)}`).toBeLessThan(
      2e-5 * (1 + Math.abs(wanted)),
    );
  });
}

describe(`images of ${suite.source}`, () => {
  it.each(suite.cases.map((c) => [c.id, c] as const))('%s', (_, {op, args, options, output, gradient}) => {
    const fn = (ops.image as Readonly<Record<string, unknown>>)[toCamel(op)] as (...list: unknown[]) => Tensor;
    const {order, ...rest} = Object.fromEntries(Object.entries(options).map(([key, x]) => [toCamel(key), x]));
    const given = args.map((x) => (isStored(x) ? restore(x) : x));
    const call = () => fn(...given, ...(order === undefined ? [] : [order]), rest);
    close(call(), output);
    const [source] = given;
    if (gradient === undefined || !isTensor(source)) return;
    const tape = new GradientTape();
    tape.watch(source);
    const sum = tape.record(() => {
      const y = call();
      return y.mul(ops.linspace(0.5, 1.5, y.size).reshape(y.shape.map(Number))).sum();
    });
    close(tape.gradient(sum, source), gradient);
  });
});
