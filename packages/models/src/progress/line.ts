import {exponential, fixed} from './numbers.js';

/** A value shown behind the bar; of several numbers the mean is shown. */
export type ProgressValue = number | readonly number[];

export interface LineOptions {
  /** Number of steps; null where it is not known. */
  target: number | null;
  /** Cells of the bar. */
  width: number;
  /** Names whose values are averaged over the steps; all others are shown as they are. */
  averaged: (name: string) => boolean;
  unitName: string;
  /** Seconds. */
  now: () => number;
}

const BOLD = '\u001b[1m';
const GREEN = '\u001b[32m';
const WHITE = '\u001b[37m';
const RESET = '\u001b[0m';
const CELL = '━';

const paint = (code: string, text: string, colors: boolean): string => (colors ? `${code}${text}${RESET}` : text);

/** What a progress line says: counts, times and values, in Keras's words. Knows nothing of terminals. */
export class ProgressLine {
  target: number | null;
  readonly #options: LineOptions;
  readonly #start: number;
  readonly #values = new Map<string, {sum: number; count: number}>();
  #seen = 0;
  #afterFirst: number | null = null;

  constructor(options: LineOptions) {
    this.#options = options;
    this.target = options.target;
    this.#start = options.now();
  }

  /** Takes note of a step; later lines show its values. */
  advance(current: number, values: Iterable<readonly [string, ProgressValue]>, final: boolean): void {
    for (const [name, value] of values) {
      const plain = typeof value === 'number' ? value : mean(value);
      const before = this.#values.get(name);
      if (!this.#options.averaged(name) || final) {
        this.#values.set(name, {sum: plain, count: 1});
      } else {
        const steps = Math.max(current - this.#seen, 1);
        this.#values.set(name, {sum: (before?.sum ?? 0) + plain * steps, count: (before?.count ?? 0) + steps});
      }
    }
    this.#seen = current;
    if (current === 1) this.#afterFirst = this.#options.now();
  }

  /** `10/32 ━━━━━━━━━━━━━━━━━━━━ 1s 12ms/step - loss: 0.6931`; `cells` overrides the width of the bar. */
  bar(final: boolean, colors: boolean, cells = this.#options.width): string {
    const now = this.#options.now();
    const perUnit = this.#perUnit(now);
    const {target} = this;
    const known = target !== null && target > 0;
    let text: string;
    let time: string;
    if (known) {
      const done = Math.floor((cells * this.#seen) / target);
      const count = `${String(this.#seen).padStart(String(target).length)}/${String(target)}`;
      text = `${paint(BOLD, count, colors)} `;
      if (done > 0) text += paint(GREEN, CELL.repeat(done), colors);
      text += paint(WHITE, CELL.repeat(Math.max(cells - done, 0)), colors);
    } else {
      text = `${String(this.#seen).padStart(7)}/Unknown`;
    }
    if (known && !final) time = remaining(perUnit * (target - this.#seen));
    else time = `${fixed(now - this.#start, 0)}s`;
    return `${text} ${paint(BOLD, time, colors)} ${this.#duration(perUnit)}${this.#shown(Math.abs)}`;
  }

  /** `32/32 - 1s - 12ms/step - loss: 0.6931`: the line of `verbose: 2`. */
  summary(): string {
    const now = this.#options.now();
    const total = String(this.target ?? this.#seen);
    const perUnit = this.#duration(this.#perUnit(now));
    const count = `${String(this.#seen).padStart(total.length)}/${total}`;
    // Keras looks at the signed value here, so that negative ones come in exponent form.
    return `${count} - ${fixed(now - this.#start, 0)}s - ${perUnit}${this.#shown((value) => value)}`;
  }

  #shown(size: (value: number) => number): string {
    let text = '';
    for (const [name, {sum, count}] of this.#values) {
      const value = sum / Math.max(count, 1);
      text += ` - ${name}: ${size(value) > 1e-3 ? fixed(value, 4) : exponential(value, 4)}`;
    }
    return text;
  }

  // The first step is left out where more are known: it is seldom like the others.
  #perUnit(now: number): number {
    if (this.#seen === 0) return 0;
    if (this.#afterFirst !== null && this.#seen > 1) return (now - this.#afterFirst) / (this.#seen - 1);
    return (now - this.#start) / this.#seen;
  }

  #duration(seconds: number): string {
    const unit = this.#options.unitName;
    if (seconds >= 1 || seconds === 0) return `${fixed(seconds, 0)}s/${unit}`;
    if (seconds >= 1e-3) return `${fixed(seconds * 1e3, 0)}ms/${unit}`;
    return `${fixed(seconds * 1e6, 0)}us/${unit}`;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** `9s`, `1:05`, `1:01:05`. */
function remaining(seconds: number): string {
  if (seconds > 3600) return `${String(Math.floor(seconds / 3600))}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  if (seconds > 60) return `${String(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  return `${String(Math.trunc(seconds))}s`;
}
