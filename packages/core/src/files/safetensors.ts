import {type FileHandle, open} from 'node:fs/promises';
import {addon} from '@keratin/native';
import {type Element} from '../dtype.js';
import {FileFormatError, ValueError} from '../errors.js';
import {concrete} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {Storage} from '../tensor/storage.js';
import {assertReadable, isTensor, Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type FilePath, pathText, writeAtomic} from './atomic.js';
import {piecesOf} from './pieces.js';
import {type Entry, type Header, layoutHeader, MAX_HEADER_BYTES, parseHeader} from './safetensors-header.js';

// Files are copied piece by piece: memory use does not depend on their size.
const PIECE_BYTES = 16 << 20;

/** Options of {@link saveSafetensors}. */
export interface SaveSafetensorsOptions {
  /** Text to store beside the tensors. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** What {@link readSafetensors} finds in a file. */
export interface SafetensorsFile {
  readonly tensors: Record<string, Tensor<Element>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes tensors and Variables under names into a safetensors file, which Python, Rust and others read too. The values are
 * those of the moment of the call. The file appears whole or not at all.
 *
 * @example
 * await saveSafetensors('weights.safetensors', {kernel, bias});
 * @throws DtypeError for complex128, which the format does not have
 */
export async function saveSafetensors(
  path: FilePath,
  tensors: Readonly<Record<string, Tensor<Element>>>,
  options: SaveSafetensorsOptions = {},
): Promise<void> {
  checkOptions('saveSafetensors', options, ['metadata']);
  // Before anything waits: Variables may change meanwhile.
  const values = new Map<string, Tensor<Element>>();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!isTensor(tensor)) {
      throw new ValueError(`saveSafetensors: ${JSON.stringify(name)} must be a tensor, got ${describe(tensor)}`);
    }
    assertReadable(tensor, `saveSafetensors: ${JSON.stringify(name)}`);
    values.set(name, tensor instanceof Variable ? (tensor as Variable<Element>).readValue() : tensor);
  }
  const items = [...values].map(([name, {dtype, shape}]) => ({name, dtype, shape: concrete(shape)}));
  const {bytes, entries} = layoutHeader(items, options.metadata ?? {});
  await writeAtomic(path, async (file) => {
    await writeAll(file, bytes);
    for (const {name, begin, end} of entries) {
      const tensor = values.get(name);
      if (tensor !== undefined && end > begin) for (const piece of piecesOf(tensor)) await writeAll(file, piece);
    }
  });
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/**
 * Reads the tensors of a safetensors file by name. Everything that the file says is checked before memory is taken: sizes,
 * overlaps, gaps, dtypes and names.
 *
 * @example
 * const {kernel, bias} = await loadSafetensors('weights.safetensors');
 * @throws FileFormatError where the file is not valid, naming the file and the rule
 */
export async function loadSafetensors<E extends Element = number>(path: FilePath): Promise<Record<string, Tensor<E>>> {
  const {tensors} = await readSafetensors(path, 'loadSafetensors');
  // The element type follows from the dtypes in the file.
  return tensors as Record<string, Tensor<E>>;
}

/** The tensors of a safetensors file with its metadata. */
export async function readSafetensors(path: FilePath, where: string): Promise<SafetensorsFile> {
  const label = `${where}: ${pathText(path)}`;
  const file = await open(path, 'r');
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new FileFormatError(`${label} is not a file`);
    const {header, dataStart} = await readHeader(file, stats.size, label);
    const tensors: [string, Tensor<Element>][] = [];
    for (const entry of header.entries) tensors.push([entry.name, await readTensor(file, entry, dataStart, label)]);
    return {tensors: Object.fromEntries(tensors), metadata: header.metadata};
  } finally {
    await file.close();
  }
}

async function readHeader(
  file: FileHandle,
  fileBytes: number,
  label: string,
): Promise<{header: Header; dataStart: number}> {
  const refuse = (problem: string): never => {
    throw new FileFormatError(`${label} is not a valid safetensors file: ${problem}`);
  };
  if (fileBytes < 8) return refuse(`it has only ${String(fileBytes)} bytes`);
  const prefix = new Uint8Array(8);
  await readAll(file, prefix, 0, label);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES) || length > BigInt(fileBytes - 8)) {
    return refuse(`its header of ${String(length)} bytes does not fit the file of ${String(fileBytes)}`);
  }
  const bytes = new Uint8Array(Number(length));
  await readAll(file, bytes, 8, label);
  if (bytes[0] !== 0x7b) return refuse('its header does not begin with "{"');
  let text: string;
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    return refuse('its header is not UTF-8');
  }
  const dataStart = 8 + bytes.length;
  return {header: parseHeader(label, text, fileBytes - dataStart), dataStart};
}

async function readTensor(file: FileHandle, entry: Entry, dataStart: number, label: string): Promise<Tensor<Element>> {
  const bytes = entry.end - entry.begin;
  const storage = Storage.allocate(bytes);
  const piece = new Uint8Array(Math.min(bytes, PIECE_BYTES));
  for (let at = 0; at < bytes; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, bytes - at));
    await readAll(file, part, dataStart + entry.begin + at, label);
    if (entry.dtype === 'bool') checkBooleans(part, entry, label);
    addon.write(storage.live, part, at);
  }
  return Tensor.create<Element>(entry.shape, entry.dtype, storage);
}

// Kernels rely on it.
function checkBooleans(bytes: Uint8Array, {name}: Entry, label: string): void {
  for (const value of bytes) {
    if (value > 1) {
      throw new FileFormatError(
        `${label} is not a valid safetensors file: the BOOL tensor ${JSON.stringify(name)} holds the byte ${String(value)}`,
      );
    }
  }
}

async function readAll(file: FileHandle, target: Uint8Array, position: number, label: string): Promise<void> {
  for (let at = 0; at < target.length;) {
    const {bytesRead} = await file.read(target, at, target.length - at, position + at);
    if (bytesRead === 0) throw new FileFormatError(`${label} ended while it was read`);
    at += bytesRead;
  }
}
