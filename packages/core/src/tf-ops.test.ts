import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {KeratinError, tensor} from './index.js';
import {type DType} from './dtype.js';
import {checkLeaks} from './testing/leaks.js';
import {expectRecorded, type Recorded} from './testing/tf-ops/compare.js';
import {CASES, type Inputs} from './testing/tf-ops/index.js';

interface GoldenCase {
  readonly id: string;
  readonly inputs: Readonly<
    Record<string, {readonly dtype: DType; readonly shape: readonly number[]; readonly values: unknown}>
  > | null;
  readonly result: Recorded | null;
  readonly expect?: 'error';
  readonly compare?: 'multiset';
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../tests/golden/${name}.json`, import.meta.url), 'utf8')) as {
    readonly source: string;
    readonly cases: readonly GoldenCase[];
  };

const golden = read('tf-ops');
const RAGGED_AND_SPARSE = new Set(read('tf-ragged-sparse').cases.map(({id}) => id));
/** Printed texts are held to in tensor/print.test.ts. */
const isText = (id: string) => id.startsWith('text/');

checkLeaks();

describe(`tensors as ${golden.source}`, () => {
  it('every recorded case has an expression', () => {
    const missing = golden.cases.filter(({id}) => !isText(id) && !(id in CASES) && !RAGGED_AND_SPARSE.has(id));
    expect(missing.map(({id}) => id)).toEqual([]);
    const ids = new Set(golden.cases.map(({id}) => id));
    expect(Object.keys(CASES).filter((id) => !ids.has(id))).toEqual([]);
  });

  const named = golden.cases.filter(({id}) => id in CASES).map((each) => [each.id, each] as const);
  it.each(named)('%s', async (id, recorded) => {
    const given = CASES[id];
    if (given === undefined) throw new Error(`no expression for ${id}`);
    const run = typeof given === 'function' ? given : given.run;
    const call = async () => await run(inputsOf(recorded));
    if (typeof given === 'object' && 'throws' in given) {
      const error: unknown = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(KeratinError);
      expect((error as KeratinError).message).toMatch(given.throws);
      expect(
        recorded.expect === 'error' || given.because !== undefined,
        'a reason where TensorFlow does not throw',
      ).toBe(true);
      return;
    }
    const actual = await call();
    if (typeof given === 'object' && 'gives' in given) {
      expect(actual).toEqual(given.gives);
      return;
    }
    if (recorded.result === null) throw new Error(`${id} is recorded as an error`);
    const dtype = typeof given === 'object' ? given.dtype : undefined;
    expectRecorded(actual, recorded.result, {dtype, sorted: recorded.compare === 'multiset'});
  });
});

function inputsOf({inputs}: GoldenCase): Inputs {
  const tensors = Object.entries(inputs ?? {}).map(([name, {dtype, shape, values}]) => {
    const flat = [values].flat(Infinity) as number[];
    return [name, tensor(flat, {dtype, shape})];
  });
  // Each expression takes those that its case has.
  return Object.fromEntries(tensors) as Partial<Inputs> as Inputs;
}
