import {type DType, type Element} from '../dtype.js';
import {InternalError} from '../errors.js';
import {type AnyTensor, type Spec} from '../engine/primitive.js';
import {TracedStorage, withTracing} from '../engine/tracing.js';
import {concrete} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type Node, type Operand, type Program, type Value} from './ir.js';
import {Tracer} from './tracer.js';

/** A function does what only the whole function can: reads values, makes Variables, draws random numbers, prints. */
class Unsupported extends Error {}

type AnyVariable = Variable<Element>;

/** A Variable within a part of a function. */
export interface RegionVariable {
  /** Its value when the part begins. */
  readonly initial: Value;
  /** Its value when the part ends; `initial` where it is not written. */
  readonly final: Operand;
}

/** Follows a function inside of the one that is being compiled: a branch, or the parts of a loop. */
export class RegionTracer extends Tracer {
  readonly #parent: Tracer;
  /** What it reads from outside, as tensors of there and as they were given, by what stands for it. */
  readonly captured = new Map<
    Operand,
    {readonly value: Value; readonly tensor: AnyTensor; readonly given: AnyTensor}
  >();
  /** Tensors and Variables of outside that it met. */
  readonly met = new Set<AnyTensor>();
  /** Whether it cannot be a program; the function itself may have caught the error. */
  unsupported = false;
  readonly #entered = new Map<AnyVariable, {readonly outer: AnyVariable['source']; readonly initial: Value}>();

  constructor(parent: Tracer) {
    super();
    this.#parent = parent;
  }

  override get parent(): Tracer {
    return this.#parent;
  }

  override operand(tensor: AnyTensor, op: string): Operand {
    if (tensor instanceof Variable) this.enter(tensor as AnyVariable);
    const {source} = tensor;
    const own = source instanceof TracedStorage && source.trace === this;
    if (!own && source !== null) this.met.add(tensor);
    if (own || typeof source === 'number' || source === null) return super.operand(tensor, op);
    const outer = withTracing(this.#parent, () => this.#parent.operand(tensor, op));
    if (outer.kind === 'scalar') return outer;
    const known = this.captured.get(outer);
    if (known !== undefined) return known.value;
    const value = this.fresh(outer);
    this.captured.set(outer, {value, tensor: this.#parent.tensorOf(outer), given: tensor});
    return value;
  }

  /** A value that is given from outside. */
  fresh(spec: {readonly shape: readonly number[]; readonly dtype: DType}): Value {
    return this.valueFor(this.input(spec));
  }

  /** What stands for a tensor that this tracer made. */
  valueFor({source}: AnyTensor): Value {
    if (!(source instanceof TracedStorage)) throw new InternalError('an input is not followed');
    return source.operand as Value;
  }

  /** A tensor to be given from outside, of concrete shape. */
  given({shape, dtype}: Spec): Tensor<Element> {
    return this.input({shape: concrete(shape), dtype});
  }

  override enter(variable: AnyVariable): void {
    if (this.#entered.has(variable)) return;
    withTracing(this.#parent, () => {
      this.#parent.enter(variable);
    });
    const initial = this.fresh({shape: concrete(variable.shape), dtype: variable.dtype});
    this.#entered.set(variable, {outer: variable.source, initial});
    this.met.add(variable);
    variable.source = new TracedStorage(this, initial);
  }

  override restore(): void {
    for (const [variable, {outer}] of this.#entered) variable.source = outer;
    super.restore();
  }

  /** What Variables became; asked before they are restored. */
  get variables(): ReadonlyMap<AnyVariable, RegionVariable> {
    return new Map(
      [...this.#entered].map(([variable, {initial}]) => [variable, {initial, final: this.operand(variable, 'jit')}]),
    );
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

/** A function that was followed. */
export interface Followed<R> {
  readonly tracer: RegionTracer;
  readonly nodes: readonly Node[];
  readonly variables: ReadonlyMap<AnyVariable, RegionVariable>;
  readonly made: R;
}

/**
 * Follows a function as part of what is being compiled; null where it cannot be one, or gives null.
 * @param operands what has to be known of what it made, such as the tracer's operands of tensors
 */
export function follow<T, R>(
  parent: Tracer,
  fn: (tracer: RegionTracer) => T | null,
  operands: (tracer: RegionTracer, made: T) => R,
): Followed<R> | null {
  const tracer = new RegionTracer(parent);
  try {
    const made = tracer.run(() => fn(tracer));
    if (made === null || tracer.unsupported) return null;
    // Parts of Variables are read only now.
    return withTracing(tracer, () => {
      const found = operands(tracer, made);
      const {variables} = tracer;
      return {tracer, nodes: tracer.nodes, variables, made: found};
    });
  } catch (error) {
    if (tracer.unsupported) return null;
    throw error;
  } finally {
    tracer.restore();
  }
}

/** What several functions read from outside, each once, and the Variables that any of them writes. */
export class Surroundings {
  /** Tensors of outside, by what stands for them there. */
  readonly captured: ReadonlyMap<Operand, AnyTensor>;
  /** Variables that are only read. */
  readonly read: readonly AnyVariable[];
  readonly written: readonly AnyVariable[];

  constructor(parts: readonly Followed<unknown>[]) {
    this.captured = new Map(
      parts.flatMap(({tracer}) => [...tracer.captured].map(([outer, {tensor}]) => [outer, tensor] as const)),
    );
    const all = new Set(parts.flatMap(({variables}) => [...variables.keys()]));
    const isWritten = (variable: AnyVariable): boolean =>
      parts.some(({variables}) => {
        const found = variables.get(variable);
        return found !== undefined && found.initial !== found.final;
      });
    this.written = [...all].filter(isWritten);
    this.read = [...all].filter((variable) => !this.written.includes(variable));
  }

  /** Tensors outside that stand for what the functions read and do not write. */
  get tensors(): readonly AnyTensor[] {
    return [...this.captured.values(), ...this.read];
  }

  /** The inputs of a part that stand for those. */
  inputsOf(part: Followed<unknown>): Value[] {
    const {tracer} = part;
    const captured = [...this.captured.keys()].map((outer) => tracer.captured.get(outer)?.value);
    const specs = this.tensors;
    const values = [...captured, ...this.read.map((variable) => part.variables.get(variable)?.initial)];
    return values.map((value, i) => {
      const spec = specs[i];
      if (value !== undefined) return value;
      if (spec === undefined) throw new InternalError('a part of a program reads nothing');
      return tracer.fresh({shape: concrete(spec.shape), dtype: spec.dtype});
    });
  }

  /** What Variables that are written are in a part, before and after. */
  statesOf(part: Followed<unknown>): RegionVariable[] {
    return this.written.map((variable) => {
      const found = part.variables.get(variable);
      if (found !== undefined) return found;
      const initial = part.tracer.fresh({shape: concrete(variable.shape), dtype: variable.dtype});
      return {initial, final: initial};
    });
  }
}

/** A program of what was followed. */
export function programOf(nodes: readonly Node[], inputs: readonly Value[], results: readonly Operand[]): Program {
  return {inputs, variables: [], constants: [], draws: [], nodes, results};
}
