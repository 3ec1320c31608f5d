import {type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {concrete} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {tensor, type TensorLike} from '../tensor/convert.js';
import {valuesOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';
import {RaggedTensor, type Rows} from '../ragged/ragged-tensor.js';
import {mapText, type Strings, toText} from './arguments.js';
import {decodeText, encodeText} from './bytes.js';
import {
  checkOutput,
  CODE_OPTIONS,
  type CodeOptions,
  isCodePoint,
  type OutputEncoding,
  type Placed,
  readUnits,
  repaired,
  writeCodes,
} from './codes.js';
import {toIndices} from './numbers.js';
import {type Lists, listsOf, rowsOf} from './rows.js';
import {SCRIPTS} from './scripts.js';

function placed(value: Tensor<string>, encoding: string, options: CodeOptions, op: string): Placed[][] {
  checkOptions(op, options, CODE_OPTIONS);
  return textOf(value).map((text) => repaired(readUnits(encodeText(text), encoding, op), options, op));
}

const codeTensor = (flat: readonly Placed[]): Tensor => tensor(Int32Array.from(flat, ({code}) => code));
const startTensor = (flat: readonly Placed[]): Tensor<bigint> =>
  tensor(BigInt64Array.from(flat, ({start}) => BigInt(start)));

/** The code points of each string, as int32: a tensor for one string, else a ragged tensor. */
export function unicodeDecode<const S extends Strings>(
  x: S,
  inputEncoding: string,
  options: CodeOptions = {},
): Lists<S, number> {
  const op = 'strings.unicodeDecode';
  const value = toText(x, op);
  return rowsOf<Placed, number, S>(value, placed(value, inputEncoding, options, op), codeTensor);
}

/** The code points of each string, and the position of the first byte of each (int64). */
export function unicodeDecodeWithOffsets<const S extends Strings>(
  x: S,
  inputEncoding: string,
  options: CodeOptions = {},
): [codes: Lists<S, number>, offsets: Lists<S, bigint>] {
  const op = 'strings.unicodeDecodeWithOffsets';
  const value = toText(x, op);
  const lists = placed(value, inputEncoding, options, op);
  return [rowsOf<Placed, number, S>(value, lists, codeTensor), rowsOf<Placed, bigint, S>(value, lists, startTensor)];
}

// Characters stay in the encoding of the input where that is one of Unicode.
function characters(inputEncoding: string): (flat: readonly Placed[]) => Tensor<string> {
  const name = inputEncoding.toUpperCase();
  const encoding: OutputEncoding = name === 'UTF-16-BE' || name === 'UTF-32-BE' ? name : 'UTF-8';
  return (flat) =>
    textTensor(
      flat.map(({code}) => decodeText(writeCodes([code], encoding))),
      [flat.length],
    );
}

/** The characters of each string: a tensor for one string, else a ragged tensor. */
export function unicodeSplit<const S extends Strings>(
  x: S,
  inputEncoding: string,
  options: CodeOptions = {},
): Lists<S, string> {
  const op = 'strings.unicodeSplit';
  const value = toText(x, op);
  return rowsOf<Placed, string, S>(value, placed(value, inputEncoding, options, op), characters(inputEncoding));
}

/** The characters of each string, and the position of the first byte of each (int64). */
export function unicodeSplitWithOffsets<const S extends Strings>(
  x: S,
  inputEncoding: string,
  options: CodeOptions = {},
): [characters: Lists<S, string>, offsets: Lists<S, bigint>] {
  const op = 'strings.unicodeSplitWithOffsets';
  const value = toText(x, op);
  const lists = placed(value, inputEncoding, options, op);
  return [
    rowsOf<Placed, string, S>(value, lists, characters(inputEncoding)),
    rowsOf<Placed, bigint, S>(value, lists, startTensor),
  ];
}

/** Rows (the last axis) of int32 code points as strings. */
export function unicodeEncode(
  x: TensorLike | RaggedTensor,
  outputEncoding: OutputEncoding,
  options: Omit<CodeOptions, 'replaceControlCharacters'> = {},
): Tensor<string> | RaggedTensor<string> {
  const op = 'strings.unicodeEncode';
  checkOptions(op, options, ['errors', 'replacementChar']);
  checkOutput(op, outputEncoding);
  const rows: Rows = x instanceof RaggedTensor ? x : (toIndices(x, op, 'x') as Tensor);
  if (!(rows instanceof RaggedTensor) && rows.ndim === 0) {
    throw new ShapeError(`${op}: rows of code points are needed, got ${describe(x)}`);
  }
  const {lists, rebuild} = listsOf<number>(rows, (values) => valuesOf(values as Tensor<Element>).map(Number));
  const texts = lists.map((list) => {
    const units = list.map((code, i) => ({code: isCodePoint(code) ? code : null, start: i, end: i + 1}));
    const codes = repaired(units, options, op).map(({code}) => code);
    return decodeText(writeCodes(codes, outputEncoding));
  });
  return rebuild(textTensor(texts, [texts.length]));
}

/** Each string in another encoding. */
export function unicodeTranscode(
  x: Strings,
  inputEncoding: string,
  outputEncoding: OutputEncoding,
  options: CodeOptions = {},
): Tensor<string> {
  const op = 'strings.unicodeTranscode';
  checkOptions(op, options, CODE_OPTIONS);
  checkOutput(op, outputEncoding);
  return mapText(x, op, (text) => {
    const codes = repaired(readUnits(encodeText(text), inputEncoding, op), options, op).map(({code}) => code);
    return decodeText(writeCodes(codes, outputEncoding));
  });
}

/** The number that ICU gives the script of each code point (25: Latin, 17: Han), -1 where there is no such character. */
export function unicodeScript(x: TensorLike): Tensor {
  const op = 'strings.unicodeScript';
  const codes = toIndices(x, op, 'x');
  const numbers = Int32Array.from(valuesOf(codes), (code) => scriptOf(Number(code)));
  return tensor(numbers, {shape: concrete(codes.shape)});
}

const patterns = new Map<number, RegExp>();

function scriptOf(code: number): number {
  if (code < 0 || code >= 0x110000) return -1;
  const char = String.fromCodePoint(code);
  if (patterns.size === 0) {
    for (const [name, number] of SCRIPTS) patterns.set(number, new RegExp(`^\\p{Script=${name}}`, 'u'));
  }
  for (const [number, pattern] of patterns) if (pattern.test(char)) return number;
  return UNKNOWN;
}

const UNKNOWN = 103;
