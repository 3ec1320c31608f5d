import {lstat, readFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {type Element, FileFormatError, type Tensor, ValueError} from '@keratin/core';
import {DTYPES, schema} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {weightEntries} from './h5-weights.js';
import {type H5Dataset, type H5Kind, H5Reader, type H5Source} from './hdf5.js';
import {H5Writer} from './hdf5-writer.js';
import {parseJson} from './keras-file.js';
import {writeBytes} from './write-bytes.js';

// Weights in several files with a map of them, as Keras writes them with `max_shard_size`: `m.weights.json`, `m_00000.weights.h5`, ...

const GIGABYTE = 1024 ** 3;
const MAX_MAP_BYTES = 64 << 20;
const MAX_SHARDS = 10_000;

interface Shard {
  readonly name: string;
  readonly entries: {
    readonly group: string;
    readonly owner: string;
    readonly name: string;
    readonly value: () => Tensor<Element>;
  }[];
}

/**
 * Writes the weights into files of bounded size, and the map of them last.
 * @param most the largest size of a file, in gigabytes
 */
export async function saveShards(model: AnyModel, path: string, most: number, where: string): Promise<void> {
  const base = basename(path)
    .replace(/\.json$/, '')
    .replace('.weights', '');
  const shards: Shard[] = [];
  const map: Record<string, string | string[]> = {};
  let [size, total] = [Number.POSITIVE_INFINITY, 0];
  for (const {group, owner, values} of weightEntries(model)) {
    for (const [name, {shape, dtype, read}] of values) {
      const bytes = shape.reduce((n, axis) => n * axis, DTYPES[dtype].bytes);
      if (bytes > most * GIGABYTE) {
        throw new ValueError(
          `${where}: ${group}/${name} of ${String(bytes)} bytes is larger than maxShardSize ${String(most)} GB`,
        );
      }
      total += bytes;
      size += bytes;
      if (size > most * GIGABYTE) {
        shards.push({name: `${base}_${String(shards.length).padStart(5, '0')}.weights.h5`, entries: []});
        size = bytes;
      }
      const shard = shards.at(-1);
      if (shard === undefined) continue;
      shard.entries.push({group, owner, name, value: read});
      const files = [map[`/${group}`] ?? []].flat();
      if (!files.includes(shard.name)) map[`/${group}`] = files.length === 0 ? shard.name : [...files, shard.name];
    }
  }
  for (const {name, entries} of shards) {
    const bytes = await H5Writer.make(where, (file) => {
      const made = new Set<string>();
      for (const entry of entries) {
        if (!made.has(entry.group)) {
          file.group(entry.group);
          file.text(entry.group, 'name', entry.owner);
          made.add(entry.group);
        }
        file.dataset(`${entry.group}/${entry.name}`, entry.value());
      }
    });
    await writeBytes(join(dirname(path), name), bytes);
  }
  const text = JSON.stringify({metadata: {total_size: total}, weight_map: map}, null, 4);
  await writeBytes(path, Buffer.from(text));
}

const mapSchema = schema((z) => {
  // A name of a file beside the map, never a way to another place.
  const fileName = z.string().regex(/^[^/\\:]+\.weights\.h5$/);
  return z.looseObject({weight_map: z.record(z.string(), z.union([fileName, z.array(fileName)]))});
});

/** Opens the files that a map names, side by side. */
export async function openShards(path: string, label: string): Promise<H5Source> {
  const {size} = await lstat(path);
  if (size > MAX_MAP_BYTES)
    throw new FileFormatError(`${label} of ${String(size)} bytes is too large for a map of files`);
  const parsed = mapSchema.safeParse(parseJson(await readFile(path, 'utf8'), label));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FileFormatError(
      `${label} is no map of files of weights: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  const names = [...new Set(Object.values(parsed.data.weight_map).flat())].sort();
  if (names.length > MAX_SHARDS) throw new FileFormatError(`${label} names more than ${String(MAX_SHARDS)} files`);
  const readers: H5Reader[] = [];
  try {
    for (const name of names) {
      const file = join(dirname(path), name);
      const stats = await lstat(file).catch(() => null);
      if (stats?.isFile() !== true) throw new FileFormatError(`${label}: its file ${name} is missing`);
      readers.push(await H5Reader.open(await readFile(file), `${label}: ${name}`));
    }
  } catch (error) {
    for (const reader of readers) await reader.close();
    throw error;
  }
  return new Shards(readers);
}

class Shards implements H5Source {
  readonly #readers: readonly H5Reader[];

  constructor(readers: readonly H5Reader[]) {
    this.#readers = readers;
  }

  get elements(): number {
    return this.#readers.reduce((sum, {elements}) => sum + elements, 0);
  }
  kind(path: string): H5Kind | null {
    return this.#first((reader) => reader.kind(path));
  }
  names(path: string): readonly string[] {
    return [...new Set(this.#readers.flatMap((reader) => reader.names(path)))];
  }
  datasets(path: string): string[] {
    return [...new Set(this.#readers.flatMap((reader) => reader.datasets(path)))];
  }
  dataset(path: string): H5Dataset | null {
    return this.#first((reader) => reader.dataset(path));
  }
  text(path: string, name: string): string | null {
    return this.#first((reader) => reader.text(path, name));
  }
  texts(path: string, name: string): readonly string[] | null {
    return this.#first((reader) => reader.texts(path, name));
  }
  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.close();
  }

  #first<T>(read: (reader: H5Reader) => T | null): T | null {
    for (const reader of this.#readers) {
      const found = read(reader);
      if (found !== null) return found;
    }
    return null;
  }
}
