import {ValueError} from '../../errors.js';
import {isPlainObject} from '../../structure.js';
import {describe} from '../../suggest.js';

// Attributes and static arguments as JSON. What JSON has no word for stands in a dictionary with one key that begins with "$".

export type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json};

const SPECIAL = ['NaN', 'Infinity', '-Infinity', '-0'] as const;

/** A value as JSON; `what` names it where it has none. */
export function toJson(value: unknown, what: string): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return {$number: Object.is(value, -0) ? '-0' : String(value)};
  }
  if (typeof value === 'bigint') return {$bigint: String(value)};
  if (value === undefined) return {$undefined: true};
  if (Array.isArray(value)) return value.map((entry: unknown) => toJson(entry, what));
  if (isPlainObject(value) && !Object.keys(value).some((key) => key.startsWith('$') || key === '__proto__')) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry, what)]));
  }
  throw new ValueError(
    `export: ${what} cannot be part of a file, only tensors, numbers, strings, booleans and lists and dictionaries of them can, got ${describe(value)}`,
  );
}

/** The value again; throws where a word is not known. */
export function fromJson(json: Json): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return (json as readonly Json[]).map(fromJson);
  const entries = Object.entries(json);
  const [[key, word] = ['', null]] = entries;
  if (entries.length === 1 && key.startsWith('$')) {
    if (key === '$undefined') return undefined;
    if (key === '$number' && SPECIAL.some((each) => each === word)) return Number(word);
    if (key === '$bigint' && typeof word === 'string' && /^-?\d{1,20}$/.test(word)) return BigInt(word);
    throw new ValueError(`${key} ${JSON.stringify(word)} is no value`);
  }
  return Object.fromEntries(entries.map(([name, entry]) => [name, fromJson(entry)]));
}
