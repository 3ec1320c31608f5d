import {type Opening, type SeedSource} from '../opening.js';
import {ShuffleRandom} from '../shuffle-random.js';
import {type Cursor, type Size, type Stage} from '../stage.js';
import {AGAIN, type Again, END, type End, type Maybe, chain, until} from '../step.js';

/** A random element of a buffer, whose place the next one of the input takes. */
export class ShuffleStage<T> implements Stage<T> {
  readonly name = 'shuffle';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly bufferSize: number,
    private readonly source: SeedSource,
    private readonly reshuffle: boolean,
  ) {
    this.inputs = [input];
    this.size = input.size;
  }

  open(opening: Opening): Cursor<T> {
    const draw = opening.draw(this.source);
    const random = new ShuffleRandom(this.reshuffle ? draw : {seed: draw.seed, round: 0, pass: 0});
    const input = this.input.open(opening);
    const {bufferSize} = this;
    let buffer: T[] = [];
    let ended = false;
    const push = (value: T | End): Again => {
      if (value === END) ended = true;
      else buffer.push(value);
      return AGAIN;
    };
    const attempt = (): Maybe<T | End | Again> => {
      if (!ended && buffer.length < bufferSize) return chain<T | End, Again>(input.next(), push);
      if (buffer.length === 0) return END;
      const at = random.below(buffer.length);
      const chosen = buffer[at] as T;
      const last = buffer.pop() as T;
      if (at < buffer.length) buffer[at] = last;
      return chosen;
    };
    return {
      next: () => until<T | End>(attempt),
      close: () => {
        ended = true;
        buffer = [];
        return input.close();
      },
    };
  }
}
