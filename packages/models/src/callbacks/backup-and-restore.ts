import {existsSync} from 'node:fs';
import {mkdir, rename, rm, rmdir} from 'node:fs/promises';
import {join} from 'node:path';
import {FileFormatError, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {warn} from '../progress/output.js';
import {type RunState, runSchema} from '../resume/state.js';
import {loadStructure, saveStructure} from '../resume/structure.js';
import {Callback} from './callback.js';

/** Options of {@link BackupAndRestore}. */
export interface BackupAndRestoreOptions {
  /** After each epoch, or after a number of batches counted across epochs. Default `'epoch'`. */
  saveFreq?: 'epoch' | number | undefined;
  /** Whether the checkpoint before the last one is kept, for the case that the last one is damaged. Default true (in Keras false). */
  doubleCheckpoint?: boolean | undefined;
  /** Whether the checkpoints are removed at the end of training. Default true. */
  deleteCheckpoint?: boolean | undefined;
}

const OPTION_NAMES = [
  'saveFreq',
  'doubleCheckpoint',
  'deleteCheckpoint',
] as const satisfies readonly (keyof BackupAndRestoreOptions)[];

/**
 * Makes training go on where it was interrupted: the same program, started again, continues behind the last checkpoint and ends with
 * the same weights and History, bit for bit, as a run that nothing interrupted. A checkpoint holds weights, the optimizer's state, the
 * random state of the process and of layers, the order and position of shuffled data, metrics, the state of callbacks and the History.
 *
 * Keras's `BackupAndRestore` restores weights and the optimizer, and starts the interrupted epoch over. Here the files are
 * `latest.safetensors` and `previous.safetensors` in the folder, each written whole or not at all.
 *
 * A `data.Dataset` goes on at its position, with the same random orders. Other data that yields batches must yield the same ones again:
 * those that were taken already are taken again and dropped. Callbacks of your own keep their state in `getState` and `setState`.
 *
 * @example
 * await model.fit(x, y, {epochs: 50, callbacks: [new callbacks.BackupAndRestore('backup', {saveFreq: 100})]});
 * @throws FileFormatError where the checkpoint is of another model, or no checkpoint in the folder is whole
 */
export class BackupAndRestore extends Callback {
  readonly backupDir: string;
  readonly saveFreq: 'epoch' | number;
  readonly doubleCheckpoint: boolean;
  readonly deleteCheckpoint: boolean;
  #since = 0;

  /** @param backupDir a folder for the checkpoints of this run alone */
  constructor(backupDir: string, options: BackupAndRestoreOptions = {}) {
    super();
    checkOptions('BackupAndRestore', options, OPTION_NAMES, {
      save_freq: 'saveFreq',
      delete_checkpoint: 'deleteCheckpoint',
      double_checkpoint: 'doubleCheckpoint',
    });
    if (typeof backupDir !== 'string' || backupDir === '') {
      throw new ValueError(`BackupAndRestore: a folder is needed, got ${describe(backupDir)}`);
    }
    const saveFreq: unknown = options.saveFreq ?? 'epoch';
    if (saveFreq !== 'epoch' && !(typeof saveFreq === 'number' && Number.isInteger(saveFreq) && saveFreq > 0)) {
      throw new ValueError(
        `BackupAndRestore: saveFreq must be "epoch" or a number of batches, got ${describe(saveFreq)}`,
      );
    }
    this.backupDir = backupDir;
    this.saveFreq = saveFreq;
    this.doubleCheckpoint = options.doubleCheckpoint ?? true;
    this.deleteCheckpoint = options.deleteCheckpoint ?? true;
  }

  get #latest(): string {
    return join(this.backupDir, 'latest.safetensors');
  }
  get #previous(): string {
    return join(this.backupDir, 'previous.safetensors');
  }

  /** @internal The last whole checkpoint; null where there is none. */
  async load(): Promise<RunState | null> {
    this.#since = 0;
    const problems: string[] = [];
    for (const path of [this.#latest, this.#previous]) {
      if (!existsSync(path)) continue;
      try {
        const {data: state, error} = runSchema.safeParse(await loadStructure(path, 'BackupAndRestore'));
        if (state === undefined) {
          const [issue] = error.issues;
          throw new FileFormatError(
            `BackupAndRestore: ${path} holds no valid checkpoint: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
          );
        }
        if (problems.length > 0) warn(`${problems.join('; ')}; going on from ${path}`);
        return state;
      } catch (error) {
        problems.push(problemOf(error, path));
      }
    }
    if (problems.length > 0) {
      throw new FileFormatError(`${problems.join('; ')}; remove ${this.backupDir} to train from the start`);
    }
    return null;
  }

  /** @internal Whether a checkpoint is due after this batch. */
  countBatch(): boolean {
    if (this.saveFreq === 'epoch') return false;
    this.#since += 1;
    if (this.#since < this.saveFreq) return false;
    this.#since = 0;
    return true;
  }

  /** @internal Writes a checkpoint. */
  async save(state: RunState): Promise<void> {
    await mkdir(this.backupDir, {recursive: true});
    if (this.doubleCheckpoint && existsSync(this.#latest)) await rename(this.#latest, this.#previous);
    await saveStructure(this.#latest, state);
  }

  /** @internal Training has come to its end. */
  async finish(): Promise<void> {
    if (!this.deleteCheckpoint) return;
    for (const path of [this.#latest, this.#previous]) await rm(path, {force: true});
    // What else is in the folder is not ours.
    await rmdir(this.backupDir).catch(() => undefined);
  }
}

function problemOf(error: unknown, path: string): string {
  if (error instanceof FileFormatError) return error.message;
  if (error instanceof SyntaxError) return `BackupAndRestore: ${path} holds no checkpoint`;
  throw error;
}
