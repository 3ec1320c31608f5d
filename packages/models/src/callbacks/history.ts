import {schema} from '@keratin/core/internal';
import {Callback, type CallbackState, type Logs} from './callback.js';

const stateSchema = schema((z) =>
  z.object({epoch: z.array(z.number()), history: z.record(z.string(), z.array(z.unknown()))}),
);

/**
 * What was recorded while training: what `fit` gives back.
 *
 * @example
 * const {history} = await model.fit(x, y, {epochs: 5});
 * history.loss; // five numbers
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- fit gives a History that knows its names
export class History<K extends string = string> extends Callback {
  /** The values of each epoch by name, in alphabetical order; values that callbacks added come last. */
  // Filled while training; the names are known by then.
  readonly history = {} as {readonly [P in K]: number[]};
  /** The epochs that were run, from 0. */
  epoch: number[] = [];

  override onTrainBegin(): void {
    this.epoch = [];
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    const lists: Record<string, number[]> = this.history;
    for (const [name, value] of Object.entries(logs)) {
      if (value === undefined) continue;
      const list = Object.hasOwn(lists, name) ? lists[name] : undefined;
      if (list === undefined) lists[name] = [value];
      else list.push(value);
    }
  }

  override getState(): CallbackState {
    return {epoch: [...this.epoch], history: {...this.history}};
  }
  override setState(state: unknown): void {
    const {epoch, history} = stateSchema.parse(state);
    this.epoch = epoch;
    for (const name of Object.keys(this.history)) Reflect.deleteProperty(this.history, name);
    Object.assign(this.history, history);
  }
}
