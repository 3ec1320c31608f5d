// Every instruction set computes the same to rounding. Each runs in a process of its own, because the choice is made at load.
import {expect, test} from 'vitest';
import {runScenario, scenarioResult} from './scenario.js';

interface Results {
  readonly isa: string;
  readonly xor: readonly number[];
  readonly mlp: readonly number[];
  readonly operations: Readonly<Record<string, readonly number[]>>;
}

function expectNear(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  expect(actual.length, what).toBeGreaterThan(0);
  actual.forEach((value, i) => {
    const difference = Math.abs(value - (expected[i] ?? NaN));
    expect(difference, `${what}, element ${i}`).toBeLessThan(tolerance * (1 + Math.abs(value)));
  });
}

test('training and operations agree on every instruction set', async () => {
  const best = await scenarioResult<Results>('isa', {env: {KERATIN_ISA: 'avx512'}});
  const [first = 1, second = 0, third = 0, fourth = 1] = best.xor;
  for (const low of [first, fourth]) expect(low).toBeLessThan(0.1);
  for (const high of [second, third]) expect(high).toBeGreaterThan(0.9);
  // A CPU without AVX2 runs the baseline three times.
  const tested = new Set([best.isa]);
  for (const isa of ['avx2', 'baseline']) {
    const results = await scenarioResult<Results>('isa', {env: {KERATIN_ISA: isa}});
    tested.add(results.isa);
    expectNear(results.xor, best.xor, 1e-4, `${isa}: xor`);
    expectNear(results.mlp, best.mlp, 1e-4, `${isa}: mlp`);
    expect(Object.keys(results.operations)).toEqual(Object.keys(best.operations));
    for (const [name, values] of Object.entries(results.operations)) {
      expectNear(values, best.operations[name] ?? [], 1e-5, `${isa}: ${name}`);
    }
  }
  expect([...tested].at(-1)).toBe('baseline');
}, 180_000);

test('an unknown instruction set is refused with a sentence', async () => {
  const {status, stderr} = await runScenario('isa', {env: {KERATIN_ISA: 'sse9'}});
  expect(status).toBe(1);
  expect(stderr).toContain('KERATIN_ISA must be one of baseline, avx2, avx512, got "sse9"');
}, 60_000);
