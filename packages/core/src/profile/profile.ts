import {Readable} from 'node:stream';
import {createGzip} from 'node:zlib';
import {ValueError} from '../errors.js';
import {type FilePath, pathText, writeAtomic} from '../files/atomic.js';
import {checkOptions, describe} from '../suggest.js';
import {Profiler} from './profiler.js';
import {summaryOf, type Trace} from './trace.js';

/** Options of {@link profile}. */
export interface ProfileOptions {
  /** The file for the trace, such as `trace.json` or, compressed, `trace.json.gz`; chrome://tracing and https://ui.perfetto.dev open it. Default: none. */
  path?: FilePath | undefined;
}

/** What {@link profile} measured. */
export interface Profile<T> {
  /** What the function gave. */
  readonly result: T;
  /** The events, as the file has them. */
  readonly trace: Trace;
  /** A table of the operations: calls, milliseconds, share of the time of all, GFLOP/s. */
  summary(): string;
}

/**
 * Runs a function and measures each operation meanwhile: its kernel, shapes, dtypes, time, floating-point operations and bytes, alone and
 * a second, and the memory of tensors. The kernels of compiled functions are measured within their program. Without a profiler
 * measuring costs nothing; with one, about two microseconds an operation.
 *
 * Everything that happens until the function (or the Promise that it gives) is done counts, also what runs beside it.
 *
 * @example
 * const {summary} = await profile(() => model.fit(x, y, {epochs: 1}), {path: 'trace.json'});
 * console.log(summary());
 * @throws KeratinError where something is being profiled already
 */
export async function profile<T>(fn: () => T | Promise<T>, options: ProfileOptions = {}): Promise<Profile<T>> {
  if (typeof fn !== 'function') throw new ValueError(`profile: a function is needed, got ${describe(fn)}`);
  checkOptions('profile', options, ['path'], {file: 'path', filename: 'path', logDir: 'path'});
  const profiler = new Profiler().start('profile');
  let result: T;
  try {
    result = await fn();
  } finally {
    profiler.stop();
  }
  const trace = profiler.trace();
  if (options.path !== undefined) await writeTrace(options.path, trace);
  return {result, trace, summary: () => summaryOf(trace)};
}

/** Writes a trace as JSON, compressed where the path ends with `.gz`; the file appears whole or not at all. */
export async function writeTrace(path: FilePath, trace: Trace): Promise<void> {
  const isCompressed = pathText(path).endsWith('.gz');
  await writeAtomic(path, async (file) => {
    const text = Readable.from(piecesOf(trace));
    for await (const piece of isCompressed ? text.pipe(createGzip()) : text)
      await file.appendFile(piece as string | Buffer);
  });
}

/** One event a line, some thousands at a time: a trace of a million does not fit one string. */
function* piecesOf({traceEvents, ...rest}: Trace): Generator<string> {
  yield `${JSON.stringify(rest).slice(0, -1)},"traceEvents":[\n`;
  const PIECE = 10_000;
  for (let i = 0; i < traceEvents.length; i += PIECE) {
    const lines = traceEvents.slice(i, i + PIECE).map((event) => JSON.stringify(event));
    yield `${i === 0 ? '' : ',\n'}${lines.join(',\n')}`;
  }
  yield '\n]}\n';
}
