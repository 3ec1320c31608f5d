// Numbers as Python's format() writes them, so that lines are Keras's to the letter.

/** Digits behind the position that decides how to round; a double that lies exactly between two has only zeros there. */
const FURTHER = 40;

/** Whether the digits of `text` after position `at` are one 5 and zeros: a tie, which goes to the even neighbour. */
function isTie(text: string, at: number): boolean {
  return text[at] === '5' && /^0*$/.test(text.slice(at + 1));
}

function roundHalfToEven(short: string, long: string, position: number, lower: (text: string) => string): string {
  if (!isTie(long, position)) return short;
  const down = lower(long.slice(0, position));
  const last = /(\d)\D*$/.exec(down)?.[1] ?? '0';
  return Number(last) % 2 === 0 ? down : short;
}

function notFinite(value: number): string | undefined {
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  return value === -Infinity ? '-inf' : undefined;
}

/** Python's `f'{value:.{digits}f}'`. */
export function fixed(value: number, digits: number): string {
  const odd = notFinite(value);
  if (odd !== undefined) return odd;
  if (value < 0 || Object.is(value, -0)) return `-${fixed(-value, digits)}`;
  if (value >= 1e21) return BigInt(value).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
  const short = value.toFixed(digits);
  const long = value.toFixed(Math.min(digits + FURTHER, 100));
  const position = long.indexOf('.') + digits + 1;
  return roundHalfToEven(short, long, position, (text) => (digits === 0 ? text.replace('.', '') : text));
}

/** Python's `f'{value:.{digits}e}'`: at least two digits in the exponent. */
export function exponential(value: number, digits: number): string {
  const odd = notFinite(value);
  if (odd !== undefined) return odd;
  if (value < 0 || Object.is(value, -0)) return `-${exponential(-value, digits)}`;
  const [short = '', power = '+0'] = value.toExponential(digits).split('e');
  const [long = '', longPower = '+0'] = value.toExponential(Math.min(digits + FURTHER, 100)).split('e');
  const rounded =
    power === longPower
      ? roundHalfToEven(short, long, digits === 0 ? 2 : digits + 2, (text) => (digits === 0 ? text.slice(0, 1) : text))
      : short;
  const [, sign = '+', figures = '0'] = /^([+-])(\d+)$/.exec(power) ?? [];
  return `${rounded}e${sign}${figures.padStart(2, '0')}`;
}

/** The shortest text that reads back as the same number, as Python's `repr` writes floats: `1.0`, `1e-05`, `1e+16`. */
export function repr(value: number): string {
  const odd = notFinite(value);
  if (odd !== undefined) return odd;
  if (Object.is(value, -0)) return '-0.0';
  if (value === 0) return '0.0';
  const size = Math.abs(value);
  if (size >= 1e16 || size < 1e-4) {
    const [figures = '', power = '+0'] = value.toExponential().split('e');
    return `${figures}e${power[0] ?? '+'}${power.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}
