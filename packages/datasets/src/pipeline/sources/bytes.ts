import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {createGunzip} from 'node:zlib';
import {FileFormatError, ValueError} from '@keratin/core';
import {describe, pathText} from '@keratin/core/internal';
import {stageName} from '../failure.js';

/** Paths of files as a user gave them: one or several, each as text. */
export function checkPaths(name: string, paths: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(paths) ? paths : [paths];
  if (list.length === 0) throw new ValueError(`${stageName(name)}: at least one file is needed, got none`);
  return list.map((path) => {
    if (typeof path === 'string' || path instanceof URL) return pathText(path);
    throw new ValueError(`${stageName(name)}: a path or file URL is needed, got ${describe(path)}`);
  });
}

/** The bytes of a file, piece by piece; a `.gz` is decompressed. */
export async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const text = createGunzip();
  file.on('error', (error) => text.destroy(error));
  try {
    yield* file.pipe(text) as AsyncIterable<Buffer>;
  } catch (cause) {
    const damaged = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_');
    if (!damaged) throw cause;
    throw new FileFormatError(`${path}: the gzip file is damaged (${cause.message})`, {cause});
  } finally {
    file.destroy();
  }
}

/** The size of a file, or null for one that is compressed: its content may be larger. */
export async function sizeOfFile(path: string): Promise<number | null> {
  return path.endsWith('.gz') ? null : (await stat(path)).size;
}

const MAX_LINE_BYTES = 1 << 28;

/** The lines of a file of UTF-8, without `\n` or `\r\n`. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let held = 0;
  const line = (end: Buffer): string => {
    const whole = pieces.length === 0 ? end : Buffer.concat([...pieces, end]);
    pieces = [];
    held = 0;
    const size = whole.at(-1) === 0x0d ? whole.length - 1 : whole.length;
    return whole.toString('utf8', 0, size);
  };
  for await (const chunk of bytesOf(path)) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      yield line(chunk.subarray(from, at));
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    if (rest.length > 0) pieces.push(rest);
    held += rest.length;
    if (held > MAX_LINE_BYTES) {
      throw new FileFormatError(
        `${path}: a line has more than ${String(MAX_LINE_BYTES)} bytes; this is no text of lines`,
      );
    }
  }
  if (held > 0) yield line(Buffer.alloc(0));
}

/** The values of the lines of JSON files; empty lines are passed over. */
export async function* jsonLinesOf(paths: readonly string[]): AsyncGenerator {
  for (const path of paths) {
    let number = 0;
    for await (const line of linesOf(path)) {
      number += 1;
      if (line.trim() === '') continue;
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch (cause) {
        throw new FileFormatError(`${path}: line ${String(number)} is no JSON: ${describe(line)}`, {cause});
      }
      yield value;
    }
  }
}

/** The lines of several files. */
export async function* textLinesOf(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) yield* linesOf(path);
}
