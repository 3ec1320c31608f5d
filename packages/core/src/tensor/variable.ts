import {type DType, type Element} from '../dtype.js';
import {DtypeError, KeratinError, ShapeError} from '../errors.js';
import {concrete, sameShape, show, sizeOf} from '../shape.js';
import {DTYPES} from '../dtype.js';
import {apply} from '../engine/dispatch.js';
import {copyOf, opcodeOf, runInto} from '../engine/execute.js';
import {withoutRecorder} from '../engine/recording.js';
import {tracing} from '../engine/tracing.js';
import {add, subtract} from '../primitives/binary.js';
import {convert, convertLike, type TensorLike} from './convert.js';
import {type Index, planIndex} from './indexing/plan.js';
import {scatterRows, scatterTuples} from './indexing/put.js';
import {VariableView} from './indexing/view.js';
import {outsideScopes, Storage} from './storage.js';
import {type Source, Tensor} from './tensor.js';
import {textOf, TextStorage} from './text.js';

/** Options of {@link Variable}. */
export interface VariableOptions {
  /** Default `'variable'`. */
  name?: string | undefined;
  /** Default: that of the value. */
  dtype?: DType | undefined;
  /** Whether tapes watch it and optimizers may change it. Default true. */
  trainable?: boolean | undefined;
}

let beforeWrite: ((variable: Variable<Element>) => void) | null = null;

/** Runs `fn` and tells `listener` of every Variable that is about to change; those inside of it go on being told. */
export function watchingWrites<T>(listener: (variable: Variable<Element>) => void, fn: () => T): T {
  const outer = beforeWrite;
  beforeWrite = (variable) => {
    outer?.(variable);
    listener(variable);
  };
  try {
    return fn();
  } finally {
    beforeWrite = outer;
  }
}

/** A run that a Variable belongs to, such as that of `fit`. */
export interface VariableOwner {
  /** Whether nobody else may write it now. */
  readonly locked: boolean;
  /** What it is, for messages. */
  readonly name: string;
}

// Views that are made and dropped without a look do not pile up.
const MAX_UNREAD = 256;

/** What a layer may attach to a weight: applied by the optimizer after each step, or added to the loss. */
export interface WeightRules {
  constraint?: ((value: Tensor) => Tensor) | undefined;
  regularizer?: ((value: Tensor) => Tensor) | undefined;
}

/**
 * A tensor whose value changes in place: weights, counters, running statistics. It can be used wherever a tensor can; an
 * operation reads the value of that moment.
 *
 * @example
 * const v = new Variable(ops.zeros([2, 3]), {name: 'v'});
 * v.assignAdd(ops.ones([2, 3]));
 * v.at(0, 1).assign(42);
 */
export class Variable<E extends Element = number> extends Tensor<E> {
  readonly name: string;
  /** Scopes and name joined by `/`, such as `sequential/dense/kernel`. */
  path: string;
  /** Whether tapes watch it and optimizers may change it. */
  trainable: boolean;
  /** @internal How often it was written since it was made. */
  writes = 0;
  /** What a layer attached to it. */
  rules: WeightRules = {};
  /** @internal The run that it belongs to. */
  owner: VariableOwner | null = null;
  /** @internal Parts of it that `at` gave and nobody has read yet: they are before it changes. */
  readonly unread = new Set<VariableView<E>>();

  constructor(value: NoInfer<TensorLike<E>>, options: VariableOptions = {}) {
    const given = convert(value, options.dtype, 'Variable');
    const initial = tracing === null ? given : tracing.creates(given);
    // A scope that happens to be open must not take its memory.
    super(initial.shape, initial.dtype, outsideScopes(() => copyOf(initial)).source, null, 0);
    this.name = options.name ?? 'variable';
    this.path = this.name;
    this.trainable = options.trainable ?? true;
  }

  /** @internal */
  override get mutable(): boolean {
    return true;
  }

