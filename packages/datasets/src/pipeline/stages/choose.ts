import {ValueError} from '@keratin/core';
import {callFor, stageName} from '../failure.js';
import {type Opening, type SeedSource} from '../opening.js';
import {ShuffleRandom} from '../shuffle-random.js';
import {type Cursor, closeAll, type Stage} from '../stage.js';
import {AGAIN, type Again, chain, END, type End, type Maybe, until} from '../step.js';

/** Elements of several datasets; numbers say of which the next one comes. */
export class ChooseStage<T> implements Stage<T> {
  readonly name = 'chooseFromDatasets';
  readonly inputs: readonly Stage<unknown>[];
  readonly size = null;

  constructor(
    private readonly sources: readonly Stage<T>[],
    private readonly choice: Stage<unknown>,
    private readonly numberOf: (element: unknown) => number,
    private readonly stopOnEmpty: boolean,
  ) {
    this.inputs = [...sources, choice];
  }

  open(opening: Opening): Cursor<T> {
    const cursors = this.sources.map((source) => source.open(opening));
    const choice = this.choice.open(opening);
    let index = 0;
    const pick = (element: unknown): Maybe<T | End | Again> => {
      if (element === END) return END;
      const number = callFor(this.name, index++, () => this.numberOf(element));
      return chain<number, T | End | Again>(number, (at) => {
        const cursor = cursors[at];
        if (cursor === undefined) {
          throw new ValueError(
            `${stageName(this.name)}: choices are 0 to ${String(cursors.length - 1)}, got ${String(at)}`,
          );
        }
        return chain<T | End, T | End | Again>(cursor.next(), (value) =>
          value === END && !this.stopOnEmpty ? AGAIN : value,
        );
      });
    };
    return {
      next: () => until<T | End>(() => chain<unknown, T | End | Again>(choice.next(), pick)),
      close: () => closeAll([...cursors, choice]),
    };
  }
}

/** Elements of several datasets, drawn at random by weight; one that has ended is drawn no more. */
export class SampleStage<T> implements Stage<T> {
  readonly name = 'sampleFromDatasets';
  readonly size = null;

  constructor(
    readonly inputs: readonly Stage<T>[],
    private readonly weights: readonly number[],
    private readonly source: SeedSource,
    private readonly stopOnEmpty: boolean,
  ) {}

  open(opening: Opening): Cursor<T> {
    const random = new ShuffleRandom(opening.draw(this.source));
    const cursors = this.inputs.map((input) => input.open(opening));
    const weights = [...this.weights];
    const draw = (): number => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      if (total === 0) return -1;
      let left = random.unit() * total;
      const at = weights.findIndex((weight) => {
        left -= weight;
        return weight > 0 && left < 0;
      });
      return at === -1 ? weights.findLastIndex((weight) => weight > 0) : at;
    };
    const attempt = (): Maybe<T | End | Again> => {
      const at = draw();
      const cursor = cursors[at];
      if (cursor === undefined) return END;
      return chain<T | End, T | End | Again>(cursor.next(), (value) => {
        if (value !== END || this.stopOnEmpty) return value;
        weights[at] = 0;
        return AGAIN;
      });
    };
    return {next: () => until<T | End>(attempt), close: () => closeAll(cursors)};
  }
}
