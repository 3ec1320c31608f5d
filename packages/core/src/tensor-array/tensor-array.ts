import {checkDType, type DType, type Element, type ElementOf} from '../dtype.js';
import {DtypeError, IndexError, ShapeError, ValueError} from '../errors.js';
import {copy} from '../ops/basics.js';
import {zeros} from '../ops/create.js';
import {concatenate, split, stack, unstack} from '../ops/shape.js';
import {isConcrete, type Shape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {convert, convertLike, type TensorLike} from '../tensor/convert.js';
import {valuesOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';

export interface TensorArrayOptions {
  /** How many elements it has at first. Default 0. */
  size?: number | undefined;
  /** Whether it grows where one writes behind its end. Default false. */
  dynamicSize?: boolean | undefined;
  /** Whether an element is gone once `read` gave it, and its memory with it. Default true. */
  clearAfterRead?: boolean | undefined;
  /** The shape of elements; null for open sizes. Default: that of the first one written. */
  elementShape?: Shape | undefined;
  /** Whether all elements must have the shape of the first. Default true. */
  inferShape?: boolean | undefined;
}

type State =
  {readonly kind: 'unwritten'} | {readonly kind: 'written'; readonly value: Tensor} | {readonly kind: 'read'};

const UNWRITTEN: State = {kind: 'unwritten'};
const READ: State = {kind: 'read'};

/**
 * A list of tensors of one dtype, and of one shape unless it is told otherwise, that is filled in a loop. Gradients flow through it.
 *
 * @example
 * const steps = new TensorArray('float32', {size: 3});
 * for (let i = 0; i < 3; i++) steps.write(i, [i, 2]);
 * steps.stack().array(); // [[0, 2], [1, 2], [2, 2]]
 */
export class TensorArray<D extends DType = 'float32'> {
  readonly dtype: D;
  readonly dynamicSize: boolean;
  readonly clearAfterRead: boolean;
  #elements: State[];
  #shape: Shape | undefined;
  readonly #infers: boolean;

  constructor(dtype: D, options: TensorArrayOptions = {}) {
    checkOptions('TensorArray', options, ['size', 'dynamicSize', 'clearAfterRead', 'elementShape', 'inferShape']);
    checkDType('TensorArray', dtype);
    const {size = 0} = options;
    if (!Number.isInteger(size) || size < 0) {
      throw new ValueError(`TensorArray: size must be a non-negative integer, got ${describe(size)}`);
    }
    this.dtype = dtype;
    this.dynamicSize = options.dynamicSize ?? false;
    this.clearAfterRead = options.clearAfterRead ?? true;
    this.#shape = options.elementShape;
    this.#infers = options.inferShape ?? true;
    this.#elements = new Array<State>(size).fill(UNWRITTEN);
  }

  /** The shape of elements where it is known. */
  get elementShape(): Shape | undefined {
    return this.#shape;
  }

  /** How many elements it has, written or not. */
  size(): number {
    return this.#elements.length;
  }

  /** Sets an element. Returns the array. */
  write(index: number, value: TensorLike<ElementOf<D>>): this {
    const where = 'TensorArray.write';
    const made = this.#checked(value, where);
    this.#place(index, where);
    this.#store(index, made);
    return this;
  }

  /** An element; zeros where it was not written and the shape is known. */
  read(index: number): Tensor<ElementOf<D>> {
    const where = 'TensorArray.read';
    if (!Number.isInteger(index) || index < 0 || index >= this.#elements.length) {
      throw new IndexError(
        `${where}: index ${describe(index)} is outside of an array of ${String(this.size())} elements`,
      );
    }
    const value = this.#take(index, where);
    return value as Tensor<Element> as Tensor<ElementOf<D>>;
  }

  /** All elements along a new first axis. */
  stack(): Tensor<ElementOf<D>> {
    return this.gather(this.#elements.map((_, i) => i));
  }

  /** The elements at indices along a new first axis. */
  gather(indices: TensorLike): Tensor<ElementOf<D>> {
    const where = 'TensorArray.gather';
    const chosen = this.#indices(indices, where);
    if (chosen.length === 0) return this.#none(false);
    return stack(chosen.map((index) => this.#peek(index, where))) as Tensor<Element> as Tensor<ElementOf<D>>;
  }

  /** All elements along their first axis, which may differ in length. */
  concat(): Tensor<ElementOf<D>> {
    const where = 'TensorArray.concat';
    if (this.#elements.length === 0) return this.#none(true);
    const values = this.#elements.map((_, i) => this.#peek(i, where));
    return concatenate(values) as Tensor<Element> as Tensor<ElementOf<D>>;
  }

  /** Makes the elements of a tensor along its first axis those of the array. Returns the array. */
  unstack(value: TensorLike<ElementOf<D>>): this {
    const where = 'TensorArray.unstack';
    const rows = this.#rows(value, where);
    if (!this.dynamicSize && rows.length !== this.size()) {
      throw new ShapeError(`${where}: ${String(this.size())} elements are needed, got ${String(rows.length)}`);
    }
    return this.#replace(rows, where);
  }

  /** Sets the elements at indices to those of a tensor along its first axis. Returns the array. */
  scatter(indices: TensorLike, value: TensorLike<ElementOf<D>>): this {
    const where = 'TensorArray.scatter';
    const rows = this.#rows(value, where);
    const places = this.#indices(indices, where);
    if (rows.length !== places.length) {
      throw new ShapeError(
        `${where}: as many indices as elements are needed, got ${String(places.length)} and ${String(rows.length)}`,
      );
    }
    // In order, so that an error leaves all as it was.
    for (const place of places) this.#place(place, where);
    places.forEach((place, i) => {
      const row = rows[i];
      if (row !== undefined) this.#store(place, row);
    });
    return this;
  }

  /** Cuts a tensor along its first axis into parts of these lengths, which become the elements. Returns the array. */
  split(value: TensorLike<ElementOf<D>>, lengths: TensorLike): this {
    const where = 'TensorArray.split';
    const whole = this.#converted(value, where);
    const sizes = valuesOf(convert<number>(lengths, 'int32', where)).map(Number);
    const total = sizes.reduce((sum, n) => sum + n, 0);
    if (whole.ndim === 0 || whole.length !== total || sizes.some((n) => n < 0)) {
      throw new ShapeError(
        `${where}: lengths must add up to the first axis, got [${sizes.join(', ')}] and shape ${show(whole.shape)}`,
      );
    }
    if (!this.dynamicSize && sizes.length !== this.size()) {
      throw new ShapeError(`${where}: ${String(this.size())} lengths are needed, got ${String(sizes.length)}`);
    }
    let end = 0;
    const ends = sizes.slice(0, -1).map((n) => (end += n));
    return this.#replace(sizes.length === 0 ? [] : split(whole, ends), where);
  }

  /** Forgets all elements. */
  close(): void {
    this.#elements = [];
  }

  #replace(rows: readonly Tensor[], where: string): this {
    for (const row of rows) this.#checkShape(row, where);
    this.#elements = rows.map((): State => UNWRITTEN);
    rows.forEach((row, i) => {
      this.#store(i, row);
    });
    return this;
  }

  #converted(value: TensorLike<ElementOf<D>>, where: string): Tensor {
    const made = convertLike(value, this.dtype, where);
    if (made.dtype !== this.dtype) {
      throw new DtypeError(`${where}: elements are ${this.dtype}, got ${made.dtype}; use cast('${this.dtype}')`);
    }
    // A Variable's later values must not show.
    return copy(made);
  }

  #checked(value: TensorLike<ElementOf<D>>, where: string): Tensor {
    const made = this.#converted(value, where);
    this.#checkShape(made, where);
    return made;
  }

  #rows(value: TensorLike<ElementOf<D>>, where: string): Tensor[] {
    const whole = this.#converted(value, where);
    if (whole.ndim === 0) throw new ShapeError(`${where}: an axis of elements is needed, got a scalar`);
    return unstack(whole).map((row) => {
      this.#checkShape(row, where);
      return row;
    });
  }

  #checkShape({shape}: Tensor, where: string): void {
    const want = this.#shape;
    if (want === undefined) return;
    const fits = want.length === shape.length && want.every((n, axis) => n === null || n === shape[axis]);
    if (!fits) throw new ShapeError(`${where}: elements have shape ${show(want)}, got ${show(shape)}`);
  }

  /** Makes room for an index. */
  #place(index: number, where: string): void {
    const isInside = Number.isInteger(index) && index >= 0 && (index < this.size() || this.dynamicSize);
    if (!isInside) {
      const tail = this.dynamicSize ? '' : '; {dynamicSize: true} lets it grow';
      throw new IndexError(
        `${where}: index ${describe(index)} is outside of an array of ${String(this.size())} elements${tail}`,
      );
    }
    while (this.#elements.length <= index) this.#elements.push(UNWRITTEN);
  }

  #store(index: number, value: Tensor): void {
    if (this.#infers && this.#shape === undefined) this.#shape = value.shape;
    this.#elements[index] = {kind: 'written', value};
  }

  #indices(indices: TensorLike, where: string): number[] {
    const chosen = convert<number>(indices, undefined, where);
    const list = valuesOf(chosen).map(Number);
    if (chosen.ndim !== 1) throw new ShapeError(`${where}: indices must have rank 1, got shape ${show(chosen.shape)}`);
    const odd = list.find(
      (index) => !Number.isInteger(index) || index < 0 || (index >= this.size() && !this.dynamicSize),
    );
    if (odd !== undefined) {
      throw new IndexError(`${where}: index ${String(odd)} is outside of an array of ${String(this.size())} elements`);
    }
    return list;
  }

  #peek(index: number, where: string): Tensor {
    const state = this.#elements[index] ?? UNWRITTEN;
    if (state.kind === 'written') return state.value;
    if (state.kind === 'read') {
      throw new ValueError(
        `${where}: element ${String(index)} was read before and is gone; {clearAfterRead: false} keeps elements`,
      );
    }
    const shape = this.#shape;
    if (shape === undefined || !isConcrete(shape)) {
      throw new ValueError(
        `${where}: element ${String(index)} was not written, and the shape of elements is not known`,
      );
    }
    return zeros(shape, this.dtype) as Tensor<Element> as Tensor;
  }

  #take(index: number, where: string): Tensor {
    const value = this.#peek(index, where);
    if (this.clearAfterRead) this.#elements[index] = READ;
    return value;
  }

  /** No elements along the first axis. */
  #none(isJoined: boolean): Tensor<ElementOf<D>> {
    const shape = (this.#shape ?? []).map((n) => n ?? 0);
    return zeros([0, ...shape.slice(isJoined ? 1 : 0)], this.dtype);
  }
}
