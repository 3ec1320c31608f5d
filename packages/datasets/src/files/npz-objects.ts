import {open} from 'node:fs/promises';
import {type Element, FileFormatError, type Tensor} from '@keratin/core';
import {decodeNpy, ZipReader} from '@keratin/core/internal';
import {readPickle} from './pickle.js';
import {PickledArray, type PickledValue} from './pickle-values.js';

/** The arrays of an .npz file: tensors, and lists of Python's values where a flat array holds objects. */
export type NpzContent = ReadonlyMap<string, Tensor<Element> | readonly PickledValue[]>;

/**
 * Reads an .npz file whose arrays may hold Python objects, which NumPy stores as pickles. Nothing is run: see `readPickle`.
 *
 * @throws FileFormatError where the archive, an array or a pickle is damaged or holds anything else
 */
export async function readNpzObjects(path: string): Promise<NpzContent> {
  const file = await open(path, 'r');
  try {
    const zip = await ZipReader.open(file, (await file.stat()).size, path);
    const arrays = new Map<string, Tensor<Element> | readonly PickledValue[]>();
    for (const entry of zip.entries) {
      const label = `${path}, entry ${JSON.stringify(entry.name)}`;
      const bytes = await zip.read(entry);
      const start = startOfObjects(bytes);
      const array = start === null ? decodeNpy(bytes, label) : objectsIn(bytes.subarray(start), label);
      arrays.set(entry.name.replace(/\.npy$/, ''), array);
    }
    return arrays;
  } finally {
    await file.close();
  }
}

function objectsIn(bytes: Uint8Array, label: string): readonly PickledValue[] {
  const value = readPickle(bytes, label);
  const refuse = (problem: string): never => {
    throw new FileFormatError(`${label}: ${problem}`);
  };
  return value instanceof PickledArray ? value.objects(refuse) : refuse('the pickle is no array');
}

/** Where the pickle of an .npy file of objects begins; null for files of numbers, and for those that are none. */
function startOfObjects(bytes: Buffer): number | null {
  if (bytes.length < 12 || bytes.toString('latin1', 1, 6) !== 'NUMPY') return null;
  const isFirst = bytes.readUInt8(6) === 1;
  const begin = isFirst ? 10 : 12;
  const end = begin + (isFirst ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (end > bytes.length) return null;
  return /'descr':\s*'[<>|=]?O/.test(bytes.toString('latin1', begin, end)) ? end : null;
}
