import {KeratinError, type Tensor} from '@keratin/core';
import type {Model} from '../model/model.js';

/**
 * Values by name at one moment of training: `loss`, metrics, and `val_` in front of those of the validation. One object is
 * shared by all callbacks of an event, so what one adds is seen by the later ones and by the History.
 */
export interface Logs {
  [name: string]: number | undefined;
}

/** What a callback knows of the run. */
export interface CallbackParams {
  readonly epochs: number;
  /** Steps of an epoch; null where they are not known. */
  readonly steps: number | null;
  readonly verbose: number;
}

type Done = void | Promise<void>;

/** The events of training, evaluation and prediction. Hooks may be asynchronous; training waits for them. */
export interface CallbackHooks {
  onTrainBegin?(logs: Logs): Done;
  /** With the logs of the last epoch. */
  onTrainEnd?(logs: Logs): Done;
  onEpochBegin?(epoch: number, logs: Logs): Done;
  onEpochEnd?(epoch: number, logs: Logs): Done;
  onTrainBatchBegin?(batch: number, logs: Logs): Done;
  /** With the means since the epoch began. A hook here makes every step read its values, which takes a few microseconds. */
  onTrainBatchEnd?(batch: number, logs: Logs): Done;
  /** The same as `onTrainBatchBegin`, where that is not there. */
  onBatchBegin?(batch: number, logs: Logs): Done;
  /** The same as `onTrainBatchEnd`, where that is not there. */
  onBatchEnd?(batch: number, logs: Logs): Done;
  /** Of `evaluate`, and of the validation inside `fit`. */
  onTestBegin?(logs: Logs): Done;
  onTestEnd?(logs: Logs): Done;
  onTestBatchBegin?(batch: number, logs: Logs): Done;
  onTestBatchEnd?(batch: number, logs: Logs): Done;
  onPredictBegin?(logs: Logs): Done;
  onPredictEnd?(logs: Logs): Done;
  onPredictBatchBegin?(batch: number, logs: Logs): Done;
  /** With what the model gave for the batch, as `outputs`. */
  onPredictBatchEnd?(batch: number, logs: {readonly outputs: unknown}): Done;
}

/** What a callback remembers. */
export type CallbackState =
  null | number | string | boolean | Tensor | readonly CallbackState[] | {readonly [name: string]: CallbackState};

/** The names of all hooks. */
export const HOOKS = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onPredictBegin',
  'onPredictEnd',
  'onPredictBatchBegin',
  'onPredictBatchEnd',
] as const satisfies readonly (keyof CallbackHooks)[];

/** A model of any inputs and outputs. */
export type AnyModel = Model<never, unknown>;

const NO_PARAMS: CallbackParams = {epochs: 0, steps: null, verbose: 0};

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- the hooks are optional methods of the class
export interface Callback extends CallbackHooks {}

/**
 * Base of callbacks: override the hooks that you need. Epochs and batches count from 0.
 *
 * @example
 * class Stop extends callbacks.Callback {
 *   override onEpochEnd(epoch: number, logs: Logs) {
 *     if ((logs['val_accuracy'] ?? 0) > 0.99) this.model.stopTraining = true;
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the hooks are optional methods of the class
export class Callback {
  #model: AnyModel | null = null;
  #params: CallbackParams = NO_PARAMS;

  /** The model that is trained; set when training begins. */
  get model(): Model {
    if (this.#model === null) {
      throw new KeratinError(`${this.constructor.name}: there is no model before fit, evaluate or predict has begun`);
    }
    return this.#model as Model;
  }

  /** The run: epochs, steps of an epoch, verbosity. */
  get params(): CallbackParams {
    return this.#params;
  }

  setModel(model: AnyModel): void {
    this.#model = model;
  }

  setParams(params: CallbackParams): void {
    this.#params = params;
  }

  /**
   * What the callback must remember so that an interrupted run goes on exactly: numbers, strings, booleans, null, tensors, and lists
   * and dictionaries of them. {@link BackupAndRestore} keeps it. Default: nothing.
   */
  getState(): CallbackState {
    return null;
  }

  /** Takes back what {@link getState} gave in the run that was interrupted; called after `onTrainBegin`. */
  setState(_state: unknown): void | Promise<void> {
    // Nothing by default.
  }
}
