import {type DType} from '../dtype.js';
import {exact, positional, scientific} from './decimal.js';
import {roundTo} from './half.js';

// NumPy's text layout of arrays (numpy/_core/arrayprint.py), with its default print options.

const PRECISION = 8;
const LINE_WIDTH = 75;
/** Arrays of more elements show this many at each end of every long axis. */
export const EDGE_ITEMS = 3;
export const THRESHOLD = 1000;

/** Decimal digits that a dtype always keeps; numbers beyond them are written in scientific form. */
const DIGITS: Partial<Record<DType, number>> = {
  bfloat16: 2,
  float16: 3,
  float32: 6,
  complex64: 6,
  float64: 15,
  complex128: 15,
};

/** Writes one element; all of an array have the same width. */
export type ElementFormat = (value: number) => string;

const signOf = (x: number, plus: boolean): string => (x < 0 || Object.is(x, -0) ? '-' : plus ? '+' : '');

function exponentText(exponent: number, digits = 2): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(digits, '0')}`;
}

/** How numbers of a floating dtype are written so that they line up. `plus` writes the sign of positive ones too. */
export function floatFormat(values: readonly number[], dtype: DType, plus = false): ElementFormat {
  const round = (x: number) => roundTo(x, dtype);
  const finite = values.filter(Number.isFinite);
  let max = 0;
  let min = Infinity;
  for (const value of finite) {
    const size = Math.abs(value);
    if (size === 0) continue;
    max = Math.max(max, size);
    min = Math.min(min, size);
  }
  const cutoff = 10 ** Math.min(PRECISION, DIGITS[dtype] ?? PRECISION);
  // NumPy compares in the array's own dtype.
  const asPowers = max > 0 && (max >= cutoff || min < round(1e-4) || round(max / min) > 1000);

  let left = 0;
  let right = 0;
  let fractionDigits = 0;
  let exponentDigits = 2;
  if (asPowers) {
    for (const value of finite) {
      const [whole, fraction, exponent] = scientific(Math.abs(value), dtype, PRECISION);
      left = Math.max(left, signOf(value, plus).length + whole.length);
      fractionDigits = Math.max(fractionDigits, fraction.length);
      exponentDigits = Math.max(exponentDigits, String(Math.abs(exponent)).length);
    }
    right = fractionDigits + 2 + exponentDigits;
  } else {
    for (const value of finite) {
      const [whole, fraction] = positional(Math.abs(value), dtype, PRECISION);
      left = Math.max(left, signOf(value, plus).length + whole.length);
      right = Math.max(right, fraction.length);
    }
  }
  if (finite.length < values.length) {
    const negative = plus || values.includes(-Infinity) ? 1 : 0;
    left = Math.max(left, 3 - (right + 1), 3 + negative - (right + 1));
  }

  return (value) => {
    if (!Number.isFinite(value)) return nonFinite(value, plus).padStart(left + right + 1);
    const size = Math.abs(value);
    if (asPowers) {
      let [whole, fraction, exponent] = scientific(size, dtype, PRECISION);
      // More digits than the shortest form has are those of the exact value.
      if (size > 0 && fraction.length < fractionDigits) {
        const more = exact(size, fractionDigits + 1);
        [whole, fraction, exponent] = [more.digits.slice(0, 1), more.digits.slice(1), more.exponent];
      }
      const head = (signOf(value, plus) + whole).padStart(left);
      return `${head}.${fraction.padEnd(fractionDigits, '0')}${exponentText(exponent, exponentDigits)}`;
    }
    const [whole, fraction] = positional(size, dtype, PRECISION);
    return `${(signOf(value, plus) + whole).padStart(left)}.${fraction.padEnd(right)}`;
  };
}

function nonFinite(value: number, plus: boolean): string {
  const sign = plus ? '+' : '';
  if (Number.isNaN(value)) return `${sign}nan`;
  return value < 0 ? '-inf' : `${sign}inf`;
}

/** One number by itself, as NumPy writes a scalar. `point` keeps a zero after the point of whole numbers. */
export function floatScalar(value: number, dtype: DType, point = true, plus = false): string {
  if (!Number.isFinite(value)) return nonFinite(value, plus);
  const size = Math.abs(value);
  const digits = DIGITS[dtype] ?? 15;
  const cutoff = digits >= 15 ? 1e16 : 10 ** digits;
  const sign = signOf(value, plus);
  if (size === 0 || (size >= 1e-4 && size < cutoff)) {
    const [whole, fraction] = positional(size, dtype, Infinity);
    if (fraction === '') return `${sign}${whole}${point ? '.0' : ''}`;
    return `${sign}${whole}.${fraction}`;
  }
  const [whole, fraction, exponent] = scientific(size, dtype, Infinity);
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}${exponentText(exponent)}`;
}

/** What {@link layout} writes: an array whose long axes keep only their ends. */
export interface Grid {
  /** Sizes of the array. */
  readonly shape: readonly number[];
  /** Whether axes longer than two edges hold only these. */
  readonly summarized: boolean;
  /** The text of the element at a row-major position among those kept. */
  readonly element: (position: number) => string;
}

/** The array in brackets: rows below each other, long rows wrapped at 75 characters, `...` for what is left out. */
export function layout({shape, summarized, element}: Grid): string {
  if (shape.includes(0)) return '[]';
  const cut = shape.map((n) => summarized && n > 2 * EDGE_ITEMS);
  const kept = shape.map((n, axis) => (cut[axis] === true ? 2 * EDGE_ITEMS : n));
  let position = 0;

  const write = (axis: number, indent: string, width: number): string => {
    if (axis === shape.length) return element(position++);
    const count = kept[axis] ?? 0;
    const gap = cut[axis] === true ? EDGE_ITEMS : -1;
    const inner = `${indent} `;
    if (axis === shape.length - 1) {
      let text = '';
      let line = indent;
      const put = (word: string) => {
        if (line.length + word.length > width - 1 && line.length > indent.length) {
          text += `${line.trimEnd()}\n`;
          line = indent;
        }
        line += word;
      };
      for (let i = 0; i < count; i++) {
        if (i === gap) {
          put('...');
          line += ' ';
        }
        put(write(axis + 1, inner, width - 1));
        if (i < count - 1) line += ' ';
      }
      return `[${(text + line).slice(indent.length)}]`;
    }
    const rows: string[] = [];
    for (let i = 0; i < count; i++) {
      if (i === gap) rows.push(`${indent}...`);
      rows.push(indent + write(axis + 1, inner, width - 1));
    }
    return `[${rows.join('\n'.repeat(shape.length - 1 - axis)).slice(indent.length)}]`;
  };
  return write(0, ' ', LINE_WIDTH);
}