  /**
   * A part of the variable, by the same indices as `tensor.at`: a tensor that can also be written.
   *
   * @example
   * v.at(0, 1).assign(42);
   * v.at(':', 2).assignAdd([1, 1]);
   * @throws IndexError where an index is outside of its axis
   */
  override at(...index: Index[]): VariableView<E> {
    if (this.unread.size >= MAX_UNREAD) this.readViews();
    return new VariableView(this, planIndex(this.shape, index, 'at'));
  }

  /** The value as a tensor that later assigns do not change. */
  readValue(): Tensor<E> {
    tracing?.enter(this);
    if (this.source instanceof Storage) this.source.shared = true;
    // Memory that was lent is back by now.
    return Tensor.create<E>(this.shape, this.dtype, this.source);
  }

  /** Sets the value; shape and dtype must be the variable's. Returns the variable. */
  assign(value: TensorLike<E>): this {
    const from = this.operand(value, 'assign');
    if (!sameShape(from.shape, this.shape)) this.refuse('assign', from);
    if (from.source === this.source) return this;
    if (tracing !== null) {
      tracing.assign(this, from);
      return this;
    }
    if (this.dtype === 'string') return this.writeText([...textOf(from)]);
    const target = this.fresh();
    if (typeof from.source === 'number') runInto(opcodeOf('fill'), [], [from.source], [target], 'assign');
    else runInto(opcodeOf('copy'), [from], [], [target], 'assign');
    this.source = target.source;
    return this;
  }

  /** Adds `value` (broadcast to the variable's shape). Returns the variable. */
  assignAdd(value: TensorLike<E>): this {
    return this.update('add', value, 'assignAdd');
  }

  /** Subtracts `value` (broadcast to the variable's shape). Returns the variable. */
  assignSub(value: TensorLike<E>): this {
    return this.update('subtract', value, 'assignSub');
  }

  /**
   * Sets rows: `indices` of any shape point into the first axis, `updates` has their shape and then that of a row. Negative
   * indices count from the end. Of an index that stands twice the later update stays. Returns the variable.
   * @throws IndexError where an index is outside; nothing is written then
   */
  scatterUpdate(indices: TensorLike, updates: TensorLike<E>): this {
    scatterRows(this, indices, updates, 'set', 'scatterUpdate');
    return this;
  }

  /** Adds to rows, as {@link scatterUpdate} sets them; updates of one index add up. Returns the variable. */
  scatterAdd(indices: TensorLike, updates: TensorLike<E>): this {
    scatterRows(this, indices, updates, 'add', 'scatterAdd');
    return this;
  }

  /** Subtracts from rows, as {@link scatterUpdate} sets them. Returns the variable. */
  scatterSub(indices: TensorLike, updates: TensorLike<E>): this {
    scatterRows(this, indices, updates, 'subtract', 'scatterSub');
    return this;
  }

  /** Rows become the maximum of themselves and the updates. Returns the variable. */
  scatterMax(indices: TensorLike, updates: TensorLike<E>): this {
    scatterRows(this, indices, updates, 'max', 'scatterMax');
    return this;
  }

  /** Rows become the minimum of themselves and the updates. Returns the variable. */
  scatterMin(indices: TensorLike, updates: TensorLike<E>): this {
    scatterRows(this, indices, updates, 'min', 'scatterMin');
    return this;
  }

  /**
   * Sets elements: the last axis of `indices` points into the variable's first axes, `updates` has the shape of the other
   * axes of `indices` and then that of what is pointed at. Returns the variable.
   *
   * @example
   * v.scatterNdUpdate([[0, 0], [1, 2]], [100, 200]);
   * @throws IndexError where an index is outside; nothing is written then
   */
  scatterNdUpdate(indices: TensorLike, updates: TensorLike<E>): this {
    scatterTuples(this, indices, updates, 'set', 'scatterNdUpdate');
    return this;
  }

  /** Adds to elements, as {@link scatterNdUpdate} sets them; updates of one index add up. Returns the variable. */
  scatterNdAdd(indices: TensorLike, updates: TensorLike<E>): this {
    scatterTuples(this, indices, updates, 'add', 'scatterNdAdd');
    return this;
  }

