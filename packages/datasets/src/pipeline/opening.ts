/** What makes orders random: its seed, and how many iterators have drawn from it. */
export interface SeedSource {
  seed: number;
  rounds: number;
}

/** One source's seed and round in an iterator, as it is saved. */
export type SavedRound = readonly [seed: number, round: number];

/** Where the order of one pass comes from. */
export interface Draw {
  readonly seed: number;
  /** Which iterator of the dataset it is. */
  readonly round: number;
  /** Which pass within the iterator: `repeat` makes several. */
  readonly pass: number;
}

/**
 * What the stages of one iterator share: the rounds of its random orders. Sources are known by the order in which they were first asked,
 * which is the same whenever the iterator is run again.
 */
export class Opening {
  readonly #restored: readonly SavedRound[];
  readonly #rounds = new Map<SeedSource, {readonly saved: SavedRound; passes: number}>();

  constructor(restored: readonly SavedRound[] = []) {
    this.#restored = restored;
  }

  /** The next pass of a source. */
  draw(source: SeedSource): Draw {
    let known = this.#rounds.get(source);
    if (known === undefined) {
      const restored = this.#restored[this.#rounds.size];
      if (restored !== undefined) {
        source.seed = restored[0];
        source.rounds = Math.max(source.rounds, restored[1]);
      }
      known = {saved: [source.seed, restored?.[1] ?? source.rounds], passes: 0};
      source.rounds = Math.max(source.rounds, known.saved[1] + 1);
      this.#rounds.set(source, known);
    }
    const [seed, round] = known.saved;
    const pass = known.passes;
    known.passes += 1;
    return {seed, round, pass};
  }

  /** What another run of the iterator needs. */
  save(): SavedRound[] {
    // Not yet asked: those that were restored stand for themselves.
    const asked = [...this.#rounds.values()].map(({saved}) => saved);
    return [...asked, ...this.#restored.slice(asked.length)];
  }
}
