import {addon, memoryStats} from '@keratin/native';
import {type Element} from '../dtype.js';
import {KeratinError} from '../errors.js';
import {type OutputSpec} from '../engine/execute.js';
import {type AnyTensor} from '../engine/primitive.js';
import {profiling, type Profiling, setProfiling} from '../engine/profiling.js';
import {Executable} from '../jit/executable.js';
import {type Instruction} from '../jit/lower.js';
import {contiguousStrides} from '../shape.js';
import {type Storage} from '../tensor/storage.js';
import {type Tensor} from '../tensor/tensor.js';
import {bytesOf, flopsOf, type KernelCall, type Measured} from './flops.js';
import {specText, type Trace, type TraceArguments, type TraceEvent} from './trace.js';

// A file of so many events is about as large as viewers open.
const MOST_EVENTS = 1_000_000;

const PID = 1;
const TID = 1;

/** A program that is measured from within. */
interface Timed {
  readonly executable: Executable;
  times: Float64Array;
}

/** Records what happens from {@link start} to {@link stop}. */
export class Profiler implements Profiling {
  readonly #events: TraceEvent[] = [];
  readonly #timed = new WeakMap<Executable, Timed>();
  readonly #spans: {readonly name: string; readonly category: string; readonly begin: number}[] = [];
  readonly #yields: boolean;
  #origin = 0;
  #dropped = 0;
  #bytes = -1;

  /** @param options `yields`: whether another one may take its place, since nobody stops it where training fails */
  constructor(options: {readonly yields?: boolean} = {}) {
    this.#yields = options.yields ?? false;
  }

