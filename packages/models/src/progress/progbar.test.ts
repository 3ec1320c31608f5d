import {readFileSync} from 'node:fs';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {ProgressLine} from './line.js';
import {type OutputStream} from './output.js';
import {Progbar} from './progbar.js';

interface ClockCase {
  id: string;
  kind: 'clock';
  progbar: {
    target: number | null;
    verbose: 1 | 2;
    width?: number;
    unit_name?: string;
    stateless_metrics?: string[];
    stateful_metrics?: string[];
  };
  start: number;
  calls: {time: number; current: number; values: [string, number][]; finalize: boolean | null; text: string}[];
}
interface EndCase {
  id: string;
  kind?: undefined;
  verbose: 0 | 1 | 2;
  steps: number;
  epochs: number;
  logs: Record<string, number | number[] | string>;
  plain: string;
}
interface FitCase {
  id: string;
  kind: 'fit';
}

const golden = new URL('../../../../tests/golden/progress.json', import.meta.url);
const {cases} = JSON.parse(readFileSync(golden, 'utf8')) as {cases: (ClockCase | EndCase | FitCase)[]};

class Sink implements OutputStream {
  text = '';
  readonly isTTY: boolean;
  columns: number | undefined;
  constructor(isTTY = false, columns?: number) {
    this.isTTY = isTTY;
    this.columns = columns;
  }
  write(text: string): void {
    this.text += text;
  }
}

const withoutTimes = (text: string) => text.replaceAll(/\d+(?:us|ms|s)\b/g, '<T>');
// eslint-disable-next-line no-control-regex
const plain = (text: string) => text.replaceAll(/\u001b\[\d*m|[\b\r]/g, '').replace(/ +(?=\n?$)/, '');

const number = (value: number | number[] | string): number | number[] =>
  typeof value === 'string' ? Number(value) : value;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the last line of an epoch is the text of Keras', () => {
  it.each(cases.filter((c): c is EndCase => c.kind === undefined))('$id', (c) => {
    const stream = new Sink();
    const bar = new Progbar(c.steps, {verbose: c.verbose, statelessMetrics: [], stream});
    const logs = Object.fromEntries(Object.entries(c.logs).map(([name, value]) => [name, number(value)]));
    for (let step = 1; step <= Math.min(c.steps, 3); step++) bar.update(step, logs, false);
    bar.update(c.steps, () => logs, true);
    expect(withoutTimes(stream.text)).toBe(c.plain);
  });
});

describe('every line is the text of Keras at that time', () => {
  it.each(cases.filter((c): c is ClockCase => c.kind === 'clock'))('$id', ({progbar, start, calls}) => {
    let now = start;
    const {stateless_metrics: stateless, stateful_metrics: stateful} = progbar;
    const line = new ProgressLine({
      target: progbar.target,
      width: progbar.width ?? 20,
      averaged: stateless !== undefined ? (name) => stateless.includes(name) : (name) => !stateful?.includes(name),
      unitName: progbar.unit_name ?? 'step',
      now: () => now,
    });
    let drawn = 0;
    for (const {time, current, values, finalize, text} of calls) {
      now = time;
      const final = finalize ?? (progbar.target !== null && current >= progbar.target);
      line.advance(current, values, final);
      // Some calls print nothing: they come too soon, or are not the last of a quiet bar.
      if (text === '') continue;
      drawn++;
      const shown = progbar.verbose === 2 ? line.summary() : line.bar(final, false);
      expect(`${shown}${final ? '\n' : ''}`).toBe(plain(text));
    }
    expect(drawn).toBeGreaterThan(0);
  });
});

describe('in a terminal', () => {
  const logs = {accuracy: 0.5, loss: 0.25, val_accuracy: 0.5, val_loss: 0.25};

  it.each([20, 40, 60, 80, 200])('redraws one line of %i columns', (columns) => {
    vi.stubEnv('CI', '');
    const stream = new Sink(true, columns);
    const bar = new Progbar(1000, {stream, statelessMetrics: []});
    bar.update(1, logs, false);
    bar.close();
    expect(stream.text).not.toMatch(/\n./);
    // eslint-disable-next-line no-control-regex
    for (const part of stream.text.split(/\u001b\[1G|\u001b\[0K|\n/)) {
      expect(plain(part).length).toBeLessThan(columns);
    }
  });

  it('ends with the whole text and a line break, and leaves cursor and wrapping alone', () => {
    vi.stubEnv('CI', '');
    const stream = new Sink(true, 40);
    const bar = new Progbar(2, {stream, statelessMetrics: []});
    bar.update(1, logs, false);
    bar.update(2, logs, true);
    expect(plain(stream.text)).toContain('val_accuracy: 0.5000 - val_loss: 0.2500');
    expect(stream.text.endsWith('\n')).toBe(true);
    // eslint-disable-next-line no-control-regex
    expect(stream.text).not.toMatch(/\u001b(?:7|8|\[\?)/);
  });

  it('reads values only where it draws', () => {
    vi.stubEnv('CI', '');
    const stream = new Sink(true, 80);
    const bar = new Progbar(10_000, {stream, statelessMetrics: []});
    const read = vi.fn(() => logs);
    for (let step = 1; step <= 1000; step++) bar.update(step, read, false);
    bar.close();
    expect(read.mock.calls.length).toBeLessThan(5);
  });

  it('has no colours with NO_COLOR', () => {
    vi.stubEnv('CI', '');
    vi.stubEnv('NO_COLOR', '1');
    const stream = new Sink(true, 200);
    new Progbar(2, {stream}).update(2, logs);
    expect(stream.text).toMatch(/^2\/2 ━{20} /);
  });
});

it('prints one line without control codes in CI', () => {
  vi.stubEnv('CI', 'true');
  const stream = new Sink(true, 80);
  const bar = new Progbar(3, {stream, statelessMetrics: []});
  for (let step = 1; step <= 3; step++) bar.update(step, {loss: 1}, step === 3);
  expect(withoutTimes(stream.text)).toBe('3/3 ━━━━━━━━━━━━━━━━━━━━ <T> <T>/step - loss: 1.0000\n');
});

it('refuses what it cannot count', () => {
  expect(() => new Progbar(-1)).toThrow('Progbar: target must be a number of steps or null, got -1');
  expect(() => new Progbar(3, {statefulMetrics: [], statelessMetrics: []})).toThrow('only one of');
});
