import {createGzip, type Gzip} from 'node:zlib';
import {Readable} from 'node:stream';
import {type FilePath, ValueError} from '@keratin/core';
import {describe, encodeRecord, pathText, writeAtomic} from '@keratin/core/internal';

/**
 * Writes a TFRecord file of records, with their checksums. The file appears whole or not at all; one whose name ends in `.gz` is compressed.
 *
 * @returns the number of records
 */
export async function writeTfrecord(
  path: FilePath,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  let count = 0;
  const encoded = async function* (): AsyncGenerator<Uint8Array> {
    for await (const record of records) {
      if (!(record instanceof Uint8Array)) {
        throw new ValueError(`writeTfrecord: record ${String(count)} must be bytes, got ${describe(record)}`);
      }
      count += 1;
      yield encodeRecord(record);
    }
  };
  await writeAtomic(path, async (file) => {
    const source = Readable.from(encoded(), {objectMode: false});
    const bytes: AsyncIterable<unknown> = pathText(path).endsWith('.gz') ? source.compose<Gzip>(createGzip()) : source;
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) await file.appendFile(chunk);
  });
  return count;
}
