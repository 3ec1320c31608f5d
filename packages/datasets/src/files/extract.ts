import {open, mkdir, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname, relative, resolve, sep} from 'node:path';
import {FileFormatError, ValueError} from '@keratin/core';
import {ZipReader} from '@keratin/core/internal';
import {tarEntries} from './tar.js';

/** Formats that archives are tried as. */
export type ArchiveFormat = 'auto' | 'tar' | 'zip' | null | readonly ('tar' | 'zip')[];

const MAX_RATIO = 400;
const FREE_BYTES = 1 << 30;

/**
 * Unpacks a zip or (compressed) tar archive into a folder, which appears whole or not at all; one that is there is replaced. Links are left
 * out.
 *
 * @returns false where the file is neither
 * @throws FileFormatError where the archive is damaged, a path leads out of the folder, or far more comes out than an archive of its size holds
 */
export async function extractArchive(path: string, folder: string, format: ArchiveFormat = 'auto'): Promise<boolean> {
  const formats: readonly unknown[] = format === null ? [] : format === 'auto' ? ['tar', 'zip'] : [format].flat();
  for (const name of formats) {
    if (name !== 'tar' && name !== 'zip')
      throw new ValueError(`archiveFormat must be "auto", "tar" or "zip", got ${JSON.stringify(name)}`);
  }
  const kind = await kindOf(path);
  if (kind === null || !formats.includes(kind)) return false;
  const part = `${folder}.${String(process.pid)}.part`;
  await rm(part, {recursive: true, force: true});
  await mkdir(part, {recursive: true});
  try {
    const limit = Math.max(FREE_BYTES, (await stat(path)).size * MAX_RATIO);
    await (kind === 'zip' ? unzip(path, part, limit) : untar(path, part, limit));
    await rm(folder, {recursive: true, force: true});
    await rename(part, folder);
  } finally {
    await rm(part, {recursive: true, force: true});
  }
  return true;
}

/** By the first bytes: the name says nothing certain. */
async function kindOf(path: string): Promise<'tar' | 'zip' | null> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(512);
    await file.read(head, 0, 512, 0);
    if (head.toString('latin1', 0, 2) === 'PK') return 'zip';
    const isGzip = head.readUInt16BE(0) === 0x1f8b;
    return isGzip || head.toString('latin1', 257, 262) === 'ustar' ? 'tar' : null;
  } finally {
    await file.close();
  }
}

/** The place of an entry within a folder. */
function placeOf(archive: string, folder: string, name: string): string {
  const place = resolve(folder, name);
  const from = relative(folder, place);
  if (from === '..' || from.startsWith(`..${sep}`) || resolve(from) === from) {
    throw new FileFormatError(`${archive}: the entry ${JSON.stringify(name)} would be written outside of the folder`);
  }
  return place;
}

function tooMuch(archive: string, limit: number): never {
  throw new FileFormatError(
    `${archive}: more than ${String(limit)} bytes come out of it, which no honest archive of its size holds`,
  );
}

async function unzip(path: string, folder: string, limit: number): Promise<void> {
  const file = await open(path, 'r');
  try {
    const zip = await ZipReader.open(file, (await file.stat()).size, path);
    if (zip.entries.reduce((sum, {size}) => sum + size, 0) > limit) tooMuch(path, limit);
    for (const entry of zip.entries) placeOf(path, folder, entry.name);
    for (const entry of zip.entries) {
      const place = placeOf(path, folder, entry.name);
      if (entry.name.endsWith('/')) {
        await mkdir(place, {recursive: true});
        continue;
      }
      await mkdir(dirname(place), {recursive: true});
      await writeFile(place, zip.pieces(entry));
    }
  } finally {
    await file.close();
  }
}

async function untar(path: string, folder: string, limit: number): Promise<void> {
  let bytes = 0;
  for await (const {name, size, kind, content} of tarEntries(path)) {
    const place = placeOf(path, folder, name);
    if (kind === 'other') continue;
    bytes += size;
    if (bytes > limit) tooMuch(path, limit);
    await mkdir(kind === 'folder' ? place : dirname(place), {recursive: true});
    if (kind === 'file') await writeFile(place, content);
  }
}