  /** Subtracts from elements, as {@link scatterNdUpdate} sets them. Returns the variable. */
  scatterNdSub(indices: TensorLike, updates: TensorLike<E>): this {
    scatterTuples(this, indices, updates, 'subtract', 'scatterNdSub');
    return this;
  }

  /**
   * @internal A tensor over memory that may be written: the variable's own where nobody else holds it. The old values are
   * in it only with `keep`. The caller stores its source afterwards.
   */
  fresh(keep = false): Tensor<E> {
    this.assertFree();
    this.writes += 1;
    if (this.unread.size > 0) this.readViews();
    beforeWrite?.(this);
    const {source} = this;
    if (source instanceof Storage && source.live > 0 && !source.shared && source.holds === 0) {
      return Tensor.create<E>(this.shape, this.dtype, source);
    }
    if (keep) return outsideScopes(() => copyOf(Tensor.create<E>(this.shape, this.dtype, source)));
    const bytes = (sizeOf(this.shape) ?? 0) * DTYPES[this.dtype].bytes;
    return Tensor.create<E>(
      this.shape,
      this.dtype,
      outsideScopes(() => Storage.allocate(bytes)),
    );
  }

  /** @internal Puts another value in place without copying it; gives the one before. */
  exchange(source: Source): Source {
    this.assertFree();
    this.readViews();
    const before = this.source;
    this.source = source;
    return before;
  }

  /** @internal Writes through a view of the variable: `write` gets a tensor over the variable's own memory. */
  writeInPlace(write: (target: Tensor<E>) => void): void {
    const target = this.fresh(true);
    write(target);
    this.source = target.source;
  }

  /** @internal Writes all elements of a variable of strings. */
  writeText(values: readonly string[]): this {
    this.assertFree();
    this.writes += 1;
    this.readViews();
    this.source = new TextStorage(values);
    return this;
  }

  /** @internal `value` as a tensor of the variable's dtype. */
  operand(value: TensorLike<E>, where: string): Tensor<E> {
    const from = convertLike(value, this.dtype, `${where} to variable ${this.path}`);
    if (from.dtype !== this.dtype) {
      throw new DtypeError(
        `${where}: variable ${this.path} is ${this.dtype}, got a value of dtype ${from.dtype}; use cast('${this.dtype}')`,
      );
    }
    return from as Tensor<E>;
  }

  // Before it changes: no other run has it, and none is changing it.
  private assertFree(): void {
    if (this.owner?.locked === true) {
      throw new KeratinError(
        `variable ${this.path} belongs to ${this.owner.name}, which is running: write it in a callback, or when that has ended`,
      );
    }
    if (this.source instanceof Storage) this.source.settle();
  }

  /** @internal The parts that nobody has read yet are read now. */
  readViews(): void {
    for (const view of [...this.unread]) view.held();
  }

  private update(kernel: 'add' | 'subtract', value: TensorLike<E>, where: string): this {
    const by = this.operand(value, where);
    if (this.dtype === 'string') {
      throw new DtypeError(`${where}: variable ${this.path} is string: there is no arithmetic of text, use assign`);
    }
    const shape = concrete(this.shape);
    const lead = shape.length - by.shape.length;
    const fits = lead >= 0 && by.shape.every((n, i) => n === 1 || n === shape[lead + i]);
    if (!fits) this.refuse(where, by);
    if (tracing !== null) {
      const primitive = kernel === 'add' ? add : subtract;
      const next = withoutRecorder(null, () => apply<undefined, E>(primitive, [this, by], undefined, where));
      tracing.assign(this, next);
      return this;
    }
    const before = Tensor.create<E>(this.shape, this.dtype, this.source);
    const target = this.fresh();
    runInto(opcodeOf(kernel), [before, by], [], [target], where, shape);
    this.source = target.source;
    return this;
  }

  private refuse(where: string, value: Tensor<Element>): never {
    throw new ShapeError(
      `${where}: variable ${this.path} has shape ${show(this.shape)}, got a value of shape ${show(value.shape)}`,
    );
  }
}
