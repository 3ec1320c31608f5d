import {type DType, type Element} from '../dtype.js';
import {InternalError} from '../errors.js';
import {type AnyTensor} from '../engine/primitive.js';
import {isRecording} from '../engine/recording.js';
import {TracedStorage, tracing, withTracing} from '../engine/tracing.js';
import {sameShape} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Variable} from '../tensor/variable.js';
import {type Operand, type Program, type Value} from './ir.js';
import {Tracer} from './tracer.js';

/** A function does what only the whole function can: reads values, assigns Variables, draws random numbers, prints. */
class Unsupported extends Error {}

/** Follows a function inside of the one that is being compiled: a branch, or the parts of a loop. */
export class RegionTracer extends Tracer {
  readonly #parent: Tracer;
  /** What it reads from outside, by what stands for it there. */
  readonly captured = new Map<Operand, Value>();
  /** Whether it cannot be a program; the function itself may have caught the error. */
  unsupported = false;

  constructor(parent: Tracer) {
    super();
    this.#parent = parent;
  }

  override get parent(): Tracer {
    return this.#parent;
  }

  override operand(tensor: AnyTensor, op: string): Operand {
    const {source} = tensor;
    const own = source instanceof TracedStorage && source.trace === this;
    if (own || typeof source === 'number' || source === null) return super.operand(tensor, op);
    const outer = withTracing(this.#parent, () => this.#parent.operand(tensor, op));
    if (outer.kind === 'scalar') return outer;
    const known = this.captured.get(outer);
    if (known !== undefined) return known;
    const value = this.fresh(outer);
    this.captured.set(outer, value);
    return value;
  }

  /** A value that is given from outside. */
  fresh(spec: {readonly shape: readonly number[]; readonly dtype: DType}): Value {
    const {source} = this.input(spec);
    if (!(source instanceof TracedStorage)) throw new InternalError('an input is not followed');
    return source.operand as Value;
  }

  override enter(variable: Variable<Element>): void {
    this.#parent.enter(variable);
  }
  override assign(): never {
    return this.#refuse();
  }
  override update(): never {
    return this.#refuse();
  }
  override creates(): never {
    return this.#refuse();
  }
  override draw(): never {
    return this.#refuse();
  }
  override print(): never {
    return this.#refuse();
  }
  override read(): never {
    return this.#refuse();
  }

  #refuse(): never {
    this.unsupported = true;
    throw new Unsupported();
  }
}

/** A function of tensors, as part of a program; null where it gives what is no tensor that a program can have. */
export type RegionFunction = (inputs: readonly Tensor<Element>[]) => readonly AnyTensor[] | null;

/** Programs that take the same inputs: the given ones, then what any of them reads from outside. */
interface Regions {
  readonly programs: readonly Program[];
  readonly captured: readonly Operand[];
}

/** The programs of functions, or null where one of them does what a part of a program cannot. */
function traceRegions(
  parent: Tracer,
  specs: readonly {readonly shape: readonly number[]; readonly dtype: DType}[],
  functions: readonly RegionFunction[],
): Regions | null {
  const traced: {tracer: RegionTracer; inputs: Value[]; program: Program}[] = [];
  for (const fn of functions) {
    const tracer = new RegionTracer(parent);
    const given = specs.map((spec) => tracer.input(spec));
    let program: Program;
    try {
      const results = tracer.run(() => fn(given));
      if (results === null || tracer.unsupported) return null;
      ({program} = tracer.finish(results));
    } catch (error) {
      if (tracer.unsupported) return null;
      throw error;
    }
    const inputs = given.map(({source}) => (source as TracedStorage<Value>).operand);
    traced.push({tracer, inputs, program});
  }
  const captured = [...new Set(traced.flatMap(({tracer}) => [...tracer.captured.keys()]))];
  const programs = traced.map(({tracer, inputs, program}) => ({
    ...program,
    inputs: [...inputs, ...captured.map((outer) => tracer.captured.get(outer) ?? tracer.fresh(outer))],
  }));
  return {programs, captured};
}

/** What is being compiled, where branches and loops can be part of its program: a tape has to see the operations of all ways. */
const current = (): Tracer | null => (tracing instanceof Tracer && !isRecording() ? tracing : null);

/** The one of two functions that a boolean chooses at each run; null where they cannot be part of a program. */
export function traceBranch(
  pred: AnyTensor,
  functions: readonly [RegionFunction, RegionFunction],
  op: string,
): AnyTensor[] | null {
  const parent = current();
  if (parent === null) return null;
  const regions = traceRegions(parent, [], functions);
  const [first, second] = regions?.programs ?? [];
  if (regions === null || first === undefined || second === undefined || first.results.length === 0) return null;
  if (!sameSpecs(first.results, second.results)) return null;
  const inputs = [parent.operand(pred, op), ...regions.captured];
  return parent.addRegion(op, 'cond', null, inputs, regions.programs, first.results);
}

/** A loop that goes on at each run while `condition` gives true; null where its functions cannot be part of a program. */
export function traceLoop(
  condition: RegionFunction,
  body: RegionFunction,
  states: readonly AnyTensor[],
  limit: number | null,
  op: string,
): AnyTensor[] | null {
  const parent = current();
  if (parent === null || states.length === 0) return null;
  const given = states.map((state) => parent.operand(state, op));
  const regions = traceRegions(parent, given, [condition, body]);
  if (regions === null || !sameSpecs(regions.programs[1]?.results ?? [], given)) return null;
  return parent.addRegion(op, 'while', limit, [...given, ...regions.captured], regions.programs, given);
}

const sameSpecs = (a: readonly Operand[], b: readonly Operand[]): boolean =>
  a.length === b.length &&
  a.every(({dtype, shape}, i) => {
    const other = b[i];
    return other !== undefined && dtype === other.dtype && sameShape(shape, other.shape);
  });
