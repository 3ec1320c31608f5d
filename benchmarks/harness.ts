import {writeFileSync} from 'node:fs';

/** One figure: the median of its repetitions. */
export interface Row {
  readonly workload: string;
  /** `1/s`: examples a second. */
  readonly unit: 's' | 'ms' | 'us' | 'GFLOP/s' | '1/s';
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly repetitions: number;
  /** Floating-point operations of one run, where they are known. */
  readonly flops?: number;
  /** Share of a limit that was measured in the same run. */
  readonly ratio?: {readonly of: string; readonly value: number};
}

export interface Measure {
  /** Default 5. */
  readonly repetitions?: number;
  /** Calls before the first measurement. Default 1. */
  readonly warmup?: number;
  /** Calls in one repetition; the time is divided by it. Default 1. */
  readonly inner?: number;
}

/** A named workload; `run` reports its rows. */
export interface Workload {
  readonly name: string;
  readonly description: string;
  readonly run: (report: (row: Row) => void) => void | Promise<void>;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? NaN) : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
};

/** Seconds of one call, once for each repetition. */
export async function time(
  fn: () => unknown,
  {repetitions = 5, warmup = 1, inner = 1}: Measure = {},
): Promise<number[]> {
  for (let i = 0; i < warmup; i++) await fn();
  const seconds: number[] = [];
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
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

/** A row of times. */
export function timeRow(workload: string, unit: keyof typeof SCALE, seconds: readonly number[], flops?: number): Row {
  const values = seconds.map((value) => value * SCALE[unit]);
  return {
    workload,
    unit,
    value: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    repetitions: values.length,
    ...(flops === undefined ? {} : {flops}),
  };
}

/** A row of speeds, with its share of a limit. */
export function speedRow(
  workload: string,
  seconds: readonly number[],
  flops: number,
  limit: {of: string; gflops: number},
): Row {
  const values = seconds.map((value) => flops / value / 1e9);
  const value = median(values);
  return {
    workload,
    unit: 'GFLOP/s',
    value,
    min: Math.min(...values),
    max: Math.max(...values),
    repetitions: values.length,
    flops,
    ratio: {of: limit.of, value: value / limit.gflops},
  };
}

const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Runs the workloads whose names contain a filter, prints a table line for each row and gives all rows. */
export async function runWorkloads(workloads: readonly Workload[], filters: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const {name, description, run} of workloads) {
    if (filters.length > 0 && !filters.some((filter) => name.includes(filter))) continue;
    console.log(`\n${name}: ${description}`);
    await run((row) => {
      rows.push(row);
      const share = row.ratio === undefined ? '' : `  ${(row.ratio.value * 100).toFixed(0)} % of ${row.ratio.of}`;
      console.log(
        `  ${row.workload.padEnd(44)} ${digits(row.value).padStart(8)} ${row.unit}  (${digits(row.min)} to ${digits(row.max)}, n ${row.repetitions})${share}`,
      );
    });
  }
  return rows;
}

/** Rows as JSON, for comparisons. */
export function writeRows(path: string, rows: readonly Row[], about: Readonly<Record<string, unknown>>): void {
  writeFileSync(path, `${JSON.stringify({...about, rows}, null, 2)}\n`);
}
