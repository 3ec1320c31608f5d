import {open} from 'node:fs/promises';
import {type DType, DTYPES, type Element} from '../dtype.js';
import {DtypeError, FileFormatError, ValueError} from '../errors.js';
import {addon} from '@keratin/native';
import {concrete} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {readRaw} from '../tensor/read.js';
import {Storage} from '../tensor/storage.js';
import {isTensor, Tensor} from '../tensor/tensor.js';
import {type FilePath, pathText, writeAtomic} from './atomic.js';
import {ZipReader, ZipWriter} from './zip.js';

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html: magic, version, length and text of a header that is
// a Python dictionary, then the elements. An .npz file is a zip archive of .npy files.

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const MAX_HEADER_BYTES = 1 << 20;
const MAX_RANK = 12;

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

/** The bytes of an .npy file with the tensor's values. */
export function encodeNpy(tensor: Tensor<Element>, where: string): Uint8Array {
  const {dtype} = tensor;
  const shape = concrete(tensor.shape);
  const code = CODES[dtype];
  if (code === undefined) {
    throw new DtypeError(`${where}: NumPy's format has no dtype for ${dtype}; use cast('float32')`);
  }
  const values = readRaw(tensor, where);
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
  return Buffer.concat([header, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
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
  const {dtype, bigEndian, columnMajor, shape, start} = parseHeader(bytes, label);
  const needed = shape.reduce((product, n) => product * n, DTYPES[dtype].bytes);
  if (bytes.length - start !== needed) {
    throw new FileFormatError(
      `${label} is not a valid .npy file: shape (${shape.join(',')}) and dtype ${dtype} need ${String(needed)} bytes,` +
        ` it holds ${String(bytes.length - start)}`,
    );
  }
  let values = bytes.subarray(start);
  if (bigEndian) values = swapped(values, dtype);
  if (dtype === 'bool' && values.some((value) => value > 1)) {
    throw new FileFormatError(`${label} is not a valid .npy file: a boolean is neither 0 nor 1`);
  }
  const storage = Storage.allocate(needed);
  if (needed > 0) addon.write(storage.live, new Uint8Array(values.buffer, values.byteOffset, values.length), 0);
  if (!columnMajor) return Tensor.create<Element>(shape, dtype, storage);
  // The same memory in the reversed order of axes.
  return Tensor.create<Element>([...shape].reverse(), dtype, storage).transpose();
}

function swapped(values: Buffer, dtype: DType): Buffer {
  const copy = Buffer.from(values);
  const bytes = DTYPES[dtype].kind === 'complex' ? DTYPES[dtype].bytes / 2 : DTYPES[dtype].bytes;
  if (bytes === 2) return copy.swap16();
  if (bytes === 4) return copy.swap32();
  return bytes === 8 ? copy.swap64() : copy;
}

function checkTensor(where: string, name: string, tensor: unknown): Tensor<Element> {
  if (isTensor(tensor)) return tensor;
  throw new ValueError(`${where}: ${name} must be a tensor, got ${describe(tensor)}`);
}

/** Writes a tensor as NumPy's `numpy.save` does. The file appears whole or not at all. */
export async function saveNpy(path: FilePath, tensor: Tensor<Element>): Promise<void> {
  const bytes = encodeNpy(checkTensor('saveNpy', 'the second argument', tensor), 'saveNpy');
  await writeAtomic(path, async (file) => {
    await file.writeFile(bytes);
  });
}

/**
 * Reads an array that NumPy's `numpy.save` wrote: numbers and booleans of any byte order and layout.
 * @throws FileFormatError where the file is not valid, or holds Python objects or text
 */
export async function loadNpy<E extends Element = number>(path: FilePath): Promise<Tensor<E>> {
  const file = await open(path, 'r');
  try {
    // The element type follows from the dtype in the file.
    return decodeNpy(await file.readFile(), `loadNpy: ${pathText(path)}`) as Tensor<E>;
  } finally {
    await file.close();
  }
}

/** Options of {@link saveNpz}. */
export interface SaveNpzOptions {
  /** Whether to compress, as `numpy.savez_compressed` does. Default false. */
  compressed?: boolean | undefined;
}

/** Writes tensors under names as `numpy.savez` does. The file appears whole or not at all. */
export async function saveNpz(
  path: FilePath,
  tensors: Readonly<Record<string, Tensor<Element>>>,
  options: SaveNpzOptions = {},
): Promise<void> {
  checkOptions('saveNpz', options, ['compressed']);
  // Before anything waits: Variables may change meanwhile.
  const files = Object.entries(tensors).map(([name, tensor]) => {
    if (name === '__proto__') throw new ValueError('saveNpz: the name "__proto__" cannot be read back');
    return {name, bytes: encodeNpy(checkTensor('saveNpz', JSON.stringify(name), tensor), 'saveNpz')};
  });
  await writeAtomic(path, async (file) => {
    const zip = new ZipWriter(async (bytes) => {
      for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
    });
    for (const {name, bytes} of files) await zip.add(`${name}.npy`, bytes, {compressed: options.compressed ?? false});
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
        decodeNpy(await zip.read(entry), `${label}, entry ${JSON.stringify(entry.name)}`) as Tensor<E>,
      ]);
    }
    return Object.fromEntries(tensors);
  } finally {
    await file.close();
  }
}
