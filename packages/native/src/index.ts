/** The native engine of Keratin: C++ kernels and their memory. For the sibling packages; users import `keratin`. */
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {loadAddon} from './addon.js';

export type {Addon, BufferOwner} from './addon.js';
export {ABI, ADDON_KEYS} from './addon.js';

export const addon = loadAddon();

/** The instruction words that both sides share. */
export const words = new Float64Array(addon.block);

/** Opcode by kernel name. */
export const opcodes: ReadonlyMap<string, number> = new Map(addon.kernels.map((name, index) => [name, index]));

// Node exposes its collector only behind a flag; the flag can be set at run time and holds for new contexts.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: {type: 'minor'}) => void;
addon.setCollector((full) => {
  // Node 20 takes any argument that it does not know, such as {type: 'major'}, for a minor collection.
  if (full) collect();
  else collect({type: 'minor'});
});

/** Collects garbage fully and releases the buffers that nobody reaches. For tests and for {@link trimMemory}. */
export function collectGarbage(): void {
  collect();
  addon.sweep();
}

/** Live native buffers and programs of this thread and the bytes of the process's pool. */
export function memoryStats(): {
  numBuffers: number;
  numBytes: number;
  collections: number;
  poolBytes: number;
  cachedBytes: number;
  numPrograms: number;
} {
  addon.stats();
  const [numBuffers = 0, numBytes = 0, collections = 0, poolBytes = 0, cachedBytes = 0, numPrograms = 0] =
    words.subarray(0, 6);
  return {numBuffers, numBytes, collections, poolBytes, cachedBytes, numPrograms};
}
