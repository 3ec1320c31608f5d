import {type DType} from '../dtype.js';

/** Facts about an event, shown beside it. */
export type TraceArguments = Readonly<Record<string, unknown>>;

/** An event of the Trace Event Format; times are microseconds. */
export type TraceEvent =
  | {
      /** Something that took time: an operation, a program, a step. */
      readonly ph: 'X';
      readonly name: string;
      readonly cat: string;
      readonly ts: number;
      readonly dur: number;
      readonly pid: number;
      readonly tid: number;
      readonly args: TraceArguments;
    }
  | {
      /** Values from a moment on: bytes of memory. */
      readonly ph: 'C';
      readonly name: string;
      readonly ts: number;
      readonly pid: number;
      readonly args: Readonly<Record<string, number>>;
    }
  | {
      /** Names of processes and threads. */
      readonly ph: 'M';
      readonly name: 'process_name' | 'thread_name';
      readonly pid: number;
      readonly tid: number;
      readonly args: {readonly name: string};
    };

/** What chrome://tracing and Perfetto open: the JSON object format of the Trace Event Format. */
export interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: 'ms';
  readonly otherData: Readonly<Record<string, string | number>>;
}

/** `float32[2,3]` */
export const specText = ({dtype, shape}: {readonly dtype: DType; readonly shape: readonly (number | null)[]}): string =>
  `${dtype}[${shape.join(',')}]`;

interface Total {
  readonly name: string;
  calls: number;
  microseconds: number;
  flops: number;
}

/** A table of operations by the time that they took altogether. */
export function summaryOf({traceEvents}: Trace): string {
  const totals = new Map<string, Total>();
  let all = 0;
  for (const event of traceEvents) {
    if (event.ph !== 'X' || event.cat !== 'op') continue;
    const total = totals.get(event.name) ?? {name: event.name, calls: 0, microseconds: 0, flops: 0};
    totals.set(event.name, total);
    total.calls += 1;
    total.microseconds += event.dur;
    const {flops} = event.args;
    if (typeof flops === 'number') total.flops += flops;
    all += event.dur;
  }
  const rows = [...totals.values()].sort((a, b) => b.microseconds - a.microseconds);
  const width = rows.reduce((most, {name}) => Math.max(most, name.length), 9);
  const lines = rows.map(({name, calls, microseconds, flops}) =>
    [
      name.padEnd(width),
      String(calls).padStart(8),
      (microseconds / 1000).toFixed(3).padStart(12),
      `${((100 * microseconds) / Math.max(all, 1e-9)).toFixed(1)} %`.padStart(8),
      (flops / Math.max(microseconds, 1e-3) / 1000).toFixed(2).padStart(10),
    ].join('  '),
  );
  const title = [
    'operation'.padEnd(width),
    'calls'.padStart(8),
    'ms'.padStart(12),
    'share'.padStart(8),
    'GFLOP/s'.padStart(10),
  ];
  return [title.join('  '), ...lines].join('\n');
}
