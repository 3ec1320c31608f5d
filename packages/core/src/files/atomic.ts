import {randomBytes} from 'node:crypto';
import {type FileHandle, open, realpath, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** Where a file is: a path, or a `file:` URL. */
export type FilePath = string | URL;

/** A path as text, for messages too. */
export const pathText = (path: FilePath): string => (path instanceof URL ? fileURLToPath(path) : path);

/**
 * Writes a file so that a reader sees the old one or the whole new one, also after a crash: into a temporary file beside it,
 * flushed to the disk and renamed. A symbolic link is followed. Where `write` fails nothing is left behind.
 */
export async function writeAtomic(path: FilePath, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const text = pathText(path);
  const target = await realpath(text).catch(() => text);
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx');
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
  await syncFolder(folder);
}

// The new name itself is on the disk only after this. Systems that cannot open folders do without.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch {
    // Not every file system can.
  } finally {
    await handle.close();
  }
}
