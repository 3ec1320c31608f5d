import {ValueError} from '@keratin/core';
import {exponential, fixed, repr} from '../progress/numbers.js';

const PLACEHOLDER = /\{([^{}:]*)(?::([^{}]*))?\}/g;
const SPEC = /^(?:(.)?([<>^=]))?([+ -])?(0)?(\d+)?(?:\.(\d+))?([dfeEgG%])?$/u;

/** The names that a path like `{epoch:02d}-{val_loss:.2f}.safetensors` asks for. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** Fills in numbers by name, in the formats that Python's `str.format` has for them: `02d`, `.2f`, `.3e`, `>6.1f`, `g`. */
export function fillTemplate(
  where: string,
  template: string,
  values: Readonly<Record<string, number | undefined>>,
  integers: ReadonlySet<string>,
): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string, spec = '') => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      throw new ValueError(
        `${where}: the file path "${template}" names "${name}", which the logs do not have; they have ${Object.keys(values).join(', ')}`,
      );
    }
    return format(where, value, spec as string, integers.has(name));
  });
}

function format(where: string, value: number, spec: string, integer: boolean): string {
  const parts = SPEC.exec(spec);
  if (parts === null) {
    throw new ValueError(`${where}: "${spec}" is not a number format; use forms like 02d, .2f, .3e`);
  }
  const [, fillChar, align, sign = '-', zero, width, precision, kind] = parts;
  const digits = precision === undefined ? undefined : Number(precision);
  const size = Math.abs(value);
  let text: string;
  if (kind === 'd' && !integer) {
    throw new ValueError(`${where}: the format "${spec}" is for whole numbers, the value is ${String(value)}`);
  }
  if (kind === undefined) text = integer ? String(size) : digits === undefined ? repr(size) : general(size, digits);
  else if (kind === 'd') text = String(size);
  else if (kind === 'f') text = fixed(size, digits ?? 6);
  else if (kind === '%') text = `${fixed(size * 100, digits ?? 6)}%`;
  else if (kind === 'e' || kind === 'E') text = exponential(size, digits ?? 6);
  else text = general(size, digits ?? 6);
  if (kind === 'E' || kind === 'G') text = text.toUpperCase();
  const mark = value < 0 ? '-' : sign === '-' ? '' : sign;
  const room = Number(width ?? 0) - mark.length - text.length;
  if (room <= 0) return mark + text;
  const fill = fillChar ?? (zero !== undefined ? '0' : ' ');
  const where_ = align ?? (zero !== undefined ? '=' : '>');
  if (where_ === '=') return mark + fill.repeat(room) + text;
  if (where_ === '<') return mark + text + fill.repeat(room);
  if (where_ === '>') return fill.repeat(room) + mark + text;
  const left = Math.floor(room / 2);
  return fill.repeat(left) + mark + text + fill.repeat(room - left);
}

/** Python's `g`: significant digits, without trailing zeros; exponent form for very large and very small numbers. */
function general(value: number, precision: number): string {
  const digits = Math.max(precision, 1);
  if (!Number.isFinite(value) || value === 0) return fixed(value, 0);
  const [, power = '0'] = exponential(value, digits - 1).split('e');
  const exponent = Number(power);
  const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent < -4 || exponent >= digits) {
    const [figures = '', rest = '+00'] = exponential(value, digits - 1).split('e');
    return `${trim(figures)}e${rest}`;
  }
  return trim(fixed(value, digits - 1 - exponent));
}
