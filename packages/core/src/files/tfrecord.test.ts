import {expect, test} from 'vitest';
import {crc32c, encodeRecord, maskedCrc32c} from './tfrecord.js';

// The values of RFC 3720, section B.4.
test.each([
  [Buffer.from('123456789'), 0xe3069283],
  [Buffer.alloc(32), 0x8a9136aa],
  [Buffer.alloc(32, 0xff), 0x62a8ab43],
])('the checksum is that of RFC 3720', (bytes, value) => {
  expect(crc32c(bytes)).toBe(value);
});

test('a record is a length, its checksum, the bytes and their checksum', () => {
  const record = Buffer.from(encodeRecord(Uint8Array.of(7, 8, 9)));
  expect(record.length).toBe(19);
  expect(record.readBigUInt64LE(0)).toBe(3n);
  expect(record.readUInt32LE(8)).toBe(maskedCrc32c(record.subarray(0, 8)));
  expect([...record.subarray(12, 15)]).toEqual([7, 8, 9]);
  expect(record.readUInt32LE(15)).toBe(maskedCrc32c(Uint8Array.of(7, 8, 9)));
});
