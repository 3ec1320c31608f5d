import {FileFormatError} from '@keratin/core';
import {maskedCrc32c, RECORD_HEADER_BYTES} from '@keratin/core/internal';
import {bytesOf, sizeOfFile} from './bytes.js';

/** What one buffer of Node may hold on every machine. */
const MAX_RECORD_BYTES = 2 ** 31 - 1;

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
      if (!(await fill(RECORD_HEADER_BYTES))) {
        if (held.length > 0) damaged(`the file ends within the header, ${String(held.length)} of 12 bytes are there`);
        return;
      }
      if (held.readUInt32LE(8) !== maskedCrc32c(held.subarray(0, 8))) {
        damaged('the checksum of the length is wrong; the file is damaged or no TFRecord file');
      }
      const length = Number(held.readBigUInt64LE(0));
      const whole = RECORD_HEADER_BYTES + length + 4;
      if (size !== null && passed + whole > size) {
        damaged(`the file ends within it, its length is ${String(length)} and the file has ${String(size)} bytes`);
      }
      if (length > MAX_RECORD_BYTES) {
        damaged(
          `the length of ${String(length)} bytes is more than the ${String(MAX_RECORD_BYTES)} that a record may have`,
        );
      }
      if (!(await fill(whole))) damaged(`the file ends within it, its length is ${String(length)}`);
      const bytes = Uint8Array.prototype.slice.call(held, RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + length);
      if (held.readUInt32LE(RECORD_HEADER_BYTES + length) !== maskedCrc32c(bytes))
        damaged('the checksum of the data is wrong');
      yield new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      held = held.subarray(whole);
      passed += whole;
    }
  } finally {
    await chunks.return(undefined);
  }
}
