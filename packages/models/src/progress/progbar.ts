import {createRequire} from 'node:module';
import {Writable} from 'node:stream';
import type * as CliProgress from 'cli-progress';
import {ValueError} from '@keratin/core';
import {checkOptions, describe, lazy} from '@keratin/core/internal';
import {ProgressLine, type ProgressValue} from './line.js';
import {canColor, canRedraw, type OutputStream} from './output.js';

const library = lazy(() => createRequire(import.meta.url)('cli-progress') as typeof CliProgress);

/** Options of {@link Progbar}. */
export interface ProgbarOptions {
  /** Cells of the bar. Default 20. */
  width?: number | undefined;
  /** 0 prints nothing, 1 (the default) a bar, 2 one line at the end. */
  verbose?: 0 | 1 | 2 | undefined;
  /** Seconds between two redraws. Default 0.1. */
  interval?: number | undefined;
  /** Names whose values are shown as they are; all others are averaged over the steps. */
  statefulMetrics?: readonly string[] | undefined;
  /** Names whose values are averaged over the steps; all others are shown as they are. Not both lists. */
  statelessMetrics?: readonly string[] | undefined;
  /** What is counted. Default `'step'`. */
  unitName?: string | undefined;
  /** Where it is drawn. Default standard output. */
  stream?: OutputStream | undefined;
  /** The clock, in seconds. */
  now?: (() => number) | undefined;
}

const OPTION_NAMES = [
  'width',
  'verbose',
  'interval',
  'statefulMetrics',
  'statelessMetrics',
  'unitName',
  'stream',
  'now',
] as const satisfies readonly (keyof ProgbarOptions)[];

type Values = Iterable<readonly [string, ProgressValue]>;

/**
 * A progress bar: `10/32 ━━━━━━━━━━━━━━━━━━━━ 1s 12ms/step - loss: 0.6931`. In a terminal it is redrawn in place, on one line
 * of whatever width there is; elsewhere one line is printed at the end, without control codes.
 *
 * @example
 * const bar = new utils.Progbar(steps);
 * for (let step = 1; step <= steps; step++) bar.update(step, {loss: 0.5});
 */
export class Progbar {
  readonly verbose: 0 | 1 | 2;
  readonly #line: ProgressLine;
  readonly #stream: OutputStream;
  readonly #interval: number;
  #bar: CliProgress.SingleBar | null = null;
  #current = 0;
  #values: () => Values = () => [];
  #final = false;

  /** @param target number of steps; null where it is not known */
  constructor(target: number | null, options: ProgbarOptions = {}) {
    checkOptions('Progbar', options, OPTION_NAMES);
    const {statefulMetrics: stateful, statelessMetrics: stateless} = options;
    if (stateful !== undefined && stateless !== undefined) {
      throw new ValueError('Progbar: only one of statefulMetrics and statelessMetrics can be given, got both');
    }
    if (target !== null && !(Number.isInteger(target) && target >= 0)) {
      throw new ValueError(`Progbar: target must be a number of steps or null, got ${describe(target)}`);
    }
    this.verbose = options.verbose ?? 1;
    this.#stream = options.stream ?? process.stdout;
    this.#interval = options.interval ?? 0.1;
    this.#line = new ProgressLine({
      target,
      width: options.width ?? 20,
      averaged: stateless !== undefined ? (name) => stateless.includes(name) : (name) => !stateful?.includes(name),
      unitName: options.unitName ?? 'step',
      now: options.now ?? (() => performance.now() / 1000),
    });
  }

  /** Number of steps; null where it is not known (yet). */
  get target(): number | null {
    return this.#line.target;
  }
  set target(value: number | null) {
    this.#line.target = value;
  }

  /**
   * Shows that `current` steps are done. `values` may be a function: it is called only when a line is drawn.
   * @param finalize whether this is the last update. Default: whether the target is reached
   */
  update(
    current: number,
    values: Readonly<Record<string, ProgressValue>> | (() => Readonly<Record<string, ProgressValue>>) = {},
    finalize?: boolean,
  ): void {
    const last = finalize ?? (this.target !== null && current >= this.target);
    if (typeof values === 'function') {
      // Averages need every step's value; without them only what is drawn is read.
      this.#values = () => Object.entries(values());
      this.#advance(current, [], last);
    } else {
      this.#values = () => [];
      this.#advance(current, Object.entries(values), last);
    }
    if (this.verbose === 1) this.#draw(last);
    else if (this.verbose === 2 && last && this.target !== null && this.target > 0) {
      this.#line.advance(current, this.#values(), true);
      this.#stream.write(`${this.#line.summary()}\n`);
    }
  }

  /** Shows that `n` more steps are done. */
  add(n: number, values?: Readonly<Record<string, ProgressValue>>): void {
    this.update(this.#current + n, values);
  }

  /** Takes the bar off the screen where it is still there, as after an error. */
  close(): void {
    this.#bar?.stop();
    this.#bar = null;
  }

  #advance(current: number, values: Values, final: boolean): void {
    this.#line.advance(current, values, final);
    this.#current = current;
    this.#final = final;
  }

  #draw(last: boolean): void {
    if (!canRedraw(this.#stream)) {
      if (last) this.#stream.write(`${this.#text(Infinity, false)}\n`);
      return;
    }
    if (this.#bar === null) {
      if (last) {
        this.#stream.write(`${this.#text(Infinity, canColor(this.#stream))}\n`);
        return;
      }
      this.#bar = this.#open();
    }
    // The bar redraws itself by its own timer; in synchronous loops, which never let a timer run, this call does it.
    this.#bar.update(this.#current);
    if (last) this.close();
  }

  #open(): CliProgress.SingleBar {
    const stream = this.#stream;
    const bar = new (library().SingleBar)({
      stream: lineOf(stream),
      // Interrupting must go on ending the process, so no signal is listened for, and neither cursor nor wrapping is changed.
      gracefulExit: false,
      linewrap: true,
      hideCursor: false,
      fps: 1 / this.#interval,
      format: () => this.#text(this.#final ? Infinity : (stream.columns ?? 80) - 1, canColor(stream)),
    });
    bar.start(this.target ?? 1, 0);
    return bar;
  }

  /** The line in at most `room` columns: the bar gets shorter first, then the values are cut. */
  #text(room: number, colors: boolean): string {
    this.#line.advance(this.#current, this.#values(), this.#final);
    const plain = this.#line.bar(this.#final, false);
    if (plain.length <= room) return this.#line.bar(this.#final, colors);
    const over = plain.length - room;
    const cells = Math.max(20 - over, 0);
    const short = this.#line.bar(this.#final, false, cells);
    if (short.length <= room) return this.#line.bar(this.#final, colors, cells);
    return `${short.slice(0, Math.max(room - 1, 0))}…`;
  }
}

const SAVE_CURSOR = '\u001b7';
const RESTORE_CURSOR = '\u001b8';

/**
 * The terminal as the bar writes to it. The place of the cursor is not saved: going back to it would overwrite what a callback
 * printed meanwhile, and the end of a last line that wraps. Lines are cut here, not by the width that the bar asks for.
 */
function lineOf(stream: OutputStream): NodeJS.WritableStream {
  const target = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      if (text !== SAVE_CURSOR && text !== RESTORE_CURSOR) stream.write(text);
      done();
    },
  });
  return Object.assign(target, {isTTY: true, columns: Number.MAX_SAFE_INTEGER});
}
