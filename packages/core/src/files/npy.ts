import {type FileHandle, open} from 'node:fs/promises';
import {type DType, DTYPES, type Element} from '../dtype.js';
import {DtypeError, FileFormatError, ValueError} from '../errors.js';
import {concrete} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {assertReadable, isTensor, type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type FilePath, pathText, writeAtomic} from './atomic.js';
import {PieceReader, piecesOf} from './pieces.js';
import {ZipReader} from './zip.js';
import {ZipWriter} from './zip-writer.js';

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html: magic, version, length and text of a header that is
// a Python dictionary, then the elements. An .npz file is a zip archive of .npy files.

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const MAX_HEADER_BYTES = 1 << 20;
const MAX_RANK = 12;
const FILE_PIECE_BYTES = 16 << 20;

const CODES: Readonly<Partial<Record<DType, string>>> = {
  float16: 'f2',
  float32: 'f4',
  float64: 'f8',
  int8: 'i1',
  int16: 'i2',
  int32: 'i4',
  int64: 'i8',
  uint8: 'u1',
  uint16: 'u2',
  uint32: 'u4',
  uint64: 'u8',
  bool: 'b1',
  complex64: 'c8',
  complex128: 'c16',
};
const DTYPE_OF: ReadonlyMap<string, DType> = new Map(
  Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType] as const),
);

interface NpyHeader {
  readonly dtype: DType;
  readonly bigEndian: boolean;
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** What stands before the elements of a tensor. */
function encodeHeader({dtype, shape: sizesOf}: Tensor<Element>, where: string): Buffer {
  const shape = concrete(sizesOf);
  const code = CODES[dtype];
  if (code === undefined) {
    throw new DtypeError(`${where}: NumPy's format has no dtype for ${dtype}; use cast('float32')`);
  }
  const order = DTYPES[dtype].bytes === 1 ? '|' : '<';
  const sizes = shape.length === 1 ? `${String(shape[0])},` : shape.join(', ');
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The elements begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  MAGIC.copy(header);
  header.writeUInt8(1, 6);
  header.writeUInt8(0, 7);
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header.writeUInt8(0x0a, 9 + length);
  return header;
}

/** The bytes of an .npy file with the tensor's values. */
export function encodeNpy(tensor: Tensor<Element>, where: string): Uint8Array {
  const {pieces, size} = npyOf(tensor, where);
  const bytes = Buffer.alloc(size);
  let at = 0;
  for (const piece of pieces()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

interface NpyFile {
  readonly size: number;
  readonly pieces: () => Iterable<Uint8Array>;
}

/** An .npy file of the values that the tensor has now, piece by piece. */
function npyOf(tensor: Tensor<Element>, where: string): NpyFile {
  assertReadable(tensor, where);
  const header = encodeHeader(tensor, where);
  const values = tensor instanceof Variable ? (tensor as Variable<Element>).readValue() : tensor;
  return {
    size: header.length + values.size * DTYPES[values.dtype].bytes,
    pieces: function* () {
      yield header;
      yield* piecesOf(values);
    },
  };
}

function parseHeader(bytes: Buffer, label: string): NpyHeader {
  const refuse = (problem: string): never => {
    throw new FileFormatError(`${label} is not a valid .npy file: ${problem}`);
  };
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(MAGIC)) return refuse('it does not begin with "\\x93NUMPY"');
  const major = bytes.readUInt8(6);
  if (major < 1 || major > 3) return refuse(`its version is ${String(major)}, known are 1 to 3`);
  const textStart = major === 1 ? 10 : 12;
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const start = textStart + length;
  if (length > MAX_HEADER_BYTES || start > bytes.length) return refuse('its header is longer than the file');
  const text = bytes.toString('utf8', textStart, start);
  const form =
    /^\{\s*'descr':\s*'([^']*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d\s,]*)\),?\s*\}\s*$/.exec(text);
  if (form === null) {
    const hint = text.includes("'descr': [") ? ' (structured arrays are not read)' : '';
    return refuse(`its header is ${describe(text.trim())}${hint}`);
  }
  const [, descr = '', order, sizes = ''] = form;
  const dtype = DTYPE_OF.get(descr.slice(1));
  if (dtype === undefined || !'<>|='.includes(descr.slice(0, 1))) {
    const hint = descr.slice(1).startsWith('O') ? '; arrays of Python objects are not read, since they run code' : '';
    throw new FileFormatError(`${label}: dtype ${describe(descr)} is none that tensors have${hint}`);
  }
  const shape = sizes
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  if (shape.length > MAX_RANK || !shape.every(Number.isSafeInteger)) return refuse(`its shape is (${sizes})`);
  return {dtype, bigEndian: descr.startsWith('>'), columnMajor: order === 'True', shape, start};
}

/** The tensor in the bytes of an .npy file; `label` begins the messages. */
export function decodeNpy(content: Uint8Array, label: string): Tensor<Element> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const header = parseHeader(bytes, label);
  const reader = begin(header, content.length, label);
  takeInto(reader, bytes.subarray(header.start), label);
  return finish(reader, header);
}

/** The tensor in an .npy file of `size` bytes that comes piece by piece. */
async function readNpy(pieces: AsyncIterable<Uint8Array>, size: number, label: string): Promise<Tensor<Element>> {
  let head: Buffer = Buffer.alloc(0);
  let header: NpyHeader | null = null;
  let reader: PieceReader | null = null;
  try {
    for await (const piece of pieces) {
      if (header !== null && reader !== null) {
        takeInto(reader, piece, label);
        continue;
      }
      head = Buffer.concat([head, piece]);
      // A longer header than there can be is refused with what there is.
      if (head.length < Math.min(size, MAX_HEADER_BYTES + 12)) {
        if (head.length < 12 || head.length < headerEnd(head)) continue;
      }
      header = parseHeader(head, label);
      reader = begin(header, size, label);
      takeInto(reader, head.subarray(header.start), label);
    }
    header ??= parseHeader(head, label);
    reader ??= begin(header, size, label);
    if (reader.taken !== reader.bytes) throw new FileFormatError(`${label} ended while it was read`);
    return finish(reader, header);
  } catch (error) {
    reader?.release();
    throw error;
  }
}

