import {appendFile, stat, truncate, writeFile} from 'node:fs/promises';
import {ValueError} from '@keratin/core';
import {checkOptions, describe, schema} from '@keratin/core/internal';
import {repr} from '../progress/numbers.js';
import {Callback, type CallbackState, type Logs} from './callback.js';

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** What stands between values. Default `','`. */
  separator?: string | undefined;
  /** Whether to go on in a file that is there. Default false: it is written anew. */
  append?: boolean | undefined;
}

const stateSchema = schema((z) =>
  z.object({keys: z.array(z.string()).nullable(), start: z.number(), text: z.string()}),
);

/**
 * Writes the logs of each epoch as a row of a CSV file: the epoch (from 0) and the values in alphabetical order; `NA` where
 * one is missing (Keras's `CSVLogger`).
 *
 * @example
 * new callbacks.CSVLogger('training.csv');
 */
export class CSVLogger extends Callback {
  readonly filename: string;
  readonly separator: string;
  readonly append: boolean;
  #keys: string[] | null = null;
  #needsHeader = true;
  /** The size of the file when training began, and what was written since. */
  #start = 0;
  #text = '';

  constructor(filename: string, options: CSVLoggerOptions = {}) {
    super();
    checkOptions('CSVLogger', options, ['separator', 'append'], {sep: 'separator'});
    if (typeof filename !== 'string' || filename === '') {
      throw new ValueError(`CSVLogger: a file name is needed, got ${describe(filename)}`);
    }
    this.filename = filename;
    this.separator = options.separator ?? ',';
    this.append = options.append ?? false;
  }

  override async onTrainBegin(): Promise<void> {
    this.#keys = null;
    this.#start = 0;
    this.#text = '';
    if (this.append) {
      const there = await stat(this.filename).catch(() => null);
      this.#start = there?.size ?? 0;
      this.#needsHeader = this.#start === 0;
    } else {
      await writeFile(this.filename, '');
      this.#needsHeader = true;
    }
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    let text = '';
    if (this.#keys === null) {
      const keys = Object.keys(logs).sort();
      // Validation may come in later epochs only; the columns are fixed with the first row.
      const hasValidation = keys.some((key) => key.startsWith('val_'));
      this.#keys = hasValidation ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
      if (this.#needsHeader) text += this.#row(['epoch', ...this.#keys]);
      this.#needsHeader = false;
    }
    text += this.#row([String(epoch), ...this.#keys.map((key) => cell(logs[key]))]);
    await appendFile(this.filename, text);
    this.#text += text;
  }

  override getState(): CallbackState {
    return {keys: this.#keys, start: this.#start, text: this.#text};
  }
  override async setState(state: unknown): Promise<void> {
    const {keys, start, text} = stateSchema.parse(state);
    // Rows that came after the state was kept will come again.
    const there = await stat(this.filename).catch(() => null);
    if (there !== null && there.size > start) await truncate(this.filename, start);
    await appendFile(this.filename, text);
    this.#keys = keys;
    this.#start = start;
    this.#text = text;
    this.#needsHeader = keys === null && start === 0;
  }

  #row(cells: readonly string[]): string {
    const special = new RegExp(`["\\r\\n]|${this.separator.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
    const quoted = cells.map((text) => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text));
    return `${quoted.join(this.separator)}\r\n`;
  }
}

function cell(value: unknown): string {
  if (typeof value === 'number') return repr(value);
  // Metrics without averaging give one number per class.
  if (Array.isArray(value)) return `"[${value.map((entry) => cell(entry)).join(', ')}]"`;
  return 'NA';
}
