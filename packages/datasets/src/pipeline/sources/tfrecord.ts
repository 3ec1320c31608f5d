import {FileFormatError} from '@keratin/core';
import {bytesOf, sizeOfFile} from './bytes.js';

// https://www.tensorflow.org/tutorials/load_data/tfrecord: each record is a length (uint64), its checksum, the bytes, their
// checksum. The checksum is CRC-32C (Castagnoli, RFC 3720), rotated and moved by a constant.

const TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const HEADER_BYTES = 12;

/** A record as it stands in a file. */
export function encodeRecord(bytes: Uint8Array): Uint8Array {
  const record = Buffer.alloc(HEADER_BYTES + bytes.length + 4);
  record.writeBigUInt64LE(BigInt(bytes.length), 0);
  record.writeUInt32LE(masked(record.subarray(0, 8)), 8);
  record.set(bytes, HEADER_BYTES);
  record.writeUInt32LE(masked(bytes), HEADER_BYTES + bytes.length);
  return record;
}

/** The records of files; checksums are compared. */
export async function* recordsOf(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* recordsOfFile(path);
}

async function* recordsOfFile(path: string): AsyncGenerator<Uint8Array> {
  const size = await sizeOfFile(path);
  const chunks = bytesOf(path);
  let held: Buffer = Buffer.alloc(0);
  let passed = 0;
  let number = 0;
  const damaged = (what: string): never => {
    throw new FileFormatError(`${path}: record ${String(number)} at byte ${String(passed)}: ${what}`);
  };
  // Reads on until `count` bytes are there; false at the end of the file.
  const fill = async (count: number): Promise<boolean> => {
    const pieces = [held];
    let total = held.length;
    while (total < count) {
      const chunk: IteratorResult<Buffer, unknown> = await chunks.next();
      if (chunk.done === true) break;
      pieces.push(chunk.value);
      total += chunk.value.length;
    }
    if (pieces.length > 1) held = Buffer.concat(pieces);
    return total >= count;
  };
  try {
    for (; ; number++) {
      if (!(await fill(HEADER_BYTES))) {
        if (held.length > 0) damaged(`the file ends within the header, ${String(held.length)} of 12 bytes are there`);
        return;
      }
      if (held.readUInt32LE(8) !== masked(held.subarray(0, 8))) {
        damaged('the checksum of the length is wrong; the file is damaged or no TFRecord file');
      }
      const length = Number(held.readBigUInt64LE(0));
      const whole = HEADER_BYTES + length + 4;
      if (size !== null && passed + whole > size) {
        damaged(`the file ends within it, its length is ${String(length)} and the file has ${String(size)} bytes`);
      }
      if (!(await fill(whole))) damaged(`the file ends within it, its length is ${String(length)}`);
      const bytes = Uint8Array.prototype.slice.call(held, HEADER_BYTES, HEADER_BYTES + length);
      if (held.readUInt32LE(HEADER_BYTES + length) !== masked(bytes)) damaged('the checksum of the data is wrong');
      yield new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      held = held.subarray(whole);
      passed += whole;
    }
  } finally {
    await chunks.return(undefined);
  }
}
