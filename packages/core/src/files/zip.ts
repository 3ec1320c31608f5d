import {type FileHandle} from 'node:fs/promises';
import {promisify} from 'node:util';
import {deflateRaw, inflateRaw} from 'node:zlib';
import {FileFormatError, ValueError} from '../errors.js';

// PKWARE's APPNOTE.TXT, sections 4.3 and 4.5: local headers with data, the central directory, its end record. What archives of
// arrays use: entries stored or deflated, ZIP64 sizes, no encryption.

const inflate = promisify(inflateRaw);
const deflate = promisify(deflateRaw);

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
/** In fields of 32 bits: look into the ZIP64 field. */
const IN_ZIP64 = 0xffffffff;

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

const CRC_TABLE = Uint32Array.from({length: 256}, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 of bytes. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (CRC_TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** An archive that is open for reading; `label` begins the messages. */
export class ZipReader {
  readonly entries: readonly ZipEntry[];
  readonly #file: FileHandle;
  readonly #fileBytes: number;
  readonly #label: string;

  private constructor(file: FileHandle, fileBytes: number, label: string, entries: readonly ZipEntry[]) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#label = label;
    this.entries = entries;
  }

  /** Reads the directory of an archive. */
  static async open(file: FileHandle, fileBytes: number, label: string): Promise<ZipReader> {
    const directory = new ZipReader(file, fileBytes, label, []);
    return new ZipReader(file, fileBytes, label, await directory.#readDirectory());
  }

  /** The content of an entry, its size and checksum checked. */
  async read(entry: ZipEntry): Promise<Buffer> {
    const {name, method, size, compressedSize, headerOffset} = entry;
    const header = await this.#bytes(headerOffset, 30);
    if (header.readUInt32LE(0) !== LOCAL)
      this.#refuse(`entry ${JSON.stringify(name)} has no header where it should be`);
    const start = headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    const raw = await this.#bytes(start, compressedSize);
    let content: Buffer = raw;
    if (method === DEFLATED) {
      try {
        content = await inflate(raw, {maxOutputLength: Math.max(size, 1)});
      } catch (cause) {
        throw new FileFormatError(
          `${this.#label}: entry ${JSON.stringify(name)} cannot be decompressed (${String(cause)})`,
          {
            cause,
          },
        );
      }
    }
    if (content.length !== size) {
      this.#refuse(
        `entry ${JSON.stringify(name)} holds ${String(content.length)} bytes, the directory says ${String(size)}`,
      );
    }
    if (crc32(content) !== entry.crc) this.#refuse(`entry ${JSON.stringify(name)} is damaged: its checksum differs`);
    return content;
  }

  #refuse(problem: string): never {
    throw new FileFormatError(`${this.#label} is not a valid zip archive: ${problem}`);
  }

  async #bytes(position: number, length: number): Promise<Buffer> {
    if (position < 0 || length < 0 || position + length > this.#fileBytes) {
      this.#refuse(
        `it points to bytes ${String(position)} to ${String(position + length)} of ${String(this.#fileBytes)}`,
      );
    }
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

/** Writes an archive of files given as bytes, one after the other. */
export class ZipWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #directory: Buffer[] = [];
  #position = 0;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  async add(name: string, content: Uint8Array, options: {compressed: boolean}): Promise<void> {
    const data = options.compressed ? await deflate(content) : content;
    if (this.#position + data.length + name.length > 0xfffffffe || content.length > 0xfffffffe) {
      throw new ValueError(`zip: archives of 4 GB and more are not written (at entry ${JSON.stringify(name)})`);
    }
    const bytes = Buffer.from(name, 'utf8');
    // What both headers share: version 2.0, UTF-8 names, the method, 1 January 1980, checksum and sizes.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(0x0800, 2);
    shared.writeUInt16LE(options.compressed ? DEFLATED : STORED, 4);
    shared.writeUInt16LE(0x21, 8);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(bytes.length, 22);
    const local = Buffer.concat([word(LOCAL), shared, bytes]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(this.#position, 10);
    this.#directory.push(Buffer.concat([word(CENTRAL), Buffer.from([20, 0]), shared, rest, bytes]));
    await this.#put(local);
    await this.#put(data);
  }

  /** Writes the directory; nothing can be added afterwards. */
  async end(): Promise<void> {
    const directory = Buffer.concat(this.#directory);
    const end = Buffer.alloc(END_BYTES);
    end.writeUInt32LE(END, 0);
    end.writeUInt16LE(this.#directory.length, 8);
    end.writeUInt16LE(this.#directory.length, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(this.#position, 16);
    await this.#put(directory);
    await this.#put(end);
  }

  async #put(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
    this.#position += bytes.length;
  }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
