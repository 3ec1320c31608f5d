import {existsSync} from 'node:fs';
import {copyFile, mkdir, rename, rm} from 'node:fs/promises';
import {homedir, tmpdir} from 'node:os';
import {join, posix} from 'node:path';
import {fileURLToPath} from 'node:url';
import {FileFormatError, KeratinError, ValueError} from '@keratin/core';
import {checkChoice, checkOptions, describe, isPlainObject} from '@keratin/core/internal';
import {download} from './download.js';
import {type ArchiveFormat, extractArchive} from './extract.js';
import {algorithmOf, type HashAlgorithm, hashFile} from './hash.js';

/** Options of {@link getFile}. */
export interface GetFileOptions {
  /** The same as `extract` with `archiveFormat: 'tar'`. Default false. */
  untar?: boolean | undefined;
  /** MD5 of the file, as older code gives it. */
  md5Hash?: string | undefined;
  /** Checksum of the file, in hexadecimal. A file in the cache with another one is fetched anew. */
  fileHash?: string | undefined;
  /** `'sha256'`, `'md5'`, or `'auto'` (the default): by the length of the checksum. */
  hashAlgorithm?: HashAlgorithm | undefined;
  /** The folder within `cacheDir`. Default `'datasets'`. */
  cacheSubdir?: string | undefined;
  /** Default `$KERATIN_HOME`, or `~/.keratin`. */
  cacheDir?: string | undefined;
  /** Whether the file is an archive to unpack. Default false. */
  extract?: boolean | undefined;
  /** `'tar'`, `'zip'`, a list of them, or `'auto'` (the default) for both. */
  archiveFormat?: ArchiveFormat | 'tar' | 'zip' | undefined;
  /** Fetches the file even where the cache has it. Default false. */
  forceDownload?: boolean | undefined;
  /** 0 prints nothing; 1 (the default) the address and, in a terminal, a progress bar. */
  verbose?: 0 | 1 | boolean | undefined;
  /** Gives up a download when it is aborted; the next call goes on with it. */
  signal?: AbortSignal | undefined;
}

const KEYS = [
  'untar',
  'md5Hash',
  'fileHash',
  'hashAlgorithm',
  'cacheSubdir',
  'cacheDir',
  'extract',
  'archiveFormat',
  'forceDownload',
  'verbose',
  'signal',
] as const satisfies readonly (keyof GetFileOptions)[];

/** Where files that were downloaded are kept: `$KERATIN_HOME`, by default `~/.keratin`. */
export function keratinHome(): string {
  return process.env['KERATIN_HOME'] ?? join(homedir(), '.keratin');
}

/**
 * The path of a file that is fetched once and kept: `cacheDir/cacheSubdir/fname`. A download that was broken off goes on where it ended. Of an
 * archive with `extract` it is the folder with what is in it: the name before the first point + `_extracted`, or the name itself where it has
 * none.
 *
 * @param fname the name it is kept under, without folders; default: the last part of the address
 * @param origin the address: http, https or file
 * @throws KeratinError where it cannot be fetched, with what to put where
 * @throws FileFormatError where the content has another checksum, or an archive is damaged or leads out of its folder
 *
 * @example
 * const folder = await utils.getFile('flowers.tgz', 'https://example.org/flowers.tgz', {extract: true, fileHash: '...'});
 */
export function getFile(
  fname: string | null | undefined,
  origin: string | URL,
  options?: GetFileOptions,
): Promise<string>;
export function getFile(
  options: GetFileOptions & {readonly fname?: string | null | undefined; readonly origin: string | URL},
): Promise<string>;
export async function getFile(first: unknown, origin?: unknown, options: GetFileOptions = {}): Promise<string> {
  if (isPlainObject(first)) {
    const {fname, origin: from, ...rest} = first;
    return fetched(fname, from, rest);
  }
  return fetched(first, origin, options);
}

