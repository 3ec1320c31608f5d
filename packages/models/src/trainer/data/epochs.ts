import {ValueError} from '@keratin/core';
import {continueRandomState, processRandomState, type ProcessRandomState} from '@keratin/core/internal';
import {warn} from '../../progress/output.js';
import {type Batch, type BatchIterator, type BatchRows, type BatchSource, type SavedIterator} from './batch.js';

/** How far a run is in its data. */
export interface DataPosition {
  /** Batches given in this epoch. */
  readonly given: number;
  /** The present round: batches given, and the random state that it began with; null between two rounds. */
  readonly round: {
    readonly seen: number;
    readonly random: ProcessRandomState;
    /** What the data itself knows of it; null where it knows nothing. */
    readonly saved: SavedIterator | null;
  } | null;
  /** The last round that ended, where it was one of random orders: the next one has others. */
  readonly past: SavedIterator | null;
}

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
  #random: ProcessRandomState | null = null;
  #past: SavedIterator | null = null;
  /** A batch that was asked for before its time. */
  #early: ReturnType<BatchIterator['next']> | undefined;

  constructor(where: string, source: BatchSource, steps: number | undefined) {
    this.#where = where;
    this.#source = source;
    this.#steps = steps;
    if (source.endless === true && steps === undefined) {
      throw new ValueError(
        `${where}: the dataset is infinite; give the number of steps (stepsPerEpoch, validationSteps or steps), or take() some of it`,
      );
    }
  }

  /** Batches of one epoch; null where it is not known yet. */
  get steps(): number | null {
    return this.#steps ?? this.#source.batches;
  }

  /** Begins an epoch. */
  begin(): void {
    this.#given = 0;
    if (this.#steps === undefined || this.#round === null) {
      this.#random = processRandomState();
      this.#round = this.#source.begin();
      this.#seen = 0;
    }
  }

  /** Where the run is now. */
  get position(): DataPosition {
    const [round, random] = [this.#round, this.#random];
    const saved = round?.save?.() ?? null;
    return {
      given: this.#given,
      round: round === null || random === null ? null : {seen: this.#seen, random, saved},
      past: this.#past,
    };
  }

  /** The random orders of the round that was last. */
  get lastOrders(): SavedIterator | null {
    return ordersOf(this.#round) ?? this.#past;
  }

  /**
   * Goes on from a position of another run with the same data: shuffled arrays come in the same order, a Dataset goes to the position, of
   * other data the batches that were given already are taken and dropped. Leaves another random state behind.
   */
  async resume({given, round, past}: DataPosition): Promise<void> {
    await this.close();
    this.#given = given;
    this.#past = past;
    if (round === null) {
      // A round that begins draws orders behind those of the round that it goes on from.
      const ended = past === null ? null : await this.#source.resume?.(past);
      await ended?.close();
      return;
    }
    continueRandomState(round.random);
    this.#random = round.random;
    const resumed = round.saved === null ? null : await this.#source.resume?.(round.saved);
    if (resumed !== null && resumed !== undefined) {
      this.#round = resumed;
      this.#seen = round.seen;
      return;
    }
    this.#round = this.#source.begin();
    this.#seen = round.seen;
    if (this.#round.skip !== undefined) {
      this.#round.skip(round.seen);
      return;
    }
    for (let i = 0; i < round.seen; i++) {
      if ((await this.#round.next()) !== null) continue;
      throw new ValueError(
        `${this.#where}: the data has only ${String(i)} batches, but the run that goes on had taken ${String(round.seen)}`,
      );
    }
  }

  /** The next batch of the epoch, or null at its end. */
  next(): Batch | null | Promise<Batch | null> {
    if (this.#round === null || (this.#steps !== undefined && this.#given >= this.#steps)) return null;
    const batch = this.#early === undefined ? this.#round.next() : this.#early;
    this.#early = undefined;
    return batch instanceof Promise ? batch.then((value) => this.#took(value)) : this.#took(batch);
  }

  /** Asks for the next batch, which {@link next} gives, while something else is done. */
  prefetch(): void {
    const isOver = this.#steps !== undefined && this.#given >= this.#steps;
    if (this.#round === null || isOver || this.#early !== undefined) return;
    const round = this.#round;
    // Where it fails, the one who asks for the batch is told.
    const early = (async () => round.next())();
    early.catch(() => undefined);
    this.#early = early;
  }

  /** The batches from here on where they lie in memory. */
  rows(): BatchRows | null {
    const rows = this.#early === undefined ? (this.#round?.rows?.() ?? null) : null;
    if (rows === null || this.#steps === undefined) return rows;
    const left = Math.min(rows.left, this.#steps - this.#given);
    return left < 1 ? null : {...rows, left};
  }

  /** So many of {@link rows} were taken. */
  tookRows(batches: number): void {
    this.#round?.skip?.(batches);
    this.#given += batches;
    this.#seen += batches;
  }

  #took(batch: Batch | null): Batch | null {
    if (batch !== null) {
      this.#given += 1;
      this.#seen += 1;
      return batch;
    }
    this.#leave();
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
    this.#early = undefined;
    await this.#leave()?.close();
  }

  #leave(): BatchIterator | null {
    const round = this.#round;
    this.#round = null;
    this.#past = ordersOf(round) ?? this.#past;
    return round;
  }
}

/** The position of a round that has random orders. */
function ordersOf(round: BatchIterator | null): SavedIterator | null {
  const saved = round?.save?.();
  return saved === undefined || saved.rounds.length === 0 ? null : saved;
}
