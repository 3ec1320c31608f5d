import {floatx} from '../config.js';
import {type Element} from '../dtype.js';
import {type FilePath} from '../files/atomic.js';
import {DtypeError, TraceError, ValueError} from '../errors.js';
import {isRecording} from '../engine/recording.js';
import {tracing} from '../engine/tracing.js';
import {tensorsIn} from '../structure.js';
import {checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Cost, costOf} from './cost.js';
import {type Executable} from './executable.js';
import {exportFunction} from './export/write.js';
import {type Program} from './ir.js';
import {type PassOptions, PASS_NAMES} from './passes/index.js';
import {print} from './print.js';
import {returnedOf} from './results.js';
import {checkCreated, type Returned, type Segment, SegmentTree} from './segments.js';
import {type ArgumentSignature, checkArguments, checkSignature} from './signature.js';
import {type ArgumentSpec, describeSpec, matches, replaceTensors, specOf} from './specs.js';
import {type Tracer} from './tracer.js';

/** Options of {@link jit}. */
export interface JitOptions {
  /** Passes to leave out, for measurements and for finding faults; all are on by default. */
  passes?: PassOptions | undefined;
  /**
   * What the arguments must be, one entry for each: `{shape: [null, 784], dtype: 'float32'}`, or lists and dictionaries of those. A size
   * of null takes any; each size that comes is a program of its own. Other arguments are an error. Default: any arguments.
   */
  inputSignature?: readonly ArgumentSignature[] | undefined;
}

/** A compiled function: called like the function itself. */
export type Jitted<A extends readonly unknown[], R> = ((...args: A) => R) & {
  /** The program for these arguments as text, after all passes. */
  ir(...args: A): string;
  /** What the program for these arguments takes at each run; without arguments, the program of the last call. */
  cost(...args: A | []): Cost;
  /**
   * Writes the programs for these arguments (without arguments: all that were compiled so far) with the values of their Variables into a
   * file, which `loadProgram` runs without this function's code, on any platform. The file is a safetensors file whose metadata
   * hold the programs; it appears whole or not at all.
   *
   * @throws ValueError where an argument is neither tensor nor plain value, so that a file cannot hold it
   */
  export(path: FilePath, ...args: A | []): Promise<void>;
};

interface Entry {
  readonly spec: ArgumentSpec;
  readonly tree: SegmentTree;
  readonly floatx: string;
  /** The values that it reads differ so often that it runs op by op. */
  uncompiled: boolean;
}

const MOST_PROGRAMS = 64;
const MANY_PROGRAMS = 16;
const MOST_BRANCHES = 16;

/**
 * Compiles a function of tensors: at the first call with some shapes and dtypes it runs once to write down its operations, from then
 * on the whole program runs in one native call. Gradients of a tape inside of the function and what it assigns to Variables are
 * part of the program. Calls are told apart by the shapes and dtypes of tensors (also within lists and dictionaries) and by the values of
 * all other arguments (objects by identity).
 *
 * Plain `if` and `while` on values work: where the function reads one (`if (x.sum().greater(0).item())`) it is cut, and the value that
 * was met says which program comes next; a value not met before adds one. Booleans and small integers make few programs; a float that
 * differs at every call makes the function run op by op after a while, with a warning.
 *
 * What the function does besides tensor operations (such as `console.log`) happens only while it is compiled. Within a tape
 * the function runs operation by operation, so that its gradient is known.
 *
 * @example
 * const step = jit((x: Tensor) => ops.relu(x.mul(3).add(2)));
 * step(x); // compiles
 * step(x); // runs
 * @throws TraceError where the function is asynchronous, makes Variables at every call, or a tensor leaks out of it
 */
export function jit<A extends readonly unknown[], R>(fn: (...args: A) => R, options: JitOptions = {}): Jitted<A, R> {
  if (typeof fn !== 'function') throw new ValueError(`jit: a function is needed, got ${describe(fn)}`);
  checkOptions('jit', options, ['passes', 'inputSignature'], {input_signature: 'inputSignature'});
  if (options.inputSignature !== undefined) checkSignature(options.inputSignature);
  if (options.passes !== undefined) checkOptions('jit', options.passes, PASS_NAMES);
  const {passes, inputSignature} = options;
  const compiler = new Compiler(fn as (...args: readonly unknown[]) => unknown, passes, inputSignature);
  const call = (...args: A): R => compiler.call(args) as R;
  return Object.assign(call, {
    ir: (...args: A): string => compiler.ir(args),
    cost: (...args: A | []): Cost => compiler.cost(args),
    export: (path: FilePath, ...args: A | []): Promise<void> => compiler.export(path, args),
  });
}

/** The programs of one function. */
export class Compiler {
  readonly #fn: (...args: readonly unknown[]) => unknown;
  readonly #passes: PassOptions | undefined;
  readonly #signature: readonly ArgumentSignature[] | undefined;
  readonly #entries: Entry[] = [];
  #compiled = 0;

  constructor(
    fn: (...args: readonly unknown[]) => unknown,
    passes?: PassOptions,
    signature?: readonly ArgumentSignature[],
  ) {
    this.#fn = fn;
    this.#passes = passes;
    this.#signature = signature;
  }

  /** The programs for these arguments, where there are some; `inputs` gets the tensors that they run on. */
  find(args: readonly unknown[], inputs: Tensor<Element>[]): SegmentTree | null {
    const entry = this.#find(args, inputs);
    return entry === undefined || entry.uncompiled ? null : entry.tree;
  }