async function fetched(fname: unknown, origin: unknown, options: GetFileOptions): Promise<string> {
  const op = 'getFile';
  checkOptions(op, options, KEYS);
  const url = addressOf(op, origin);
  const {extract = false, untar = false, hashAlgorithm = 'auto', forceDownload = false} = options;
  checkChoice(op, 'hashAlgorithm', hashAlgorithm, ['auto', 'sha256', 'md5']);
  const unpacks = extract || untar;
  const name = nameOf(op, fname, url);
  const folder = await folderOf(options);
  const dot = name.indexOf('.');
  // As Keras names them.
  const isFileName = fname !== undefined && fname !== null && fname !== '' && dot >= 0;
  const target = join(folder, unpacks && !isFileName ? `${name}_archive` : name);
  const unpacked = join(folder, isFileName ? `${name.slice(0, dot)}_extracted` : name);
  const hash = options.fileHash ?? options.md5Hash;
  const algorithm =
    hash === undefined ? null : options.fileHash === undefined ? 'md5' : algorithmOf(hashAlgorithm, hash);
  const sum = async (): Promise<string | undefined> => (algorithm === null ? hash : hashFile(target, algorithm));
  if (forceDownload || !existsSync(target) || (await sum()) !== hash?.toLowerCase()) {
    await fetchInto(url, target, {...options, hash: hash?.toLowerCase(), sum});
  }
  if (!unpacks) return target;
  const format = untar ? ['tar' as const] : typeOf(options.archiveFormat);
  if (!(await extractArchive(target, unpacked, format))) {
    throw new FileFormatError(`${op}: ${target} is no archive of the format ${describe(format)}`);
  }
  return unpacked;
}

function typeOf(format: GetFileOptions['archiveFormat']): ArchiveFormat {
  if (format === undefined) return 'auto';
  return format === 'tar' || format === 'zip' ? [format] : format;
}

function addressOf(op: string, origin: unknown): URL {
  if (origin === undefined || origin === null) {
    throw new ValueError(`${op}: origin must be the address of the file, got none`);
  }
  let url: URL;
  try {
    url = new URL(origin instanceof URL ? origin.href : typeof origin === 'string' ? origin : '');
  } catch (cause) {
    throw new ValueError(`${op}: origin must be an address (http, https or file), got ${describe(origin)}`, {cause});
  }
  if (!['http:', 'https:', 'file:'].includes(url.protocol)) {
    throw new ValueError(`${op}: origin must be an address of http, https or file, got ${describe(String(url))}`);
  }
  return url;
}

function nameOf(op: string, fname: unknown, url: URL): string {
  if (fname !== undefined && fname !== null && typeof fname !== 'string') {
    throw new ValueError(`${op}: fname must be the name of a file, got ${describe(fname)}`);
  }
  if (fname === undefined || fname === null || fname === '') {
    const name = decodeURIComponent(posix.basename(url.pathname));
    if (name === '' || name === '.' || name === '..' || /[\\/:]/.test(name)) {
      throw new ValueError(`${op}: the address ${String(url)} has no file name; give fname`);
    }
    return name;
  }
  if (/[\\/]/.test(fname) || fname === '.' || fname === '..') {
    throw new ValueError(
      `${op}: fname must be a name without folders, got ${describe(fname)}; cacheDir and cacheSubdir name the folder`,
    );
  }
  return fname;
}

/** The folder of the cache; where it cannot be made, one of the system's for temporary files, as in Keras. */
async function folderOf({cacheDir, cacheSubdir = 'datasets'}: GetFileOptions): Promise<string> {
  const home = cacheDir ?? keratinHome();
  const folder = join(home.replace(/^~(?=$|[\\/])/, homedir()), cacheSubdir);
  try {
    await mkdir(folder, {recursive: true});
    return folder;
  } catch (cause) {
    if (cacheDir !== undefined) {
      throw new KeratinError(`getFile: the folder ${folder} cannot be made`, {cause});
    }
    const other = join(tmpdir(), '.keratin', cacheSubdir);
    await mkdir(other, {recursive: true});
    return other;
  }
}

interface Fetching extends GetFileOptions {
  readonly hash: string | undefined;
  readonly sum: () => Promise<string | undefined>;
}

async function fetchInto(url: URL, target: string, {hash, sum, verbose = 1, signal}: Fetching): Promise<void> {
  const remedy = `put the file at ${target}`;
  const isVisible = Boolean(verbose);
  const address = String(url);
  // What goes on from an earlier attempt may be of another version: once more from the start then.
  for (const attempt of [1, 2]) {
    const isResumed = existsSync(`${target}.part`);
    try {
      if (url.protocol === 'file:') {
        await copyFile(fileURLToPath(url), `${target}.part`);
        await rename(`${target}.part`, target);
      } else {
        if (isVisible && attempt === 1) console.log(`Downloading data from ${address}`);
        await download(address, target, {progress: isVisible, signal, checked: hash !== undefined});
      }
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      throw new KeratinError(`getFile: ${address} cannot be downloaded (${reason(cause)}); ${remedy}`, {cause});
    }
    const found = hash === undefined ? undefined : await sum();
    if (found === hash) return;
    await rm(target, {force: true});
    if (isResumed && attempt === 1) continue;
    throw new FileFormatError(
      `getFile: the checksum of ${address} is ${String(found)}, ${String(hash)} was expected; ${remedy} if the checksum is out of date, or give another fileHash`,
    );
  }
}

/** Why something failed, in a few words. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const {cause} = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
