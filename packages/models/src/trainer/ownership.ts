import {type Variable} from '@keratin/core';
import {type VariableOwner} from '@keratin/core/internal';
import {structureVersion} from '@keratin/layers/internal';
import {type AnyModel} from '../callbacks/callback.js';

/**
 * The weights and optimizer states of a model while it is trained: others may read them, and write them only where a callback waits
 * for that.
 */
export class Ownership implements VariableOwner {
  /** Whether steps run now, or the process does other things between them. */
  locked = false;
  readonly name: string;
  readonly #model: AnyModel;
  readonly #variables = new Set<Variable>();
  #version = -1;
  #calls = 0;

  constructor(model: AnyModel) {
    this.#model = model;
    this.name = `the fit of model "${model.name}"`;
  }

  /** Takes what there is by now, unless it belongs to another run. */
  take(): void {
    // Optimizers make their states in the first step.
    if (this.#version === structureVersion() && this.#calls >= 2) return;
    this.#version = structureVersion();
    this.#calls += 1;
    const {variables, optimizers} = this.#model;
    for (const variable of [...variables, ...optimizers.flatMap((optimizer) => optimizer.variables)]) {
      if (variable.owner !== null) continue;
      variable.owner = this;
      this.#variables.add(variable);
    }
  }

  /** Gives everything back. */
  release(): void {
    this.locked = false;
    for (const variable of this.#variables) if (variable.owner === this) variable.owner = null;
    this.#variables.clear();
  }
}