  /** Makes the programs for these arguments; null where there are symbolic tensors. */
  compile(args: readonly unknown[]): SegmentTree | null {
    return this.#compile(args, [])?.tree ?? null;
  }

  call(args: readonly unknown[]): unknown {
    if (this.#signature !== undefined) checkArguments(this.#signature, args);
    // Inside of another program it is a part of that; a tape has to see its operations.
    if (tracing !== null || isRecording()) return this.#fn(...args);
    const inputs: Tensor<Element>[] = [];
    const entry = this.#find(args, inputs) ?? this.#compile(args, inputs);
    if (entry === null || entry.uncompiled) return this.#fn(...args);
    const returned = entry.tree.run(inputs);
    if (entry.tree.mostBranches > MOST_BRANCHES) this.#giveUp(entry);
    return returned;
  }

  ir(args: readonly unknown[]): string {
    return this.#programs(this.#entryOf(args)).map(print).join('\n');
  }

  cost(args: readonly unknown[]): Cost {
    const last = args.length === 0 ? this.#entries[0] : undefined;
    const executables = this.#executables(last ?? this.#entryOf(args));
    return costOf(
      executables.flatMap(({instructions}) => instructions),
      {
        arenaBytes: Math.max(...executables.map(({arenaBytes}) => arenaBytes)),
        liveBytes: Math.max(...executables.map(({liveBytes}) => liveBytes)),
      },
    );
  }

  async export(path: FilePath, args: readonly unknown[]): Promise<void> {
    const entries = args.length === 0 && this.#entries.length > 0 ? this.#entries : [this.#entryOf(args)];
    await exportFunction(
      path,
      entries.map((entry) => {
        const [root] = this.#segments(entry);
        return {spec: entry.spec, root};
      }),
    );
  }

  #entryOf(args: readonly unknown[]): Entry {
    if (this.#signature !== undefined) checkArguments(this.#signature, args);
    const entry = this.#find(args, []) ?? this.#compile(args, []);
    if (entry === null) throw new TraceError('jit: symbolic tensors are not compiled, there is no program for them');
    return entry;
  }

  #executables(entry: Entry): readonly Executable[] {
    return this.#segments(entry).map(({executable}) => executable);
  }

  #segments({tree}: Entry): readonly [Segment, ...Segment[]] {
    const [root, ...others] = tree.segments();
    if (root !== undefined) return [root, ...others];
    throw new TraceError(
      'jit: this function reads the value of a tensor, so that its programs are known only after a call',
    );
  }

  #programs(entry: Entry): readonly Program[] {
    return this.#executables(entry).map(({program}) => program);
  }

  #giveUp(entry: Entry): void {
    entry.uncompiled = true;
    console.warn(
      `jit: a function met ${String(MOST_BRANCHES + 1)} different values where it reads a tensor, and runs op by op from now on for` +
        ` ${describeSpec(entry.spec)}; compare with tensor operations first and read the boolean`,
    );
  }

  #find(args: readonly unknown[], inputs: Tensor<Element>[]): Entry | undefined {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry === undefined || !matches(entry.spec, args, inputs) || !isCurrent(entry)) {
        inputs.length = 0;
        continue;
      }
      if (i > 0) {
        // The latest is found first.
        entries.splice(i, 1);
        entries.unshift(entry);
      }
      return entry;
    }
    return undefined;
  }

  #compile(args: readonly unknown[], inputs: Tensor<Element>[]): Entry | null {
    if (tensorsIn(args).some(({symbolic}) => symbolic)) return null;
    const spec = specOf(args);
    matches(spec, args, inputs);
    if (inputs.some(({dtype}) => dtype === 'string')) {
      throw new DtypeError('jit: string tensors cannot be compiled, call it outside of jit');
    }
    let tree = this.#tree(spec);
    if (tree.created > 0) {
      // What was made is there now.
      tree = this.#tree(spec);
      checkCreated(tree);
    }
    const entry: Entry = {spec, tree, floatx: floatx(), uncompiled: false};
    this.#entries.unshift(entry);
    if (this.#entries.length > MOST_PROGRAMS) this.#entries.pop();
    this.#compiled += 1;
    if (this.#compiled === MANY_PROGRAMS) {
      const [other] = this.#entries.slice(1);
      console.warn(
        `jit: a function was compiled ${String(MANY_PROGRAMS)} times, lately for ${describeSpec(spec)}` +
          (other === undefined ? '' : ` after ${describeSpec(other.spec)}`) +
          '; pass numbers that change as tensors, and pad shapes that change',
      );
    }
    return entry;
  }

  #tree(spec: ArgumentSpec): SegmentTree {
    const tree = new SegmentTree((tracer) => trace(this.#fn, spec, tracer), this.#passes);
    tree.compile();
    return tree;
  }
}

function isCurrent({tree, floatx: type}: Entry): boolean {
  for (const [variable, trainable] of tree.variables) if (variable.trainable !== trainable) return false;
  return type === floatx();
}

/** Runs the function once on tensors without values. */
function trace(fn: (...args: readonly unknown[]) => unknown, spec: ArgumentSpec, tracer: Tracer): Returned {
  const args = replaceTensors(spec, (tensor) => tracer.input(tensor)) as readonly unknown[];
  const returned = tracer.run(() => fn(...args));
  if (typeof returned === 'object' && returned !== null && 'then' in returned) {
    tracer.restore();
    throw new TraceError('jit: the function must be synchronous, it returned a Promise; do what waits outside of it');
  }
  return returnedOf(returned);
}
