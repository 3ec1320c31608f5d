import {ValueError} from '@keratin/core';
import {type Recording} from '@keratin/core/internal';

// Sizes that stay open. A graph is recorded for one number at each open place and once more with each of these numbers changed: a size
// that changes with it follows the open one.

/** A place of an input whose size is open. */
export interface OpenSize {
  /** Which input. */
  readonly input: number;
  readonly axis: number;
  /** In the file: `'batch'`. */
  readonly name: string;
  /** The number in all recordings but its own. */
  readonly base: number;
  /** The number in its own. */
  readonly other: number;
}

/** A size: a number, or `factor` times open sizes, plus `offset` where it is one of them. */
export type Size = number | {readonly factor: number; readonly offset: number; readonly of: readonly number[]};

/** What is the same in all recordings, and how sizes differ. */
export class Sizes {
  constructor(
    readonly open: readonly OpenSize[],
    /** Without any change, then one with each open size changed. */
    readonly recordings: readonly Recording[],
  ) {}

  /** The size that has these numbers in the recordings; null where it follows the open sizes in no simple way. */
  size(numbers: readonly number[]): Size | null {
    const [base = 0, ...others] = numbers;
    const of = others.flatMap((number, i) => (number === base ? [] : [i]));
    if (of.length === 0) return base;
    const factor = of.reduce<number>((rest, i) => rest / (this.open[i]?.base ?? 1), base);
    const follows = of.every((i) => others[i] === (base / (this.open[i]?.base ?? 1)) * (this.open[i]?.other ?? 1));
    if (follows && Number.isInteger(factor)) return {factor, offset: 0, of};
    const [only] = of;
    if (only === undefined || of.length > 1) return null;
    const {base: from, other: to} = this.open[only] ?? {base: 0, other: 1};
    const slope = ((others[only] ?? 0) - base) / (to - from);
    return Number.isInteger(slope) ? {factor: slope, offset: base - slope * from, of} : null;
  }

  /** A number that must not depend on open sizes. */
  fixed(numbers: readonly number[], what: string): number {
    const [first = 0] = numbers;
    const changed = numbers.slice(1).findIndex((number) => number !== first);
    if (changed < 0) return first;
    const {name} = this.open[changed] ?? {name: ''};
    throw new ValueError(
      `${what} depends on the open size "${name}"; give the Input a fixed size there, or an inputSignature`,
    );
  }
}
