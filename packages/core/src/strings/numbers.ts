import {type DType, DTYPES, type Element, isFloating, isInteger} from '../dtype.js';
import {DtypeError, ValueError} from '../errors.js';
import {type AnyTensorLike, toTensor} from '../ops/convert.js';
import {concrete} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {convert, tensor, type TensorLike} from '../tensor/convert.js';
import {readRaw, valuesOf} from '../tensor/read.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';
import {checkInteger, type Strings, toText} from './arguments.js';
import {fixed, general, padded, scientific} from './printf.js';

/** An argument as integers: int32 unless it is a tensor of int64. */
export function toIndices(x: TensorLike | Tensor<bigint>, op: string, name: string): Tensor<Element> {
  const value = isTensor(x) ? x : convert<number>(x, 'int32', op);
  if (value.dtype !== 'int32' && value.dtype !== 'int64') {
    throw new DtypeError(`${op}: ${name} must have int32 or int64, got ${value.dtype}`);
  }
  return value;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const HEX = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;

function parseFloating(text: string): number | null {
  if (NUMBER.test(text)) return Number(text);
  const named = SPECIAL.exec(text);
  if (named !== null) {
    return named[2]?.toLowerCase() === 'nan' ? NaN : named[1] === '-' ? -Infinity : Infinity;
  }
  const [, sign, whole = '', fraction = '', power = '0'] = HEX.exec(text) ?? [];
  if (whole + fraction === '') return null;
  const size = Number(`0x${whole}${fraction}`) * 2 ** (Number(power) - 4 * fraction.length);
  return sign === '-' ? -size : size;
}

const RANGES = {int32: 31n, int64: 63n} as const;

function parseInteger(text: string, bits: bigint): bigint | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(Number(bits) + 1, value) === value ? value : null;
}

/** The dtypes that text is read as. */
export type ParsedDType = 'float32' | 'float64' | 'int32' | 'int64';

/**
 * Strings as numbers, white space around them ignored.
 * @throws ValueError where a string is no number of the dtype
 */
export function toNumber(x: Strings, dtype?: 'float32' | 'float64' | 'int32'): Tensor;
export function toNumber(x: Strings, dtype: 'int64'): Tensor<bigint>;
export function toNumber(x: Strings, dtype: ParsedDType = 'float32'): Tensor<Element> {
  const op = 'strings.toNumber';
  checkChoice(op, 'dtype', dtype, ['float32', 'float64', 'int32', 'int64']);
  const value = toText(x, op);
  const texts = textOf(value);
  const parsed = texts.map((text, i) => {
    const plain = text.trim();
    const number = dtype === 'int32' || dtype === 'int64' ? parseInteger(plain, RANGES[dtype]) : parseFloating(plain);
    if (number === null) {
      throw new ValueError(`${op}: element ${String(i)}, ${describe(text)}, does not read as a number of ${dtype}`);
    }
    return number;
  });
  const shape = concrete(value.shape);
  if (dtype === 'int64') return tensor(BigInt64Array.from(parsed, BigInt), {shape});
  const numbers = parsed.map(Number);
  if (dtype === 'int32') return tensor(Int32Array.from(numbers), {shape});
  return tensor(dtype === 'float64' ? Float64Array.from(numbers) : Float32Array.from(numbers), {shape});
}

export interface AsStringOptions {
  /** Digits behind the point; only for floating numbers. Default: 6. */
  precision?: number | undefined;
  /** Whether floating numbers are written with an exponent. Default false. */
  scientific?: boolean | undefined;
  /** Whether floating numbers are written as short as `precision` significant digits go. Default false. */
  shortest?: boolean | undefined;
  /** At least so many characters. Default: none. */
  width?: number | undefined;
  /** What numbers are filled up with: spaces (`''` or `' '`, which also stands for the sign), `'0'`; `'+'` writes a sign, `'-'` goes to the left. */
  fill?: '' | ' ' | '0' | '+' | '-' | undefined;
}

