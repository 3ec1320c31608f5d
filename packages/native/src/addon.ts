import {createRequire} from 'node:module';
import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** An object whose collection releases a native buffer. */
export type BufferOwner = object;

/**
 * What the C++ addon exports: the whole border. `addon.test.ts` compares these names with the real exports.
 * Handles are positive integers; {@link Addon.run} says how an instruction is laid out in {@link Addon.block}.
 */
export interface Addon {
  /** Version of this border; checked at load. */
  readonly abi: number;
  /** Instruction set of the kernels in use: `baseline`, `avx2` or `avx512`. */
  readonly isa: string;
  /** The memory of the instruction words (float64). */
  readonly block: ArrayBuffer;
  /** Kernel names; a kernel's opcode is its index. */
  readonly kernels: readonly string[];
  /** For each kernel the dtypes, as bits, for which it has a body that a chain of elementwise functions can use. */
  readonly bodies: readonly number[];
  /**
   * Runs the instruction in the word block: `opcode, inputs, outputs, attributes, attribute..., operand...`, an operand being
   * `handle, dtype, offset, rank, shape..., strides...`. Handle -1 is a scalar whose value stands in `offset`; handle 0, for
   * outputs, allocates (no strides follow) and ties the buffer to the next owner. Handles of fresh outputs are in words 0, 1, ... afterwards.
   */
  run(...owners: BufferOwner[]): void;
  /**
   * Reads a compiled program and checks it; its handle. `bindings` is shared from then on: handle and byte offset of each external,
   * host words, and room for the handles of the results. It lives as long as `owner`; without one, until it is released.
   */
  compile(words: Float64Array, bindings: Float64Array, owner?: BufferOwner): number;
  /**
   * Runs a program on what `bindings` holds, ties results to the owners and writes their handles into `bindings`. Where it throws,
   * the first binding is the number of the instruction, or -1.
   */
  execute(program: number, ...owners: BufferOwner[]): void;
  /**
   * Runs a program for many batches of data in memory: at least one step, until all are done or the time is over. Feeds are the first
   * externals: their binding is the memory of all rows. `control` holds the number of steps, the milliseconds after which no
   * step begins, the rows of a batch, the place of the first row, a buffer of int32 that says which row is in which place
   * (0: as they lie), its offset in elements and its length, the number of feeds, and for each of them the bytes of a row
   * (0: the same in every step) and the number of rows. `host` holds the host words of all steps. Afterwards `control` begins with the
   * steps done, the milliseconds that they took and the instruction that failed, or -1; results are those of the last step.
   */
  runSteps(program: number, control: Float64Array, host: Float64Array, ...owners: BufferOwner[]): void;
  /** The same on the engine's thread: gives the number of the run, and calls back when {@link Addon.finishSteps} will not wait. */
  startSteps(
    program: number,
    control: Float64Array,
    host: Float64Array,
    callback: () => void,
    ...owners: BufferOwner[]
  ): number;
  /** Ends a run after the step that it is in, and waits for that. */
  settleSteps(run: number): void;
  /** Takes the results of a run, once; writes what {@link Addon.runSteps} writes into `control`. Throws the error of the run. */
  finishSteps(run: number, out: Float64Array): void;
  /** Forgets a program; false where that was done before. */
  releaseProgram(program: number): boolean;
  /** Uninitialized memory that lives as long as `owner`; its handle. */
  allocate(bytes: number, owner: BufferOwner): number;
  write(handle: number, source: NodeJS.TypedArray, byteOffset: number): void;
  read(handle: number, target: NodeJS.TypedArray, byteOffset: number): void;
  /** Releases now instead of at the owner's collection; false where it was released before. */
  release(handle: number): boolean;
  /** Releases the buffers and programs of collected owners; bytes of buffers freed. */
  sweep(): number;
  /** The function that asks V8 for a minor (`false`) or full (`true`) collection. */
  setCollector(collect: (full: boolean) => void): void;
  /** Words 0 to 5: live buffers, their bytes, collections asked for, the pool's live bytes, its cached bytes, live programs. */
  stats(): void;
  /** Gives cached memory back to the system. */
  trim(): void;
  numThreads(): number;
  setNumThreads(n: number): void;
}

export const ADDON_KEYS = [
  'abi',
  'isa',
  'block',
  'kernels',
  'bodies',
  'run',
  'compile',
  'execute',
  'runSteps',
  'startSteps',
  'settleSteps',
  'finishSteps',
  'releaseProgram',
  'allocate',
  'write',
  'read',
  'release',
  'sweep',
  'setCollector',
  'stats',
  'trim',
  'numThreads',
  'setNumThreads',
] as const satisfies readonly (keyof Addon)[];

/** The border version that this package's TypeScript speaks. */
export const ABI = 1;

function libc(): string {
  if (process.platform !== 'linux') return '';
  const report: unknown = process.report.getReport();
  const header = typeof report === 'object' && report !== null && 'header' in report ? report.header : undefined;
  const glibc = typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header;
  return glibc ? '-glibc' : '-musl';
}

const ISAS = ['baseline', 'avx2', 'avx512'];

/**
 * Loads the addon; throws one sentence that names platform, libc, Node version, cause and next step where it cannot.
 *
 * @param path the compiled library
 */
export function loadAddon(path = fileURLToPath(new URL('../build/Release/keratin.node', import.meta.url))): Addon {
  // Costs 15 ms to say.
  const machine = (): string => `${process.platform}-${process.arch}${libc()}, Node ${process.versions.node}`;
  const next =
    'run "node scripts/build.mjs" in the @keratin/native package (it needs Python 3 and a C++20 compiler: gcc 11, clang 14 or newer)';
  const isa = process.env['KERATIN_ISA'];
  if (isa !== undefined && !ISAS.includes(isa)) {
    throw new Error(
      `@keratin/native: KERATIN_ISA must be one of ${ISAS.join(', ')}, got "${isa}"; unset it to use the best that the CPU has`,
    );
  }
  if (!existsSync(path)) throw new Error(`@keratin/native: the addon was not built for ${machine()}; ${next}`);
  let addon: Addon;
  try {
    addon = createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new Error(`@keratin/native: the addon does not load on ${machine()} (${reason}); ${next}`, {cause});
  }
  if (addon.abi !== ABI) {
    throw new Error(
      `@keratin/native: the addon's border is version ${String(addon.abi)}, this package speaks ${String(ABI)} (${machine()}); ${next}`,
    );
  }
  return addon;
}
