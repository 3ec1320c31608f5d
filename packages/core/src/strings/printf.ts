import {exact} from '../tensor/decimal.js';

// How C's printf writes floating numbers: all digits exact, ties to the even digit.

const sign = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');

function special(x: number): string | null {
  if (Number.isNaN(x)) return 'nan';
  return Number.isFinite(x) ? null : `${sign(x)}inf`;
}

/** `%.{precision}f` */
export function fixed(x: number, precision: number): string {
  const size = Math.abs(x);
  const point = precision > 0 ? '.' : '';
  if (size >= 2 ** 53) return special(x) ?? `${sign(x)}${String(BigInt(size))}${point}${'0'.repeat(precision)}`;
  if (Number.isNaN(x)) return 'nan';
  const exponent = size === 0 ? -1 : Number(size.toExponential().split('e')[1]);
  const significant = exponent + 1 + precision;
  if (significant < 1 || significant > 100) {
    // Half of the last digit goes down to zero, which is even.
    return sign(x) + (precision === 0 && size === 0.5 ? '0' : size.toFixed(Math.min(precision, 100)));
  }
  const rounded = exact(size, significant);
  const digits = rounded.digits.padStart(rounded.digits.length - Math.min(rounded.exponent, 0), '0');
  const whole = digits.slice(0, Math.max(rounded.exponent, 0) + 1);
  const fraction = digits.slice(whole.length).padEnd(precision, '0').slice(0, precision);
  return `${sign(x)}${whole}${point}${fraction}`;
}

/** `%.{precision}e` */
export function scientific(x: number, precision: number): string {
  const text = special(x);
  if (text !== null) return text;
  const {digits, exponent} = x === 0 ? {digits: '0', exponent: 0} : exact(Math.abs(x), precision + 1);
  const tail = String(Math.abs(exponent)).padStart(2, '0');
  const fraction = digits.slice(1).padEnd(precision, '0');
  return `${sign(x)}${digits.slice(0, 1)}${precision > 0 ? '.' : ''}${fraction}e${exponent < 0 ? '-' : '+'}${tail}`;
}

/** `%.{precision}g` */
export function general(x: number, precision: number): string {
  const significant = Math.max(precision, 1);
  const text = special(x);
  if (text !== null) return text;
  const {exponent} = x === 0 ? {exponent: 0} : exact(Math.abs(x), significant);
  if (exponent < -4 || exponent >= significant) {
    const [mantissa = '', power = ''] = scientific(x, significant - 1).split('e');
    return `${trimmed(mantissa)}e${power}`;
  }
  return trimmed(fixed(x, significant - 1 - exponent));
}

const trimmed = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** Flags and width of a format: `+` and space write a sign, `-` goes to the left, `0` fills with zeros. */
export function padded(text: string, fill: '' | ' ' | '0' | '+' | '-', width: number): string {
  const signed = (fill === '+' || fill === ' ') && !text.startsWith('-') ? `${fill}${text}` : text;
  if (fill === '-') return signed.padEnd(width);
  if (fill !== '0' || !/\d/.test(text)) return signed.padStart(width);
  const negative = signed.startsWith('-') ? '-' : '';
  return negative + signed.slice(negative.length).padStart(width - negative.length, '0');
}
