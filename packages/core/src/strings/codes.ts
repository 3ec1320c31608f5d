import {TextDecoder} from 'node:util';
import {ValueError} from '../errors.js';
import {checkChoice, describe} from '../suggest.js';
import {readUtf8, type Unit} from './bytes.js';

/** Encodings that text is written in. */
export type OutputEncoding = 'UTF-8' | 'UTF-16-BE' | 'UTF-32-BE';

/** What happens to characters that are malformed. */
export interface CodeOptions {
  /** Put the replacement in their place, leave them out, or throw. Default `'replace'`. */
  errors?: 'replace' | 'ignore' | 'strict' | undefined;
  /** The code point that stands for them. Default 65533. */
  replacementChar?: number | undefined;
  /** Whether control characters below 32 are replaced (or left out) too. Default false. */
  replaceControlCharacters?: boolean | undefined;
}

export const CODE_OPTIONS = ['errors', 'replacementChar', 'replaceControlCharacters'];

/** A code point with the position of its first byte. */
export interface Placed {
  readonly code: number;
  readonly start: number;
}

/** Code points with what is malformed treated as the options say. */
export function repaired(units: readonly Unit[], options: CodeOptions, op: string): Placed[] {
  const {errors = 'replace', replacementChar = 0xfffd, replaceControlCharacters = false} = options;
  checkChoice(op, 'errors', errors, ['replace', 'ignore', 'strict']);
  if (!isCodePoint(replacementChar)) {
    throw new ValueError(`${op}: replacementChar must be a code point, got ${describe(replacementChar)}`);
  }
  return units.flatMap(({code, start}) => {
    if (code !== null && !(replaceControlCharacters && code < 0x20)) return [{code, start}];
    if (errors === 'strict') {
      throw new ValueError(`${op}: the text is malformed at byte ${String(start)}; errors: 'replace' goes on`);
    }
    return errors === 'ignore' ? [] : [{code: replacementChar, start}];
  });
}

/** Whether a number is a code point that text may have: no surrogate. */
export const isCodePoint = (code: number): boolean =>
  Number.isInteger(code) && code >= 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff);

/** The characters of bytes in any encoding that the runtime knows. */
export function readUnits(bytes: Uint8Array, encoding: string, op: string): Unit[] {
  const name = encoding.toUpperCase().replaceAll(/[-_ ]/g, '');
  if (name === 'UTF8') return readUtf8(bytes);
  if (name === 'UTF32BE') return readUtf32(bytes);
  if (name === 'ISO88591' || name === 'LATIN1') return Array.from(bytes, (code, i) => ({code, start: i, end: i + 1}));
  return readWith(bytes, name === 'UTF16BE' ? 'utf-16be' : encoding, op);
}

function readUtf32(bytes: Uint8Array): Unit[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({length: Math.ceil(bytes.length / 4)}, (_, i) => {
    const start = 4 * i;
    const code = start + 4 <= bytes.length ? view.getUint32(start) : -1;
    return {code: isCodePoint(code) ? code : null, start, end: Math.min(start + 4, bytes.length)};
  });
}

// One byte after the other, so that the position of each character shows.
function readWith(bytes: Uint8Array, encoding: string, op: string): Unit[] {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, {ignoreBOM: true});
  } catch {
    throw new ValueError(`${op}: unknown encoding ${describe(encoding)}`);
  }
  const units: Unit[] = [];
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const text = at === bytes.length ? decoder.decode() : decoder.decode(bytes.subarray(at, at + 1), {stream: true});
    const end = Math.min(at + 1, bytes.length);
    for (const char of text) {
      const code = char.codePointAt(0) ?? 0;
      units.push({code: code === 0xfffd ? null : code, start, end});
    }
    if (text !== '') start = end;
  }
  return units;
}

/** Code points as bytes. */
export function writeCodes(codes: readonly number[], encoding: OutputEncoding): Uint8Array {
  if (encoding === 'UTF-32-BE') {
    const view = new DataView(new ArrayBuffer(4 * codes.length));
    codes.forEach((code, i) => {
      view.setUint32(4 * i, code);
    });
    return new Uint8Array(view.buffer);
  }
  const text = codes.map((code) => String.fromCodePoint(code)).join('');
  if (encoding === 'UTF-8') return new TextEncoder().encode(text);
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i));
  return new Uint8Array(view.buffer);
}

export function checkOutput(op: string, encoding: string): asserts encoding is OutputEncoding {
  checkChoice(op, 'outputEncoding', encoding, ['UTF-8', 'UTF-16-BE', 'UTF-32-BE']);
}
