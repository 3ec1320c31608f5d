import {type FileHandle, open} from 'node:fs/promises';
import {type Config, FileFormatError} from '@keratin/core';
import {checkNode, type ConfigNode, serializeKerasObject, ZipReader, ZipWriter} from '@keratin/core/internal';
import {z} from 'zod';
import {type AnyModel} from '../callbacks/callback.js';

// The parts of a `.keras` archive.

export const CONFIG = 'config.json';
export const METADATA = 'metadata.json';
export const WEIGHTS = 'model.weights.h5';
const ASSETS = 'assets/';

/** The version whose layout is written. */
export const KERAS_VERSION = '3.15.1';

/** A larger config than any model has. */
const MAX_CONFIG_BYTES = 256 << 20;
/** What fits into the memory of the HDF5 library. */
const MAX_WEIGHTS_BYTES = 2 ** 31 - 1;
const MAX_ASSETS_BYTES = 1 << 30;

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

async function readArchive(archive: ZipReader, label: string): Promise<KerasFile> {
  const read = async (name: string, most: number): Promise<Uint8Array> => {
    const entry = archive.entries.find((one) => one.name === name);
    if (entry === undefined) {
      const names = archive.entries.map((one) => one.name).join(', ');
      throw new FileFormatError(`${label}: ${name} is missing; the archive has ${names === '' ? 'no entries' : names}`);
    }
    if (entry.size > most) {
      throw new FileFormatError(
        `${label}: ${name} of ${String(entry.size)} bytes is larger than ${String(most)} bytes`,
      );
    }
    return archive.read(entry);
  };
  const node = parseConfig(await read(CONFIG, MAX_CONFIG_BYTES), label);
  if (archive.entries.some(({name}) => name === METADATA)) checkMetadata(await read(METADATA, MAX_CONFIG_BYTES), label);
  const weights = await read(WEIGHTS, MAX_WEIGHTS_BYTES);
  const assets = new Map<string, Uint8Array>();
  const stored = archive.entries.filter(({name}) => name.startsWith(ASSETS) && !name.endsWith('/'));
  let left = MAX_ASSETS_BYTES;
  for (const {name, size} of stored) {
    assets.set(name.slice(ASSETS.length), await read(name, left));
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

const metadataSchema = z.looseObject({keras_version: z.string().optional(), date_saved: z.string().optional()});

function checkMetadata(bytes: Uint8Array, label: string): void {
  const parsed = metadataSchema.safeParse(parseJson(decoded(bytes, label, METADATA), `${label}: ${METADATA}`));
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw new FileFormatError(`${label}: ${METADATA}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** Writes an archive into a file that is open for writing. */
export async function writeKerasFile(file: FileHandle, {node, weights, assets}: KerasFile): Promise<void> {
  const archive = new ZipWriter(async (bytes) => {
    for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
  });
  const put = (name: string, bytes: Uint8Array): Promise<void> => archive.add(name, bytes, {compressed: false});
  await put(METADATA, Buffer.from(JSON.stringify(metadataNow())));
  await put(CONFIG, Buffer.from(JSON.stringify(node)));
  await put(WEIGHTS, weights);
  for (const [name, bytes] of assets) await put(`${ASSETS}${name}`, bytes);
  await archive.end();
}

function metadataNow(): Config {
  const [day = '', time = ''] = new Date().toISOString().split('T');
  return {keras_version: KERAS_VERSION, date_saved: `${day}@${time.slice(0, 8)}`};
}

/** The config node of a model. */
export const nodeOf = (model: AnyModel): ConfigNode => serializeKerasObject(model) as ConfigNode;
