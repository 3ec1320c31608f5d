// The few wire forms of protocol buffers that events need.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

const key = (field: number, wire: number): number[] => varint(BigInt((field << 3) | wire));

/** An integer or enumerator. */
export const integer = (field: number, value: number | bigint): Uint8Array =>
  Uint8Array.from([...key(field, VARINT), ...varint(BigInt(value))]);

/** A double. */
export function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([Uint8Array.from(key(field, FIXED64)), bytes]);
}

/** A float. */
export function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([Uint8Array.from(key(field, FIXED32)), bytes]);
}

/** Bytes, text or a message. */
export function bytes(field: number, value: Uint8Array | string): Uint8Array {
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([Uint8Array.from([...key(field, BYTES), ...varint(BigInt(content.length))]), content]);
}

/** A message of fields. */
export const message = (field: number, ...fields: readonly Uint8Array[]): Uint8Array =>
  bytes(field, Buffer.concat(fields));
