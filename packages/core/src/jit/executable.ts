import {addon} from '@keratin/native';
import {DTYPES, type Element} from '../dtype.js';
import {contiguous, rethrow, storageOf} from '../engine/execute.js';
import {profiling} from '../engine/profiling.js';
import {InternalError} from '../errors.js';
import {globalGenerator, stateAt} from '../random/seed.js';
import {noteCreated, Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';
import {encode} from './encode.js';
import {withClocks} from './clocks.js';
import {type Captured, type Operand, type Program, type Value} from './ir.js';
import {type Instruction, lower} from './lower.js';
import {planMemory} from './memory.js';

export interface ExecutableOptions {
  /** Whether values take the memory of others that nobody needs any more. Default true. */
  readonly reuse?: boolean;
  /** Is given, after each run, the moments in seconds before the first instruction and after each one: float64. */
  readonly timed?: (times: Storage) => void;
}

/** How a result comes about. */
type Source =
  | {readonly kind: 'made'; readonly slot: number; readonly value: Value}
  | {readonly kind: 'input'; readonly index: number}
  | {readonly kind: 'variable'; readonly captured: Captured}
  | {readonly kind: 'tensor'; readonly tensor: Tensor<Element>};

/** A program that can run. */
export class Executable {
  readonly program: Program;
  readonly options: ExecutableOptions;
  readonly instructions: readonly Instruction[];
  readonly arenaBytes: number;
  readonly liveBytes: number;
  readonly #handle: number;
  readonly #bindings: Float64Array;
  readonly #made: readonly Value[];
  readonly #sources: readonly Source[];
  readonly #firstVariable: number;
  readonly #firstHost: number;

  constructor(program: Program, options: ExecutableOptions = {}) {
    this.program = program;
    this.options = options;
    const made: Value[] = [];
    this.#sources = program.results.map((result) => sourceOf(program, result, made));
    this.#made = made;
    let lowered = lower(program, made);
    let plan = planMemory(lowered, options);
    if (options.timed !== undefined) {
      const clocked = withClocks(lowered, plan);
      ({lowered, plan} = clocked);
      made.push(clocked.times);
    }
    this.instructions = plan.instructions;
    this.arenaBytes = plan.arenaBytes;
    this.liveBytes = plan.liveBytes;
    this.#firstVariable = 2 * program.inputs.length;
    this.#firstHost = 2 * lowered.externals.length;
    this.#bindings = new Float64Array(Math.max(1, this.#firstHost + lowered.hostWords + made.length));
    this.#handle = addon.compile(encode(lowered, plan), this.#bindings, this);
    let at = this.#firstVariable + 2 * program.variables.length;
    for (const {tensor} of program.constants) {
      this.#bindings[at++] = storageOf(tensor).live;
      const strides = tensor.strides ?? [];
      const low = strides.reduce(
        (sum, stride, axis) => sum + Math.min(0, stride * (Number(tensor.shape[axis]) - 1)),
        0,
      );
      this.#bindings[at++] = (tensor.offset + low) * DTYPES[tensor.dtype].bytes;
    }
  }

  /** @internal What steps on the engine's thread need of it. */
  get layout(): {
    readonly handle: number;
    readonly bindings: Float64Array;
    readonly made: readonly Value[];
    readonly program: Program;
  } {
    return {handle: this.#handle, bindings: this.#bindings, made: this.#made, program: this.program};
  }

  /** Runs the program on these inputs, which have the shapes and dtypes that it was made for. */
  run(inputs: readonly Tensor<Element>[]): Tensor<Element>[] {
    if (profiling !== null && this.options.timed === undefined) return profiling.program(this, inputs);
    const bindings = this.#bindings;
    const {variables} = this.program;
    // Memory that is made for inputs with gaps lives until the end of the run.
    const held: Tensor<Element>[] = [];
    for (let i = 0; i < inputs.length; i++) {
      let input = inputs[i];
      if (input === undefined) throw new InternalError('an input is missing');
      if (input.strides !== null) {
        input = contiguous(input);
        held.push(input);
      }
      bindings[2 * i] = storageOf(input).live;
      bindings[2 * i + 1] = input.offset === 0 ? 0 : input.offset * DTYPES[input.dtype].bytes;
    }
    const written: {readonly variable: Captured['variable']; readonly source: Storage}[] = [];
    let at = this.#firstVariable;
    for (const {variable, initial, final} of variables) {
      let source = storageOf(variable);
      if (initial !== final) {
        source = storageOf(variable.fresh(true));
        if (source !== variable.source) written.push({variable, source});
      }
      bindings[at] = source.live;
      at += 2;
    }
    if (this.program.draws.length > 0) this.#draw();
    const storages: Storage[] = [];
    for (let i = 0; i < this.#made.length; i++) storages.push(new Storage());
    try {
      addon.execute(this.#handle, ...storages);
    } catch (error) {
      this.#fail(error);
    }
    for (const {variable, source} of written) variable.source = source;
    held.length = 0;
    const first = bindings.length - storages.length;
    for (let i = 0; i < storages.length; i++) {
      const storage = storages[i];
      if (storage === undefined) continue;
      storage.handle = bindings[first + i] ?? 0;
      noteCreated(storage);
    }
    const last = storages.at(-1);
    if (last !== undefined) this.options.timed?.(last);
    return this.resultsOf(inputs, storages);
  }

  /** @internal The results of a run whose own results lie in these storages. */
  resultsOf(inputs: readonly Tensor<Element>[], storages: readonly Storage[]): Tensor<Element>[] {
    return this.#sources.map((source) => {
      switch (source.kind) {
        case 'made':
          return Tensor.create<Element>(source.value.shape, source.value.dtype, storages[source.slot] ?? null);
        case 'input':
          return inputs[source.index] ?? missing();
        case 'variable':
          return source.captured.variable.readValue();
        case 'tensor':
          return source.tensor;
      }
    });
  }

  /** The random states of this run: each generator goes on by as many as the program draws of it. */
  #draw(): void {
    const {draws} = this.program;
    const counts = new Map<object, number>();
    let at = this.#firstHost;
    for (const {generator, index} of draws) {
      const from = generator ?? globalGenerator();
      for (const word of stateAt(from.seed, from.counter + index)) this.#bindings[at++] = word;
      counts.set(from, Math.max(counts.get(from) ?? 0, index + 1));
    }
    const drawn = new Set(draws.map(({generator}) => generator ?? globalGenerator()));
    for (const generator of drawn) generator.counter += counts.get(generator) ?? 0;
  }

  #fail(error: unknown): never {
    const failed = this.instructions[this.#bindings[0] ?? -1];
    rethrow(error, failed?.op ?? 'jit');
  }
}

function missing(): never {
  throw new InternalError('an input is missing');
}

function sourceOf(program: Program, result: Operand, made: Value[]): Source {
  if (result.kind === 'scalar') {
    return {kind: 'tensor', tensor: Tensor.create(result.shape, result.dtype, result.value)};
  }
  const index = program.inputs.indexOf(result);
  if (index >= 0) return {kind: 'input', index};
  const constant = program.constants.find(({value}) => value === result);
  if (constant !== undefined) return {kind: 'tensor', tensor: constant.tensor};
  const captured = program.variables.find(({initial}) => initial === result);
  if (captured !== undefined && captured.final === result) return {kind: 'variable', captured};
  const known = made.indexOf(result);
  const slot = known >= 0 ? known : made.push(result) - 1;
  return {kind: 'made', slot, value: result};
}
