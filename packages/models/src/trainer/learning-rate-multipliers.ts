import {UnknownOptionError, ValueError, type Variable} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {isPart, isPattern, type KnownPart, membership, type ModelPart, nameOf} from './parts.js';

/**
 * The learning rate of a part of a model: a layer (with all that is in it) or a pattern of variable paths such as `'encoder/*'`, and what
 * the learning rate is multiplied by there.
 */
export type LearningRateMultiplier = readonly [part: ModelPart, multiplier: number];

type Entry = readonly [part: KnownPart, multiplier: number];

/** What the learning rates of the parts of one model are multiplied by; 1 where no part says anything. */
export class LearningRateMultipliers {
  readonly #model: AnyModel;
  readonly #entries: readonly Entry[];
  #known = new Map<Variable, number>();
  #checked = false;

  constructor(model: AnyModel, spec: unknown) {
    this.#model = model;
    if (!Array.isArray(spec)) {
      throw new ValueError(
        `compile: learningRateMultipliers is a list of [layer or path pattern, multiplier], got ${describe(spec)}`,
      );
    }
    this.#entries = spec.map((entry: unknown): Entry => {
      const [part, multiplier] = Array.isArray(entry) && entry.length === 2 ? (entry as readonly unknown[]) : [];
      if (!isPart(part)) {
        throw new ValueError(
          `compile: an entry of learningRateMultipliers is [layer or path pattern, multiplier], got ${describe(entry)}`,
        );
      }
      if (typeof multiplier !== 'number' || !Number.isFinite(multiplier) || multiplier < 0) {
        throw new ValueError(
          `compile: the learning rate multiplier of ${nameOf(part)} must be a number of at least 0, got ${describe(multiplier)}`,
        );
      }
      return [part, multiplier];
    });
  }

  /** Checks once the model is built that every part is one of it, and that no two parts share a variable. */
  check(): void {
    if (this.#checked) return;
    const layers = new Set(this.#model.flattenLayers());
    for (const [part] of this.#entries) {
      if (!isPattern(part) && !layers.has(part)) {
        throw new ValueError(
          `compile: layer "${part.name}" has a learning rate multiplier but is no part of model "${this.#model.name}"`,
        );
      }
    }
    this.#look();
    this.#checked = true;
  }

  /** The multiplier of a variable; variables of other models have none. */
  of(variable: Variable): number {
    if (!this.#known.has(variable)) this.#look();
    const multiplier = this.#known.get(variable) ?? 1;
    this.#known.set(variable, multiplier);
    return multiplier;
  }

  // Weights that are frozen now may be trained later, so all of them are looked at.
  #look(): void {
    const {weights} = this.#model;
    const partOf = new Map<Variable, Entry>();
    for (const entry of this.#entries) {
      const [part] = entry;
      const mine = weights.filter(membership(part));
      if (typeof part === 'string' && mine.length === 0) {
        throw new UnknownOptionError(
          `compile: the pattern "${nameOf(part)}" of learningRateMultipliers matches no weight; there are ${weights.map(({path}) => path).join(', ')}`,
        );
      }
      for (const variable of mine) {
        const other = partOf.get(variable);
        if (other !== undefined) {
          throw new ValueError(
            `compile: variable ${variable.path} has two learning rate multipliers, by ${nameOf(other[0])} and by ${nameOf(part)}`,
          );
        }
        partOf.set(variable, entry);
      }
    }
    this.#known = new Map(weights.map((variable) => [variable, partOf.get(variable)?.[1] ?? 1]));
  }
}
