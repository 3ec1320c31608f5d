import {type FileHandle, open} from 'node:fs/promises';
import {type Config, FileFormatError} from '@keratin/core';
import {checkNode, type ConfigNode, schema, serializeKerasObject, ZipReader, ZipWriter} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';

// The parts of a `.keras` archive.

export const CONFIG = 'config.json';
export const METADATA = 'metadata.json';
export const WEIGHTS = 'model.weights.h5';
const NPZ = 'model.weights.npz';
export const ASSETS = 'assets/';

/** The version whose layout is written. */
export const KERAS_VERSION = '3.15.1';

/** A larger config than any model has. */
export const MAX_CONFIG_BYTES = 256 << 20;
/** What fits into the memory of the HDF5 library. */
export const MAX_WEIGHTS_BYTES = 2 ** 31 - 1;
export const MAX_ASSETS_BYTES = 1 << 30;

/** What an archive holds. */
export interface KerasFile {
  readonly node: ConfigNode;
  readonly weights: Uint8Array;
  /** Files of layers by their path, such as `layers/string_lookup/vocabulary.txt`. */
  readonly assets: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads an archive; nothing of it is believed before it was checked.
 * @param label begins the messages: the function and the file
 */
export async function readKerasFile(path: string, label: string): Promise<KerasFile> {
  const file = await open(path, 'r');
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new FileFormatError(`${label} is not a file`);
    if (stats.size === 0) throw new FileFormatError(`${label} is empty, so it is not a zip archive`);
    return await readArchive(await ZipReader.open(file, stats.size, label), label);
  } finally {
    await file.close();
  }
}

const readArchive = (archive: ZipReader, label: string): Promise<KerasFile> => {
  const entries = new Map(archive.entries.map((entry) => [entry.name, entry]));
  return readParts(
    {
      what: 'archive',
      sizes: new Map(archive.entries.filter(({name}) => !name.endsWith('/')).map(({name, size}) => [name, size])),
      read: (name) => {
        const entry = entries.get(name);
        return entry === undefined ? Promise.resolve(new Uint8Array()) : archive.read(entry);
      },
    },
    {config: MAX_CONFIG_BYTES, weights: MAX_WEIGHTS_BYTES, assets: MAX_ASSETS_BYTES},
    label,
  );
};

/** Named parts with their sizes: an archive or a folder. */
interface Parts {
  readonly what: 'archive' | 'folder';
  readonly sizes: ReadonlyMap<string, number>;
  readonly read: (name: string) => Promise<Uint8Array>;
}

/** Reads the parts of a model, each within its limit of bytes. */
export async function readParts(
  {what, sizes, read}: Parts,
  most: {readonly config: number; readonly weights: number; readonly assets: number},
  label: string,
): Promise<KerasFile> {
  const within = async (name: string, limit: number): Promise<Uint8Array> => {
    const size = sizes.get(name);
    if (size === undefined) {
      const names = [...sizes.keys()].slice(0, 20).join(', ');
      const npz = name === WEIGHTS && sizes.has(NPZ) ? `; ${NPZ} holds pickled Python objects, which are not read` : '';
      throw new FileFormatError(
        `${label}: ${name} is missing; the ${what} has ${names === '' ? 'no entries' : names}${npz}`,
      );
    }
    if (size > limit) {
      throw new FileFormatError(`${label}: ${name} of ${String(size)} bytes is larger than ${String(limit)} bytes`);
    }
    return read(name);
  };
  const node = parseConfig(await within(CONFIG, most.config), label);
  if (sizes.has(METADATA)) checkMetadata(await within(METADATA, most.config), label);
  const weights = await within(WEIGHTS, most.weights);
  const assets = new Map<string, Uint8Array>();
  let left = most.assets;
  for (const [name, size] of sizes) {
    if (!name.startsWith(ASSETS)) continue;
    assets.set(name.slice(ASSETS.length), await within(name, left));
    left -= size;
  }
  return {node, weights, assets};
}

/** The config of a model from JSON text. */
export function parseConfig(bytes: Uint8Array, label: string): ConfigNode {
  return checkNode(`${label}: ${CONFIG}`, parseJson(decoded(bytes, label, CONFIG), `${label}: ${CONFIG}`));
}

function decoded(bytes: Uint8Array, label: string, name: string): string {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    throw new FileFormatError(`${label}: ${name} is not UTF-8`);
  }
}

/** JSON as Python writes it, which has NaN and infinities too. */
export function parseJson(text: string, label: string): unknown {
  const plain = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) => {
    if (token.startsWith('"')) return token;
    return token === 'NaN' ? 'null' : token.replace('Infinity', '1e999');
  });
  try {
    return JSON.parse(plain);
  } catch (error) {
    throw new FileFormatError(`${label} is invalid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const metadataSchema = schema((z) =>
  z.looseObject({keras_version: z.string().optional(), date_saved: z.string().optional()}),
);

function checkMetadata(bytes: Uint8Array, label: string): void {
  const parsed = metadataSchema.safeParse(parseJson(decoded(bytes, label, METADATA), `${label}: ${METADATA}`));
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw new FileFormatError(`${label}: ${METADATA}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** The parts of a model by their names, in Keras's order. */
export function partsOf({node, weights, assets}: KerasFile): readonly (readonly [name: string, bytes: Uint8Array])[] {
  return [
    [METADATA, Buffer.from(JSON.stringify(metadataNow()))],
    [CONFIG, Buffer.from(JSON.stringify(node))],
    [WEIGHTS, weights],
    ...[...assets].map(([name, bytes]) => [`${ASSETS}${name}`, bytes] as const),
  ];
}

/** Writes an archive into a file that is open for writing. */
export async function writeKerasFile(file: FileHandle, parts: KerasFile): Promise<void> {
  const archive = new ZipWriter(async (bytes) => {
    for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
  });
  for (const [name, bytes] of partsOf(parts)) await archive.add(name, bytes, {compressed: false});
  await archive.end();
}

function metadataNow(): Config {
  const [day = '', time = ''] = new Date().toISOString().split('T');
  return {keras_version: KERAS_VERSION, date_saved: `${day}@${time.slice(0, 8)}`};
}

/** The config node of a model. */
export const nodeOf = (model: AnyModel): ConfigNode => serializeKerasObject(model) as ConfigNode;
