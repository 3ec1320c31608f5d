import {ValueError} from '@keratin/core';

// A box table as Keras's summary draws it (with the Python library rich): fixed columns, a rule between rows, words wrapped.

export type Alignment = 'left' | 'right' | 'center';

export interface TableColumn {
  readonly header: string;
  readonly align: Alignment;
  /** Where the column ends, as a part of the whole width. */
  readonly end: number;
}

/** One space at each side of a cell. */
const PADDING = 2;

const roundHalfToEven = (value: number): number => {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
};

/** Widths of the columns with their padding, without the lines between them. */
export function columnWidths(columns: readonly TableColumn[], width: number): number[] {
  let start = 0;
  const wanted = columns.map(({end}) => {
    const size = Math.trunc(end * width) - start;
    start += size;
    if (size < 4) throw new ValueError(`summary: lineLength ${String(width)} is too small for its columns`);
    return size + PADDING;
  });
  // The lines and the padding were not thought of: what is too much is taken from all columns alike.
  let excess = wanted.reduce((sum, size) => sum + size, 0) - (width - columns.length - 1);
  return wanted.map((size, i) => {
    const share = roundHalfToEven(excess / (wanted.length - i));
    excess -= share;
    return size - share;
  });
}

/** The lines of a cell: words go to the next line where they do not fit, and are cut where they fit on none. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(/\s*\S+\s*/g) ?? ['']) {
    const length = word.trimEnd().length;
    const fits = width - line.length >= length;
    if (!fits && line !== '') {
      lines.push(line);
      line = '';
    }
    line += word;
  }
  lines.push(line);
  return lines.map((entry) => {
    const shown = entry.length > width ? entry.trimEnd() : entry;
    return shown.length > width ? `${shown.slice(0, width - 1)}…` : shown;
  });
}

function aligned(text: string, width: number, align: Alignment): string {
  const trimmed = align === 'left' ? text : text.trim();
  const room = width - trimmed.length;
  if (align === 'left') return trimmed + ' '.repeat(Math.max(room, 0));
  if (align === 'right') return ' '.repeat(Math.max(room, 0)) + trimmed;
  const left = Math.floor(room / 2);
  return ' '.repeat(Math.max(left, 0)) + trimmed + ' '.repeat(Math.max(room - left, 0));
}

/** The table as lines. */
export function drawTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columnWidths(columns, width);
  const rule = (left: string, line: string, cross: string, right: string): string =>
    left + widths.map((size) => line.repeat(size)).join(cross) + right;
  const row = (cells: readonly string[], edge: string): string[] => {
    const wrapped = cells.map((cell, i) => wrapWords(cell, (widths[i] ?? 0) - PADDING));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({length: height}, (_, k) => {
      const parts = wrapped.map((lines, i) => {
        const text = aligned(lines[k] ?? '', (widths[i] ?? 0) - PADDING, columns[i]?.align ?? 'left');
        return ` ${text} `;
      });
      return edge + parts.join(edge) + edge;
    });
  };
  const lines = [
    rule('┏', '━', '┳', '┓'),
    ...row(
      columns.map(({header}) => header),
      '┃',
    ),
    rule('┡', '━', '╇', '┩'),
  ];
  rows.forEach((cells, i) => {
    if (i > 0) lines.push(rule('├', '─', '┼', '┤'));
    lines.push(...row(cells, '│'));
  });
  lines.push(rule('└', '─', '┴', '┘'));
  return lines;
}
