import {checkDType, type DType, type Element, type ElementOf} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {copy} from '../ops/basics.js';
import {sameShape, type Shape, show} from '../shape.js';
import {describe} from '../suggest.js';
import {convertLike, type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';

/** One dtype, or one for each component of an element. */
export type DTypes = DType | readonly DType[];

/** What goes in as one element: a value, a list of one for each component, or an object where they have names. */
export type QueueInput =
  | TensorLike<never>
  | TensorLike<Element>
  | readonly TensorLike<Element>[]
  | Readonly<Record<string, TensorLike<Element>>>;

/** What comes out as one element. */
export type QueueElement<D extends DTypes, N extends readonly string[] | undefined> = N extends readonly string[]
  ? {[K in N[number]]: Tensor<Element>}
  : D extends DType
    ? Tensor<ElementOf<D>>
    : D extends readonly [infer Only extends DType]
      ? Tensor<ElementOf<Only>>
      : D extends readonly DType[]
        ? {-readonly [K in keyof D]: D[K] extends DType ? Tensor<ElementOf<D[K]>> : never}
        : never;

/** The components of the elements of a queue: dtypes, shapes and names. */
export class Components {
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[] | undefined;
  readonly names: readonly string[] | undefined;

  constructor(
    where: string,
    dtypes: DTypes,
    shapes: readonly Shape[] | undefined,
    names: readonly string[] | undefined,
    allowsOpen: boolean,
  ) {
    this.dtypes = [dtypes].flat().map((dtype) => checkDType(where, dtype));
    if (this.dtypes.length === 0) throw new ValueError(`${where}: at least one dtype is needed, got an empty list`);
    for (const [name, list] of [
      ['shapes', shapes],
      ['names', names],
    ] as const) {
      if (list !== undefined && (!Array.isArray(list) || list.length !== this.dtypes.length)) {
        throw new ValueError(
          `${where}: ${name} must be a list of ${String(this.dtypes.length)}, one for each dtype, got ${describe(list)}`,
        );
      }
    }
    for (const shape of shapes ?? []) {
      const isShape =
        Array.isArray(shape) &&
        shape.every((n) => (n === null && allowsOpen) || (Number.isInteger(n) && Number(n) >= 0));
      if (!isShape) {
        throw new ShapeError(
          `${where}: a shape is a list of sizes${allowsOpen ? ' or null' : ''}, got ${describe(shape)}`,
        );
      }
    }
    this.shapes = shapes;
    this.names = names;
  }

  /** The components of one element, or of many with an axis in front. */
  toTensors(input: QueueInput, where: string, isMany: boolean): Tensor<Element>[] {
    const values = this.#list(input, where).map((value, i) => {
      const dtype = this.dtypes[i] ?? 'float32';
      const made = convertLike(value, dtype, where);
      if (made.dtype !== dtype) {
        throw new DtypeError(
          `${where}: component ${this.#label(i)} is ${dtype}, got ${made.dtype}; use cast('${dtype}')`,
        );
      }
      // A Variable's later values must not show.
      return copy(made);
    });
    values.forEach((value, i) => {
      this.#checkShape(value, i, where, isMany);
    });
    const [first] = values;
    if (isMany && values.some(({length}) => length !== first?.length)) {
      const got = values.map(({shape}) => show(shape)).join(' and ');
      throw new ShapeError(`${where}: components must have as many elements each, got ${got}`);
    }
    return values;
  }

  /** Components as the caller sees them. */
  toOutput(values: readonly Tensor<Element>[]): unknown {
    if (this.names !== undefined) return Object.fromEntries(this.names.map((name, i) => [name, values[i]]));
    return values.length === 1 ? values[0] : [...values];
  }

  #label(i: number): string {
    return this.names?.[i] ?? String(i);
  }

  #list(input: QueueInput, where: string): readonly unknown[] {
    const {names} = this;
    if (names !== undefined) {
      const given = typeof input === 'object' ? (input as Readonly<Record<string, unknown>>) : {};
      const keys = Object.keys(given);
      if (keys.length !== names.length || !names.every((name) => Object.hasOwn(given, name))) {
        throw new ValueError(
          `${where}: an object with ${names.join(', ')} is needed, got ${keys.join(', ') || describe(input)}`,
        );
      }
      return names.map((name) => given[name]);
    }
    if (this.dtypes.length === 1) return [input];
    if (!Array.isArray(input) || input.length !== this.dtypes.length) {
      throw new ValueError(
        `${where}: a list of ${String(this.dtypes.length)} components is needed, got ${describe(input)}`,
      );
    }
    return input;
  }

  #checkShape(value: Tensor<Element>, i: number, where: string, isMany: boolean): void {
    const shape = this.shapes?.[i];
    if (isMany && value.ndim === 0) throw new ShapeError(`${where}: an axis of elements is needed, got a scalar`);
    const own = isMany ? value.shape.slice(1) : value.shape;
    if (shape === undefined || sameShape(shape, own)) return;
    if (shape.length === own.length && shape.every((n, axis) => n === null || n === own[axis])) return;
    const want = isMany ? [null, ...shape] : shape;
    throw new ShapeError(
      `${where}: component ${this.#label(i)} must have shape ${show(want)}, got ${show(value.shape)}`,
    );
  }
}
