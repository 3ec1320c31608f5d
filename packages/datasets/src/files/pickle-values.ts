import {type DType, type Element, type Tensor} from '@keratin/core';
import {PieceReader, sizeOf} from '@keratin/core/internal';

/** A value in a pickle; text of Python 2 and bytes are bytes. */
export type PickledValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledValue[]
  | Tuple
  | Map<string, PickledValue>
  | PickledArray
  | PickledDType;

/** A tuple of Python's. */
export class Tuple {
  constructor(readonly values: readonly PickledValue[]) {}
}

const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['i4', 'int32'],
  ['i8', 'int64'],
  ['u1', 'uint8'],
  ['u2', 'uint16'],
  ['u4', 'uint32'],
  ['u8', 'uint64'],
  ['b1', 'bool'],
]);

/** A dtype of NumPy's. */
export class PickledDType {
  readonly #code: string;
  #order = '<';

  constructor(text: string) {
    this.#code = text.replace(/^[<>|=]/, '');
    if (text.startsWith('>')) this.#order = '>';
  }

  /** Whether the elements are Python objects. */
  get isObject(): boolean {
    return this.#code.startsWith('O');
  }

  /** Null where tensors have none of it. */
  get dtype(): DType | null {
    return DTYPES.get(this.#code) ?? null;
  }

  get bigEndian(): boolean {
    return this.#order === '>';
  }

  setState(state: PickledValue, refuse: (problem: string) => never): void {
    const order = state instanceof Tuple ? state.values[1] : undefined;
    const text = order instanceof Uint8Array ? Buffer.from(order).toString('latin1') : order;
    if (typeof text !== 'string') refuse('the state of a dtype is not known');
    this.#order = text;
  }
}

/** An array of NumPy's: numbers, or a list of any values. */
export class PickledArray {
  #content: {readonly shape: readonly number[]; readonly dtype: PickledDType; readonly data: PickledValue} | null =
    null;

  setState(state: PickledValue, refuse: (problem: string) => never): void {
    const [version, shape, dtype, columnMajor, data] = state instanceof Tuple ? state.values : [];
    if (version !== 1 || !(shape instanceof Tuple) || !(dtype instanceof PickledDType) || data === undefined) {
      return refuse('the state of an array is not known');
    }
    const sizes = shape.values;
    if (!sizes.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0)) {
      return refuse('the shape of an array is none');
    }
    if (columnMajor !== false) return refuse('an array is stored by columns');
    this.#content = {shape: sizes as number[], dtype, data};
  }

  /** The values of a flat array of Python objects. */
  objects(refuse: (problem: string) => never): readonly PickledValue[] {
    const content = this.#content ?? refuse('an array has no values');
    const {shape, dtype, data} = content;
    if (!dtype.isObject || !Array.isArray(data) || shape.length !== 1 || shape[0] !== data.length) {
      return refuse('a flat array of Python objects is needed');
    }
    return data;
  }

  /** The array as a tensor. */
  tensor(refuse: (problem: string) => never): Tensor<Element> {
    const {shape, dtype, data} = this.#content ?? refuse('an array has no values');
    const type = dtype.dtype ?? refuse('the dtype of an array is none that tensors have');
    const size = sizeOf(shape) ?? 0;
    if (!(data instanceof Uint8Array)) return refuse('an array of numbers has no bytes');
    const bytes = size * elementBytes(type);
    if (bytes !== data.length) {
      return refuse(`an array needs ${String(bytes)} bytes and has ${String(data.length)}`);
    }
    const reader = new PieceReader(type, size, dtype.bigEndian);
    if (!reader.take(data)) return refuse('a boolean is neither 0 nor 1');
    return reader.tensor(shape);
  }
}

function elementBytes(dtype: DType): number {
  const bits = /\d+$/.exec(dtype)?.[0];
  return bits === undefined ? 1 : Number(bits) / 8;
}
