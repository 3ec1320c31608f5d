import {type Config, type Tensor, type Variable} from '@keratin/core';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** What the sum of squares starts as. Default 0.1. */
  initialAccumulatorValue?: number | undefined;
  /** Added under the root. Default 1e-7. */
  epsilon?: number | undefined;
}

/**
 * Steps divided by the root of all squared gradients so far: `a += g^2; w -= rate g / sqrt(a + epsilon)` (Duchi, Hazan and Singer,
 * "Adaptive subgradient methods for online learning and stochastic optimization", 2011).
 */
export class Adagrad extends Optimizer<'accumulator', never> {
  readonly initialAccumulatorValue: number;
  readonly epsilon: number;
  protected readonly slots: SlotGroups<'accumulator'>;

  constructor(learningRate?: LearningRate | AdagradOptions, options?: AdagradOptions) {
    const given = optionsOf('Adagrad', learningRate, options, ['initialAccumulatorValue', 'epsilon']);
    super({...given, learningRate: given.learningRate ?? 0.001});
    const initial = given.initialAccumulatorValue ?? 0.1;
    this.initialAccumulatorValue = checkRange('Adagrad', 'initialAccumulatorValue', initial, 0);
    this.epsilon = checkRange('Adagrad', 'epsilon', given.epsilon ?? 1e-7, 0);
    this.slots = [{accumulator: {initial}}];
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {accumulator}: Slots<'accumulator'>,
    rate: Tensor,
  ): void {
    accumulator.assignAdd(gradient.square());
    variable.assignSub(gradient.mul(rate).div(accumulator.add(this.epsilon).sqrt()));
  }

  override getConfig(): Config {
    const {initialAccumulatorValue, epsilon} = this;
    return {...super.getConfig(), initial_accumulator_value: initialAccumulatorValue, epsilon};
  }
}
