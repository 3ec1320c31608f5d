import {type Config, type Tensor, ValueError, type Variable} from '@keratin/core';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Lion}. */
export interface LionOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** How much of the mean gradient goes into the step, in (0, 1]. Default 0.9. */
  beta1?: number | undefined;
  /** How much of the old mean gradient stays. Default 0.99. */
  beta2?: number | undefined;
}

/**
 * Steps of one size, by the sign: `w -= rate sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g` (Chen et al., "Symbolic
 * discovery of optimization algorithms", 2023).
 */
export class Lion extends Optimizer<'momentum', never> {
  readonly beta1: number;
  readonly beta2: number;
  protected readonly slots: SlotGroups<'momentum'> = [{momentum: {}}];

  constructor(learningRate?: LearningRate | LionOptions, options?: LionOptions) {
    const given = optionsOf('Lion', learningRate, options, ['beta1', 'beta2']);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.beta1 = checkRange('Lion', 'beta1', given.beta1 ?? 0.9, 0, 1);
    if (this.beta1 === 0) throw new ValueError('Lion: beta1 must be above 0, got 0');
    this.beta2 = checkRange('Lion', 'beta2', given.beta2 ?? 0.99, 0, 1);
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum}: Slots<'momentum'>,
    rate: Tensor,
  ): void {
    const mix = (beta: number): Tensor => {
      const own = this.scalar(beta, variable);
      return momentum.mul(own).add(gradient.mul(own.neg().add(1)));
    };
    variable.assignSub(mix(this.beta1).sign().mul(rate));
    momentum.assign(mix(this.beta2));
  }

  override getConfig(): Config {
    return {...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2};
  }
}
