import {Callable} from './callable.js';
import {UnknownOptionError, ValueError} from './errors.js';

/** Levenshtein distance with transpositions of neighbours (Damerau, restricted). */
function distance(a: string, b: string): number {
  let previous: number[] = [];
  let current = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((current[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (current[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (previous[j - 2] ?? 0) + 1);
      }
      next.push(best);
    }
    previous = current;
    current = next;
  }
  return current[b.length] ?? 0;
}

/** The candidate nearest to `word`, ignoring case and underscores, or undefined where none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[_\s-]/g, '');
  const wanted = plain(word);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const d = distance(wanted, plain(candidate));
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** `, did you mean "x"?` or the list of what exists. */
export function hint(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  if (near !== undefined) return `; did you mean "${near}"?`;
  const names = [...new Set(candidates)];
  return names.length > 0 && names.length <= 24 ? `; it takes ${names.join(', ')}` : '';
}

/**
 * Refuses keys of an options object that `known` does not list, naming the nearest match.
 * @param where the function or class that was called, for the message
 * @param renamed names of other libraries, with the name that is used here (`lr` -> `learningRate`)
 */
export function checkOptions(
  where: string,
  options: object | undefined,
  known: readonly string[],
  renamed: Readonly<Record<string, string>> = {},
): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw new ValueError(`${where}: options must be an object, got ${describe(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const other = renamed[key];
    const tail = other === undefined ? hint(key, known) : `; here it is called "${other}"`;
    throw new UnknownOptionError(`${where}: unknown option "${key}"${tail}`);
  }
}

/** A value of any kind in a few words, for messages. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'bigint') return `${String(value)}n`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined) return String(value);
  if (value instanceof Callable) return `a ${value.constructor.name}`;
  if (typeof value === 'function') return value.name === '' ? 'a function' : `function ${value.name}`;
  if (Array.isArray(value)) {
    return value.length <= 6 ? `[${value.map(describe).join(', ')}]` : `an array of ${String(value.length)} elements`;
  }
  if (typeof value === 'symbol') return 'a symbol';
  const kind = value.constructor as {name?: string} | undefined;
  return kind?.name === undefined || kind.name === 'Object' ? 'an object' : `a ${kind.name}`;
}

/** Refuses a value that is none of the choices, naming the nearest one. */
export function checkChoice(where: string, name: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return;
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  const near = typeof value === 'string' ? nearest(value, choices) : undefined;
  const tail = near === undefined ? '' : `; did you mean '${near}'?`;
  throw new ValueError(`${where}: ${name} must be one of ${list}, got ${describe(value)}${tail}`);
}
