import {FileFormatError, ValueError} from '@keratin/core';
import {checkOptions, describe, hint} from '@keratin/core/internal';
import {stageName} from '../failure.js';
import {type Stage} from '../stage.js';
import {bytesOf, checkPaths} from './bytes.js';
import {GeneratorStage} from './generator.js';

/** Options of `Dataset.csv`. */
export interface CsvOptions {
  /** Between columns. Default `','`. */
  delimiter?: string | undefined;
  /** Around text that holds delimiters, quotes or line breaks. Default `'"'`. */
  quote?: string | undefined;
  /** Names of the columns, for files without a line of names. Default: the first line of each file has them. */
  columns?: readonly string[] | undefined;
  /** Columns that are kept. Default: all. */
  selectColumns?: readonly string[] | undefined;
  /** Whether cells that are numbers become numbers, but for quoted ones. Default true. */
  numbers?: boolean | undefined;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function cell(text: string): string | number {
  return NUMBER.test(text) ? Number(text) : text;
}

/** The rows of CSV files. */
export function csvStage<T>(paths: unknown, options: CsvOptions): Stage<T> {
  const where = stageName('csv');
  checkOptions(where, options, ['delimiter', 'quote', 'columns', 'selectColumns', 'numbers'], {
    sep: 'delimiter',
    names: 'columns',
    columnNames: 'columns',
  });
  for (const name of ['delimiter', 'quote'] as const) {
    const value = options[name];
    if (value !== undefined && (typeof value !== 'string' || value.length === 0)) {
      throw new ValueError(`${where}: ${name} must be text of at least one character, got ${describe(value)}`);
    }
  }
  const list = checkPaths('csv', paths);
  return new GeneratorStage('csv', () => rowsOf(list, options) as AsyncGenerator as AsyncGenerator<T>);
}

// RFC 4180, through csv-parse.
async function* rowsOf(
  paths: readonly string[],
  options: CsvOptions,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const {delimiter = ',', quote = '"', columns, selectColumns, numbers = true} = options;
  const {CsvError, parse} = await import('csv-parse');
  for (const path of paths) {
    const parser = parse({
      delimiter,
      quote,
      columns: columns === undefined ? true : [...columns],
      bom: true,
      skip_empty_lines: true,
      cast: numbers ? (text, {quoting, header}) => (quoting || header ? text : cell(text)) : false,
    });
    const pump = (async () => {
      try {
        for await (const chunk of bytesOf(path)) {
          if (parser.destroyed) return;
          if (!parser.write(chunk)) await new Promise<void>((resolve) => wake(parser, resolve));
        }
        parser.end();
      } catch (error) {
        parser.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    })();
    try {
      for await (const row of parser as AsyncIterable<Readonly<Record<string, unknown>>>) {
        yield selectColumns === undefined ? row : selected(path, row, selectColumns);
      }
    } catch (cause) {
      if (cause instanceof CsvError) throw new FileFormatError(`${path}: ${cause.message}`, {cause});
      throw cause;
    } finally {
      parser.destroy();
      await pump;
    }
  }
}

function selected(
  path: string,
  row: Readonly<Record<string, unknown>>,
  columns: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((column) => {
      if (Object.hasOwn(row, column)) return [column, row[column]];
      throw new FileFormatError(`${path}: there is no column "${column}"${hint(column, Object.keys(row))}`);
    }),
  );
}

// Also where the parser was given up: nothing waits for ever.
function wake(parser: NodeJS.EventEmitter, resolve: () => void): void {
  const done = (): void => {
    parser.off('drain', done);
    parser.off('close', done);
    resolve();
  };
  parser.on('drain', done);
  parser.on('close', done);
}
