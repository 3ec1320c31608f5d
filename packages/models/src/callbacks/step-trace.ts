import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {type FilePath, pathText, Profiler as Recorder, writeTrace} from '@keratin/core/internal';
import {type Logs} from './callback.js';

/** Measures the steps of a training from one number to another and writes them as a trace: what callbacks that profile share. */
export class StepTrace {
  readonly #where: string;
  readonly #steps: readonly [first: number, last: number];
  #recorder: Recorder | null = null;

  /**
   * @param where the callback, for messages
   * @param steps the numbers of the first and the last step that are measured
   */
  constructor(where: string, steps: readonly [first: number, last: number]) {
    this.#where = where;
    this.#steps = steps;
  }

  /** Forgets what a training that failed left behind. */
  reset(): void {
    this.#recorder?.stop();
    this.#recorder = null;
  }

  beginStep(step: number): void {
    if (step === this.#steps[0]) this.#recorder = new Recorder({yields: true}).start(this.#where);
    this.begin(`train step ${String(step)}`);
  }

  /** Ends a step, and writes the file after the last one. */
  async endStep(step: number, logs: Logs, path: () => FilePath): Promise<void> {
    this.#recorder?.end({...logs});
    if (step === this.#steps[1]) await this.write(path);
  }

  begin(name: string): void {
    this.#recorder?.begin(name, 'step');
  }
  end(): void {
    this.#recorder?.end();
  }

  /** Writes what was measured, if anything was and is not written yet. */
  async write(path: () => FilePath): Promise<void> {
    const recorder = this.#recorder;
    if (recorder === null) return;
    this.#recorder = null;
    recorder.stop();
    const file = path();
    await mkdir(dirname(pathText(file)), {recursive: true});
    await writeTrace(file, recorder.trace());
  }
}
