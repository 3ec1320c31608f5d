import {type DType, type Element} from '../dtype.js';
import {DtypeError, InternalError, TraceError} from '../errors.js';
import {type AnyTensor, type Primitive, type Spec} from '../engine/primitive.js';
import {type Generator, leaked, TracedStorage, type Tracing, withTracing} from '../engine/tracing.js';
import {broadcastTo, reshape} from '../primitives/movement.js';
import {concrete, sameShape, sizeOf} from '../shape.js';
import {Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {
  type CallNode,
  type Captured,
  type Constant,
  type Draw,
  type Dynamic,
  type Execution,
  type Node,
  type Operand,
  type Program,
  type Value,
} from './ir.js';
import {attributesText} from './print.js';

interface Entered {
  readonly source: Storage;
  readonly initial: Value;
}

// Stand in for the words of a random state, to find them among a kernel's attributes.
const WORDS = [-1001.5, -1002.5, -1003.5, -1004.5] as const;

/** Follows one call of a function and writes down its program. */
export class Tracer implements Tracing {
  /** How many Variables were made meanwhile. */
  created = 0;
  #ids = 0;
  #nodes: Node[] = [];
  readonly #inputs: Value[] = [];
  readonly #entered = new Map<Variable<Element>, Entered>();
  readonly #constants: Constant[] = [];
  readonly #known = new Map<Storage, Constant[]>();
  readonly #draws: Draw[] = [];
  readonly #drawOf = new WeakMap<object, number>();
  readonly #counts = new Map<Generator | null, number>();

  /** A tensor that stands for an argument. */
  input(spec: {readonly shape: readonly number[]; readonly dtype: DType}): Tensor<Element> {
    const value = this.#value(spec.shape, spec.dtype);
    this.#inputs.push(value);
    return this.#tensor(value);
  }

  /** Runs the function, gives the operands that its results are, and leaves Variables as they were. */
  run<T>(fn: () => T): T {
    try {
      return withTracing(this, fn);
    } catch (error) {
      this.restore();
      throw error;
    }
  }

  /** The program whose results these tensors are. Variables get their memory back. */
  finish(results: readonly AnyTensor[]): Program {
    try {
      // Parts of Variables are read only now.
      const operands = withTracing(this, () => results.map((result) => this.operand(result, 'jit')));
      const variables = [...this.#entered].map(([variable, {initial}]): Captured => {
        return {variable, initial, final: this.operand(variable, 'jit')};
      });
      return {
        inputs: this.#inputs,
        variables,
        constants: this.#constants,
        draws: this.#draws,
        nodes: this.#nodes,
        results: operands,
      };
    } finally {
      this.restore();
    }
  }

  restore(): void {
    for (const [variable, {source}] of this.#entered) variable.source = source;
    this.#entered.clear();
  }

  apply<A>(
    primitive: Primitive<A>,
    inputs: readonly AnyTensor[],
    attributes: A,
    specs: readonly Spec[],
    op: string,
  ): AnyTensor[] | null {
    const draw = this.#drawIn(attributes);
    const follows = inputs.some((input) => input.mutable || input.source instanceof TracedStorage);
    if (!follows && draw === undefined) return null;
    const strange = [...inputs, ...specs].find(({dtype}) => dtype === 'string');
    if (strange !== undefined) throw new DtypeError(`${op}: string tensors cannot be compiled, call it outside of jit`);
    const operands = inputs.map((input) => this.operand(input, op));
    const outputs = specs.map(({shape, dtype}) => this.#value(concrete(shape), dtype));
    const execution = executionOf(primitive, inputs, attributes, specs);
    const dynamic = draw === undefined ? [] : drawn(execution, draw);
    const node: CallNode = {
      kind: 'call',
      op,
      name: primitive.name,
      text: attributesText(attributes),
      inputs: operands,
      outputs,
      execution,
      dynamic,
    };
    this.#nodes.push(node);
    return outputs.map((output) => this.#tensor(output));
  }

  enter(variable: Variable<Element>): void {
    const {source} = variable;
    if (source instanceof TracedStorage) {
      if (source.trace !== this) throw leaked(`variable ${variable.path}`);
      return;
    }
    if (variable.dtype === 'string') {
      throw new DtypeError(`jit: variable ${variable.path} is string: string tensors cannot be compiled`);
    }
    if (!(source instanceof Storage)) throw new InternalError(`variable ${variable.path} has no memory`);
    variable.readViews();
    const initial = this.#value(concrete(variable.shape), variable.dtype);
    this.#entered.set(variable, {source, initial});
    variable.source = new TracedStorage(this, initial);
  }

  assign(variable: Variable<Element>, value: AnyTensor): void {
    const operand = this.operand(value, 'assign');
    this.enter(variable);
    variable.writes += 1;
    variable.readViews();
    variable.source = new TracedStorage(this, operand);
  }

  update(
    kernel: string,
    inputs: readonly AnyTensor[],
    attributes: readonly (number | AnyTensor)[],
    variables: readonly Variable<Element>[],
  ): void {
    const operands = [...inputs, ...variables].map((input) => this.operand(input, kernel));
    const dynamic: Dynamic[] = [];
    const numbers = attributes.map((attribute, i) => {
      if (typeof attribute === 'number') return attribute;
      const operand = this.operand(attribute, kernel);
      if (operand.kind === 'scalar') return operand.value;
      dynamic.push({attribute: i, input: operands.length});
      operands.push(operand);
      return 0;
    });
    const outputs = variables.map(({shape, dtype}) => this.#value(concrete(shape), dtype));
    this.#nodes.push({
      kind: 'update',
      op: kernel,
      kernel,
      reads: inputs.length,
      attributes: numbers,
      dynamic,
      inputs: operands,
      outputs,
    });
    outputs.forEach((output, i) => {
      const variable = variables[i];
      if (variable === undefined) return;
      variable.writes += 1;
      variable.readViews();
      variable.source = new TracedStorage(this, output);
    });
  }

  creates<E extends Element>(initial: Tensor<E>): Tensor<E> {
    this.created += 1;
    const {source} = initial;
    if (!(source instanceof TracedStorage)) return initial;
    // What a Variable holds before the program runs is known.
    for (const {source: held, initial: value} of this.#entered.values()) {
      if (value === source.operand) return Tensor.create<E>(initial.shape, initial.dtype, held);
    }
    throw new TraceError(
      'Variable: a Variable cannot be made inside of a jitted function from values that are known only when it runs; make it before',
    );
  }

  draw(generator: Generator | null): readonly [number, number, number, number] {
    const index = this.#counts.get(generator) ?? 0;
    this.#counts.set(generator, index + 1);
    const state: [number, number, number, number] = [...WORDS];
    this.#drawOf.set(state, this.#draws.length);
    this.#draws.push({generator, index});
    return state;
  }

  /** What stands for a tensor in the program. */
  operand(tensor: AnyTensor, op: string): Operand {
    if (tensor instanceof Variable) this.enter(tensor as Variable<Element>);
    const {source} = tensor;
    const shape = concrete(tensor.shape);
    if (typeof source === 'number') return {kind: 'scalar', value: source, shape, dtype: tensor.dtype};
    if (source === null)
      throw new TraceError(`${op}: a symbolic tensor cannot be mixed with those of a jitted function`);
    if (!(source instanceof TracedStorage)) return this.#constant(tensor, source);
    if (source.trace !== this) throw leaked(op);
    const operand = source.operand as Operand;
    return sameShape(operand.shape, shape) ? operand : this.#reshaped(operand, shape);
  }

  // A handle of another shape on the same elements, or one that repeats them.
  #reshaped(operand: Operand, shape: readonly number[]): Operand {
    if (operand.kind === 'scalar') return {...operand, shape};
    const whole = Tensor.create<Element>(operand.shape, operand.dtype, new TracedStorage(this, operand));
    const primitive = sizeOf(shape) === sizeOf(operand.shape) ? reshape : broadcastTo;
    const [made] = this.apply(primitive, [whole], {shape}, [{shape, dtype: operand.dtype}], primitive.name) ?? [];
    if (made === undefined) throw new InternalError('a traced tensor was not followed');
    return this.operand(made, primitive.name);
  }

  #constant(tensor: AnyTensor, source: Storage): Value {
    source.assertLive();
    const same = this.#known.get(source) ?? [];
    this.#known.set(source, same);
    const {strides, offset, dtype, shape} = tensor;
    const known = same.find(
      ({tensor: other}) =>
        other.offset === offset &&
        other.dtype === dtype &&
        sameShape(other.shape, shape) &&
        (other.strides === strides ||
          (other.strides !== null && strides !== null && sameShape(other.strides, strides))),
    );
    if (known !== undefined) return known.value;
    // The program has it from now on: nobody writes into it or releases it.
    source.shared = true;
    source.kept = true;
    const constant: Constant = {
      value: this.#value(concrete(shape), dtype),
      tensor: Tensor.create(shape, dtype, source, strides, offset),
    };
    same.push(constant);
    this.#constants.push(constant);
    return constant.value;
  }

  #value(shape: readonly number[], dtype: DType): Value {
    return {kind: 'value', id: this.#ids++, shape, dtype};
  }

  #tensor(value: Value): Tensor<Element> {
    return Tensor.create<Element>(value.shape, value.dtype, new TracedStorage(this, value));
  }

  #drawIn(attributes: unknown): number | undefined {
    if (typeof attributes !== 'object' || attributes === null || !('state' in attributes)) return undefined;
    const {state} = attributes;
    return typeof state === 'object' && state !== null ? this.#drawOf.get(state) : undefined;
  }
}

