import {open, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {KeratinError} from '@keratin/core';
import {DownloadProgress} from './download-progress.js';

/** Options of {@link download}. */
export interface DownloadOptions {
  /** Draws a progress bar. */
  readonly progress: boolean;
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Whether what comes is checked afterwards, so that going on without a mark of the server's is safe. */
  readonly checked: boolean;
}

/**
 * Downloads a file beside its place, into `path + '.part'`, and moves it there when it is complete. A download that was broken off goes on
 * where it ended (HTTP Range), if the server says that its file is still the same.
 *
 * @throws KeratinError where the server refuses, or the connection breaks
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<void> {
  const part = `${path}.part`;
  const unlock = await lock(part);
  try {
    const held = await sizeOf(part);
    const mark = await readFile(`${part}.mark`, 'utf8').catch(() => '');
    const goesOn = held > 0 && (mark !== '' || options.checked);
    const response = await request(url, goesOn ? held : 0, mark, options.signal);
    if (response.status === 416) {
      // There is nothing after what is held: it is complete, or of another file.
      await response.body?.cancel();
      const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
      if (total !== String(held)) {
        await rm(part, {force: true});
        throw new KeratinError(`${url}: the server's file is not the one whose download was begun; try again`);
      }
    } else {
      const start = response.status === 206 ? startOf(response) : 0;
      if (start !== 0 && start !== held) throw new KeratinError(`${url}: the server sent another part of the file`);
      await writeFile(`${part}.mark`, markOf(response));
      await receive(url, response, part, start, options);
    }
    await rename(part, path);
    await rm(`${part}.mark`, {force: true});
  } finally {
    await unlock();
  }
}

async function request(url: string, from: number, mark: string, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {'accept-encoding': 'identity'};
  if (from > 0) headers['range'] = `bytes=${String(from)}-`;
  if (from > 0 && mark !== '') headers['if-range'] = mark;
  const response = await fetch(url, {headers, ...(signal === undefined ? {} : {signal})});
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  throw new KeratinError(`HTTP ${String(response.status)} ${response.statusText}`.trim());
}

/** What tells this version of a file from others: a strong ETag, or the date. */
function markOf({headers}: Response): string {
  const tag = headers.get('etag');
  return tag !== null && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? '');
}

const startOf = ({headers}: Response): number =>
  Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? 0);

async function receive(
  url: string,
  response: Response,
  part: string,
  start: number,
  {progress}: DownloadOptions,
): Promise<void> {
  const length = response.headers.get('content-length');
  // The length of what is decoded is not that of what is sent.
  const isPlain = (response.headers.get('content-encoding') ?? 'identity') === 'identity';
  const total = length === null || !isPlain ? null : start + Number(length);
  const bar = new DownloadProgress(total, progress);
  const file = await open(part, start > 0 ? 'r+' : 'w');
  let at = start;
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      for (let done = 0; done < chunk.length;) {
        const {bytesWritten} = await file.write(chunk, done, chunk.length - done, at);
        done += bytesWritten;
        at += bytesWritten;
      }
      bar.update(at);
    }
    if (total !== null && at !== total) {
      throw new KeratinError(
        `the connection ended after ${String(at)} of ${String(total)} bytes; ${url} is resumed by the next call`,
      );
    }
    await file.truncate(at);
    await file.sync();
  } finally {
    bar.stop();
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/** Keeps two processes from writing one file; a lock whose process has ended does not count. */
async function lock(part: string): Promise<() => Promise<void>> {
  const path = `${part}.lock`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(path, String(process.pid), {flag: 'wx'});
      return () => rm(path, {force: true});
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
      const owner = Number(await readFile(path, 'utf8').catch(() => ''));
      if (owner > 0 && isRunning(owner)) {
        throw new KeratinError(
          `process ${String(owner)} is downloading it already; wait for it, or delete ${path} if that is another program`,
          {cause},
        );
      }
      await rm(path, {force: true});
    }
  }
  throw new KeratinError(`${path} cannot be taken: other processes take it again and again`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
