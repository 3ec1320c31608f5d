import {type Element} from '../dtype.js';
import {InternalError, TraceError} from '../errors.js';
import {printed} from '../ops/print.js';
import {valuesOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Variable} from '../tensor/variable.js';
import {Executable} from './executable.js';
import {optimize, type PassOptions} from './passes/index.js';
import {type Program} from './ir.js';
import {type InputSource, type Line, type Part, type Runner, Tracer, ValueNeeded} from './tracer.js';

// A function that reads values is a tree of programs: each runs up to a read, and the value met there says which comes next.

/** How the function's results follow from those of its last program. */
export interface Result {
  /** The results with numbers in place of tensors. */
  readonly form: unknown;
  of(tensors: readonly Tensor<Element>[]): unknown;
}

/** A program up to the next read, or to the end. */
export interface Segment {
  readonly executable: Executable;
  /** The program before any pass: what files hold. */
  readonly traced: Program;
  readonly sources: readonly InputSource[];
  readonly prints: readonly Line[];
  /** What comes after the values that were met so far; only where the program ends with a read. */
  readonly next: Map<string, Segment>;
  /** Only where the function ends. */
  readonly result: Result | null;
}

/** What a call of the function on traced arguments gave: its results as tensors, and how to put them in place of numbers. */
export interface Returned {
  readonly tensors: readonly Tensor<Element>[];
  readonly result: Result;
}

/** The program of a function that is not cut by reading values. */
export interface SingleProgram {
  readonly executable: Executable;
  readonly result: Result;
  /** The program's inputs of the tensors among the arguments. */
  readonly inputs: (all: readonly Tensor<Element>[]) => Tensor<Element>[];
}

/** The tree of one specialization of a function. */
export class SegmentTree {
  readonly #trace: (tracer: Tracer) => Returned;
  readonly #passes: PassOptions | undefined;
  #root: Segment | null = null;
  /** Variables of all programs with what was known of them. */
  readonly variables = new Map<Variable<Element>, boolean>();
  /** The most values that were met at one read. */
  mostBranches = 0;
  /** How many Variables were made while it was compiled. */
  created = 0;
  #hasCreated = false;

  /** @param trace calls the function on the tracer's inputs */
  constructor(trace: (tracer: Tracer) => Returned, passes: PassOptions | undefined) {
    this.#trace = trace;
    this.#passes = passes;
  }

  /** All programs, each after the one that leads to it. */
  *segments(from: Segment | null = this.#root): Generator<Segment> {
    if (from === null) return;
    yield from;
    for (const next of from.next.values()) yield* this.segments(next);
  }

  /** Compiles without running, where the function reads no values. */
  compile(): void {
    const tracer = new Tracer();
    try {
      const {tensors, result} = this.#trace(tracer);
      const part = tracer.finish(tensors);
      if (!tracer.needsValue) this.#root = this.#segment(part, result);
    } catch (error) {
      // Its first call makes the programs.
      if (!(error instanceof ValueNeeded) && !tracer.needsValue) throw error;
    }
    this.created = tracer.created;
  }

  /** The one program of a function that reads no values and prints none. */
  get single(): SingleProgram | null {
    const root = this.#root;
    if (root === null || root.result === null || root.prints.length > 0) return null;
    const {executable, sources, result} = root;
    return {executable, result, inputs: (all) => inputsOf(sources, all, [])};
  }

  run(inputs: readonly Tensor<Element>[]): unknown {
    let segment = this.#root;
    const computed: (readonly Tensor<Element>[])[] = [];
    const path: Segment[] = [];
    while (segment !== null) {
      const results = runSegment(segment, inputs, computed);
      if (segment.result !== null) return segment.result.of(results);
      computed.push(results);
      path.push(segment);
      segment = segment.next.get(keyOf(results)) ?? null;
    }
    return this.#grow(inputs, path, computed);
  }

  /** Goes through the function with what the segments of `path` computed, and on from there. */
  #grow(inputs: readonly Tensor<Element>[], path: Segment[], computed: (readonly Tensor<Element>[])[]): unknown {
    const known = path.length;
    const runner: Runner = (close, index) => {
      if (index < known) {
        close(true);
        return computed[index] ?? [];
      }
      const segment = this.#segment(close(false), null);
      const results = runSegment(segment, inputs, computed);
      path.push(segment);
      computed.push(results);
      return results;
    };
    const tracer = new Tracer(runner);
    const {tensors, result} = this.#trace(tracer);
    if (tracer.created > 0) {
      if (this.#hasCreated) checkCreated(tracer);
      this.#hasCreated = true;
    }
    const last = this.#segment(tracer.finish(tensors), result);
    const results = runSegment(last, inputs, computed);
    // Only what came to its end is kept.
    [...path, last].forEach((segment, i) => {
      if (i < known) return;
      const before = path[i - 1];
      if (i === 0 || before === undefined) this.#root = segment;
      else {
        before.next.set(keyOf(computed[i - 1] ?? []), segment);
        this.mostBranches = Math.max(this.mostBranches, before.next.size);
      }
    });
    return result.of(results);
  }

  #segment({program, sources, prints}: Part, result: Result | null): Segment {
    const executable = new Executable(optimize(program, this.#passes), {reuse: this.#passes?.reuse !== false});
    for (const {variable} of executable.program.variables) this.variables.set(variable, variable.trainable);
    return {executable, traced: program, sources, prints, next: new Map(), result};
  }
}

/** A function that makes Variables may do so once. */
export function checkCreated({created}: {readonly created: number}): void {
  if (created === 0) return;
  throw new TraceError(
    `jit: the function makes ${String(created)} new Variables at every call; make them once, outside of it`,
  );
}

/** Runs one part of a function, on its arguments and what the parts before computed, and writes its lines. */
export function runSegment(
  {executable, sources, prints}: Segment,
  inputs: readonly Tensor<Element>[],
  computed: readonly (readonly Tensor<Element>[])[],
): Tensor<Element>[] {
  const results = executable.run(inputsOf(sources, inputs, computed));
  for (const line of prints) {
    printed(
      line.map((each) => {
        if (typeof each === 'string') return {text: each};
        const tensor = results[each];
        if (tensor === undefined) throw new InternalError('a line has no value');
        return {tensor};
      }),
    );
  }
  return results;
}

function inputsOf(
  sources: readonly InputSource[],
  inputs: readonly Tensor<Element>[],
  computed: readonly (readonly Tensor<Element>[])[],
): Tensor<Element>[] {
  return sources.map((source) => {
    const found = source.kind === 'argument' ? inputs[source.index] : computed[source.segment]?.[source.result];
    if (found === undefined) throw new InternalError('a segment has no input');
    return found;
  });
}

/** The value that was read, as a key. */
export function keyOf(results: readonly Tensor<Element>[]): string {
  const read = results.at(-1);
  if (read === undefined) throw new InternalError('a segment reads nothing');
  return valuesOf(read)
    .map((value) =>
      typeof value === 'object'
        ? `${String(value.re)} ${String(value.im)}`
        : Object.is(value, -0)
          ? '-0'
          : String(value),
    )
    .join();
}