function drawn(execution: Execution, draw: number): Dynamic[] {
  if (execution.kind === 'view' || execution.kind === 'elementwise')
    throw new InternalError('a view draws a random state');
  const at = execution.attributes.indexOf(WORDS[0]);
  if (at < 0) throw new InternalError(`${execution.kernel} has no random state among its attributes`);
  return WORDS.map((_, word) => ({attribute: at + word, draw, word}));
}

function executionOf<A>(
  {name, definition: {run}}: Primitive<A>,
  inputs: readonly AnyTensor[],
  attributes: A,
  specs: readonly Spec[],
): Execution {
  switch (run.kind) {
    case 'elementwise':
      return {kind: 'elementwise', kernel: run.kernel ?? name};
    case 'view': {
      const [spec] = specs;
      if (spec === undefined) throw new InternalError(`${name} gives nothing`);
      const shape = concrete(spec.shape);
      return {kind: 'view', layout: (input) => run.layout(input, attributes, shape)};
    }
    case 'strided':
    case 'contiguous': {
      const own = inputs.map(({shape, dtype}): Spec => ({shape, dtype}));
      return {
        kind: run.kind,
        kernel: run.kernel ?? name,
        attributes: run.encode?.(attributes, own, specs) ?? [],
        broadcasts: inputs.map((_, i) => {
          const shape = run.broadcast?.(own, specs, i) ?? null;
          return shape === null ? null : concrete(shape);
        }),
      };
    }
  }
}
