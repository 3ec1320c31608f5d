import {type Tensor, UnknownOptionError, ValueError, type Variable} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import * as optimizers from '../optimizers/index.js';
import {isPart, isPattern, type KnownPart, membership, type ModelPart, nameOf} from './parts.js';

/** One optimizer: an id, an object or a config. */
export type OptimizerSpec = optimizers.OptimizerLike;

/**
 * Optimizers for parts of a model: pairs of a layer (with all that is in it), or a pattern of variable paths such as
 * `'sequential/dense/*'`, and an optimizer.
 */
export type OptimizerGroup = readonly [part: ModelPart, optimizer: OptimizerSpec];

interface Group {
  readonly part: KnownPart;
  readonly optimizer: optimizers.Optimizer;
}

/** Whether the option of `compile` is a list of groups. */
export function isGroups(option: unknown): option is readonly OptimizerGroup[] {
  return Array.isArray(option);
}

/** Optimizers of the parts of a model; each trainable variable belongs to exactly one. */
export class OptimizerGroups {
  readonly #groups: readonly Group[];
  /** The variables of each group, for the list of variables that was seen last. */
  #assigned: {readonly variables: readonly Variable[]; readonly groupOf: readonly number[]} | null = null;

  constructor(spec: readonly OptimizerGroup[]) {
    if (spec.length === 0)
      throw new ValueError('compile: a list of optimizers must have at least one [part, optimizer]');
    this.#groups = spec.map((entry: unknown) => {
      if (!Array.isArray(entry) || entry.length !== 2) {
        throw new ValueError(
          `compile: a group of optimizers is [layer or path pattern, optimizer], got ${describe(entry)}`,
        );
      }
      const [part, optimizer] = entry as readonly unknown[];
      if (!isPart(part)) {
        throw new ValueError(
          `compile: the part of a group of optimizers is a layer or a pattern of paths, got ${describe(part)}`,
        );
      }
      return {part, optimizer: optimizers.get(optimizer as OptimizerSpec)};
    });
    const seen = new Set(this.optimizers);
    if (seen.size !== this.#groups.length) {
      throw new ValueError('compile: each group needs an optimizer object of its own, got one object twice');
    }
    const scaled = this.optimizers.find(({lossScaleFactor}) => lossScaleFactor !== null);
    if (scaled !== undefined) {
      throw new ValueError(
        `compile: optimizers of groups share one loss, so ${scaled.name} cannot have a lossScaleFactor`,
      );
    }
  }

  /** Groups share one loss, so none of them scales it: see the constructor. */
  scaleLoss(loss: Tensor): Tensor {
    return loss;
  }

  get optimizers(): readonly optimizers.Optimizer[] {
    return this.#groups.map(({optimizer}) => optimizer);
  }

  /** See {@link optimizers.Optimizer.multiplyRates}. */
  multiplyRates(multiplierOf: ((variable: Variable) => number) | null): void {
    for (const optimizer of this.optimizers) optimizer.multiplyRates(multiplierOf);
  }

  /** Checks that the groups are parts of the model, and that every trainable variable has exactly one optimizer. */
  check(model: AnyLayer, variables: readonly Variable[]): void {
    const layers = new Set(model.flattenLayers());
    for (const {part} of this.#groups) {
      if (!isPattern(part) && !layers.has(part)) {
        throw new ValueError(`compile: layer "${part.name}" has an optimizer but is no part of model "${model.name}"`);
      }
    }
    this.#assign(variables);
  }

  /** Makes the state of each optimizer for its variables. */
  build(variables: readonly Variable[]): void {
    const groupOf = this.#assign(variables);
    this.#groups.forEach(({optimizer}, g) => {
      optimizer.build(variables.filter((_, i) => groupOf[i] === g));
    });
  }

  /** One step of each optimizer with the gradients of its variables. */
  apply(gradients: readonly (Tensor | null)[], variables: readonly Variable[]): void {
    const groupOf = this.#assign(variables);
    this.#groups.forEach(({optimizer}, g) => {
      const mine = variables.filter((_, i) => groupOf[i] === g);
      if (mine.length > 0) {
        optimizer.apply(
          gradients.filter((_, i) => groupOf[i] === g),
          mine,
        );
      }
    });
  }

  #assign(variables: readonly Variable[]): readonly number[] {
    if (this.#assigned?.variables === variables) return this.#assigned.groupOf;
    const groupOf = new Array<number>(variables.length).fill(-1);
    this.#groups.forEach(({part}, g) => {
      const belongs = membership(part);
      let found = typeof part !== 'string';
      variables.forEach((variable, i) => {
        if (!belongs(variable)) return;
        found = true;
        const other = this.#groups[groupOf[i] ?? -1];
        if (other !== undefined) {
          throw new ValueError(
            `compile: variable ${variable.path} has two optimizers, by ${nameOf(other.part)} and by ${nameOf(part)}`,
          );
        }
        groupOf[i] = g;
      });
      if (!found) {
        const paths = variables.map(({path}) => path).join(', ');
        throw new UnknownOptionError(
          `compile: the pattern "${nameOf(part)}" matches no trainable variable; there are ${paths}`,
        );
      }
    });
    const free = variables.find((_, i) => groupOf[i] === -1);
    if (free !== undefined) {
      throw new ValueError(`compile: trainable variable ${free.path} belongs to no group of optimizers`);
    }
    this.#assigned = {variables, groupOf};
    return groupOf;
  }
}
