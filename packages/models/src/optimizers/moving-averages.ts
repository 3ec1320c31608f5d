import {ops, type Tensor, type Variable} from '@keratin/core';
import {type Amount, scalarOf} from '@keratin/core/internal';

/** Exponential moving averages of variables, which an optimizer keeps beside them (`useEma`). */
export class MovingAverages {
  readonly #averages = new Map<Variable, Variable>();
  readonly #momentum: number;
  readonly #overwriteFrequency: number | null;
  /** Whether variables hold their averages now, and the averages the variables' values: a checkpoint sets it again. */
  areSwapped = false;

  /**
   * @param momentum how much of the average stays at each step, from 0 to 1
   * @param overwriteFrequency every how many steps variables become their averages; null for never
   */
  constructor(momentum: number, overwriteFrequency: number | null) {
    this.#momentum = momentum;
    this.#overwriteFrequency = overwriteFrequency;
  }

  add(variable: Variable, average: Variable): void {
    this.#averages.set(variable, average);
  }

  /** The averages, in the order in which they were added. */
  get variables(): readonly Variable[] {
    return [...this.#averages.values()];
  }

  /**
   * average <- momentum average + (1 - momentum) variable; the first step takes the variable itself.
   * @param step how many steps were taken before
   * @param isFrozen of a variable that does not change and neither has an average
   */
  update(step: Amount, isFrozen: (variable: Variable) => boolean): void {
    const isFirst = typeof step === 'number' ? step === 0 : step.equal(0);
    for (const [variable, average] of this.#averages) {
      if (isFrozen(variable)) {
        average.assign(variable);
        continue;
      }
      const old = either(isFirst, 0, this.#momentum, variable);
      const rest = either(isFirst, 1, 1 - this.#momentum, variable);
      average.assign(average.mul(old).add(variable.mul(rest)));
    }
    const frequency = this.#overwriteFrequency;
    if (frequency === null) return;
    if (typeof step === 'number') {
      if ((step + 1) % frequency === 0) this.overwrite();
      return;
    }
    const isDue = step.add(1).mod(frequency).equal(0);
    for (const [variable, average] of this.#averages) variable.assign(ops.where(isDue, average, variable));
  }

  /** Exchanges variables with their averages; a second call puts them back. */
  swap(): void {
    for (const [variable, average] of this.#averages) {
      const value = variable.readValue();
      variable.assign(average);
      average.assign(value);
    }
    this.areSwapped = !this.areSwapped;
  }

  /** Variables become their averages. */
  overwrite(variables: Iterable<Variable> = this.#averages.keys()): void {
    // The variables are the averages already.
    if (this.areSwapped) for (const [variable, average] of this.#averages) average.assign(variable);
    this.areSwapped = false;
    for (const variable of variables) {
      const average = this.#averages.get(variable);
      if (average !== undefined) variable.assign(average);
    }
  }
}

function either(test: boolean | Tensor<boolean>, yes: number, no: number, {dtype}: Variable): Tensor {
  if (typeof test === 'boolean') return scalarOf(test ? yes : no, dtype);
  return ops.where(test, scalarOf(yes, dtype), scalarOf(no, dtype));
}
