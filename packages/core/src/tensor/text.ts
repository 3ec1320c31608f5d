import {type Element} from '../dtype.js';
import {DisposedError, DtypeError} from '../errors.js';
import {concrete, contiguousStrides, sizeOf} from '../shape.js';
import {Storage} from './storage.js';
import {assertReadable, Tensor} from './tensor.js';

/**
 * The elements of a string tensor: a JavaScript array instead of a native buffer. Strings are text; bytes that are not valid
 * UTF-8 stand in them as lone surrogates U+DC80 to U+DCFF (Python's `surrogateescape`), so that every byte sequence has
 * exactly one string.
 */
export class TextStorage extends Storage {
  constructor(readonly values: readonly string[]) {
    super();
  }

  override release(): void {
    this.handle = -1;
  }

  override get live(): number {
    this.assertLive();
    throw new DtypeError('this operation calculates with numbers and does not take string tensors');
  }

  override assertLive(): void {
    if (this.handle < 0) throw new DisposedError('this tensor was disposed of: its memory is gone');
  }
}

/** A string tensor of row-major elements. */
export function textTensor(values: readonly string[], shape: readonly number[]): Tensor<string> {
  return Tensor.create<string>(shape, 'string', new TextStorage(values));
}

/** A string as Python's `repr` writes it: in quotes, control characters and bytes that are no text escaped. */
export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(UNPRINTABLE, (char) => {
    const known = ESCAPES[char];
    if (known !== undefined) return known;
    if (char === quote) return `\\${char}`;
    const code = char.charCodeAt(0);
    if (code === 0x22 || code === 0x27) return char;
    return `\\x${(code & 0xff).toString(16).padStart(2, '0')}`;
  });
  return `${quote}${escaped}${quote}`;
}

const ESCAPES: Readonly<Record<string, string>> = {'\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\'};
// Control characters, quotes, backslashes, and lone surrogates that stand for bytes.
const UNPRINTABLE = /[\p{Cc}'"\\\u{dc80}-\u{dcff}]/gu;

/** The elements of a string tensor, row-major. */
export function textOf(tensor: Tensor<Element>, what = 'a string tensor'): readonly string[] {
  assertReadable(tensor, what);
  const {source} = tensor;
  const shape = concrete(tensor.shape);
  const size = sizeOf(shape) ?? 0;
  // Zeros of dtype string.
  if (!(source instanceof TextStorage)) return new Array<string>(size).fill('');
  const {values} = source;
  if (tensor.strides === null) {
    return tensor.offset === 0 && size === values.length ? values : values.slice(tensor.offset, tensor.offset + size);
  }
  let positions = [tensor.offset];
  const strides = tensor.strides;
  for (const [axis, n] of shape.entries()) {
    const stride = strides[axis] ?? contiguousStrides(shape)[axis] ?? 0;
    positions = positions.flatMap((position) => Array.from({length: n}, (_, i) => position + i * stride));
  }
  return positions.map((position) => values[position] ?? '');
}
