import {printLine} from '../progress/output.js';
import {Progbar} from '../progress/progbar.js';
import {Callback, type CallbackParams, type Logs} from './callback.js';

type Values = Record<string, number>;

/** Shows the progress of `fit`, `evaluate` and `predict`, as `verbose` asks for. They add it by themselves. */
export class ProgbarLogger extends Callback {
  #bar: Progbar | null = null;
  #seen = 0;
  #target: number | null = null;
  #inFit = false;

  override setParams(params: CallbackParams): void {
    super.setParams(params);
    this.#target = params.steps;
  }

  override onTrainBegin(): void {
    // Validation inside fit shows nothing of its own.
    this.#inFit = true;
  }

  override onEpochBegin(epoch: number): void {
    this.#open();
    const {epochs, verbose} = this.params;
    if (verbose > 0 && epochs > 1) printLine(`Epoch ${String(epoch + 1)}/${String(epochs)}`);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#finish(logs);
  }

  override onTestBegin(): void {
    if (!this.#inFit) this.#open();
  }

  override onTestEnd(logs: Logs): void {
    if (!this.#inFit) this.#finish(logs);
  }

  override onPredictBegin(): void {
    this.#open();
  }

  override onPredictEnd(): void {
    this.#finish({});
  }

  /** @internal A step is done. `read` is called only when a line is drawn, so that most steps read no values. */
  step(batch: number, read: () => Logs): void {
    this.#seen = batch + 1;
    if (this.#bar?.verbose === 1) this.#bar.update(this.#seen, () => known(read()), false);
  }

  /** @internal The values of the steps so far, which stay on the screen while a validation uses the metrics. */
  hold(logs: Logs): void {
    if (this.#bar?.verbose === 1) this.#bar.update(this.#seen, known(logs), false);
  }

  /** @internal A step of a validation inside `fit` is not shown. */
  testStep(batch: number, read: () => Logs): void {
    if (!this.#inFit) this.step(batch, read);
  }

  /** @internal Leaves the screen in order where training ended with an error. */
  close(): void {
    this.#bar?.close();
    this.#bar = null;
  }

  #open(): void {
    this.#seen = 0;
    const {verbose} = this.params;
    this.#bar = new Progbar(this.#target, {
      verbose: verbose === 2 ? 2 : verbose === 0 ? 0 : 1,
      statelessMetrics: [],
    });
  }

  #finish(logs: Logs): void {
    if (this.#bar === null) return;
    // Of data without a known length the first epoch tells it.
    this.#target ??= this.#seen;
    this.#bar.target = this.#target;
    this.#bar.update(this.#target, known(logs), true);
    this.#bar = null;
  }
}

function known(logs: Logs): Values {
  const values: Values = {};
  for (const [name, value] of Object.entries(logs)) if (value !== undefined) values[name] = value;
  return values;
}
