import {closeSync, existsSync, openSync, renameSync, rmSync, writeSync} from 'node:fs';
import {encodeRecord} from '@keratin/core/internal';
import {decodeElement, encodeElement} from '../elements/codec.js';
import {failure, stageName} from '../failure.js';
import {type Opening} from '../opening.js';
import {GeneratorStage} from '../sources/generator.js';
import {recordsOf} from '../sources/tfrecord.js';
import {type Cursor, type Size, type Stage} from '../stage.js';
import {chain, END, type End, type Maybe} from '../step.js';

/** Where the elements of a whole pass are kept. */
interface Keeper<T> {
  keep(element: T): void;
  /** The pass was complete. */
  finish(): void;
  /** It was not: nothing stays. */
  discard(): void;
}

/** The elements of the first complete pass; later ones do not ask the input. */
abstract class KeepingStage<T> implements Stage<T> {
  readonly name = 'cache';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(private readonly input: Stage<T>) {
    this.inputs = [input];
    this.size = input.size;
  }

  /** What was kept, or null where there is no complete pass yet. */
  protected abstract kept(): Cursor<T> | null;
  protected abstract keeper(): Keeper<T>;

  open(opening: Opening): Cursor<T> {
    const kept = this.kept();
    if (kept !== null) return kept;
    const input = this.input.open(opening);
    let keeper: Keeper<T> | null = null;
    let index = 0;
    let ended = false;
    const take = (element: T | End): Maybe<T | End> => {
      if (ended) return END;
      keeper ??= this.keeper();
      if (element === END) {
        ended = true;
        keeper.finish();
        return END;
      }
      try {
        keeper.keep(element);
      } catch (error) {
        throw failure(this.name, index, error);
      }
      index += 1;
      return element;
    };
    return {
      next: () => (ended ? END : chain<T | End, T | End>(input.next(), take)),
      close: () => {
        if (!ended) keeper?.discard();
        ended = true;
        return input.close();
      },
    };
  }
}

/** Keeps elements in memory. */
export class MemoryCacheStage<T> extends KeepingStage<T> {
  #kept: readonly T[] | null = null;

  protected override kept(): Cursor<T> | null {
    const elements = this.#kept;
    if (elements === null) return null;
    let at = 0;
    return {
      next: () => (at < elements.length ? (elements[at++] as T) : END),
      skip: (count) => {
        const skipped = Math.min(count, elements.length - at);
        at += skipped;
        return skipped;
      },
      close: () => {
        at = elements.length;
      },
    };
  }

  protected override keeper(): Keeper<T> {
    const elements: T[] = [];
    return {
      keep: (element) => void elements.push(element),
      finish: () => {
        this.#kept = elements;
      },
      discard: () => {
        elements.length = 0;
      },
    };
  }
}

let files = 0;

/** Keeps elements in a file, for later runs as well; it appears when a pass is complete. */
export class FileCacheStage<T> extends KeepingStage<T> {
  constructor(
    input: Stage<T>,
    private readonly path: string,
  ) {
    super(input);
  }

  protected override kept(): Cursor<T> | null {
    const {path} = this;
    if (!existsSync(path)) return null;
    const where = `${stageName(this.name)}: ${path}`;
    const read = async function* (): AsyncGenerator<T> {
      for await (const record of recordsOf([path])) yield decodeElement(where, record) as T;
    };
    return new GeneratorStage<T>(this.name, read).open();
  }

  protected override keeper(): Keeper<T> {
    const part = `${this.path}.${String(process.pid)}.${String(++files)}.part`;
    const where = `${stageName(this.name)}: ${this.path}`;
    const file = openSync(part, 'w');
    return {
      keep: (element) => {
        const record = encodeRecord(encodeElement(where, element));
        for (let at = 0; at < record.length;) at += writeSync(file, record, at);
      },
      finish: () => {
        closeSync(file);
        renameSync(part, this.path);
      },
      discard: () => {
        closeSync(file);
        rmSync(part, {force: true});
      },
    };
  }
}