  /** @param where the function that the user called, for messages */
  start(where: string): this {
    if (profiling !== null && !(profiling instanceof Profiler && profiling.#yields)) {
      throw new KeratinError(`${where}: something is being profiled already, and one profiler sees all that happens`);
    }
    if (this.#origin === 0) this.#origin = performance.now();
    setProfiling(this);
    this.#memory(performance.now());
    return this;
  }

  /** Whether this one measures now. */
  get active(): boolean {
    return profiling === this;
  }

  stop(): void {
    while (this.#spans.length > 0) this.end();
    if (this.active) setProfiling(null);
  }

  /** Opens a stretch of time with a name, within those that are open. */
  begin(name: string, category: string): void {
    this.#spans.push({name, category, begin: performance.now()});
  }

  /** Ends the stretch that was opened last. */
  end(args: TraceArguments = {}): void {
    const span = this.#spans.pop();
    if (span !== undefined) this.#complete(span.name, span.category, span.begin, performance.now(), args);
  }

  /** What was recorded so far. */
  trace(): Trace {
    const named = (name: 'process_name' | 'thread_name', text: string): TraceEvent => {
      return {ph: 'M', name, pid: PID, tid: TID, args: {name: text}};
    };
    // Outer events end last and come first in the file.
    const timed = this.#events
      .map((event, index) => ({event, index}))
      .sort((a, b) => startOf(a.event) - startOf(b.event) || lengthOf(b.event) - lengthOf(a.event) || a.index - b.index)
      .map(({event}) => event);
    return {
      traceEvents: [named('process_name', 'keratin'), named('thread_name', 'main thread'), ...timed],
      displayTimeUnit: 'ms',
      otherData: {isa: addon.isa, threads: addon.numThreads(), dropped: this.#dropped},
    };
  }

  kernel(
    op: string,
    opcode: number,
    inputs: readonly AnyTensor[],
    attributes: readonly number[],
    outputs: readonly OutputSpec[],
    begin: number,
    end: number,
  ): void {
    const made = outputs.map(({shape, dtype}): Measured => ({kind: 'place', shape, dtype}));
    const kernel = addon.kernels[opcode] ?? op;
    this.#kernel(op, {kernel, inputs: inputs.map(measured), outputs: made, attributes}, begin, end);
    this.#memory(end);
  }

  program(executable: Executable, inputs: readonly AnyTensor[]): AnyTensor[] {
    const timed = this.#timedOf(executable);
    this.#memory(performance.now());
    const begin = performance.now();
    const results = timed.executable.run(inputs);
    const end = performance.now();
    const {times} = timed;
    const [first = 0] = times;
    const last = times.at(-1) ?? first;
    const at = (i: number): number =>
      begin + (end - begin - 1000 * (last - first)) / 2 + 1000 * ((times[i] ?? last) - first);
    const {instructions, arenaBytes} = executable;
    let flops = 0;
    let bytes = 0;
    instructions.forEach((instruction, i) => {
      const cost = this.#kernel(instruction.op, instruction, Math.max(begin, at(i)), Math.min(end, at(i + 1)));
      flops += cost.flops;
      bytes += cost.bytes;
    });
    this.#complete('program', 'program', begin, end, {
      kernels: instructions.length,
      arenaBytes,
      ...rates(flops, bytes, end - begin),
    });
    this.#memory(end);
    return results;
  }

  #timedOf(executable: Executable): Timed {
    let timed = this.#timed.get(executable);
    if (timed === undefined) {
      const length = executable.instructions.length + 1;
      const read = (storage: Storage): void => {
        addon.read(storage.live, made.times, 0);
        storage.release();
      };
      const made: Timed = {
        executable: new Executable(executable.program, {...executable.options, timed: read}),
        times: new Float64Array(length),
      };
      timed = made;
      this.#timed.set(executable, timed);
    }
    return timed;
  }

  #kernel(op: string, call: KernelCall | Instruction, begin: number, end: number): {flops: number; bytes: number} {
    const flops = flopsOf(call);
    let bytes = 0;
    for (const operand of call.inputs) bytes += bytesOf(operand);
    for (const operand of call.outputs) bytes += bytesOf(operand);
    this.#complete(op, 'op', begin, end, {
      kernel: call.kernel,
      inputs: call.inputs.map(specText),
      outputs: call.outputs.map(specText),
      dtype: call.outputs[0]?.dtype,
      ...rates(flops, bytes, end - begin),
    });
    return {flops, bytes};
  }

  #complete(name: string, cat: string, begin: number, end: number, args: TraceArguments): void {
    const ts = this.#microseconds(begin);
    this.#add({ph: 'X', name, cat, ts, dur: Math.max(0, this.#microseconds(end) - ts), pid: PID, tid: TID, args});
  }

  #memory(at: number): void {
    const {numBytes, poolBytes} = memoryStats();
    if (numBytes === this.#bytes) return;
    this.#bytes = numBytes;
    this.#add({
      ph: 'C',
      name: 'memory',
      ts: this.#microseconds(at),
      pid: PID,
      args: {tensors: numBytes, pool: poolBytes},
    });
  }

  #microseconds(at: number): number {
    return Math.max(0, 1000 * (at - this.#origin));
  }

  #add(event: TraceEvent): void {
    if (this.#events.length < MOST_EVENTS) this.#events.push(event);
    else this.#dropped += 1;
  }
}

const startOf = (event: TraceEvent): number => (event.ph === 'M' ? 0 : event.ts);
const lengthOf = (event: TraceEvent): number => (event.ph === 'X' ? event.dur : 0);

function measured({shape, dtype, source, strides}: Tensor<Element>): Measured {
  const sizes = shape.map(Number);
  if (typeof source === 'number') return {kind: 'scalar', shape: sizes, dtype};
  return {kind: 'place', shape: sizes, dtype, strides: strides ?? contiguousStrides(sizes)};
}

/** Operations and bytes, and how many a second where the time could be measured. */
function rates(flops: number, bytes: number, milliseconds: number): TraceArguments {
  if (!(milliseconds > 0)) return {flops, bytes};
  return {flops, bytes, 'GFLOP/s': flops / milliseconds / 1e6, 'GB/s': bytes / milliseconds / 1e6};
}
