import {ValueError} from '@keratin/core';
import {checkOptions, describe, type FilePath} from '@keratin/core/internal';
import {Callback, type Logs} from './callback.js';
import {StepTrace} from './step-trace.js';

/** Options of {@link Profiler}. */
export interface ProfilerOptions {
  /** The first and the last batch that are measured, counted from 0 over all epochs. Default `[1, 10]`: the first one compiles. */
  batches?: readonly [first: number, last: number] | undefined;
}

/**
 * Measures some steps of training and writes a Chrome trace, which chrome://tracing and https://ui.perfetto.dev open: steps, programs
 * and operations with their shapes, dtypes, times, operations and bytes a second, and the memory of tensors. Validation between these
 * batches is in it too. The file is written after the last of them, or when training ends. (`TensorBoard` writes the same by `profileBatch`;
 * `profile(fn)` measures any function.)
 *
 * @example
 * await model.fit(x, y, {callbacks: [new callbacks.Profiler('trace.json', {batches: [5, 8]})]});
 */
export class Profiler extends Callback {
  readonly path: FilePath;
  readonly batches: readonly [first: number, last: number];
  readonly #trace: StepTrace;
  #batch = 0;

  constructor(path: FilePath, options: ProfilerOptions = {}) {
    super();
    checkOptions('Profiler', options, ['batches'], {profileBatch: 'batches', profile_batch: 'batches'});
    if (!(path instanceof URL) && (typeof path !== 'string' || path === '')) {
      throw new ValueError(`Profiler: the path of a file is needed, got ${describe(path)}`);
    }
    const batches: unknown = options.batches ?? [1, 10];
    const [first, last] = Array.isArray(batches) && batches.length === 2 ? (batches as unknown[]) : [];
    if (!isCount(first) || !isCount(last) || last < first) {
      throw new ValueError(
        `Profiler: batches must be the first and the last batch to measure, such as [1, 10], got ${describe(batches)}`,
      );
    }
    this.path = path;
    this.batches = [first, last];
    this.#trace = new StepTrace('Profiler', this.batches);
  }

  override onTrainBegin(): void {
    this.#trace.reset();
    this.#batch = 0;
  }

  override onTrainBatchBegin(): void {
    this.#trace.beginStep(this.#batch);
  }

  override async onTrainBatchEnd(_batch: number, logs: Logs): Promise<void> {
    await this.#trace.endStep(this.#batch, logs, () => this.path);
    this.#batch += 1;
  }

  override onTestBatchBegin(batch: number): void {
    this.#trace.begin(`test step ${String(batch)}`);
  }

  override onTestBatchEnd(): void {
    this.#trace.end();
  }

  override async onTrainEnd(): Promise<void> {
    await this.#trace.write(() => this.path);
  }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;
