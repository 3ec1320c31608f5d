// Records as TFRecord and event files have them: a length (uint64), its checksum, the bytes, their checksum.
// https://www.tensorflow.org/tutorials/load_data/tfrecord

/** CRC-32C (Castagnoli, RFC 3720), reflected. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/** CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum of a record: rotated and moved by a constant, so that a checksum of bytes that hold checksums is sound. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes of a record before its content. */
export const RECORD_HEADER_BYTES = 12;

/** A record as it stands in a file. */
export function encodeRecord(bytes: Uint8Array): Uint8Array {
  const record = Buffer.alloc(RECORD_HEADER_BYTES + bytes.length + 4);
  record.writeBigUInt64LE(BigInt(bytes.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(bytes, RECORD_HEADER_BYTES);
  record.writeUInt32LE(maskedCrc32c(bytes), RECORD_HEADER_BYTES + bytes.length);
  return record;
}
