import {
  checkDType,
  type Complex,
  type DType,
  DTYPES,
  type Element,
  type ElementOf,
  isBigInteger,
  isComplex,
  isComplexNumber,
  isFloating,
  misfit,
  type NumberDType,
  type RawArray,
} from '../dtype.js';
import {floatx} from '../config.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {cast} from '../primitives/cast.js';
import {checkShape, sameShape, show, sizeOf} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {encodeHalf} from './half.js';
import {itemOf} from './read.js';
import {Storage} from './storage.js';
import {isTensor, Tensor} from './tensor.js';
import {textTensor} from './text.js';
import {addon} from '@keratin/native';

/** Nested arrays of equal lengths, or one element. */
export type Nested<E> = E | readonly Nested<E>[];

/** The typed arrays that hold elements of JavaScript type `E`; complex numbers are pairs in them. */
export type TypedArrayOf<E> = E extends bigint
  ? BigInt64Array | BigUint64Array
  : E extends number
    ? | Float32Array
      | Float64Array
      | Int32Array
      | Int16Array
      | Int8Array
      | Uint8Array
      | Uint8ClampedArray
      | Uint16Array
      | Uint32Array
    : E extends Complex
      ? Float32Array | Float64Array
      : never;

/**
 * What an operation takes where it wants a tensor: a tensor, an element, nested arrays or a typed array. Among complex numbers
 * real ones may stand.
 */
export type TensorLike<E extends Element = number> =
  Tensor<E> | Nested<E> | TypedArrayOf<E> | (E extends Complex ? Nested<Complex | number> : never);

const ARRAY_DTYPES: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int8Array: 'int8',
  Int16Array: 'int16',
  Int32Array: 'int32',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Uint16Array: 'uint16',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
};

// Not instanceof: test runners and vm contexts have typed arrays of their own. Buffers are Uint8Arrays.
function typedArrayDType(value: object): DType | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  const tag: unknown = Reflect.get(value, Symbol.toStringTag);
  return typeof tag === 'string' ? ARRAY_DTYPES[tag] : undefined;
}

/** Options of {@link tensor}. */
export interface TensorOptions<D extends DType = DType> {
  /** Default: float32 (see `config.floatx`) for numbers, int64 for bigint, bool for booleans, a typed array's own. */
  dtype?: D | undefined;
  /** Default: that of the nested arrays; `[n]` for a typed array of n elements. */
  shape?: readonly number[] | undefined;
}

/**
 * Makes a tensor of a number, nested arrays, a typed array or another tensor (whose values are kept: `dtype` must then be
 * its own, `cast` converts).
 *
 * @example
 * tensor([[1, 2, 3], [4, 5, 6]], 'int32');
 * tensor(new Float32Array(12), {shape: [3, 4]});
 * tensor([{re: 1, im: 2}, 3]); // complex64
 * @throws ShapeError where nested arrays are ragged or `shape` does not hold the values
 * @throws DtypeError where a value does not fit the dtype (1.5 into int32)
 */
export function tensor<D extends DType>(
  x: TensorLike<ElementOf<D>> | Nested<number>,
  dtype: D | (TensorOptions<D> & {dtype: D}),
): Tensor<ElementOf<D>>;
export function tensor(
  x: TensorLike,
  options?: {dtype?: NumberDType | undefined; shape?: readonly number[] | undefined},
): Tensor;
export function tensor(
  x: Nested<bigint> | BigInt64Array | BigUint64Array | Tensor<bigint>,
  options?: {shape?: readonly number[] | undefined},
): Tensor<bigint>;
export function tensor(
  x: Nested<boolean> | Tensor<boolean>,
  options?: {shape?: readonly number[] | undefined},
): Tensor<boolean>;
export function tensor(
  x: Nested<string> | Tensor<string>,
  options?: {shape?: readonly number[] | undefined},
): Tensor<string>;
export function tensor(
  x: Nested<Complex | number> | Tensor<Complex>,
  options?: {shape?: readonly number[] | undefined},
): Tensor<Complex>;
export function tensor(x: TensorLike<Element> | Nested<Element>, options?: DType | TensorOptions): Tensor<Element> {
  if (typeof options === 'string') return convert(x as TensorLike<Element>, checkDType('tensor', options), 'tensor');
  checkOptions('tensor', options, ['dtype', 'shape']);
  const dtype = options?.dtype === undefined ? undefined : checkDType('tensor', options.dtype);
  const made = convert(x as TensorLike<Element>, dtype, 'tensor');
  const shape = options?.shape;
  if (shape === undefined || sameShape(shape, made.shape)) return made;
  checkShape('tensor', shape);
  if (sizeOf(shape) !== made.size) {
    throw new ShapeError(
      `tensor: shape ${show(shape)} holds ${String(sizeOf(shape))} elements, got ${String(made.size)}`,
    );
  }
  return Tensor.create(shape, made.dtype, made.source);
}

