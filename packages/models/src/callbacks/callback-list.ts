import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {type AnyModel, Callback, type CallbackHooks, type CallbackParams, type Logs} from './callback.js';
import {History} from './history.js';
import {LambdaCallback} from './lambda-callback.js';
import {ProgbarLogger} from './progbar-logger.js';

/** What goes into a {@link CallbackList}. */
export interface CallbackListOptions {
  readonly model: AnyModel;
  readonly params: CallbackParams;
  /** Whether a History is added where there is none. */
  readonly addHistory?: boolean | undefined;
  /** Whether a progress bar is added where there is none. */
  readonly addProgbar?: boolean | undefined;
}

type Waiting = Promise<void> | undefined;
type BatchHook =
  'onTrainBatchBegin' | 'onTestBatchBegin' | 'onPredictBatchBegin' | 'onTrainBatchEnd' | 'onTestBatchEnd';

/** A callback, or a plain object of hooks. */
export type CallbackLike = Callback | CallbackHooks;

/**
 * All callbacks of a run: the user's in their order, then the History, then the progress bar. A method gives a promise only where
 * a hook gave one, so that synchronous hooks cost no turn of the event loop.
 */
export class CallbackList {
  readonly callbacks: readonly Callback[];
  readonly history: History | null;
  readonly #progbars: readonly ProgbarLogger[];
  readonly #hooked = new Map<keyof CallbackHooks, readonly Callback[]>();
  /** Whether a hook is running or waited for. */
  busy = false;

  constructor(given: readonly CallbackLike[] | undefined, options: CallbackListOptions) {
    const list = checkCallbacks(given);
    let history = list.find((callback) => callback instanceof History) ?? null;
    if (history === null && options.addHistory === true) {
      history = new History();
      list.push(history);
    }
    if (options.addProgbar === true && !list.some((callback) => callback instanceof ProgbarLogger)) {
      list.push(new ProgbarLogger());
    }
    this.callbacks = list;
    this.history = history;
    this.#progbars = list.filter((callback) => callback instanceof ProgbarLogger);
    for (const callback of list) {
      callback.setModel(options.model);
      callback.setParams(options.params);
    }
  }

  onTrainBegin(): Waiting {
    return this.#each('onTrainBegin', (callback) => callback.onTrainBegin?.({}));
  }
  onTrainEnd(logs: Logs): Waiting {
    return this.#each('onTrainEnd', (callback) => callback.onTrainEnd?.(logs));
  }
  onEpochBegin(epoch: number): Waiting {
    return this.#each('onEpochBegin', (callback) => callback.onEpochBegin?.(epoch, {}));
  }
  onEpochEnd(epoch: number, logs: Logs): Waiting {
    return this.#each('onEpochEnd', (callback) => callback.onEpochEnd?.(epoch, logs));
  }
  onTestBegin(): Waiting {
    return this.#each('onTestBegin', (callback) => callback.onTestBegin?.({}));
  }
  onTestEnd(logs: Logs): Waiting {
    return this.#each('onTestEnd', (callback) => callback.onTestEnd?.(logs));
  }
  onPredictBegin(): Waiting {
    return this.#each('onPredictBegin', (callback) => callback.onPredictBegin?.({}));
  }
  onPredictEnd(): Waiting {
    return this.#each('onPredictEnd', (callback) => callback.onPredictEnd?.({}));
  }

  onTrainBatchBegin(batch: number): Waiting {
    return this.#batch('onTrainBatchBegin', batch, {});
  }
  onTestBatchBegin(batch: number): Waiting {
    return this.#batch('onTestBatchBegin', batch, {});
  }
  onPredictBatchBegin(batch: number): Waiting {
    return this.#batch('onPredictBatchBegin', batch, {});
  }

  /** Whether a callback looks at single batches. */
  hasBatchHooks(kind: 'Train' | 'Test' | 'Predict'): boolean {
    return this.#with(`on${kind}BatchBegin`).length + this.#with(`on${kind}BatchEnd`).length > 0;
  }

  /** @param read gives the logs; called only where a callback looks at them */
  onTrainBatchEnd(batch: number, read: () => Logs): Waiting {
    for (const progbar of this.#progbars) progbar.step(batch, read);
    return this.#with('onTrainBatchEnd').length === 0 ? undefined : this.#batch('onTrainBatchEnd', batch, read());
  }
  onTestBatchEnd(batch: number, read: () => Logs): Waiting {
    for (const progbar of this.#progbars) progbar.testStep(batch, read);
    return this.#with('onTestBatchEnd').length === 0 ? undefined : this.#batch('onTestBatchEnd', batch, read());
  }
  onPredictBatchEnd(batch: number, outputs: unknown): Waiting {
    for (const progbar of this.#progbars) progbar.step(batch, () => ({}));
    return this.#each('onPredictBatchEnd', (callback) => callback.onPredictBatchEnd?.(batch, {outputs}));
  }

  /** The values of an epoch's steps, before a validation uses the metrics for its own. */
  hold(logs: Logs): void {
    for (const progbar of this.#progbars) progbar.hold(logs);
  }

  /** Leaves the screen in order, after an error too. */
  close(): void {
    for (const progbar of this.#progbars) progbar.close();
  }

  #batch(hook: BatchHook, batch: number, logs: Logs): Waiting {
    return this.#each(hook, (callback) => {
      if (callback[hook] !== undefined) return callback[hook](batch, logs);
      // The older names stand for those of training.
      return hook === 'onTrainBatchBegin' ? callback.onBatchBegin?.(batch, logs) : callback.onBatchEnd?.(batch, logs);
    });
  }

  #with(hook: keyof CallbackHooks): readonly Callback[] {
    let list = this.#hooked.get(hook);
    if (list === undefined) {
      const other = hook === 'onTrainBatchBegin' ? 'onBatchBegin' : hook === 'onTrainBatchEnd' ? 'onBatchEnd' : hook;
      list = this.callbacks.filter((callback) => callback[hook] !== undefined || callback[other] !== undefined);
      this.#hooked.set(hook, list);
    }
    return list;
  }

  #each(hook: keyof CallbackHooks, call: (callback: Callback) => unknown): Waiting {
    const list = this.#with(hook);
    if (list.length === 0) return undefined;
    let waiting: Waiting;
    this.busy = true;
    try {
      for (let i = 0; i < list.length && waiting === undefined; i++) {
        const callback = list[i];
        const result = callback === undefined ? undefined : call(callback);
        if (isPromise(result)) waiting = this.#rest(result, list.slice(i + 1), call);
      }
    } finally {
      this.busy = waiting !== undefined;
    }
    return waiting;
  }

  async #rest(
    first: PromiseLike<unknown>,
    list: readonly Callback[],
    call: (callback: Callback) => unknown,
  ): Promise<void> {
    try {
      await first;
      for (const callback of list) await call(callback);
    } finally {
      this.busy = false;
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function checkCallbacks(given: unknown): Callback[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    throw new ValueError(`callbacks: a list of callbacks is needed, got ${describe(given)}; write [callback]`);
  }
  return given.flat().map((entry: unknown) => {
    if (entry instanceof Callback) return entry;
    if (typeof entry === 'function') {
      throw new ValueError(
        `callbacks: got the class or function ${entry.name}; give an object of it, new ${entry.name}()`,
      );
    }
    if (typeof entry === 'object' && entry !== null) return new LambdaCallback(entry);
    throw new ValueError(`callbacks: a callback or an object of hooks is needed, got ${describe(entry)}`);
  });
}
