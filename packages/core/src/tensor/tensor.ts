import {type DType, type Element} from '../dtype.js';
import {dim, sizeOf, type Shape} from '../shape.js';
import {SymbolicTensorError} from '../errors.js';
import {Storage} from './storage.js';

/**
 * Where a tensor's elements are: a buffer, one number that all elements have (no memory needed), or nowhere (a symbolic
 * tensor, which has a shape and a dtype only).
 * @internal
 */
export type Source = Storage | number | null;

let lastId = 0;

// A symbol cannot be cloned, and the error of structuredClone and postMessage shows its text.
const NOT_CLONEABLE = Symbol('a tensor lives in native memory: send t.data() with t.shape and t.dtype instead');

/**
 * An immutable array of numbers, booleans or strings of one dtype. Operations are methods (short arithmetic names and every
 * operation of one tensor) and functions in `ops`. Tensors need no disposal.
 *
 * `E` is the JavaScript type of an element: `number`, or `bigint` for int64 and uint64, `boolean`, `string`.
 */
export class Tensor<E extends Element = number> {
  /** @internal First of the fields, so that cloning a tensor ends here, with a sentence. */
  readonly native = NOT_CLONEABLE;
  /** Sizes of the axes; `null` only in symbolic tensors. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal Identity for tapes. */
  readonly id: number = ++lastId;
  /** @internal */
  source: Source;
  /** @internal Strides in elements, or null for row-major without gaps. */
  readonly strides: readonly number[] | null;
  /** @internal First element within the buffer. */
  readonly offset: number;
  /** @internal What travels with a tensor beside its value: mask, logits, name. */
  extra: TensorExtra | undefined = undefined;

  // Makes Tensor<bigint> and Tensor<number> different types.
  declare protected readonly element: E;

  /** @internal Users make tensors with `tensor(...)` and the functions in `ops`. */
  protected constructor(shape: Shape, dtype: DType, source: Source, strides: readonly number[] | null, offset: number) {
    this.shape = shape;
    this.dtype = dtype;
    this.source = source;
    this.strides = strides;
    this.offset = offset;
  }

  /** @internal */
  static create<E extends Element = number>(
    shape: Shape,
    dtype: DType,
    source: Source,
    strides: readonly number[] | null = null,
    offset = 0,
  ): Tensor<E> {
    return new Tensor<E>(shape, dtype, source, strides, offset);
  }

  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements; throws where an axis is open. */
  get size(): number {
    const size = sizeOf(this.shape);
    if (size === null) {
      throw new SymbolicTensorError('size: the shape of this symbolic tensor has open axes');
    }
    return size;
  }

  /** Size of the first axis; throws for a scalar and where it is open. */
  get length(): number {
    return dim(this.shape, 0);
  }

  /** Size of one axis; negative counts from the end. */
  dim(axis: number): number {
    return dim(this.shape, axis);
  }

  /** Where the tensor lives: `'CPU:0'`. */
  get device(): string {
    return 'CPU:0';
  }

  /** @internal Whether the value can change: true of Variables. */
  get mutable(): boolean {
    return false;
  }

  /** @internal */
  get symbolic(): boolean {
    return this.source === null;
  }

  /** @internal Of a view that can change: a tensor whose value stays as it is now, for tapes. */
  held?(): Tensor<E>;

  /**
   * Releases the memory now instead of when nobody uses the tensor any more; using it afterwards is an error. Memory that
   * views or a tape may still read stays until they are gone. Optional.
   */
  dispose(): void {
    const {source} = this;
    if (!(source instanceof Storage)) return;
    if (source.shared || source.holds > 0) this.source = Storage.released();
    else source.release();
  }

  /** For `using t = ...`: the same as {@link dispose}. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @internal */
export interface TensorExtra {
  /** Which entries count, for layers that use masks. */
  mask?: Tensor<boolean> | undefined;
  /** What a softmax or sigmoid activation was applied to, for losses. */
  logits?: {readonly tensor: Tensor; readonly activation: 'softmax' | 'sigmoid'} | undefined;
  /** Of a symbolic tensor: its name and what made it. */
  name?: string | undefined;
  origin?: unknown;
}

/** Whether any value is a tensor, from any realm or copy of the library being irrelevant here. */
export function isTensor(value: unknown): value is Tensor<Element> {
  return value instanceof Tensor;
}

/** Throws where the tensor has no value to read. */
export function assertReadable(tensor: Tensor<Element>, what: string): void {
  if (tensor.source === null) {
    throw new SymbolicTensorError(
      `${what}: a symbolic tensor (made by Input or by calling a layer on one) has no value to read`,
    );
  }
  if (tensor.source instanceof Storage) tensor.source.assertReadable(what);
}
