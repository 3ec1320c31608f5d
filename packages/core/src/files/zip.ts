import {type FileHandle} from 'node:fs/promises';
import {Readable} from 'node:stream';
import {crc32, createInflateRaw} from 'node:zlib';
import {FileFormatError} from '../errors.js';
import {
  CENTRAL,
  DEFLATED,
  END,
  END64,
  END_BYTES,
  IN_ZIP64,
  LOCAL,
  LOCATOR64,
  MAX_COMMENT,
  MAX_RATIO,
  STORED,
} from './zip-format.js';

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

// Entries are read piece by piece: memory use does not depend on their size.
const PIECE_BYTES = 16 << 20;

/** An archive that is open for reading; `label` begins the messages. */
export class ZipReader {
  readonly entries: readonly ZipEntry[];
  readonly #file: Pick<FileHandle, 'read'>;
  readonly #fileBytes: number;
  readonly #label: string;

  private constructor(file: Pick<FileHandle, 'read'>, fileBytes: number, label: string, entries: readonly ZipEntry[]) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#label = label;
    this.entries = entries;
  }

  /** Reads the directory of an archive. */
  static async open(file: Pick<FileHandle, 'read'>, fileBytes: number, label: string): Promise<ZipReader> {
    const directory = new ZipReader(file, fileBytes, label, []);
    return new ZipReader(file, fileBytes, label, await directory.#readDirectory());
  }

  /** The content of an entry, its size and checksum checked. */
  async read(entry: ZipEntry): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces(entry)) pieces.push(Uint8Array.from(piece));
    return Buffer.concat(pieces);
  }

  /**
   * The content of an entry, piece by piece. Each piece is valid until the next is asked for; size and checksum are known to
   * be right only at the end.
   */
  async *pieces(entry: ZipEntry): AsyncGenerator<Uint8Array, void, undefined> {
    const label = `entry ${JSON.stringify(entry.name)}`;
    const {method, size} = entry;
    let bytes = 0;
    let crc = 0;
    const raw = this.#stored(entry, label);
    for await (const piece of method === DEFLATED ? this.#inflated(raw, label) : raw) {
      bytes += piece.length;
      if (bytes > size) break;
      crc = crc32(piece, crc);
      yield piece;
    }
    if (bytes !== size) {
      const holds = bytes > size ? 'more bytes' : `${String(bytes)} bytes`;
      this.#refuse(`${label} holds ${holds}, the directory says ${String(size)}`);
    }
    if (crc !== entry.crc) this.#refuse(`${label} is damaged: its checksum differs`);
  }

  /** The bytes of an entry as they stand in the file. */
  async *#stored({compressedSize, headerOffset}: ZipEntry, label: string): AsyncGenerator<Uint8Array, void, undefined> {
    const header = await this.#bytes(headerOffset, 30);
    if (header.readUInt32LE(0) !== LOCAL) this.#refuse(`${label} has no header where it should be`);
    const start = headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    this.#within(start, compressedSize);
    for (let at = 0; at < compressedSize; at += PIECE_BYTES) {
      yield await this.#bytes(start + at, Math.min(PIECE_BYTES, compressedSize - at));
    }
  }

  async *#inflated(raw: AsyncIterable<Uint8Array>, label: string): AsyncGenerator<Uint8Array, void, undefined> {
    const source = Readable.from(raw, {objectMode: false});
    const inflated = source.pipe(createInflateRaw());
    // A damaged header must end the reading too, with its own error.
    source.on('error', (error) => inflated.destroy(error));
    try {
      for await (const piece of inflated) yield piece as Buffer;
    } catch (cause) {
      if (cause instanceof FileFormatError) throw cause;
      throw new FileFormatError(`${this.#label}: ${label} cannot be decompressed (${String(cause)})`, {cause});
    } finally {
      source.destroy();
      inflated.destroy();
    }
  }

  #refuse(problem: string): never {
    throw new FileFormatError(`${this.#label} is not a valid zip archive: ${problem}`);
  }

  #within(position: number, length: number): void {
    if (position < 0 || length < 0 || position + length > this.#fileBytes) {
      this.#refuse(
        `it points to bytes ${String(position)} to ${String(position + length)} of ${String(this.#fileBytes)}`,
      );
    }
  }

  async #bytes(position: number, length: number): Promise<Buffer> {
    this.#within(position, length);
    const target = Buffer.alloc(length);
    for (let at = 0; at < length;) {
      const {bytesRead} = await this.#file.read(target, at, length - at, position + at);
      if (bytesRead === 0) this.#refuse('it ended while it was read');
      at += bytesRead;
    }
    return target;
  }

  async #readDirectory(): Promise<ZipEntry[]> {
    const {count, size, offset} = await this.#readEnd();
    const bytes = await this.#bytes(offset, size);
    const entries: ZipEntry[] = [];
    const names = new Set<string>();
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (at + 46 > size || bytes.readUInt32LE(at) !== CENTRAL) this.#refuse('its directory is damaged');
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
      const nameEnd = at + 46 + (nameLength ?? 0);
      const extraEnd = nameEnd + (extraLength ?? 0);
      if (extraEnd + (commentLength ?? 0) > size) this.#refuse('its directory is damaged');
      const name = bytes.toString('utf8', at + 46, nameEnd);
      if (names.has(name)) this.#refuse(`two entries are named ${JSON.stringify(name)}`);
      names.add(name);
      if ((bytes.readUInt16LE(at + 8) & 1) !== 0) this.#refuse(`entry ${JSON.stringify(name)} is encrypted`);
      const method = bytes.readUInt16LE(at + 10);
      if (method !== STORED && method !== DEFLATED) {
        this.#refuse(
          `entry ${JSON.stringify(name)} is compressed in a way that is not known (method ${String(method)})`,
        );
      }
      const wide = wideFields(bytes.subarray(nameEnd, extraEnd));
      // In this order, those that do not fit 32 bits.
      const [entrySize = 0, compressedSize = 0, headerOffset = 0] = [24, 20, 42].map((field) => {
        const value = bytes.readUInt32LE(at + field);
        return value === IN_ZIP64 ? (wide.shift() ?? this.#refuse('a ZIP64 size is missing')) : value;
      });
      const crc = bytes.readUInt32LE(at + 16);
      if (method === STORED && entrySize !== compressedSize)
        this.#refuse(`the sizes of ${JSON.stringify(name)} differ`);
      // Before anybody takes memory for it.
      if (method === DEFLATED && entrySize > compressedSize * MAX_RATIO) {
        this.#refuse(
          `entry ${JSON.stringify(name)} of ${String(compressedSize)} bytes cannot hold ${String(entrySize)} bytes`,
        );
      }
      entries.push({name, method, crc, compressedSize, size: entrySize, headerOffset});
      at = extraEnd + (commentLength ?? 0);
    }
    return entries;
  }

  async #readEnd(): Promise<{count: number; size: number; offset: number}> {
    const length = Math.min(this.#fileBytes, END_BYTES + MAX_COMMENT);
    const tail = await this.#bytes(this.#fileBytes - length, length);
    let at = length - END_BYTES;
    while (at >= 0 && !(tail.readUInt32LE(at) === END && tail.readUInt16LE(at + 20) === length - at - END_BYTES))
      at -= 1;
    if (at < 0) this.#refuse('it has no directory (it may be cut short)');
    const count = tail.readUInt16LE(at + 10);
    const size = tail.readUInt32LE(at + 12);
    const offset = tail.readUInt32LE(at + 16);
    if (count !== 0xffff && size !== IN_ZIP64 && offset !== IN_ZIP64) return {count, size, offset};
    const locator = at - 20;
    if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR64) return {count, size, offset};
    const end = await this.#bytes(Number(tail.readBigUInt64LE(locator + 8)), 56);
    if (end.readUInt32LE(0) !== END64) this.#refuse('its ZIP64 directory is damaged');
    const [wideCount = 0, wideSize = 0, wideOffset = 0] = [32, 40, 48].map((field) =>
      Number(end.readBigUInt64LE(field)),
    );
    if (wideCount * 46 > wideSize) this.#refuse('its ZIP64 directory is damaged');
    return {count: wideCount, size: wideSize, offset: wideOffset};
  }
}

/** The 64-bit numbers of a ZIP64 extra field. */
function wideFields(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1 && end <= extra.length) {
      return Array.from({length: Math.floor((end - at - 4) / 8)}, (_, i) =>
        Number(extra.readBigUInt64LE(at + 4 + 8 * i)),
      );
    }
    at = end;
  }
  return [];
}
