import {afterEach, describe, expect, it} from 'vitest';
import {addon, type BufferOwner, collectGarbage, memoryStats, opcodes, words} from './index.js';

const FLOAT32 = 0;
const INT32 = 6;

function opcode(kernel: string): number {
  const code = opcodes.get(kernel);
  if (code === undefined) throw new Error(`no kernel ${kernel}`);
  return code;
}

/** Runs an instruction given as words. */
function run(instruction: readonly number[], ...owners: BufferOwner[]): void {
  words.set(instruction);
  addon.run(...owners);
}

function message(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was thrown';
}

/** A buffer of float32 values, with the object that keeps it. */
function buffer(values: readonly number[]): {handle: number; owner: BufferOwner} {
  const owner = {};
  const handle = addon.allocate(values.length * 4, owner);
  addon.write(handle, Float32Array.from(values), 0);
  return {handle, owner};
}

function read(handle: number, length: number): number[] {
  const target = new Float32Array(length);
  addon.read(handle, target, 0);
  return [...target];
}

describe('an instruction', () => {
  it('runs, and gives the handle of the result', () => {
    const a = buffer([1, 2, 3]);
    const result = {};
    run([opcode('add'), 2, 1, 0, a.handle, FLOAT32, 0, 1, 3, 1, -1, FLOAT32, 10, 1, 3, 0, 0, FLOAT32, 0, 1, 3], result);
    const handle = words[0] ?? 0;
    expect(read(handle, 3)).toEqual([11, 12, 13]);
    expect(addon.release(handle)).toBe(true);
    expect(addon.release(handle)).toBe(false);
    expect(addon.release(a.handle)).toBe(true);
  });
});

