import {writeFileSync} from 'node:fs';

/** One figure: the median of its repetitions. */
export interface Row {
  readonly workload: string;
  /** `1/s`: examples a second. */
  readonly unit: 's' | 'ms' | 'us' | 'GFLOP/s' | '1/s' | 'MiB';
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly repetitions: number;
  /** The figure of every repetition, by which two passes over a workload are joined. */
  readonly values?: readonly number[] | undefined;
  /** Floating-point operations of one run, where they are known. */
  readonly flops?: number;
  /** Share of a limit that was measured in the same run. */
  readonly ratio?: {readonly of: string; readonly value: number};
}

export interface Measure {
  /** At most so many: after `KERATIN_BENCH_SECONDS` (default 20) a figure is content with what it has. Default 5. */
  readonly repetitions?: number;
  /** Calls before the first measurement, at least. Default 1. */
  readonly warmup?: number;
  /** Seconds of calls before the first measurement, at least: the same for the peers. 0 measures what is cold. Default 0.3. */
  readonly settle?: number;
  /** Calls in one repetition; the time is divided by it. Default 1. */
  readonly inner?: number;
}

/** A named workload; `run` reports its rows. */
export interface Workload {
  readonly name: string;
  readonly description: string;
  readonly run: (report: (row: Row) => void) => void | Promise<void>;
}

/** Whether a workload is wanted: its name contains one of the words, or there are none. */
export const isWanted = (name: string, filters: readonly string[]): boolean =>
  filters.length === 0 || filters.some((filter) => name.includes(filter));

/** Seconds that one figure may take, and that rows which train or wait for a fixed time do. */
export const SECONDS = Number(process.env['KERATIN_BENCH_SECONDS'] ?? 20);

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? NaN) : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
};

/** Seconds of one call, once for each repetition. */
export async function time(
  fn: () => unknown,
  {repetitions = 5, warmup = 1, settle = 0.3, inner = 1}: Measure = {},
): Promise<number[]> {
  const begin = performance.now();
  // What is warm: compiled by V8, its memory taken and touched, its threads awake.
  for (let i = 0; i < warmup || performance.now() - begin < settle * 1000; i++) {
    const result = fn();
    if (result instanceof Promise) await result;
  }
  const measured = performance.now();
  const seconds: number[] = [];
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    if (i > 0 && start - measured > SECONDS * 1000) break;
    // An await costs a microtask: only what gives a Promise is waited for.
    for (let j = 0; j < inner; j++) {
      const result = fn();
      if (result instanceof Promise) await result;
    }
    seconds.push((performance.now() - start) / 1000 / inner);
  }
  return seconds;
}

const SCALE = {s: 1, ms: 1e3, us: 1e6} as const;

/** A row of figures. */
export function rowOf(workload: string, unit: Row['unit'], values: readonly number[], flops?: number): Row {
  return {
    workload,
    unit,
    value: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    repetitions: values.length,
    values,
    ...(flops === undefined ? {} : {flops}),
  };
}

/** A row of times. */
export function timeRow(workload: string, unit: keyof typeof SCALE, seconds: readonly number[], flops?: number): Row {
  return rowOf(
    workload,
    unit,
    seconds.map((value) => value * SCALE[unit]),
    flops,
  );
}

/** A row of speeds, with its share of a limit. */
export function speedRow(
  workload: string,
  seconds: readonly number[],
  flops: number,
  limit: {of: string; gflops: number},
): Row {
  const row = rowOf(
    workload,
    'GFLOP/s',
    seconds.map((value) => flops / value / 1e9),
    flops,
  );
  return {...row, ratio: {of: limit.of, value: row.value / limit.gflops}};
}

/** Two passes over the same workload as one row. */
export function join(first: Row, second: Row): Row {
  const repetitions = first.repetitions + second.repetitions;
  const [min, max] = [Math.min(first.min, second.min), Math.max(first.max, second.max)];
  // A row that chose its own figure (the best of its passes) keeps the better one.
  if (first.values === undefined || second.values === undefined) {
    const better = isSpeed(first) === first.value > second.value ? first : second;
    return {...better, min, max, repetitions};
  }
  const values = [...first.values, ...second.values];
  const value = median(values);
  const ratio =
    first.ratio === undefined || second.ratio === undefined
      ? {}
      : {ratio: {of: first.ratio.of, value: (first.ratio.value + second.ratio.value) / 2}};
  return {...first, value, min, max, repetitions, values, ...ratio};
}

/** Whether more is better. */
export const isSpeed = ({unit}: {readonly unit: string}): boolean => unit === 'GFLOP/s' || unit === '1/s';

/** Three digits, as tables have them. */
export const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** A row as a line of text. */
export function line(row: Row): string {
  const share = row.ratio === undefined ? '' : `  ${(row.ratio.value * 100).toFixed(0)} % of ${row.ratio.of}`;
  return `  ${row.workload.padEnd(44)} ${digits(row.value).padStart(8)} ${row.unit}  (${digits(row.min)} to ${digits(row.max)}, n ${String(row.repetitions)})${share}`;
}

/** Rows as JSON, for comparisons. */
export function writeRows(path: string, rows: readonly Row[], about: Readonly<Record<string, unknown>>): void {
  writeFileSync(path, `${JSON.stringify({...about, rows}, null, 2)}\n`);
}
