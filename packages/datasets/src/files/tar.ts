import {createReadStream} from 'node:fs';
import {open} from 'node:fs/promises';
import {finished} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {FileFormatError} from '@keratin/core';

/** One entry of a tar archive; its content must be read, or passed over, before the next. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** Links, devices and pipes are `'other'`. */
  readonly kind: 'file' | 'folder' | 'other';
  readonly content: AsyncIterable<Uint8Array>;
}

const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'folder',
};

/**
 * The entries of a tar archive, compressed by gzip or not, in order.
 *
 * @throws FileFormatError where the archive is damaged, or ends before its end
 */
export async function* tarEntries(path: string): AsyncGenerator<TarEntry> {
  const {extract} = await import('tar-stream');
  const file = createReadStream(path);
  const entries = extract();
  const gunzip = (await isGzip(path)) ? createGunzip() : null;
  const bytes = gunzip === null ? file : file.pipe(gunzip);
  file.on('error', (error) => gunzip?.destroy(error));
  bytes.on('error', (error: Error) => entries.destroy(error));
  bytes.on('data', (chunk: Buffer) => {
    if (entries.write(chunk)) return;
    bytes.pause();
    entries.once('drain', () => bytes.resume());
  });
  bytes.on('end', () => entries.end(null));
  try {
    for await (const entry of entries) {
      const {name, size, type} = entry.header;
      yield {name, size, kind: KINDS[type] ?? 'other', content: entry as AsyncIterable<Uint8Array>};
      // What was not read.
      entry.resume();
    }
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(`${path} is no valid tar archive: ${what}`, {cause});
  } finally {
    file.destroy();
    gunzip?.destroy();
    await finished(file, {error: false}).catch(() => undefined);
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(2);
    await file.read(head, 0, 2, 0);
    return head.readUInt16BE(0) === 0x1f8b;
  } finally {
    await file.close();
  }
}