describe('a wrong instruction throws', () => {
  const {handle, owner} = buffer([1, 2, 3, 4]);
  const x = [handle, FLOAT32, 0, 1, 4, 1];
  const fresh = [0, FLOAT32, 0, 1, 4];
  const add = opcode('add');

  it.each<[string, readonly number[], string]>([
    ['an unknown kernel', [99_999, 0, 0, 0], 'opcode 99999 is out of range'],
    ['a kernel number that is none', [NaN, 0, 0, 0], 'word 0 is no integer'],
    ['too many operands', [add, 1000, 0, 0], 'inputs 1000 is out of range'],
    ['a negative count', [add, -1, 0, 0], 'inputs -1 is out of range'],
    ['more attributes than words', [add, 2, 1, 9000], 'attributes 9000 is out of range'],
    ['a dead handle', [add, 2, 1, 0, 123_456, FLOAT32, 0, 1, 4, 1, ...x, ...fresh], 'handle 123456 is not live'],
    ['no handle for an input', [add, 2, 1, 0, 0, FLOAT32, 0, 1, 4, 1, ...x, ...fresh], 'handle 0 is not live'],
    ['an unknown dtype', [add, 2, 1, 0, handle, 77, 0, 1, 4, 1, ...x, ...fresh], 'dtype 77 is out of range'],
    ['too many axes', [add, 2, 1, 0, handle, FLOAT32, 0, 99, ...x, ...fresh], 'rank 99 is out of range'],
    ['a negative size', [add, 2, 1, 0, handle, FLOAT32, 0, 1, -4, 1, ...x, ...fresh], 'operand shape is out of range'],
    ['an offset outside', [add, 2, 1, 0, handle, FLOAT32, 3, 1, 4, 1, ...x, ...fresh], 'operand leaves its buffer'],
    ['a stride outside', [add, 2, 1, 0, handle, FLOAT32, 0, 1, 4, 9, ...x, ...fresh], 'operand leaves its buffer'],
    ['a stride before it', [add, 2, 1, 0, handle, FLOAT32, 0, 1, 4, -1, ...x, ...fresh], 'operand leaves its buffer'],
    ['a larger dtype', [add, 2, 1, 0, handle, 1, 0, 1, 4, 1, ...x, ...fresh], 'operand leaves its buffer of 16 bytes'],
    ['another dtype', [add, 2, 1, 0, handle, INT32, 0, 1, 4, 1, ...x, ...fresh], 'kernel add: dtypes do not fit'],
    ['a smaller operand', [add, 2, 1, 0, handle, FLOAT32, 0, 1, 3, 1, ...x, ...fresh], 'kernel add: shapes do not fit'],
    ['an operand too few', [add, 1, 1, 0, ...x, ...fresh], 'kernel add: wrong number of operands or attributes'],
    [
      'a dtype it does not take',
      [opcode('sqrt'), 1, 1, 0, handle, INT32, 0, 1, 4, 1, 0, INT32, 0, 1, 4],
      'kernel sqrt',
    ],
    ['no owner for a result', [add, 2, 1, 0, ...x, ...x, ...fresh], 'an output has no owner'],
    ['a result that is too large', [opcode('fill'), 0, 1, 1, 0, 0, FLOAT32, 0, 2, 2 ** 30, 2 ** 31], 'tensor'],
  ])('%s', (what, instruction, expected) => {
    const owners = what.startsWith('no owner') ? [] : [{}];
    const before = memoryStats().numBuffers;
    expect(message(() => run(instruction, ...owners))).toContain(expected);
    expect(memoryStats().numBuffers).toBe(before);
    expect(read(handle, 4)).toEqual([1, 2, 3, 4]);
    expect(typeof owner).toBe('object');
  });

  it('wrong arguments too', () => {
    const call = (name: string, ...values: unknown[]) =>
      (Reflect.get(addon, name) as (...v: unknown[]) => unknown)(...values);
    expect(message(() => call('allocate', 10))).toContain('allocate(bytes, owner)');
    expect(message(() => call('allocate', -10, {}))).toContain('allocate(bytes, owner)');
    expect(message(() => call('write', handle, [1], 0))).toContain('a typed array is needed');
    expect(message(() => call('write', handle, new Float32Array(5), 0))).toContain('bytes outside of buffer');
    expect(message(() => call('read', handle, new Float32Array(4), 4))).toContain('bytes outside of buffer');
    expect(message(() => call('read', handle, new Float32Array(4), -4))).toContain('bytes outside of buffer');
    expect(message(() => call('setNumThreads', 0))).toContain('1 to 1024');
    expect(message(() => call('setCollector', 3))).toContain('setCollector(function)');
    expect(call('release', 'x')).toBe(false);
  });

  it('random words, thousands of times', () => {
    let state = 7;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    for (let i = 0; i < 5000; i++) {
      for (let at = 0; at < 60; at++)
        words[at] = random() < 0.1 ? NaN : Math.floor(random() * (at === 0 ? 200 : 6)) - 1;
      try {
        addon.run({}, {});
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});

describe('buffers', () => {
  const held: BufferOwner[] = [];
  afterEach(() => held.splice(0));

  it('go when their owners are collected', () => {
    collectGarbage();
    const before = memoryStats().numBuffers;
    for (let i = 0; i < 100; i++) addon.allocate(64, {});
    const kept = {};
    held.push(kept);
    addon.allocate(64, kept);
    collectGarbage();
    collectGarbage();
    expect(memoryStats().numBuffers).toBeLessThan(before + 20);
    expect(memoryStats().numBuffers).toBeGreaterThan(0);
  });

  it('of an instruction that runs stay, even where nothing reaches their owners any more', () => {
    // So much new memory makes a collection due when the result is allocated; reversed values could not be written over
    // their source.
    const n = 2 ** 24;
    const values = Float32Array.from({length: n}, (_, i) => i);
    for (let round = 0; round < 3; round++) {
      const result = {};
      held.push(result);
      words.set([opcode('copy'), 1, 1, 0, 0, FLOAT32, n - 1, 1, n, -1, 0, FLOAT32, 0, 1, n]);
      const input = addon.allocate(n * 4, {});
      addon.write(input, values, 0);
      words[4] = input;
      addon.run(result);
      const handle = words[0] ?? 0;
      expect(read(handle, 4)).toEqual([n - 1, n - 2, n - 3, n - 4]);
      const last = new Float32Array(4);
      addon.read(handle, last, (n - 4) * 4);
      expect([...last]).toEqual([3, 2, 1, 0]);
      addon.release(handle);
    }
    expect(memoryStats().collections).toBeGreaterThan(0);
  });
});
