// A string tensor holds text. Bytes that are not valid UTF-8 stand in it as lone surrogates U+DC80 to U+DCFF (PEP 383), so that
// operations on bytes lose nothing and every byte sequence has exactly one string.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const ESCAPED = /[\u{dc80}-\u{dcff}]/u;
const ESCAPE = 0xdc00;

/** The bytes that a string of a string tensor stands for. */
export function encodeText(text: string): Uint8Array {
  if (!ESCAPED.test(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const char of text) {
    if (ESCAPED.test(char)) bytes.push(char.charCodeAt(0) - ESCAPE);
    else bytes.push(...encoder.encode(char));
  }
  return Uint8Array.from(bytes);
}

/** The string that stands for bytes. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    const parts = readUtf8(bytes).map(({code, start, end}) =>
      code === null ? escaped(bytes, start, end) : String.fromCodePoint(code),
    );
    return parts.join('');
  }
}

const escaped = (bytes: Uint8Array, start: number, end: number): string =>
  Array.from(bytes.subarray(start, end), (byte) => String.fromCharCode(ESCAPE + byte)).join('');

/** The one string of the same bytes: pieces of characters that came together become characters. */
export const normalized = (text: string): string => (ESCAPED.test(text) ? decodeText(encodeText(text)) : text);

/** A character of encoded text: its code point (null where the bytes are none) and the bytes it takes. */
export interface Unit {
  readonly code: number | null;
  readonly start: number;
  readonly end: number;
}

/** UTF-8 by the table of well-formed sequences (Unicode, table 3-7); of others the longest beginning is one unit. */
export function readUtf8(bytes: Uint8Array): Unit[] {
  const units: Unit[] = [];
  let start = 0;
  while (start < bytes.length) {
    const first = bytes[start] ?? 0;
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    let code = length === 1 ? first : first & (0x7f >> length);
    let end = start + 1;
    while (end < start + length && end < bytes.length) {
      const byte = bytes[end] ?? 0;
      const low = end > start + 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
      const high = end > start + 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
      if (byte < low || byte > high) break;
      code = code * 64 + (byte & 0x3f);
      end++;
    }
    units.push({code: length > 0 && end === start + length ? code : null, start, end});
    start = end;
  }
  return units;
}