/** Where the elements begin, as far as the first bytes tell. */
function headerEnd(bytes: Buffer): number {
  return bytes.readUInt8(6) === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
}

function begin({dtype, bigEndian, shape, start}: NpyHeader, fileBytes: number, label: string): PieceReader {
  const size = shape.reduce((product, n) => product * n, 1);
  const needed = size * DTYPES[dtype].bytes;
  if (fileBytes - start !== needed) {
    throw new FileFormatError(
      `${label} is not a valid .npy file: shape (${shape.join(',')}) and dtype ${dtype} need ${String(needed)} bytes,` +
        ` it holds ${String(fileBytes - start)}`,
    );
  }
  return new PieceReader(dtype, size, bigEndian);
}

function takeInto(reader: PieceReader, bytes: Uint8Array, label: string): void {
  if (reader.taken + bytes.length > reader.bytes) throw new FileFormatError(`${label} grew while it was read`);
  if (!reader.take(bytes)) {
    throw new FileFormatError(`${label} is not a valid .npy file: a boolean is neither 0 nor 1`);
  }
}

function finish(reader: PieceReader, {columnMajor, shape}: NpyHeader): Tensor<Element> {
  if (!columnMajor) return reader.tensor(shape);
  // The same memory in the reversed order of axes.
  return reader.tensor([...shape].reverse()).transpose();
}

function checkTensor(where: string, name: string, tensor: unknown): Tensor<Element> {
  if (isTensor(tensor)) return tensor;
  throw new ValueError(`${where}: ${name} must be a tensor, got ${describe(tensor)}`);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/** Writes a tensor as NumPy's `numpy.save` does. The file appears whole or not at all. */
export async function saveNpy(path: FilePath, tensor: Tensor<Element>): Promise<void> {
  const {pieces} = npyOf(checkTensor('saveNpy', 'the second argument', tensor), 'saveNpy');
  await writeAtomic(path, async (file) => {
    for (const piece of pieces()) await writeAll(file, piece);
  });
}

/**
 * Reads an array that NumPy's `numpy.save` wrote: numbers and booleans of any byte order and layout.
 * @throws FileFormatError where the file is not valid, or holds Python objects or text
 */
export async function loadNpy<E extends Element = number>(path: FilePath): Promise<Tensor<E>> {
  const label = `loadNpy: ${pathText(path)}`;
  const file = await open(path, 'r');
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new FileFormatError(`${label} is not a file`);
    // The element type follows from the dtype in the file.
    return (await readNpy(filePieces(file, stats.size), stats.size, label)) as Tensor<E>;
  } finally {
    await file.close();
  }
}

async function* filePieces(file: FileHandle, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const piece = new Uint8Array(Math.min(size, FILE_PIECE_BYTES));
  for (let at = 0; at < size;) {
    const {bytesRead} = await file.read(piece, 0, Math.min(piece.length, size - at), at);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Options of {@link saveNpz}. */
export interface SaveNpzOptions {
  /** Whether to compress, as `numpy.savez_compressed` does. Default false. */
  compressed?: boolean | undefined;
}

/**
 * Writes tensors under names as `numpy.savez` does, with the values of the moment of the call. The file appears whole or not
 * at all; more than 4 GB get the ZIP64 form.
 */
export async function saveNpz(
  path: FilePath,
  tensors: Readonly<Record<string, Tensor<Element>>>,
  options: SaveNpzOptions = {},
): Promise<void> {
  checkOptions('saveNpz', options, ['compressed']);
  // Before anything waits: Variables may change meanwhile.
  const files = Object.entries(tensors).map(([name, tensor]) => {
    if (name === '__proto__') throw new ValueError('saveNpz: the name "__proto__" cannot be read back');
    return {name, ...npyOf(checkTensor('saveNpz', JSON.stringify(name), tensor), 'saveNpz')};
  });
  await writeAtomic(path, async (file) => {
    const zip = new ZipWriter((bytes) => writeAll(file, bytes));
    for (const {name, size, pieces} of files) {
      await zip.addPieces(`${name}.npy`, size, pieces, {compressed: options.compressed ?? false});
    }
    await zip.end();
  });
}

/**
 * Reads the arrays of an .npz file by name.
 * @throws FileFormatError where the archive or an array in it is not valid
 */
export async function loadNpz<E extends Element = number>(path: FilePath): Promise<Record<string, Tensor<E>>> {
  const label = `loadNpz: ${pathText(path)}`;
  const file = await open(path, 'r');
  try {
    const zip = await ZipReader.open(file, (await file.stat()).size, label);
    const tensors: [string, Tensor<E>][] = [];
    for (const entry of zip.entries) {
      const name = entry.name.replace(/\.npy$/, '');
      if (name === '__proto__') throw new FileFormatError(`${label}: the name "__proto__" is reserved`);
      tensors.push([
        name,
        (await readNpy(zip.pieces(entry), entry.size, `${label}, entry ${JSON.stringify(entry.name)}`)) as Tensor<E>,
      ]);
    }
    return Object.fromEntries(tensors);
  } finally {
    await file.close();
  }
}
