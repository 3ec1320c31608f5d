import {randomBytes} from 'node:crypto';
import {lstat, mkdir, open, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import {FileFormatError, ValueError} from '@keratin/core';
import {
  CONFIG,
  type KerasFile,
  MAX_ASSETS_BYTES,
  MAX_CONFIG_BYTES,
  MAX_WEIGHTS_BYTES,
  METADATA,
  partsOf,
  readParts,
  WEIGHTS,
} from './keras-file.js';

// The same parts as in a `.keras` archive, as files of a folder: what Keras writes with `zipped=False`.

const MAX_DEPTH = 32;
const MAX_FILES = 100_000;
const OWN = new Set([CONFIG, METADATA, WEIGHTS, 'assets', 'README.md']);

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

/** Files of a folder by their paths within it; symbolic links are refused. */
async function filesOf(folder: string, label: string): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  const visit = async (within: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new FileFormatError(`${label}: nested deeper than ${String(MAX_DEPTH)} folders`);
    for (const name of await readdir(join(folder, within))) {
      const path = within === '' ? name : `${within}/${name}`;
      if (within === '' && !OWN.has(name)) continue;
      const stats = await lstat(join(folder, path));
      if (stats.isSymbolicLink()) throw new FileFormatError(`${label}: ${path} is a link; links are not followed`);
      if (stats.isDirectory()) await visit(path, depth + 1);
      else if (stats.isFile()) files.set(path, stats.size);
      if (files.size > MAX_FILES) throw new FileFormatError(`${label}: more than ${String(MAX_FILES)} files`);
    }
  };
  await visit('', 0);
  return files;
}

/** Reads a folder that holds a model. @param label begins the messages */
export async function readKerasFolder(folder: string, label: string): Promise<KerasFile> {
  const files = await filesOf(folder, label);
  return readParts(
    {
      what: 'folder',
      sizes: files,
      read: (name) => readFile(join(folder, name)),
    },
    {config: MAX_CONFIG_BYTES, weights: MAX_WEIGHTS_BYTES, assets: MAX_ASSETS_BYTES},
    label,
  );
}

/**
 * Writes a folder that holds a model: beside its place first, so that it appears whole. What is there is replaced only where it is a
 * model too.
 */
export async function writeKerasFolder(folder: string, file: KerasFile, where: string): Promise<void> {
  const target = resolve(folder);
  const before = await lstat(target).catch(() => null);
  if (before !== null) await checkReplaceable(target, before.isDirectory(), where);
  const mark = randomBytes(6).toString('hex');
  const [fresh, old] = ['new', 'old'].map((kind) => join(dirname(target), `.${basename(target)}.${mark}.${kind}`)) as [
    string,
    string,
  ];
  try {
    await mkdir(fresh, {recursive: true});
    for (const [name, bytes] of partsOf(file)) await writeWhole(join(fresh, name), bytes);
    if (before !== null) await rename(target, old);
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, {recursive: true, force: true});
    throw error;
  }
  await rm(old, {recursive: true, force: true});
}

async function checkReplaceable(target: string, isDirectory: boolean, where: string): Promise<void> {
  if (!isDirectory) throw new ValueError(`${where}: ${target} exists and is no folder`);
  const names = await readdir(target);
  const odd = names.find((name) => !OWN.has(name));
  if (odd !== undefined || (names.length > 0 && !names.includes(CONFIG))) {
    throw new ValueError(
      `${where}: the folder ${target} holds ${odd ?? names.join(', ')}, which is no part of a model; name one of its own`,
    );
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), {recursive: true});
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
