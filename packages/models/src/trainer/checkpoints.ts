import {FileFormatError, NotBuiltError} from '@keratin/core';
import {type BackupAndRestore} from '../callbacks/backup-and-restore.js';
import {type AnyModel, type Callback, type Logs} from '../callbacks/callback.js';
import {captureRun, restoreMetrics, restoreRun, type RunState} from '../resume/state.js';
import {type Batch} from './data/batch.js';
import {type Epochs} from './data/epochs.js';
import {learnShapes} from './log-names.js';
import {readLogs, type StepLogs} from './logs.js';

type Sample = Pick<Batch, 'x' | 'y'>;

/** The checkpoints of one run of `fit`, and the one that it goes on from. */
export class Checkpoints {
  readonly #model: AnyModel;
  readonly #backup: BackupAndRestore;
  readonly #batches: Epochs;
  readonly #tests: Epochs | null;
  readonly #callbacks: readonly Callback[];
  readonly #from: RunState | null;
  readonly #where: string;
  /** Whether the accumulators of metrics are still to be put back. */
  #metricsMissing: boolean;

  private constructor(
    model: AnyModel,
    backup: BackupAndRestore,
    batches: Epochs,
    tests: Epochs | null,
    callbacks: readonly Callback[],
    from: RunState | null,
  ) {
    this.#model = model;
    this.#backup = backup;
    this.#batches = batches;
    this.#tests = tests;
    this.#callbacks = callbacks;
    this.#from = from;
    this.#where = `BackupAndRestore: the checkpoint in ${backup.backupDir}`;
    this.#metricsMissing = from !== null && from.batch > 0;
  }

  /** Reads the last checkpoint, where there is one. */
  static async open(
    model: AnyModel,
    backup: BackupAndRestore,
    batches: Epochs,
    tests: Epochs | null,
    callbacks: readonly Callback[],
  ): Promise<Checkpoints> {
    const made = new Checkpoints(model, backup, batches, tests, callbacks, await backup.load());
    const {steps} = made.#from ?? {steps: null};
    if (steps !== null && batches.steps !== null && steps !== batches.steps) {
      throw new FileFormatError(
        `${made.#where} is of another run: its epochs have ${String(steps)} steps, and this one has ${String(batches.steps)}`,
      );
    }
    return made;
  }

  /** The epoch to go on with. */
  get epoch(): number | undefined {
    return this.#from?.epoch;
  }

  /** The logs of the last epoch. */
  get logs(): Logs | undefined {
    return this.#from?.logs as Logs | undefined;
  }

  /** The values of the last step. */
  get last(): StepLogs | undefined {
    return this.#from?.last as StepLogs | undefined;
  }

  /** Whether the run had been stopped by a callback at the end of an epoch. */
  get stopped(): boolean {
    return this.#from !== null && this.#from.stopTraining && this.#from.batch === 0;
  }

  /** The steps of an epoch that the interrupted run had taken. */
  stepsTaken(epoch: number): number {
    return this.#from !== null && this.#from.epoch === epoch ? this.#from.batch : 0;
  }

  /**
   * Puts everything back. In the middle of an epoch it is called again, as `midway`, after the hooks of its begin: they ran when the
   * epoch began and must not count twice.
   */
  async restore(sample: Sample | null, midway = false): Promise<void> {
    const from = this.#from;
    if (from === null) return;
    if (!this.#model.built && sample !== null) learnShapes(this.#model, sample.x, sample.y);
    if (!this.#model.built) {
      throw new NotBuiltError(
        `BackupAndRestore: model "${this.#model.name}" must be built before fit; call build(inputShape), or the model once`,
      );
    }
    if (midway || from.batch === 0) {
      if (from.tests !== null) await this.#tests?.resume({given: 0, round: null, past: from.tests});
      await this.#batches.resume(from.data);
    }
    await restoreRun(this.#model, from, this.#callbacks, this.#where);
  }

  /** Puts the accumulators of metrics back before the first step: they exist once the outputs are known. */
  restoreMetrics(epoch: number, batch: Sample): void {
    if (!this.#metricsMissing || this.#from?.epoch !== epoch) return;
    this.#metricsMissing = false;
    const {trainer} = this.#model;
    const known = learnShapes(this.#model, batch.x, batch.y);
    if (!known) trainer.prepare(batch.y, this.#model(batch.x as never, {training: false}), 'fit');
    trainer.forget();
    restoreMetrics(this.#model, this.#from, this.#where);
  }

  /** Whether checkpoints are written within epochs. */
  get looksAtBatches(): boolean {
    return this.#backup.saveFreq !== 'epoch';
  }

  /** Whether a checkpoint is due after this batch. */
  isDue(): boolean {
    return this.#backup.countBatch();
  }

  async afterBatch(epoch: number, step: number, last: StepLogs): Promise<void> {
    await this.#save(epoch, step + 1, readLogs(last), {});
  }

  async afterEpoch(epoch: number, logs: Logs): Promise<void> {
    if (this.#backup.saveFreq === 'epoch') await this.#save(epoch + 1, 0, {}, logs);
  }

  async #save(epoch: number, batch: number, last: Logs, logs: Logs): Promise<void> {
    const {steps, position: data} = this.#batches;
    const tests = this.#tests?.lastOrders ?? null;
    const position = {epoch, batch, steps, data, tests, callbacks: this.#callbacks};
    await this.#backup.save(
      captureRun(this.#model, {...position, last: last as RunState['last'], logs: logs as RunState['logs']}),
    );
  }
}