/** A tensor all of whose elements are one number; it takes no memory until a kernel needs it. */
export function full<E extends Element = number>(shape: readonly number[], value: number, dtype: DType): Tensor<E> {
  return Tensor.create<E>(shape, dtype, value);
}

/** A value as a tensor: of `dtype` where it is given. `where` begins the messages. */
export function convert<E extends Element>(value: TensorLike<E>, dtype: DType | undefined, where: string): Tensor<E> {
  if (isTensor(value)) {
    if (dtype !== undefined && dtype !== value.dtype) {
      throw new DtypeError(
        `${where}: the tensor is ${value.dtype}, ${dtype} was asked for; convert it with cast('${dtype}')`,
      );
    }
    return value;
  }
  return fromPlain(value, dtype, where) as Tensor<E>;
}

/** Like {@link convert}, but a tensor keeps its dtype and plain values take `dtype`: what binary ops do with literals. */
export function convertLike(value: unknown, dtype: DType, where: string): Tensor<Element> {
  if (isTensor(value)) return value;
  if (typeof value === 'number' && DTYPES[dtype].kind !== 'string') {
    const problem = misfit(value, dtype);
    if (problem !== undefined) {
      throw new DtypeError(
        `${where}: ${String(value)} ${problem}, which ${dtype} needs; cast the tensor to another dtype first`,
      );
    }
    return Tensor.create([], dtype, value);
  }
  if (isComplexNumber(value) && !isComplex(dtype)) {
    throw new DtypeError(
      `${where}: ${describe(value)} is complex and the tensor is ${dtype}; cast the tensor to complex64 or complex128 first`,
    );
  }
  return fromPlain(value, dtype, where);
}

function fromPlain(value: unknown, dtype: DType | undefined, where: string): Tensor<Element> {
  if (typeof value === 'object' && value !== null) {
    const own = typedArrayDType(value);
    if (own !== undefined) return fromTyped(value as RawArray, own, dtype, where);
  }
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: unknown[] = [];
  flatten(value, shape, 0, flat, where);
  if (flat.some(isTensor)) return stackNested(flat as Tensor<Element>[], shape, dtype, where);
  const target = dtype ?? inferDType(flat, where);
  return fromFlat(flat, shape, target, where);
}

function flatten(value: unknown, shape: readonly number[], depth: number, out: unknown[], where: string): void {
  if (depth === shape.length) {
    if (Array.isArray(value)) raggedError(shape, where);
    out.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== shape[depth]) raggedError(shape, where);
  for (const item of value as readonly unknown[]) flatten(item, shape, depth + 1, out, where);
}

function raggedError(shape: readonly number[], where: string): never {
  throw new ShapeError(
    `${where}: nested arrays must be rectangular, these begin like shape ${show(shape)} but differ further on`,
  );
}

// [t1, t2] with tensors inside is a stack of them.
function stackNested(
  items: readonly Tensor<Element>[],
  shape: number[],
  dtype: DType | undefined,
  where: string,
): Tensor<Element> {
  const values = items.map((item) => (isTensor(item) && item.ndim === 0 ? itemOf(item, where) : item));
  if (values.some(isTensor)) {
    throw new ShapeError(
      `${where}: a list with tensors of rank 1 or more is no tensor; use ops.stack or ops.concatenate`,
    );
  }
  const first = items.find(isTensor);
  return fromFlat(values, shape, dtype ?? first?.dtype ?? floatx(), where);
}

