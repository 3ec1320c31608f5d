import {FileFormatError} from '@keratin/core';

// https://protobuf.dev/programming-guides/encoding: a message is fields, each a number with its kind, and a value.

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** A field of a message: the bytes of its value; for `VARINT` the integer. */
export interface Field {
  readonly number: number;
  readonly kind: number;
  readonly bytes: Buffer;
  readonly integer: bigint;
}

/** Reads integers one after the other; each gives where the next begins. */
export function readVarint(bytes: Buffer, at: number, label: string): readonly [value: bigint, next: number] {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[at++];
    if (byte === undefined) throw new FileFormatError(`${label} ends within a number`);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [BigInt.asUintN(64, value), at];
  }
  throw new FileFormatError(`${label} has a number of more than ten bytes`);
}

/** The fields of a message in order. */
export function* fieldsOf(bytes: Buffer, label: string): Generator<Field> {
  const none = Buffer.alloc(0);
  for (let at = 0; at < bytes.length;) {
    const [key, start] = readVarint(bytes, at, label);
    const [number, kind] = [Number(key >> 3n), Number(key & 7n)];
    if (kind === VARINT) {
      const [integer, next] = readVarint(bytes, start, label);
      at = next;
      yield {number, kind, bytes: none, integer};
      continue;
    }
    let from = start;
    let size = kind === FIXED64 ? 8 : kind === FIXED32 ? 4 : -1;
    if (kind === BYTES) {
      const [length, next] = readVarint(bytes, start, label);
      [from, size] = [next, Number(length)];
    }
    if (size < 0) throw new FileFormatError(`${label} has a field of kind ${String(kind)}, which is not known`);
    if (from + size > bytes.length) throw new FileFormatError(`${label} ends within a field`);
    yield {number, kind, bytes: bytes.subarray(from, from + size), integer: 0n};
    at = from + size;
  }
}

/** The bytes of an integer. */
export function varint(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** A field of bytes, text or a message. */
export const bytesField = (number: number, content: Uint8Array): Buffer =>
  Buffer.concat([varint((number << 3) | BYTES), varint(content.length), content]);
