import {addon, collectGarbage, memoryStats} from '@keratin/native';
import {afterAll, afterEach, beforeAll, expect} from 'vitest';
import {recordingDepth} from '../engine/recording.js';
import {isOutsideScopes} from '../tensor/storage.js';

/** Live native buffers after a full collection. */
export function liveBuffers(): number {
  collectGarbage();
  return memoryStats().numBuffers;
}

// V8 keeps a few dead objects until the running job ends, so that collections and turns of the event loop alternate.
const MAX_ROUNDS = 10;

/** Live native buffers once there are no more than `expected`, or after many full collections. */
export async function liveBuffersUpTo(expected: number): Promise<number> {
  // A minor collection is quick, and mostly enough.
  globalThis.gc?.({type: 'minor'});
  addon.sweep();
  for (let i = 0; i < MAX_ROUNDS && memoryStats().numBuffers > expected; i++) {
    await new Promise((resume) => setImmediate(resume));
    collectGarbage();
  }
  return memoryStats().numBuffers;
}

/**
 * The tests of the file (or of the `describe` that calls this) must leave no open tape or scope each, and no live buffer
 * together: full collections after each would take most of the time.
 */
export function checkLeaks(): void {
  let before = 0;
  beforeAll(async () => {
    before = await liveBuffersUpTo(0);
  });
  afterEach(() => {
    expect(recordingDepth(), 'open tapes').toBe(0);
    expect(isOutsideScopes(), 'an open scope').toBe(true);
  });
  afterAll(async () => {
    expect(await liveBuffersUpTo(before), 'live native buffers').toBeLessThanOrEqual(before);
  });
}
