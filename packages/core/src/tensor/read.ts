import {addon} from '@keratin/native';
import {type Complex, DTYPES, type DType, type Element, isBigInteger, isComplex, type RawArray} from '../dtype.js';
import {DtypeError, ShapeError} from '../errors.js';
import {contiguous, opcodeOf, runElementwise} from '../engine/execute.js';
import {concrete, show} from '../shape.js';
import {type Nested, type TypedArrayOf} from './convert.js';
import {roundTo} from './half.js';
import {TracedStorage, tracing} from '../engine/tracing.js';
import {Storage} from './storage.js';
import {assertReadable, type Tensor} from './tensor.js';
import {textOf} from './text.js';

/** The tensor whose memory holds the elements; in a function that is being compiled, they are computed now. */
function present(tensor: Tensor<Element>, what: string): Tensor<Element> {
  assertReadable(tensor, what);
  const {source} = tensor;
  if (source instanceof TracedStorage) return (tracing ?? source.trace).read(tensor, what);
  return tracing !== null && tensor.mutable ? tracing.read(tensor, what) : tensor;
}

/** The raw elements, row-major: halves as their 16 bits, booleans as bytes, complex numbers as pairs. */
export function readRaw(tensor: Tensor<Element>, what = 'data'): RawArray {
  assertReadable(tensor, what);
  const {array, kind} = DTYPES[tensor.dtype];
  if (kind === 'string') {
    throw new DtypeError(
      `${what}: strings are no numbers for a typed array; read a string tensor with array() or item()`,
    );
  }
  const size = tensor.size * (kind === 'complex' ? 2 : 1);
  const target = new array(size);
  if (size === 0) return target;
  const whole = contiguous(present(tensor, what));
  if (!(whole.source instanceof Storage)) return target;
  addon.read(whole.source.live, target, whole.offset * DTYPES[tensor.dtype].bytes);
  return target;
}

const isHalf = (dtype: DType): boolean => dtype === 'float16' || dtype === 'bfloat16';

/** The elements of a half dtype as float32, which holds them exactly. */
function readHalves(tensor: Tensor<Element>, what: string): Float32Array {
  const wide = runElementwise(opcodeOf('cast'), [present(tensor, what)], 'float32', concrete(tensor.shape), what);
  const values = readRaw(wide, what);
  wide.dispose();
  return values as Float32Array;
}

/** The elements as a typed array of their own; halves become a Float32Array, booleans a Uint8Array, complex numbers pairs. */
export function dataOf<E extends Element>(tensor: Tensor<E>): TypedArrayOf<E> {
  return typed<E>(isHalf(tensor.dtype) ? readHalves(tensor, 'data()') : readRaw(tensor, 'data()'));
}

// Which array an element type has follows from the dtype, which the type of a tensor does not hold.
function typed<E extends Element>(raw: RawArray): TypedArrayOf<E>;
function typed(raw: RawArray): RawArray {
  return raw;
}

/** The elements as JavaScript values, row-major. */
export function valuesOf(tensor: Tensor<Element>, what = 'array()'): Element[] {
  const {dtype} = tensor;
  assertReadable(tensor, what);
  if (dtype === 'string') return [...textOf(tensor)];
  const raw = isHalf(dtype) ? readHalves(tensor, what) : readRaw(tensor, what);
  if (dtype === 'bool') return Array.from(raw as Uint8Array, (value) => value !== 0);
  if (isComplex(dtype)) return complexNumbers(raw as Float32Array | Float64Array);
  return Array.from<number | bigint>(raw as ArrayLike<number | bigint>);
}

const cells: Partial<Record<DType, RawArray>> = {};

/** The one element of a tensor of size 1. */
export function itemOf(tensor: Tensor<Element>, what = 'item()'): Element {
  assertReadable(tensor, what);
  if (tensor.size !== 1) {
    throw new ShapeError(`${what}: a tensor of one element is needed, got shape ${show(tensor.shape)}`);
  }
  if (typeof tensor.source === 'number' && tensor.dtype !== 'string') return rounded(tensor.source, tensor.dtype);
  const {array, kind, bytes} = DTYPES[tensor.dtype];
  if (kind === 'float' && !isHalf(tensor.dtype)) {
    const {source, offset} = present(tensor, what);
    if (source instanceof Storage) {
      // One element lies where it lies, whatever the strides: a value that is read at every step needs no arrays.
      const cell = (cells[tensor.dtype] ??= new array(1));
      addon.read(source.live, cell, offset * bytes);
      return cell[0] ?? 0;
    }
  }
  const [value] = valuesOf(tensor, what);
  if (value === undefined) throw new ShapeError(`${what}: the tensor is empty`);
  return value;
}

function complexNumbers(pairs: Float32Array | Float64Array): Complex[] {
  return Array.from({length: pairs.length / 2}, (_, i) => ({re: pairs[2 * i] ?? 0, im: pairs[2 * i + 1] ?? 0}));
}

// A number as the dtype holds it.
function rounded(value: number, dtype: DType): Element {
  if (isComplex(dtype)) return {re: roundTo(value, dtype), im: 0};
  if (dtype === 'bool') return value !== 0;
  return isBigInteger(dtype) ? BigInt(value) : roundTo(value, dtype);
}

/** The elements as nested arrays. */
export function arrayOf<E extends Element>(tensor: Tensor<E>): Nested<E> {
  const values = valuesOf(tensor) as E[];
  return nest(values, concrete(tensor.shape));
}

function nest<E>(values: readonly E[], shape: readonly number[]): Nested<E> {
  const [first, ...rest] = shape;
  if (first === undefined) return values[0] as E;
  if (rest.length === 0) return values;
  const step = first === 0 ? 0 : values.length / first;
  return Array.from({length: first}, (_, i) => nest(values.slice(i * step, (i + 1) * step), rest));
}
