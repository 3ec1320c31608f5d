import {type DType} from '../dtype.js';
import {roundTo} from './half.js';

/** A positive number as decimal digits: d.ddd * 10^exponent. */
export interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

function parse(text: string): Decimal {
  const [mantissa = '0', exponent = '0'] = text.split('e');
  return {digits: mantissa.replace('.', ''), exponent: Number(exponent)};
}

const numberOf = ({digits, exponent}: Decimal): number => Number(`${digits}e${String(exponent - digits.length + 1)}`);

/** The fewest digits that tell a positive value from its neighbours in `dtype`; the nearest where there is a choice. */
export function shortest(x: number, dtype: DType): Decimal {
  if (dtype === 'float64' || dtype === 'complex128') return parse(x.toExponential());
  for (let digits = 0; digits < 9; digits++) {
    const near = parse(x.toExponential(digits));
    if (roundTo(numberOf(near), dtype) === x) {
      const even = exact(x, digits + 1);
      return roundTo(numberOf(even), dtype) === x ? even : near;
    }
    // Above a power of two the values lie wider apart than below: the next decimal may fit where the nearest does not.
    const above = next(near);
    if (roundTo(numberOf(above), dtype) === x) return above;
  }
  return parse(x.toExponential());
}

function next({digits, exponent}: Decimal): Decimal {
  const raised = String(BigInt(digits) + 1n);
  return raised.length > digits.length
    ? {digits: raised.slice(0, -1), exponent: exponent + 1}
    : {digits: raised, exponent};
}

/** `significant` digits of a positive value, ties to the even digit. */
export function exact(x: number, significant: number): Decimal {
  // 100 digits are the most that can be asked for, and enough to see a tie.
  const all = parse(x.toExponential(100));
  const kept = all.digits.slice(0, significant);
  const rest = all.digits.slice(significant);
  const isTie = /^50*$/.test(rest);
  const roundsUp = isTie ? Number(kept.at(-1)) % 2 === 1 : rest >= '5';
  const down = {digits: kept, exponent: all.exponent};
  return roundsUp ? next(down) : down;
}

/** At most `decimals` digits after the point, without trailing zeros: the parts before and after it. */
export function positional(x: number, dtype: DType, decimals: number): readonly [whole: string, fraction: string] {
  if (x === 0) return ['0', ''];
  let decimal = shortest(x, dtype);
  if (decimal.digits.length - 1 - decimal.exponent > decimals) {
    const significant = decimals + 1 + decimal.exponent;
    if (significant < 1) return ['0', ''];
    decimal = exact(x, significant);
  }
  const {digits, exponent} = decimal;
  const whole = exponent < 0 ? '0' : digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = exponent < 0 ? '0'.repeat(-exponent - 1) + digits : digits.slice(exponent + 1);
  return [whole, fraction.replace(/0+$/, '')];
}

/** Digits after the point of the scientific form, at most `decimals`, without trailing zeros, and the exponent. */
export function scientific(
  x: number,
  dtype: DType,
  decimals: number,
): readonly [whole: string, fraction: string, exponent: number] {
  if (x === 0) return ['0', '', 0];
  let decimal = shortest(x, dtype);
  if (decimal.digits.length - 1 > decimals) decimal = exact(x, decimals + 1);
  return [decimal.digits.slice(0, 1), decimal.digits.slice(1).replace(/0+$/, ''), decimal.exponent];
}
