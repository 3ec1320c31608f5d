import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {drawTable, type TableColumn, wrapWords} from './table.js';

interface Case {
  id: string;
  kwargs: {line_length?: number; show_trainable?: boolean};
  columns: number;
  text: string;
}

const golden = new URL('../../../../tests/golden/summary.json', import.meta.url);
const {cases} = JSON.parse(readFileSync(golden, 'utf8')) as {cases: Case[]};

/** The header's cells and rows of a drawn table; wrapped cells are joined with a space where nothing was cut. */
function parse(lines: readonly string[]): {header: string[]; rows: string[][]} {
  const split = (line: string) => line.split(/[│┃]/).slice(1, -1);
  const header = split(lines[1] ?? '').map((cell) => cell.trim());
  const rows: string[][] = [];
  let fresh = true;
  for (const line of lines.slice(3)) {
    if (!line.startsWith('│')) {
      fresh = true;
      continue;
    }
    const cells = split(line).map((cell) => cell.slice(1).trimEnd());
    if (fresh) rows.push(cells);
    else {
      rows[rows.length - 1] = (rows.at(-1) ?? []).map((text, i) => {
        const more = cells[i]?.trim() ?? '';
        return more === '' ? text : `${text} ${more}`;
      });
    }
    fresh = false;
  }
  return {header, rows};
}

describe('tables are drawn as Keras draws them', () => {
  const drawn = cases.filter((c) => (c.kwargs.line_length ?? 0) <= c.columns && !c.text.includes('…'));
  it.each(drawn)('$id', ({kwargs, columns, text}) => {
    const lines = text.split('\n').filter((line) => /^[┏┃┡│├└]/.test(line));
    const {header, rows} = parse(lines);
    const graph = header.includes('Connected to');
    let ends = graph ? [0.3, 0.56, 0.74, 1] : [0.45, 0.8, 1];
    let full = graph ? 108 : 88;
    if (kwargs.show_trainable === true) {
      ends = [...ends.map((end) => end * 0.9), 1];
      full += 12;
    }
    const width = kwargs.line_length ?? Math.min(full, columns - 4);
    const align = (name: string) => (name === 'Param #' ? 'right' : name === 'Trainable' ? 'center' : 'left');
    const table: TableColumn[] = header.map((name, i) => ({header: name, align: align(name), end: ends[i] ?? 1}));
    const cells = rows.map((row) => row.map((cell, i) => (table[i]?.align === 'left' ? cell : cell.trim())));
    expect(drawTable(table, cells, width)).toEqual(lines);
  });
});

it('wraps words and cuts what fits nowhere', () => {
  expect(wrapWords('max_pooling2d (MaxPooling2D)', 20)).toEqual(['max_pooling2d ', '(MaxPooling2D)']);
  expect(wrapWords('a_very_long_layer_name_that_will_not_fit (Conv2D)', 24)).toEqual([
    'a_very_long_layer_name_…',
    '(Conv2D)',
  ]);
  expect(wrapWords('', 5)).toEqual(['']);
});

it('refuses a width without room', () => {
  expect(() => drawTable([{header: 'x', align: 'left', end: 1}], [], 3)).toThrow(
    'summary: lineLength 3 is too small for its columns',
  );
});
