import {describe, expect, it} from 'vitest';
import {addon, memoryStats, opcodes} from './index.js';

const FLOAT32 = 0;

function opcode(kernel: string): number {
  const code = opcodes.get(kernel);
  if (code === undefined) throw new Error(`no kernel ${kernel}`);
  return code;
}

const vector = (slot: number, n: number): number[] => [slot, FLOAT32, 0, 1, n, 1];

/** y = (a + b) * a for vectors of n: two externals, a result, an arena. */
const program = (n: number): Float64Array =>
  Float64Array.from([
    ...[1, 2, 4 * n, 0, 4 * n, 0, 1, 4 * n, 4 * n, 0, 2],
    ...[opcode('add'), 2, 1, 0, ...vector(0, n), ...vector(1, n), ...vector(3, n), 0],
    ...[opcode('multiply'), 2, 1, 0, ...vector(3, n), ...vector(0, n), ...vector(2, n), 0],
  ]);

function buffer(values: readonly number[]): {handle: number; owner: object} {
  const owner = {};
  const handle = addon.allocate(values.length * 4, owner);
  addon.write(handle, Float32Array.from(values), 0);
  return {handle, owner};
}

function message(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was thrown';
}

describe('a program', () => {
  it('runs on what the bindings hold, as often as it is called', () => {
    const bindings = new Float64Array(5);
    const handle = addon.compile(program(3), bindings);
    const [a, b, c] = [buffer([1, 2, 3]), buffer([10, 20, 30]), buffer([0, 0, -1, -2, -3])];
    const results = [b, c].map((other, i) => {
      bindings.set([a.handle, 0, other.handle, i === 0 ? 0 : 8]);
      const owner = {};
      addon.execute(handle, owner);
      const target = new Float32Array(3);
      addon.read(bindings[4] ?? 0, target, 0);
      addon.release(bindings[4] ?? 0);
      return [...target];
    });
    expect(results).toEqual([
      [11, 44, 99],
      [0, 0, 0],
    ]);
    expect(addon.releaseProgram(handle)).toBe(true);
    expect(addon.releaseProgram(handle)).toBe(false);
    expect(message(() => addon.execute(handle, {}))).toBe(`program ${String(handle)} does not exist`);
    for (const {handle: each} of [a, b, c]) addon.release(each);
  });

  it('is refused where its bindings do not fit, and leaves no result behind', () => {
    const bindings = new Float64Array(5);
    const handle = addon.compile(program(3), bindings);
    const [a, b] = [buffer([1, 2, 3]), buffer([1, 2])];
    const before = memoryStats().numBuffers;
    const problems = [
      [[a.handle, 0, b.handle, 0], [{}], 'program: external 1 needs 12 bytes'],
      [[a.handle, 4, a.handle, 0], [{}], 'program: external 0 needs 12 bytes'],
      [[a.handle, -4, a.handle, 0], [{}], 'program: external 0 needs 12 bytes'],
      [[a.handle, NaN, a.handle, 0], [{}], 'program: external 0 needs 12 bytes'],
      [[1e6, 0, a.handle, 0], [{}], 'program: handle 1000000 is not live'],
      [[NaN, 0, a.handle, 0], [{}], 'program: handle 0 is not live'],
      [[a.handle, 0, a.handle, 0], [], 'program: a result has no owner'],
    ] as const;
    for (const [values, owners, problem] of problems) {
      bindings.set(values);
      expect(message(() => addon.execute(handle, ...owners))).toBe(problem);
    }
    expect(memoryStats().numBuffers).toBe(before);
    for (const wrong of [0, -1, 1e9, 0.5, NaN]) {
      expect(message(() => addon.execute(wrong))).toMatch(
        /^program -?\d+ does not exist$|^execute\(program, \.\.\.owners\)$/,
      );
    }
    addon.releaseProgram(handle);
    addon.release(a.handle);
    addon.release(b.handle);
  });

  it('is refused where its words are wrong', () => {
    const words = program(3);
    expect(message(() => addon.compile(words, new Float64Array(4)))).toBe('program: 5 bindings are needed');
    expect(message(() => addon.compile(words.subarray(0, -1), new Float64Array(5)))).toBe(
      'program: the words end early',
    );
    expect(message(() => addon.compile(Float64Array.from([...words, 0]), new Float64Array(5)))).toBe(
      'program: 1 words too many',
    );
    // @ts-expect-error -- not what the types say
    expect(message(() => addon.compile([1], new Float64Array(5)))).toBe(
      'internal: compile(words, bindings) takes Float64Arrays',
    );
    for (let at = 0; at < words.length; at++) {
      for (const value of [-1, 0.5, 1e12, NaN]) {
        const damaged = words.slice();
        damaged[at] = value;
        const bindings = new Float64Array(5);
        const problem = message(() => addon.releaseProgram(addon.compile(damaged, bindings)));
        expect(problem).toMatch(/program|kernel|operand|nothing was thrown/);
      }
    }
  });
});
