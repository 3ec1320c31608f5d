import {addon} from '@keratin/native';
import {DTYPES, type Element} from '../dtype.js';
import {rethrow, storageOf} from '../engine/execute.js';
import {profiling} from '../engine/profiling.js';
import {InternalError} from '../errors.js';
import {globalGenerator, stateAt} from '../random/seed.js';
import {Storage} from '../tensor/storage.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Variable} from '../tensor/variable.js';
import {type Executable} from './executable.js';
import {LentStorage} from './lent.js';

/** Which rows of the data steps take. */
export interface StepRows {
  /** Rows of a step. */
  readonly batch: number;
  /** The place of the first row. */
  readonly first: number;
  /** Which row is in which place: int32; null: as they lie. */
  readonly order: Tensor<Element> | null;
}

/** What to run: the program's inputs, or with `rows` the data of all batches, each without gaps. */
export interface StepPlan {
  readonly executable: Executable;
  readonly inputs: readonly Tensor<Element>[];
  readonly rows?: StepRows | undefined;
  /** At most so many steps. Default 1. */
  readonly steps?: number | undefined;
  /** No step begins after so many milliseconds. Default 0. */
  readonly budget?: number | undefined;
}

/** What was done: at least one step. */
export interface StepsDone {
  readonly steps: number;
  readonly milliseconds: number;
  /** The results of the last step. */
  readonly results: readonly Tensor<Element>[];
}

/** Whether steps may run many at a time: the profiler looks at each by itself. */
export const mayRunSteps = (): boolean => profiling === null;

/** Runs steps on the caller's thread. */
export function runSteps(plan: StepPlan): StepsDone {
  const run = new StepRun(plan);
  try {
    addon.runSteps(run.handle, run.control, run.host, ...run.storages);
  } catch (error) {
    run.failed(error);
  }
  return run.take();
}

/**
 * Runs steps on the engine's thread. The Variables that they write are lent to it until the Promise settles: reading one ends the steps
 * early.
 */
export function startSteps(plan: StepPlan): Promise<StepsDone> {
  const run = new StepRun(plan);
  return new Promise((resolve, reject) => {
    const number = addon.startSteps(
      run.handle,
      run.control,
      run.host,
      () => {
        try {
          run.conclude();
          resolve(run.take());
        } catch (error) {
          reject(error instanceof Error ? error : new InternalError(String(error)));
        }
      },
      ...run.storages,
    );
    run.lend(number);
  });
}

interface Lent {
  readonly variable: Variable<Element>;
  readonly source: Storage;
}

class StepRun {
  readonly handle: number;
  readonly control: Float64Array;
  readonly host: Float64Array;
  readonly storages: readonly Storage[];
  readonly #plan: StepPlan;
  readonly #written: readonly Lent[];
  readonly #read: readonly Storage[];
  readonly #counters: readonly {
    readonly generator: {counter: number};
    readonly each: number;
    readonly after: number;
  }[];
  #number = 0;
  #over = false;
  #error: {readonly error: unknown} | null = null;

  constructor(plan: StepPlan) {
    const {executable, rows, steps = 1, budget = 0} = plan;
    const {handle, bindings, made, program} = executable.layout;
    // What is not in the arrays of the data yet is put there before anything is bound.
    const inputs = plan.inputs.map(storageOf);
    this.#plan = plan;
    this.handle = handle;
    const feeds = plan.inputs.map((input, i) => {
      bindings[2 * i] = inputs[i]?.live ?? 0;
      bindings[2 * i + 1] = input.offset * DTYPES[input.dtype].bytes;
      const value = program.inputs[i];
      if (input.strides !== null || value === undefined) throw new InternalError('an input of steps has gaps');
      if (rows === undefined) return [0, 0];
      const elements = value.shape.slice(1).reduce((product, size) => product * size, 1);
      return [elements * DTYPES[input.dtype].bytes, input.length];
    });
    const written: Lent[] = [];
    const read: Storage[] = [];
    program.variables.forEach(({variable, initial, final}, i) => {
      const source = storageOf(initial === final ? variable : variable.fresh(true));
      if (initial === final) read.push(source);
      else written.push({variable, source});
      bindings[2 * (program.inputs.length + i)] = source.live;
    });
    this.#written = written;
    this.#read = read;
    const order = rows?.order ?? null;
    const places = order === null ? [0, 0, 0] : [storageOf(order).live, order.offset, order.length];
    this.control = Float64Array.of(
      ...[steps, budget, rows?.batch ?? 1, rows?.first ?? 0, ...places, feeds.length],
      ...feeds.flat(),
    );
    [this.host, this.#counters] = drawn(executable, steps);
    this.storages = made.map(() => new Storage());
  }

  /** The Variables belong to the run now. */
  lend(number: number): void {
    this.#number = number;
    const settle = () => {
      this.conclude();
    };
    for (const {variable, source} of this.#written) variable.source = new LentStorage(source, settle);
    for (const storage of this.#read) storage.holds += 1;
  }

  /** Ends the run after its present step, and takes the Variables back. */
  conclude(): void {
    if (this.#over) return;
    this.#over = true;
    for (const storage of this.#read) storage.holds -= 1;
    for (const {variable, source} of this.#written) variable.source = source;
    try {
      addon.finishSteps(this.#number, this.control);
    } catch (error) {
      this.#error = {error};
    }
    if (this.#error === null) this.#own();
  }

  failed(error: unknown): void {
    this.#error = {error};
  }

  /** What came of it; throws where a step failed. */
  take(): StepsDone {
    const {executable, inputs, steps: wanted = 1} = this.#plan;
    const [steps = 0, milliseconds = 0, failed = -1] = this.control;
    if (!this.#over) {
      for (const {variable, source} of this.#written) variable.source = source;
      if (this.#error === null) this.#own();
    }
    for (const {generator, each, after} of this.#counters) {
      // Random states of steps that were not taken; somebody else may have drawn since.
      if (generator.counter === after) generator.counter -= (wanted - steps) * each;
    }
    if (this.#error !== null) rethrow(this.#error.error, executable.instructions[failed]?.op ?? 'jit');
    return {steps, milliseconds, results: executable.resultsOf(inputs, this.storages)};
  }

  #own(): void {
    const {bindings} = this.#plan.executable.layout;
    const first = bindings.length - this.storages.length;
    this.storages.forEach((storage, i) => {
      storage.handle = bindings[first + i] ?? 0;
    });
  }
}

const NO_WORDS = new Float64Array(0);

/** The random states of so many steps, as if each were drawn before its step. */
function drawn(
  {program: {draws}}: Executable,
  steps: number,
): [Float64Array, {generator: {counter: number}; each: number; after: number}[]] {
  if (draws.length === 0) return [NO_WORDS, []];
  const counts = new Map<{readonly seed: number; counter: number}, number>();
  for (const {generator, index} of draws) {
    const from = generator ?? globalGenerator();
    counts.set(from, Math.max(counts.get(from) ?? 0, index + 1));
  }
  const words = new Float64Array(4 * draws.length * steps);
  let at = 0;
  for (let step = 0; step < steps; step++) {
    for (const {generator, index} of draws) {
      const from = generator ?? globalGenerator();
      const counter = from.counter + step * (counts.get(from) ?? 0) + index;
      for (const word of stateAt(from.seed, counter)) words[at++] = word;
    }
  }
  const counters = [...counts].map(([generator, each]) => {
    generator.counter += steps * each;
    return {generator, each, after: generator.counter};
  });
  return [words, counters];
}
