import {type Config, type Tensor, type Variable} from '@keratin/core';
import {plus} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** How much of the old mean gradient stays. Default 0.9. */
  beta1?: number | undefined;
  /** How fast the largest gradient is forgotten. Default 0.999. */
  beta2?: number | undefined;
  /** Added to the largest gradient. Default 1e-7. */
  epsilon?: number | undefined;
}

/**
 * Adam with the largest gradient in place of the mean square: `u = max(beta2 u, |g|); w -= rate m / ((1 - beta1^t) (u + epsilon))`
 * (Kingma and Ba, "Adam: a method for stochastic optimization", 2014, section 7).
 */
export class Adamax extends Optimizer<'momentum' | 'norm', never> {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  protected readonly slots: SlotGroups<'momentum' | 'norm'> = [{momentum: {}, norm: {}}];

  constructor(learningRate?: LearningRate | AdamaxOptions, options?: AdamaxOptions) {
    const given = optionsOf('Adamax', learningRate, options, ['beta1', 'beta2', 'epsilon']);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.beta1 = checkRange('Adamax', 'beta1', given.beta1 ?? 0.9, 0, 1);
    this.beta2 = checkRange('Adamax', 'beta2', given.beta2 ?? 0.999, 0, 1);
    this.epsilon = checkRange('Adamax', 'epsilon', given.epsilon ?? 1e-7, 0);
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, norm}: Slots<'momentum' | 'norm'>,
    rate: Tensor,
  ): void {
    const {beta1, beta2, epsilon} = this;
    const rest = this.scalar(beta1, variable)
      .pow(this.scalar(plus(this.step, 1), variable))
      .neg()
      .add(1);
    momentum.assignAdd(gradient.sub(momentum).mul(1 - beta1));
    norm.assign(norm.mul(beta2).maximum(gradient.abs()));
    variable.assignSub(momentum.mul(rate).div(norm.add(epsilon).mul(rest)));
  }

  override getConfig(): Config {
    const {beta1, beta2, epsilon} = this;
    return {...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon};
  }
}
