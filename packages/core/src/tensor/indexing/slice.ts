import {ValueError} from '../../errors.js';
import {describe} from '../../suggest.js';

/** A range of an axis, as `slice()` makes it: null stands for the end that the step comes from or goes to. */
export interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;
}

type Bound = `${number}` | '';
/** A range as text: `'1:3'`, `':'`, `'::-1'`, `'-2:'`. */
export type SliceText = `${Bound}:${Bound}` | `${Bound}:${Bound}:${Bound}`;

/**
 * A range of an axis for `at`, with computed bounds: `x.at(slice(i, j))` is what `x.at('2:5')` is with constants. Negative
 * bounds count from the end, null is an open one.
 *
 * @example
 * x.at(slice(null, n)); // the first n rows
 * x.at(slice(i, null, 2)); // every second row from i on
 */
export function slice(start: number | null = null, stop: number | null = null, step = 1): Slice {
  const made = {start, stop, step};
  checkSlice(made, 'slice');
  return made;
}

function checkSlice({start, stop, step}: Slice, where: string): void {
  for (const [name, bound] of [
    ['start', start],
    ['stop', stop],
  ] as const) {
    if (bound !== null && !Number.isInteger(bound)) {
      throw new ValueError(`${where}: ${name} must be an integer or null, got ${describe(bound)}`);
    }
  }
  if (!Number.isInteger(step) || step === 0) {
    throw new ValueError(`${where}: step must be an integer other than 0, got ${describe(step)}`);
  }
}

/** Whether a value has the fields of a {@link Slice}. */
export function isSlice(value: object): value is Slice {
  return 'start' in value && 'stop' in value && 'step' in value;
}

const FORM = /^([+-]?\d+)?:([+-]?\d+)?(?::([+-]?\d+)?)?$/;

/** `'a:b:c'` as a {@link Slice}; undefined where the text is none. */
export function parseSlice(text: string): Slice | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const bound = (part: string | undefined) => (part === undefined ? null : Number(part));
  return {start: bound(parts[1]), stop: bound(parts[2]), step: bound(parts[3]) ?? 1};
}

/** Where a range begins and how many elements it has, along an axis of `n`: Python's rule, bounds outside are clipped. */
export function resolveSlice(range: Slice, n: number, where: string): {start: number; size: number; step: number} {
  checkSlice(range, where);
  const {step} = range;
  // A backward range begins at the last element at most and may end before the first.
  const [lowest, highest] = step > 0 ? [0, n] : [-1, n - 1];
  const clip = (bound: number | null, open: number) => {
    if (bound === null) return open;
    return Math.min(Math.max(bound < 0 ? bound + n : bound, lowest), highest);
  };
  const start = clip(range.start, step > 0 ? lowest : highest);
  const stop = clip(range.stop, step > 0 ? highest : lowest);
  const size = Math.max(Math.ceil((stop - start) / step), 0);
  return {start: size === 0 ? 0 : start, size, step};
}