function inferDType(values: readonly unknown[], where: string): DType {
  const [first] = values;
  if (values.some(isComplexNumber) && values.every((value) => typeof value === 'number' || isComplexNumber(value))) {
    return floatx() === 'float64' ? 'complex128' : 'complex64';
  }
  const kind = first === undefined ? 'number' : typeof first;
  const odd = values.find((value) => typeof value !== kind);
  if (odd !== undefined) {
    throw new DtypeError(`${where}: elements must be of one kind, got ${describe(first)} and ${describe(odd)}`);
  }
  if (kind === 'number') return floatx();
  if (kind === 'bigint') return 'int64';
  if (kind === 'boolean') return 'bool';
  if (kind === 'string') return 'string';
  throw new ValueError(
    `${where}: a tensor is made of numbers, bigints, booleans, strings or complex {re, im}, got ${describe(first)}`,
  );
}

function fromTyped(source: RawArray, own: DType, dtype: DType | undefined, where: string): Tensor<Element> {
  const target = dtype ?? own;
  if (target === own) return upload(source, [source.length], own);
  const made = upload(source, [source.length], own);
  if (isFloating(own) && !isFloating(target)) return fromFlat([...source], [source.length], target, where);
  return apply<{dtype: DType}, Element>(cast, [made], {dtype: target}, where);
}

function upload(source: RawArray, shape: readonly number[], dtype: DType): Tensor<Element> {
  const storage = Storage.allocate(source.byteLength);
  addon.write(storage.handle, source, 0);
  return Tensor.create<Element>(shape, dtype, storage);
}

function fromFlat(values: readonly unknown[], shape: readonly number[], dtype: DType, where: string): Tensor<Element> {
  const {kind, array, bytes} = DTYPES[dtype];
  if (kind === 'string')
    return textTensor(
      values.map((value) => stringOf(value, where)),
      shape,
    );
  if (kind === 'complex') {
    const pairs = new (bytes === 8 ? Float32Array : Float64Array)(values.length * 2);
    values.forEach((value, i) => {
      pairs[2 * i] = isComplexNumber(value) ? value.re : numberOf(value, dtype, where);
      pairs[2 * i + 1] = isComplexNumber(value) ? value.im : 0;
    });
    return upload(pairs, shape, dtype);
  }
  if (shape.length === 0 && !isBigInteger(dtype)) {
    return Tensor.create<Element>(shape, dtype, fitted(numberOf(values[0], dtype, where), dtype, where));
  }
  if (isBigInteger(dtype)) {
    const target = dtype === 'int64' ? new BigInt64Array(values.length) : new BigUint64Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      target[i] = typeof value === 'bigint' ? value : BigInt(fitted(numberOf(value, dtype, where), dtype, where));
      if (typeof value === 'bigint' && target[i] !== value) {
        throw new DtypeError(`${where}: ${String(value)}n does not fit ${dtype}`);
      }
    }
    return upload(target, shape, dtype);
  }
  const target = new array(values.length);
  const half = dtype === 'float16' || dtype === 'bfloat16';
  for (let i = 0; i < values.length; i++) {
    const value = fitted(numberOf(values[i], dtype, where), dtype, where);
    target[i] = half ? encodeHalf(value, dtype) : value;
  }
  return upload(target, shape, dtype);
}

function stringOf(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new ValueError(`${where}: elements of a string tensor are strings, got ${describe(value)}`);
}

function numberOf(value: unknown, dtype: DType, where: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value))) {
      throw new DtypeError(`${where}: ${String(value)}n does not fit ${dtype} exactly; use int64`);
    }
    return Number(value);
  }
  const kinds = isComplex(dtype) ? 'numbers or {re, im}' : 'numbers';
  throw new ValueError(`${where}: elements of a ${dtype} tensor are ${kinds}, got ${describe(value)}`);
}

function fitted(value: number, dtype: DType, where: string): number {
  const problem = misfit(value, dtype);
  if (problem === undefined) return value;
  throw new DtypeError(`${where}: ${String(value)} ${problem}, which ${dtype} needs`);
}
