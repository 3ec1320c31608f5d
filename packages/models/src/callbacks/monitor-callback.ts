import {UnknownOptionError, ValueError} from '@keratin/core';
import {describe, nearest} from '@keratin/core/internal';
import {Callback} from './callback.js';

/** Whether a smaller or a larger value is the better one. `'auto'` knows the losses and the metrics of the model. */
export type MonitorMode = 'auto' | 'min' | 'max';

const MODES: readonly unknown[] = ['auto', 'min', 'max'];

/** Base of callbacks that watch one value of the logs. */
export abstract class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: MonitorMode;
  readonly minDelta: number;
  /** The best value so far; null before the first. */
  best: number | null;
  #sign: 1 | -1 | null = null;

  constructor(monitor: string, mode: MonitorMode, best: number | null, minDelta: number) {
    super();
    const where = this.constructor.name;
    if (typeof monitor !== 'string' || monitor === '') {
      throw new ValueError(
        `${where}: monitor must be the name of a value, such as "val_loss", got ${describe(monitor)}`,
      );
    }
    if (!MODES.includes(mode)) {
      throw new ValueError(`${where}: mode must be "auto", "min" or "max", got ${describe(mode)}`);
    }
    if (typeof minDelta !== 'number' || Number.isNaN(minDelta)) {
      throw new ValueError(`${where}: minDelta must be a number, got ${describe(minDelta)}`);
    }
    this.monitor = monitor;
    this.mode = mode;
    this.best = best;
    this.minDelta = Math.abs(minDelta);
  }

  /**
   * @internal Checked before the first batch.
   * @param available the names that the logs will have
   */
  checkLogs(available: readonly string[]): void {
    if (this.watches() && !available.includes(this.monitor)) {
      const validates = available.some((name) => name.startsWith('val_'));
      const near = nearest(this.monitor, available);
      let advice = near === undefined ? '' : `; did you mean "${near}"?`;
      if (!validates && this.monitor.startsWith('val_')) {
        advice = '; pass validationData or validationSplit to have val_ values';
      }
      throw new UnknownOptionError(
        `${this.constructor.name}: monitor "${this.monitor}" is not among the logs, which have ${available.join(', ')}${advice}`,
      );
    }
  }

  /** @internal Whether the monitored value matters at all. */
  protected watches(): boolean {
    return true;
  }

  /** @internal Whether `value` beats `reference` by more than minDelta. */
  protected isImprovement(value: number, reference: number | null): boolean {
    // NaN beats nothing: nothing would ever beat it.
    if (Number.isNaN(value)) return false;
    if (reference === null) return true;
    this.#sign ??= this.#direction();
    return this.#sign === -1 ? value + this.minDelta < reference : value - this.minDelta > reference;
  }

  /** @internal Finds out the direction, or throws where it cannot be known. */
  protected resolveDirection(): void {
    this.#sign ??= this.#direction();
  }

  #direction(): 1 | -1 {
    if (this.mode !== 'auto') return this.mode === 'min' ? -1 : 1;
    const name = this.monitor.replace(/^val_/, '');
    const compiled = this.model.trainer.namedMetrics();
    const direction = compiled.find(({key}) => key === name)?.metric.direction ?? null;
    if (direction !== null) return direction === 'up' ? 1 : -1;
    if (name === 'loss') return -1;
    throw new ValueError(
      `${this.constructor.name}: whether "${this.monitor}" is better high or low is not known; pass {mode: 'max'} or {mode: 'min'}`,
    );
  }
}
