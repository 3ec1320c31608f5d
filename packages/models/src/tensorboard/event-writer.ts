import {appendFile, mkdir} from 'node:fs/promises';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {encodeRecord} from '@keratin/core/internal';
import {bytes, double, integer, message} from './protobuf.js';

let files = 0;

/** Writes an event file of TensorBoard: records of an event each, with checksums. The file is made with the first one. */
export class EventWriter {
  readonly folder: string;
  #path: string | null = null;
  #waiting: Uint8Array[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Adds an event with one value; it is on the disk after {@link flush}. */
  add(step: number, value: Uint8Array): void {
    this.#waiting.push(record([double(1, Date.now() / 1000), integer(2, step), message(5, value)]));
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const pieces = this.#waiting;
    this.#waiting = [];
    if (this.#path === null) {
      files += 1;
      const seconds = Math.floor(Date.now() / 1000);
      const name = `events.out.tfevents.${String(seconds)}.${hostname()}.${String(process.pid)}.${String(files)}.v2`;
      this.#path = join(this.folder, name);
      await mkdir(this.folder, {recursive: true});
      pieces.unshift(record([double(1, seconds), bytes(3, 'brain.Event:2')]));
    }
    await appendFile(this.#path, Buffer.concat(pieces));
  }
}

const record = (fields: readonly Uint8Array[]): Uint8Array => encodeRecord(Buffer.concat(fields));
