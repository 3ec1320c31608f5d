import {DtypeError} from './errors.js';
import {hint} from './suggest.js';

/** Dtypes whose elements are JavaScript numbers. */
export type NumberDType =
  'float16' | 'bfloat16' | 'float32' | 'float64' | 'int8' | 'int16' | 'int32' | 'uint8' | 'uint16' | 'uint32';
export type FloatDType = 'float16' | 'bfloat16' | 'float32' | 'float64';
/** What the elements of a tensor are. */
export type DType = NumberDType | 'int64' | 'uint64' | 'bool' | 'string' | 'complex64' | 'complex128';

/** A complex number: an element of a complex64 or complex128 tensor. */
export interface Complex {
  /** The real part. */
  readonly re: number;
  /** The imaginary part. */
  readonly im: number;
}

/** What JavaScript sees of one element. */
export type Element = number | bigint | boolean | string | Complex;

/** The JavaScript type of an element of dtype `D`. */
export type ElementOf<D extends DType> = D extends 'int64' | 'uint64'
  ? bigint
  : D extends 'bool'
    ? boolean
    : D extends 'string'
      ? string
      : D extends 'complex64' | 'complex128'
        ? Complex
        : number;

/** What a real function of elements `E` gives, such as the size of a complex number. */
export type RealOf<E extends Element> = E extends Complex ? number : E;

/** What a function with fractions gives of elements `E`: floating numbers, or complex ones of complex ones. */
export type FloatOf<E extends Element> = E extends Complex ? Complex : number;

export type DTypeKind = 'float' | 'int' | 'uint' | 'bool' | 'complex' | 'string';

interface DTypeInfo {
  /** The number that the native side knows it by; -1 where it has no buffers. */
  readonly code: number;
  readonly kind: DTypeKind;
  /** Bytes of one element. */
  readonly bytes: number;
  /** The typed array that holds its raw bytes. */
  readonly array: RawArrayConstructor;
}

export type RawArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

type RawArrayConstructor = new (length: number) => RawArray;

export const DTYPES: Readonly<Record<DType, DTypeInfo>> = {
  float32: {code: 0, kind: 'float', bytes: 4, array: Float32Array},
  float64: {code: 1, kind: 'float', bytes: 8, array: Float64Array},
  float16: {code: 2, kind: 'float', bytes: 2, array: Uint16Array},
  bfloat16: {code: 3, kind: 'float', bytes: 2, array: Uint16Array},
  int8: {code: 4, kind: 'int', bytes: 1, array: Int8Array},
  int16: {code: 5, kind: 'int', bytes: 2, array: Int16Array},
  int32: {code: 6, kind: 'int', bytes: 4, array: Int32Array},
  int64: {code: 7, kind: 'int', bytes: 8, array: BigInt64Array},
  uint8: {code: 8, kind: 'uint', bytes: 1, array: Uint8Array},
  uint16: {code: 9, kind: 'uint', bytes: 2, array: Uint16Array},
  uint32: {code: 10, kind: 'uint', bytes: 4, array: Uint32Array},
  uint64: {code: 11, kind: 'uint', bytes: 8, array: BigUint64Array},
  bool: {code: 12, kind: 'bool', bytes: 1, array: Uint8Array},
  complex64: {code: 13, kind: 'complex', bytes: 8, array: Float32Array},
  complex128: {code: 14, kind: 'complex', bytes: 16, array: Float64Array},
  string: {code: -1, kind: 'string', bytes: 0, array: Uint8Array},
};

export const DTYPE_NAMES = Object.keys(DTYPES) as readonly DType[];

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(DTYPES, value);
}

/** `value` as a dtype, or an error that names the nearest one. */
export function checkDType(where: string, value: unknown): DType {
  if (isDType(value)) return value;
  throw new DtypeError(`${where}: unknown dtype ${JSON.stringify(value)}${hint(String(value), DTYPE_NAMES)}`);
}

export function isFloating(dtype: DType): dtype is FloatDType {
  return DTYPES[dtype].kind === 'float';
}

export function isInteger(dtype: DType): boolean {
  const {kind} = DTYPES[dtype];
  return kind === 'int' || kind === 'uint';
}

/** Dtypes whose elements are pairs of a real and an imaginary part. */
export function isComplex(dtype: DType): dtype is 'complex64' | 'complex128' {
  return DTYPES[dtype].kind === 'complex';
}

/** The dtype of the parts of a complex dtype; a real dtype itself. */
export function partOf(dtype: DType): DType {
  if (!isComplex(dtype)) return dtype;
  return dtype === 'complex64' ? 'float32' : 'float64';
}

/** Whether a JavaScript value is a {@link Complex} number. */
export function isComplexNumber(value: unknown): value is Complex {
  if (typeof value !== 'object' || value === null || !('re' in value) || !('im' in value)) return false;
  return typeof value.re === 'number' && typeof value.im === 'number';
}

/** Dtypes that have gradients: floating and complex ones. */
export function isDifferentiable(dtype: DType): boolean {
  return isFloating(dtype) || isComplex(dtype);
}

/** Dtypes that JavaScript reads as bigint. */
export function isBigInteger(dtype: DType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64';
}

const INTEGER_RANGE: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 4294967295],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** Why a JavaScript number does not fit a dtype, or undefined where it does. */
export function misfit(value: number, dtype: DType): string | undefined {
  const range = INTEGER_RANGE[dtype];
  if (range !== undefined) {
    if (!Number.isInteger(value)) return 'is not an integer';
    if (value < range[0] || value > range[1]) return `is outside of ${String(range[0])} to ${String(range[1])}`;
    return undefined;
  }
  if (dtype === 'string' && value !== 0) return 'is no text';
  if (dtype === 'bool' && value !== 0 && value !== 1) return 'is not a boolean';
  return undefined;
}

/** Whether a JavaScript number stands for any element of the dtype without loss. */
export const holdsNumbers = (dtype: DType): boolean =>
  !isBigInteger(dtype) && DTYPES[dtype].kind !== 'complex' && DTYPES[dtype].kind !== 'string';