/** Numbers and booleans as text, written as C's printf does. */
export function asString(x: AnyTensorLike, options: AsStringOptions = {}): Tensor<string> {
  const op = 'strings.asString';
  checkOptions(op, options, ['precision', 'scientific', 'shortest', 'width', 'fill']);
  const {fill = '', shortest = false} = options;
  checkChoice(op, 'fill', fill, ['', ' ', '0', '+', '-']);
  const width = options.width === undefined ? 0 : checkInteger(op, 'width', options.width, -1);
  if (options.precision !== undefined) checkInteger(op, 'precision', options.precision, -1);
  const asked = options.precision === undefined || options.precision < 0 ? undefined : options.precision;
  if (options.scientific === true && shortest) {
    throw new ValueError(`${op}: scientific and shortest exclude each other`);
  }
  const value: Tensor<Element> = toTensor(x, op);
  const {dtype} = value;
  const shape = concrete(value.shape);
  if (dtype === 'string') return value as Tensor<string>;
  if (!isFloating(dtype) && DTYPES[dtype].kind !== 'complex') {
    if (asked !== undefined || options.scientific === true || shortest) {
      throw new ValueError(`${op}: precision, scientific and shortest are for floating numbers, got ${dtype}`);
    }
    const isNumber = isInteger(dtype);
    const write = (element: Element) => (isNumber ? padded(plain(element), fill, width) : plain(element));
    return textTensor(valuesOf(value, op).map(write), shape);
  }
  const form = options.scientific === true ? scientific : shortest ? general : fixed;
  const write = (number: number) => padded(form(number, asked ?? 6), fill, width);
  if (DTYPES[dtype].kind === 'complex') {
    const pairs = readRaw(value, op) as Float64Array;
    const texts = Array.from({length: pairs.length / 2}, (_, i) => {
      return `(${write(pairs[2 * i] ?? 0)},${write(pairs[2 * i + 1] ?? 0)})`;
    });
    return textTensor(texts, shape);
  }
  return textTensor(
    valuesOf(value, op).map((element) => write(Number(element))),
    shape,
  );
}

export interface FormatOptions {
  /** What stands for a tensor in the template. Default `'{}'`. */
  placeholder?: string | undefined;
  /** How many elements are written at each end of an axis; -1 for all. Default 3. */
  summarize?: number | undefined;
}

const plain = (element: Element | undefined): string =>
  typeof element === 'object' || element === undefined ? '' : String(element);

/** A number with as many digits as most decimals keep, or as many as tell every number apart. */
function number(x: number, dtype: DType): string {
  const [few, all] = dtype === 'float64' ? [15, 17] : [6, 9];
  const text = general(x, few);
  const back = dtype === 'float64' ? Number(text) : Math.fround(Number(text));
  return Number.isFinite(x) && back !== x ? general(x, all) : text;
}

/** The template with tensors in the place of `{}`: a scalar string. */
export function format(
  template: string,
  inputs: AnyTensorLike | readonly AnyTensorLike[],
  options: FormatOptions = {},
): Tensor<string> {
  const op = 'strings.format';
  checkOptions(op, options, ['placeholder', 'summarize']);
  const {placeholder = '{}', summarize = 3} = options;
  checkInteger(op, 'summarize', summarize, -1);
  const list = Array.isArray(inputs) ? (inputs as readonly AnyTensorLike[]) : [inputs as AnyTensorLike];
  const texts = template.split(placeholder);
  if (texts.length - 1 !== list.length) {
    throw new ValueError(
      `${op}: the template has ${String(texts.length - 1)} times ${describe(placeholder)}, got ${String(list.length)} inputs`,
    );
  }
  const written = list.map((input) => summary(toTensor(input, op), summarize));
  return textTensor([texts.map((text, i) => text + (written[i] ?? '')).join('')], []);
}

function summary(value: Tensor<Element>, edge: number): string {
  const elements = valuesOf(value, 'strings.format');
  const write = (element: Element | undefined): string => {
    if (typeof element === 'string') return JSON.stringify(element);
    if (typeof element === 'boolean') return element ? '1' : '0';
    return isFloating(value.dtype) ? number(Number(element), value.dtype) : plain(element);
  };
  const shape = concrete(value.shape);
  const part = (axis: number, start: number): string => {
    const n = shape[axis];
    if (n === undefined) return write(elements[start]);
    const step = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const isLast = axis === shape.length - 1;
    const gap = isLast ? ' ' : `${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(axis + 1)}`;
    const at = (i: number) => part(axis + 1, start + i * step);
    const cut = edge >= 0 && n > 2 * edge;
    const entries = Array.from({length: cut ? 2 * edge : n}, (_, i) => at(cut && i >= edge ? n - 2 * edge + i : i));
    if (cut) entries.splice(edge, 0, '...');
    return `[${entries.join(gap)}]`;
  };
  return part(0, 0);
}
