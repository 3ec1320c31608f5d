import {type Element} from '../dtype.js';
import {IndexError, ShapeError} from '../errors.js';
import {broadcastTo} from '../ops/shape.js';
import {broadcastShapes, concrete, sameShape, type Shape, show} from '../shape.js';
import {checkChoice, checkOptions} from '../suggest.js';
import {tensor, type TensorLike} from '../tensor/convert.js';
import {valuesOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';
import {toIndices} from './numbers.js';
import {type Strings, toText} from './arguments.js';
import {decodeText, encodeText} from './bytes.js';
import {type Lists, rowsOf} from './rows.js';

export interface UnitOptions {
  /** What is counted: bytes of UTF-8, or characters. Default `'BYTE'`. */
  unit?: 'BYTE' | 'UTF8_CHAR' | undefined;
}

function unitOf(op: string, options: UnitOptions): 'BYTE' | 'UTF8_CHAR' {
  checkOptions(op, options, ['unit']);
  const {unit = 'BYTE'} = options;
  checkChoice(op, 'unit', unit, ['BYTE', 'UTF8_CHAR']);
  return unit;
}

const continues = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x80 && byte < 0xc0;

/** Where each character begins in bytes of UTF-8, and the end. */
function characterStarts(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  bytes.forEach((byte, i) => {
    if (!continues(byte)) starts.push(i);
  });
  return [...starts, bytes.length];
}

/** The length of each string, as int32. */
export function length(x: Strings, options: UnitOptions = {}): Tensor {
  const op = 'strings.length';
  const value = toText(x, op);
  const unit = unitOf(op, options);
  const counts = textOf(value).map((text) => {
    const bytes = encodeText(text);
    return unit === 'BYTE' ? bytes.length : characterStarts(bytes).length - 1;
  });
  return tensor(Int32Array.from(counts), {shape: concrete(value.shape)});
}

/**
 * The part of each string from `pos` on (negative: from the end), at most `len` long (to the end where it is negative). Both may be
 * tensors, which broadcast with the strings.
 * @throws IndexError where a position is outside of its string
 */
export function substr(x: Strings, pos: TensorLike, len: TensorLike, options: UnitOptions = {}): Tensor<string> {
  const op = 'strings.substr';
  const value = toText(x, op);
  const unit = unitOf(op, options);
  const starts = toIndices(pos, op, 'pos');
  const lengths = toIndices(len, op, 'len');
  if (!sameShape(starts.shape, lengths.shape)) {
    throw new ShapeError(
      `${op}: pos and len must have one shape, got ${show(starts.shape)} and ${show(lengths.shape)}`,
    );
  }
  const shape = broadcastShapes(value.shape, starts.shape);
  if (shape === null) {
    throw new ShapeError(`${op}: shapes must broadcast, got x ${show(value.shape)} and pos ${show(starts.shape)}`);
  }
  const spread = (t: Tensor<Element>): Tensor<Element> => broadcastTo(t, shape);
  const [texts, from, sizes] = [textOf(spread(value)), valuesOf(spread(starts)), valuesOf(spread(lengths))];
  const parts = texts.map((text, i) => {
    const bytes = encodeText(text);
    const edges = unit === 'BYTE' ? null : characterStarts(bytes);
    const n = edges === null ? bytes.length : edges.length - 1;
    const [at, size] = [Number(from[i]), Number(sizes[i])];
    if (at > n || at < -n) {
      throw new IndexError(
        `${op}: pos ${String(at)} is outside of ${JSON.stringify(text)}, which has length ${String(n)}`,
      );
    }
    const start = at < 0 ? at + n : at;
    const end = size < 0 ? n : Math.min(start + size, n);
    const edge = (k: number) => (edges === null ? k : (edges[k] ?? bytes.length));
    return decodeText(bytes.subarray(edge(start), edge(end)));
  });
  return textTensor(parts, concrete(shape));
}

/** The single bytes of each string: a tensor for one string, else a ragged tensor. */
export function bytesSplit<const S extends Strings>(x: S): Lists<S, string> {
  const value = toText(x, 'strings.bytesSplit');
  const lists = textOf(value).map((text) => Array.from(encodeText(text), (byte) => decodeText(Uint8Array.of(byte))));
  return rowsOf<string, string, S>(value, lists, (flat) => textTensor(flat, [flat.length]));
}

/** The bytes of each string, row-major. */
export function toBytes(x: Strings): Uint8Array[] {
  return textOf(toText(x, 'strings.toBytes')).map(encodeText);
}

/**
 * A string tensor of bytes, which need not be text.
 *
 * @example
 * strings.fromBytes([new Uint8Array([104, 105])]).item(); // 'hi'
 */
export function fromBytes(bytes: readonly Uint8Array[], shape: Shape = [bytes.length]): Tensor<string> {
  return textTensor(bytes.map(decodeText), concrete(shape));
}
