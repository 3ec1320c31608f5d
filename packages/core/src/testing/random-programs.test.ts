import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {GradientTape, ops, type Tensor} from '../index.js';
import {checkLeaks} from './leaks.js';
import {
  contiguousOf,
  inputsOf,
  type Outcome,
  type Program,
  PROGRAM_OPS,
  programs,
  runProgram,
  symbolicOf,
} from './random-programs.js';
import {uniform} from './values.js';

checkLeaks();

// Random programs mean the same in every way of running them.

const RUNS = {numRuns: 300, seed: 20_251};
const TOLERANCE = 1e-9;

/** Fails with both values where two outcomes differ. */
function expectSame(actual: Outcome | undefined, expected: Outcome | undefined, where: string): void {
  if (typeof expected === 'string' || expected === undefined || typeof actual === 'string' || actual === undefined) {
    expect(String(actual), where).toBe(String(expected));
    return;
  }
  expect([actual.shape, actual.dtype], where).toEqual([expected.shape, expected.dtype]);
  const wanted = expected.data();
  actual.data().forEach((value, i) => {
    const target = wanted[i] ?? NaN;
    const near = Object.is(value, target) || Math.abs(value - target) <= TOLERANCE * (1 + Math.abs(target));
    if (!near) expect(value, `${where}, element ${String(i)}`).toBe(target);
  });
}

const expectAllSame = (
  {steps}: Program,
  actual: readonly Outcome[],
  expected: readonly Outcome[],
  how: string,
): void => {
  expected.forEach((outcome, i) => expectSame(actual[i], outcome, `${how}, step ${String(i)} (${steps[i]?.op ?? ''})`));
};

/** The gradients of a weighted sum of everything that a program computes. */
function gradientsOf(
  program: Program,
  inputs: readonly Tensor[],
  how: 'run' | 'composed',
  follow: readonly Outcome[],
): Tensor[] {
  const tape = new GradientTape();
  for (const x of inputs) tape.watch(x);
  const total = tape.record<Tensor>(() =>
    runProgram(program, inputs, how, follow)
      .filter((y) => typeof y !== 'string')
      .reduce((sum, y, i) => sum.add(y.mul(uniform(y.shape.map(Number), -1, 1, i)).sum()), ops.zeros([], 'float64')),
  );
  return [...tape.gradient(total, inputs, {unconnectedGradients: 'zero'})];
}

describe('random programs', () => {
  it('give the same values with strided, transposed and broadcast inputs as with contiguous ones', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const inputs = inputsOf(program);
        const expected = runProgram(program, contiguousOf(inputs));
        expectAllSame(program, runProgram(program, inputs), expected, 'other layouts');
      }),
      RUNS,
    );
  });

  it('give the same values with fused primitives as composed of others', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const inputs = inputsOf(program);
        const expected = runProgram(program, inputs);
        expectAllSame(program, runProgram(program, inputs, 'composed', expected), expected, 'composed');
      }),
      RUNS,
    );
  });

  it('have the same gradients in other layouts and composed', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const inputs = inputsOf(program);
        const outcomes = runProgram(program, inputs);
        const expected = gradientsOf(program, contiguousOf(inputs), 'run', outcomes);
        gradientsOf(program, inputs, 'run', outcomes).forEach((gradient, i) =>
          expectSame(gradient, expected[i], `gradient ${String(i)}, other layouts`),
        );
        gradientsOf(program, inputs, 'composed', outcomes).forEach((gradient, i) =>
          expectSame(gradient, expected[i], `gradient ${String(i)}, composed`),
        );
      }),
      RUNS,
    );
  });

  it('have the shapes, dtypes and errors that symbolic tensors are told', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const inputs = inputsOf(program);
        const expected = runProgram(program, inputs);
        runProgram(program, symbolicOf(inputs, false)).forEach((outcome, i) => {
          const real = expected[i];
          const [found, wanted] = [outcome, real].map((y) =>
            typeof y === 'string' || y === undefined ? y : {shape: y.shape, dtype: y.dtype, symbolic: true},
          );
          expect(found, `step ${String(i)} (${program.steps[i]?.op ?? ''})`).toEqual(wanted);
        });
      }),
      RUNS,
    );
  });

  it('have shapes that open ones allow', () => {
    let compared = 0;
    fc.assert(
      fc.property(programs, (program) => {
        const inputs = inputsOf(program);
        const expected = runProgram(program, inputs);
        const open = symbolicOf(inputs, true);
        // What asks for an open size is refused; the programs differ from there on.
        const outcomes = runProgram(program, open, 'run', expected);
        for (const [i, outcome] of outcomes.entries()) {
          const real = expected[i];
          if (typeof real !== 'string' && typeof outcome === 'string') break;
          if (typeof real === 'string' || real === undefined || typeof outcome === 'string') continue;
          compared += 1;
          expect(outcome.dtype).toBe(real.dtype);
          expect(outcome.shape.map((n, axis) => n ?? real.shape[axis])).toEqual(real.shape);
        }
      }),
      RUNS,
    );
    expect(compared).toBeGreaterThan(RUNS.numRuns);
  });

  it('use every operation, most of them with success', () => {
    const done = new Map<string, number>();
    for (const program of fc.sample(programs, {...RUNS, numRuns: 1500})) {
      runProgram(program, inputsOf(program)).forEach((outcome, i) => {
        const name = program.steps[i]?.op ?? '';
        if (typeof outcome !== 'string' && outcome.size > 0) done.set(name, (done.get(name) ?? 0) + 1);
      });
    }
    expect(Object.keys(PROGRAM_OPS).filter((name) => (done.get(name) ?? 0) < 3)).toEqual([]);
  });
});
