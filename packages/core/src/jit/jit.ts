import {floatx} from '../config.js';
import {type Element} from '../dtype.js';
import {TraceError, ValueError} from '../errors.js';
import {isRecording} from '../engine/recording.js';
import {tracing} from '../engine/tracing.js';
import {mapStructure, tensorsIn} from '../structure.js';
import {checkOptions, describe} from '../suggest.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {type Cost, costOf} from './cost.js';
import {Executable} from './executable.js';
import {type Program} from './ir.js';
import {optimize, type PassOptions, PASS_NAMES} from './passes/index.js';
import {print} from './print.js';
import {type ArgumentSpec, describeSpec, matches, replaceTensors, specOf} from './specs.js';
import {Tracer} from './tracer.js';

/** Options of {@link jit}. */
export interface JitOptions {
  /** Passes to leave out, for measurements and for finding faults; all are on by default. */
  passes?: PassOptions | undefined;
}

/** A compiled function: called like the function itself. */
export type Jitted<A extends readonly unknown[], R> = ((...args: A) => R) & {
  /** The program for these arguments as text, after all passes. */
  ir(...args: A): string;
  /** What the program for these arguments takes at each run; without arguments, the program of the last call. */
  cost(...args: A | []): Cost;
};

interface Entry {
  readonly spec: ArgumentSpec;
  readonly executable: Executable;
  /** What the function returned, with the number of its result in place of each tensor. */
  readonly result: Result;
  readonly floatx: string;
  readonly trainable: readonly boolean[];
}

type Result = (tensors: readonly Tensor<Element>[]) => unknown;

const MOST_PROGRAMS = 64;
const MANY_PROGRAMS = 16;

/**
 * Compiles a function of tensors: at the first call with some shapes and dtypes it runs once to write down its operations, from then
 * on the whole program runs in one native call. Gradients of a tape inside of the function and what it assigns to Variables are
 * part of the program. Calls are told apart by the shapes and dtypes of tensors (also within lists and dictionaries) and by the values of
 * all other arguments.
 *
 * What the function does besides tensor operations (such as `console.log`) happens only while it is compiled. Within a tape
 * the function runs operation by operation, so that its gradient is known.
 *
 * @example
 * const step = jit((x: Tensor) => ops.relu(x.mul(3).add(2)));
 * step(x); // compiles
 * step(x); // runs
 * @throws TraceError where the function reads the value of a tensor, is asynchronous or makes Variables at every call
 */
export function jit<A extends readonly unknown[], R>(fn: (...args: A) => R, options: JitOptions = {}): Jitted<A, R> {
  if (typeof fn !== 'function') throw new ValueError(`jit: a function is needed, got ${describe(fn)}`);
  checkOptions('jit', options, ['passes']);
  if (options.passes !== undefined) checkOptions('jit', options.passes, PASS_NAMES);
  const compiler = new Compiler(fn as (...args: readonly unknown[]) => unknown, options.passes);
  const call = (...args: A): R => compiler.call(args) as R;
  return Object.assign(call, {
    ir: (...args: A): string => compiler.ir(args),
    cost: (...args: A | []): Cost => compiler.cost(args),
  });
}

class Compiler {
  readonly #fn: (...args: readonly unknown[]) => unknown;
  readonly #passes: PassOptions | undefined;
  readonly #entries: Entry[] = [];
  #compiled = 0;

  constructor(fn: (...args: readonly unknown[]) => unknown, passes: PassOptions | undefined) {
    this.#fn = fn;
    this.#passes = passes;
  }

  call(args: readonly unknown[]): unknown {
    // Inside of another program it is a part of that; a tape has to see its operations.
    if (tracing !== null || isRecording()) return this.#fn(...args);
    const inputs: Tensor<Element>[] = [];
    const entry = this.#find(args, inputs) ?? this.#compile(args, inputs);
    if (entry === null) return this.#fn(...args);
    return entry.result(entry.executable.run(inputs));
  }

  ir(args: readonly unknown[]): string {
    const entry = this.#find(args, []) ?? this.#compile(args, []);
    if (entry === null) throw new TraceError('jit: symbolic tensors are not compiled, there is no program for them');
    return print(entry.executable.program);
  }

  cost(args: readonly unknown[]): Cost {
    const last = args.length === 0 ? this.#entries[0] : undefined;
    const entry = last ?? this.#find(args, []) ?? this.#compile(args, []);
    if (entry === null) throw new TraceError('jit: symbolic tensors are not compiled, there is no program for them');
    return costOf(entry.executable.instructions, entry.executable.arenaBytes);
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
    let traced = trace(this.#fn, spec);
    if (traced.created > 0) {
      traced = trace(this.#fn, spec);
      if (traced.created > 0) {
        throw new TraceError(
          `jit: the function makes ${String(traced.created)} new Variables at every call; make them once, outside of it`,
        );
      }
    }
    const executable = new Executable(optimize(traced.program, this.#passes), {reuse: this.#passes?.reuse !== false});
    const trainable = executable.program.variables.map(({variable}) => variable.trainable);
    const entry: Entry = {spec, executable, result: traced.result, floatx: floatx(), trainable};
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
}

function isCurrent({executable, floatx: type, trainable}: Entry): boolean {
  const {variables} = executable.program;
  for (let i = 0; i < variables.length; i++) if (variables[i]?.variable.trainable !== trainable[i]) return false;
  return type === floatx();
}

interface Traced {
  readonly program: Program;
  readonly result: Result;
  readonly created: number;
}

/** Runs the function once on tensors without values and writes down what it does. */
function trace(fn: (...args: readonly unknown[]) => unknown, spec: ArgumentSpec): Traced {
  const tracer = new Tracer();
  const args = replaceTensors(spec, (tensor) => tracer.input(tensor)) as readonly unknown[];
  const returned = tracer.run(() => fn(...args));
  if (typeof returned === 'object' && returned !== null && 'then' in returned) {
    tracer.restore();
    throw new TraceError('jit: the function must be synchronous, it returned a Promise; do what waits outside of it');
  }
  const results: Tensor<Element>[] = [];
  const form = mapStructure(returned, (leaf) => {
    // A Variable is returned as itself.
    if (!isTensor(leaf) || leaf.mutable) return leaf;
    return new ResultIndex(results.push(leaf) - 1);
  });
  const program = tracer.finish(results);
  return {program, result: resultOf(form), created: tracer.created};
}

class ResultIndex {
  constructor(readonly index: number) {}
}

function resultOf(form: unknown): Result {
  if (form instanceof ResultIndex) return (tensors) => tensors[form.index];
  return (tensors) => mapStructure(form, (leaf) => (leaf instanceof ResultIndex ? tensors[leaf.index] : leaf));
}
