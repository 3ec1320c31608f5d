import {ValueError} from '@keratin/core';
import {warn} from '../../progress/output.js';
import {type Batch, type BatchIterator, type BatchSource} from './batch.js';

/**
 * The batches of each epoch. Without `steps` an epoch is one round through the data; with `steps` it is that many batches, and the
 * next epoch goes on where it ended.
 */
export class Epochs {
  readonly #where: string;
  readonly #source: BatchSource;
  readonly #steps: number | undefined;
  #round: BatchIterator | null = null;
  /** Batches given in this epoch, and in this round. */
  #given = 0;
  #seen = 0;

  constructor(where: string, source: BatchSource, steps: number | undefined) {
    this.#where = where;
    this.#source = source;
    this.#steps = steps;
  }

  /** Batches of one epoch; null where it is not known yet. */
  get steps(): number | null {
    return this.#steps ?? this.#source.batches;
  }

  /** Begins an epoch. */
  begin(): void {
    this.#given = 0;
    if (this.#steps === undefined || this.#round === null) {
      this.#round = this.#source.begin();
      this.#seen = 0;
    }
  }

  /** The next batch of the epoch, or null at its end. */
  next(): Batch | null | Promise<Batch | null> {
    if (this.#round === null || (this.#steps !== undefined && this.#given >= this.#steps)) return null;
    const batch = this.#round.next();
    return batch instanceof Promise ? batch.then((value) => this.#took(value)) : this.#took(batch);
  }

  #took(batch: Batch | null): Batch | null {
    if (batch !== null) {
      this.#given += 1;
      this.#seen += 1;
      return batch;
    }
    this.#round = null;
    if (this.#seen === 0) throw new ValueError(`${this.#where}: the data gave no batches`);
    if (this.#steps !== undefined && this.#given < this.#steps) {
      warn(
        `${this.#where}: the data ran out after ${String(this.#given)} of ${String(this.#steps)} steps; the epoch ends here, and the next one starts the data again`,
      );
    }
    return null;
  }

  /** Ends the epoch; a round that was used up exactly starts over in the next one. */
  async end(): Promise<void> {
    if (this.#steps === undefined) await this.close();
    else if (this.#source.batches !== null && this.#seen >= this.#source.batches) await this.close();
  }

  /** Gives up the round. */
  async close(): Promise<void> {
    const round = this.#round;
    this.#round = null;
    await round?.close();
  }
}
