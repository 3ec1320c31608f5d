import {KeratinError} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {printLine} from '../progress/output.js';
import {Callback, type Logs} from './callback.js';

/** Options of {@link TerminateOnNaN}. */
export interface TerminateOnNaNOptions {
  /** Whether an error is thrown at once instead of an orderly end. Default false. */
  raiseError?: boolean | undefined;
}

/** Ends training when the loss is NaN or infinite (Keras's `TerminateOnNaN`). */
export class TerminateOnNaN extends Callback {
  readonly raiseError: boolean;

  constructor(options: TerminateOnNaNOptions = {}) {
    super();
    checkOptions('TerminateOnNaN', options, ['raiseError']);
    this.raiseError = options.raiseError ?? false;
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    const {loss} = logs as {readonly loss?: number | undefined};
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError) {
      throw new KeratinError(`TerminateOnNaN: the loss is ${String(loss)} at batch ${String(batch)}`);
    }
    printLine(`Batch ${String(batch)}: Invalid loss, terminating training`);
    this.model.stopTraining = true;
  }
}
