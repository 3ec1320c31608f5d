import {Readable} from 'node:stream';
import {crc32, createDeflateRaw} from 'node:zlib';
import {ValueError} from '../errors.js';
import {
  CENTRAL,
  COUNT_IN_ZIP64,
  DEFLATED,
  DESCRIPTOR,
  END,
  END64,
  END_BYTES,
  IN_ZIP64,
  LOCAL,
  LOCATOR64,
  STORED,
} from './zip-format.js';

/** What an archive says of an entry. */
interface Written {
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly offset: number;
}

const UTF8_NAMES = 0x0800;
const SIZES_FOLLOW = 0x0008;
const VERSION = 20;
const VERSION_ZIP64 = 45;
const JANUARY_1980 = 0x21;

/** Writes an archive, one file after the other. What is larger than 4 GB gets the ZIP64 form. */
export class ZipWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #entries: Written[] = [];
  #position = 0;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** A file given as bytes. */
  async add(name: string, content: Uint8Array, options: {compressed: boolean}): Promise<void> {
    await this.addPieces(name, content.length, () => [content], options);
  }

  /**
   * A file of `size` bytes given piece by piece. `pieces` gives the same bytes whenever it is called: stored files are read
   * twice, since their checksum stands before them.
   */
  async addPieces(
    name: string,
    size: number,
    pieces: () => Iterable<Uint8Array>,
    options: {compressed: boolean},
  ): Promise<void> {
    const bytes = Buffer.from(name, 'utf8');
    if (bytes.length > 0xffff) throw new ValueError(`zip: the name of an entry has ${String(bytes.length)} bytes`);
    const common = {name: bytes, size, offset: this.#position};
    const entry = await (options.compressed ? this.#deflate(common, pieces) : this.#store(common, pieces));
    if (entry.size !== size) {
      throw new ValueError(`zip: ${name} was to have ${String(size)} bytes, ${String(entry.size)} were given`);
    }
    this.#entries.push(entry);
  }

  async #store(
    common: Pick<Written, 'name' | 'size' | 'offset'>,
    pieces: () => Iterable<Uint8Array>,
  ): Promise<Written> {
    let crc = 0;
    let size = 0;
    for (const piece of pieces()) {
      crc = crc32(piece, crc);
      size += piece.length;
    }
    const entry = {...common, flags: UTF8_NAMES, method: STORED, crc, size, compressedSize: size};
    await this.#put(localHeader(entry, size >= IN_ZIP64));
    for (const piece of pieces()) await this.#put(piece);
    return entry;
  }

  // The sizes are known afterwards only: they follow the data.
  async #deflate(
    common: Pick<Written, 'name' | 'size' | 'offset'>,
    pieces: () => Iterable<Uint8Array>,
  ): Promise<Written> {
    const flags = UTF8_NAMES | SIZES_FOLLOW;
    // Data that does not compress grows a little.
    const wide = common.size > 0.99 * IN_ZIP64;
    const empty = {...common, flags, method: DEFLATED, crc: 0, size: 0, compressedSize: 0};
    await this.#put(localHeader(empty, wide));
    let crc = 0;
    let size = 0;
    let compressedSize = 0;
    const counted = function* (): Generator<Uint8Array> {
      for (const piece of pieces()) {
        crc = crc32(piece, crc);
        size += piece.length;
        // A copy: streams read ahead, and the next piece may take this one's memory.
        if (piece.length > 0) yield Uint8Array.from(piece);
      }
    };
    const deflate = Readable.from(counted(), {objectMode: false}).pipe(createDeflateRaw());
    for await (const piece of deflate) {
      compressedSize += (piece as Buffer).length;
      await this.#put(piece as Buffer);
    }
    const entry = {...empty, crc, size, compressedSize};
    await this.#put(Buffer.concat([word(DESCRIPTOR), word(crc), sizes([compressedSize, size], wide)]));
    return entry;
  }

  /** Writes the directory; nothing can be added afterwards. */
  async end(): Promise<void> {
    const start = this.#position;
    for (const entry of this.#entries) await this.#put(directoryEntry(entry));
    const size = this.#position - start;
    const count = this.#entries.length;
    if (count >= COUNT_IN_ZIP64 || size >= IN_ZIP64 || start >= IN_ZIP64) await this.#put(wideEnd(count, size, start));
    const end = Buffer.alloc(END_BYTES);
    end.writeUInt32LE(END, 0);
    end.writeUInt16LE(Math.min(count, COUNT_IN_ZIP64), 8);
    end.writeUInt16LE(Math.min(count, COUNT_IN_ZIP64), 10);
    end.writeUInt32LE(Math.min(size, IN_ZIP64), 12);
    end.writeUInt32LE(Math.min(start, IN_ZIP64), 16);
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

function sizes(values: readonly number[], wide: boolean): Buffer {
  const bytes = Buffer.alloc(values.length * (wide ? 8 : 4));
  values.forEach((value, i) => {
    if (wide) bytes.writeBigUInt64LE(BigInt(value), 8 * i);
    else bytes.writeUInt32LE(value, 4 * i);
  });
  return bytes;
}

/** The ZIP64 extra field of these numbers. */
function wideField(values: readonly number[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(1, 0);
  head.writeUInt16LE(8 * values.length, 2);
  return Buffer.concat([head, sizes(values, true)]);
}

/** What both headers share: version, flags, method, 1 January 1980, checksum, sizes, lengths of the name and of the extra field. */
function shared(entry: Written, version: number, narrow: readonly [number, number], extraBytes: number): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt16LE(version, 0);
  bytes.writeUInt16LE(entry.flags, 2);
  bytes.writeUInt16LE(entry.method, 4);
  bytes.writeUInt16LE(JANUARY_1980, 8);
  bytes.writeUInt32LE(entry.crc, 10);
  bytes.writeUInt32LE(narrow[0], 14);
  bytes.writeUInt32LE(narrow[1], 18);
  bytes.writeUInt16LE(entry.name.length, 22);
  bytes.writeUInt16LE(extraBytes, 24);
  return bytes;
}

function localHeader(entry: Written, wide: boolean): Buffer {
  const {name, size, compressedSize} = entry;
  const extra = wide ? wideField([size, compressedSize]) : Buffer.alloc(0);
  const narrow: [number, number] = wide ? [IN_ZIP64, IN_ZIP64] : [compressedSize, size];
  return Buffer.concat([word(LOCAL), shared(entry, wide ? VERSION_ZIP64 : VERSION, narrow, extra.length), name, extra]);
}

function directoryEntry(entry: Written): Buffer {
  const {name, size, compressedSize, offset} = entry;
  // In this order, those that do not fit 32 bits.
  const large = [size, compressedSize, offset].filter((value) => value >= IN_ZIP64);
  const extra = large.length > 0 ? wideField(large) : Buffer.alloc(0);
  const version = large.length > 0 ? VERSION_ZIP64 : VERSION;
  const fit = (value: number): number => Math.min(value, IN_ZIP64);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(fit(offset), 10);
  const madeBy = Buffer.from([version, 0]);
  return Buffer.concat([
    word(CENTRAL),
    madeBy,
    shared(entry, version, [fit(compressedSize), fit(size)], extra.length),
    rest,
    name,
    extra,
  ]);
}

/** The ZIP64 end record, and where it stands. */
function wideEnd(count: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(56);
  end.writeUInt32LE(END64, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(VERSION_ZIP64, 12);
  end.writeUInt16LE(VERSION_ZIP64, 14);
  for (const [at, value] of [
    [24, count],
    [32, count],
    [40, size],
    [48, start],
  ] as const) {
    end.writeBigUInt64LE(BigInt(value), at);
  }
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(LOCATOR64, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end, locator]);
}
