import {type DType, type Element} from '../dtype.js';
import {DtypeError, InternalError, TraceError} from '../errors.js';
import {type AnyTensor, type Primitive, type Spec} from '../engine/primitive.js';
import {type Generator, leaked, TracedStorage, type Tracing, untraced, withTracing} from '../engine/tracing.js';
import {broadcastTo, reshape} from '../primitives/movement.js';
import {type PrintPart} from '../ops/print.js';
import {concrete, sameShape, sizeOf} from '../shape.js';
import {outsideScopes, Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {callNode, executionOf, stateWords} from './calls.js';
import {
  type Captured,
  type Constant,
  type Draw,
  type Dynamic,
  type Node,
  type Operand,
  type Program,
  type RegionNode,
  type Value,
} from './ir.js';

/** Where an input of a segment comes from: an argument of the function, or a result of an earlier segment. */
export type InputSource =
  | {readonly kind: 'argument'; readonly index: number}
  | {readonly kind: 'result'; readonly segment: number; readonly result: number};

/** A stretch of a function without reading values: what leads to the next read, or to the function's results. */
export interface Part {
  readonly program: Program;
  readonly sources: readonly InputSource[];
  /** Lines to write after each run; tensors are results, by their number. */
  readonly prints: readonly Line[];
}

/** Of text and results. */
export type Line = readonly (string | number)[];

/**
 * What happens where the function reads a value: gives the results of the part that ends there, in the order of its program. `null` says
 * that values cannot be had.
 */
export type Runner = ((close: (replayed: boolean) => Part, segment: number) => readonly AnyTensor[]) | null;

interface Entered {
  readonly source: Storage;
  readonly initial: Value;
}

/** The function reads a value: without a runner its programs are not known. */
export class ValueNeeded extends Error {}

/** Follows one call of a function and writes down its program, or several where the function reads values in between. */
export class Tracer implements Tracing {
  /** How many Variables were made meanwhile. */
  created = 0;
  /** Whether branches and loops may be single operations. */
  readonly hasRegions: boolean = true;
  /** Whether a value was read without a runner; the function itself may have caught the error. */
  needsValue = false;
  readonly #runner: Runner;
  #ids = 0;
  readonly #arguments: Value[] = [];
  // Of the present part.
  #nodes: Node[] = [];
  #inputs: Value[] = [];
  #sources: InputSource[] = [];
  #entered = new Map<Variable<Element>, Entered>();
  #constants: Constant[] = [];
  #known = new Map<Storage, Constant[]>();
  #draws: Draw[] = [];
  #drawOf = new WeakMap<object, number>();
  #counts = new Map<Generator | null, number>();
  #prints: (readonly (string | Operand)[])[] = [];
  // Of the parts before.
  #segment = 0;
  readonly #earlier = new Map<Value, InputSource>();
  readonly #imports = new Map<Value, Value>();
  readonly #initialOf = new Map<Value, Variable<Element>>();
  readonly #constantOf = new Map<Value, Tensor<Element>>();
  readonly #read = new Map<Operand, AnyTensor>();

  constructor(runner: Runner = null) {
    this.#runner = runner;
  }

  /** How many parts came before the present one. */
  get segment(): number {
    return this.#segment;
  }

  /** A tensor that stands for an argument. */
  input(spec: {readonly shape: readonly number[]; readonly dtype: DType}): Tensor<Element> {
    const value = this.#value(spec.shape, spec.dtype);
    this.#inputs.push(value);
    this.#sources.push({kind: 'argument', index: this.#arguments.length});
    this.#arguments.push(value);
    return this.#tensor(value);
  }

  /** Runs the function. Where it throws, Variables get their memory back. */
  run<T>(fn: () => T): T {
    try {
      return withTracing(this, fn);
    } catch (error) {
      this.restore();
      throw error;
    }
  }

  /** The part whose results these tensors are; the last one. */
  finish(results: readonly AnyTensor[]): Part {
    try {
      // Parts of Variables are read only now.
      const operands = withTracing(this, () => results.map((result) => this.operand(result, 'jit')));
      return this.#part([...operands, ...this.#printed()]);
    } finally {
      this.restore();
    }
  }

  /** The operations of the present part. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** A tensor for a value of the present part, or for one of an earlier one. */
  tensorOf(value: Value): Tensor<Element> {
    return this.#tensor(value);
  }

  /** Gives Variables their memory back. */
  restore(): void {
    for (const [variable, {source}] of this.#entered) variable.source = source;
    this.#entered.clear();
  }

  read(tensor: AnyTensor, what: string): AnyTensor {
    const runner = this.#runner;
    const operand = this.operand(tensor, what);
    if (operand.kind === 'scalar') return Tensor.create<Element>(operand.shape, operand.dtype, operand.value);
    const known = this.#read.get(operand);
    if (known !== undefined) return known;
    if (runner === null) {
      this.needsValue = true;
      throw new ValueNeeded();
    }
    // What loops keep for their gradients is gone after the run.
    const made = this.#nodes.flatMap(({outputs}) => outputs).filter(({isSaved}) => isSaved !== true);
    const results = [...made, ...this.#printed(), operand];
    const run = () =>
      runner((replayed) => {
        const part = replayed ? EMPTY : this.#part(results);
        this.#close();
        return part;
      }, this.#segment);
    // No scope that the function has open takes the values away.
    const values = untraced(() => outsideScopes(run));
    if (values.length !== results.length) throw wandering(what);
    const segment = this.#segment;
    results.forEach((value, result) => {
      if (value.kind === 'value' && !this.#earlier.has(value))
        this.#earlier.set(value, {kind: 'result', segment, result});
    });
    this.#segment += 1;
    const value = values.at(-1);
    if (value === undefined || value.dtype !== operand.dtype || !sameShape(value.shape, operand.shape))
      throw wandering(what);
    this.#read.set(operand, value);
    return value;
  }

  #part(results: readonly Operand[]): Part {
    const variables = [...this.#entered].map(([variable, {initial}]): Captured => {
      return {variable, initial, final: this.operand(variable, 'jit')};
    });
    const program: Program = {
      inputs: this.#inputs,
      variables,
      constants: this.#constants,
      draws: this.#draws,
      nodes: this.#nodes,
      results,
    };
    const prints = this.#prints.map((line) =>
      line.map((each) => (typeof each === 'string' ? each : results.indexOf(each))),
    );
    return {program, sources: this.#sources, prints};
  }

  /** What lines that are written at the end of the part need. */
  #printed(): Operand[] {
    return this.#prints.flat().filter((each) => typeof each !== 'string');
  }

  print(parts: readonly PrintPart<AnyTensor>[]): void {
    this.#prints.push(parts.map((part) => ('text' in part ? part.text : this.operand(part.tensor, 'print'))));
  }

  /** Begins another part; what this one made can be imported by later ones. */
  #close(): void {
    for (const [variable, {initial}] of this.#entered) {
      // Where it was written, the value that it had is gone.
      if (this.#operandOf(variable) === initial) this.#initialOf.set(initial, variable);
      else for (const [value, other] of this.#initialOf) if (other === variable) this.#initialOf.delete(value);
    }
    for (const {value, tensor} of this.#constants) this.#constantOf.set(value, tensor);
    this.#arguments.forEach((value, index) => this.#earlier.set(value, {kind: 'argument', index}));
    this.restore();
    this.#nodes = [];
    this.#inputs = [];
    this.#sources = [];
    this.#constants = [];
    this.#known = new Map();
    this.#draws = [];
    this.#drawOf = new WeakMap();
    this.#counts = new Map();
    this.#prints = [];
    this.#imports.clear();
  }

  #operandOf({source}: Variable<Element>): Operand | null {
    return source instanceof TracedStorage ? (source.operand as Operand) : null;
  }

  apply<A>(
    primitive: Primitive<A>,
    inputs: readonly AnyTensor[],
    attributes: A,
    specs: readonly Spec[],
    op: string,
  ): AnyTensor[] | null {
    const draw = this.#drawIn(attributes);
    if (draw === undefined && !inputs.some(isFollowed)) return null;
    if (inputs.some(isText) || specs.some(isText)) {
      throw new DtypeError(`${op}: string tensors cannot be compiled, call it outside of jit`);
    }
    const operands = inputs.map((input) => this.operand(input, op));
    const outputs = specs.map(({shape, dtype}) => this.#value(concrete(shape), dtype));
    const execution = executionOf(primitive, inputs, attributes, specs);
    this.#nodes.push(callNode(primitive.name, op, attributes, execution, operands, outputs, draw));
    return outputs.map((output) => this.#tensor(output));
  }

  enter(variable: Variable<Element>): void {
    if (variable.source instanceof Storage) variable.source.settle();
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
    const state = stateWords();
    this.#drawOf.set(state, this.#draws.length);
    this.#draws.push({generator, index});
    return state;
  }

  get parent(): Tracer | null {
    return null;
  }

  /** Adds a branch or a loop, which gives these outputs and, where it saves, the number of that. */
  addRegion(
    node: Omit<RegionNode, 'kind' | 'outputs'>,
    outputs: readonly {readonly shape: readonly number[]; readonly dtype: DType}[],
  ): AnyTensor[] {
    const values = outputs.map(({shape, dtype}) => this.#value(shape, dtype));
    if (node.saves) values.push({...this.#value([], 'int64'), isSaved: true});
    this.#nodes.push({kind: 'region', ...node, outputs: values});
    return values.map((output) => this.#tensor(output));
  }

  /** What stands for a tensor in the present part. */
  operand(tensor: AnyTensor, op: string): Operand {
    if (tensor instanceof Variable) this.enter(tensor as Variable<Element>);
    const {source} = tensor;
    const shape = concrete(tensor.shape);
    if (typeof source === 'number') return {kind: 'scalar', value: source, shape, dtype: tensor.dtype};
    if (source === null) {
      throw new TraceError(`${op}: a symbolic tensor cannot be mixed with those of a jitted function`);
    }
    if (!(source instanceof TracedStorage)) return this.#constant(tensor, source);
    if (source.trace !== this) throw leaked(op);
    const operand = this.#present(source.operand as Operand, op);
    return sameShape(operand.shape, shape) ? operand : this.#reshaped(operand, shape);
  }

  /** An operand of an earlier part becomes an input of this one. */
  #present(operand: Operand, op: string): Operand {
    if (this.#segment === 0 || operand.kind === 'scalar') return operand;
    const variable = this.#initialOf.get(operand);
    if (variable !== undefined) {
      this.enter(variable);
      return this.#entered.get(variable)?.initial ?? operand;
    }
    const constant = this.#constantOf.get(operand);
    if (constant !== undefined) return this.operand(constant, op);
    const source = this.#earlier.get(operand);
    if (source === undefined) return operand;
    const known = this.#imports.get(operand);
    if (known !== undefined) return known;
    const value = this.#value(operand.shape, operand.dtype);
    this.#inputs.push(value);
    this.#sources.push(source);
    this.#imports.set(operand, value);
    return value;
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
    source.keep();
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

const isFollowed = ({source, mutable}: AnyTensor): boolean => mutable || source instanceof TracedStorage;

const isText = ({dtype}: Spec): boolean => dtype === 'string';

const EMPTY: Part = {
  program: {inputs: [], variables: [], constants: [], draws: [], nodes: [], results: []},
  sources: [],
  prints: [],
};

function wandering(what: string): TraceError {
  return new TraceError(
    `${what}: a jitted function took another way through its code than at its last call with the same values; what decides must be an argument or a tensor`,
  );
}
