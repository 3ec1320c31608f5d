import {type Config, ops, type Tensor, type Variable} from '@keratin/core';
import {plus} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Lamb}. */
export interface LambOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** How much of the old mean gradient stays. Default 0.9. */
  beta1?: number | undefined;
  /** How much of the old mean square stays. Default 0.999. */
  beta2?: number | undefined;
  /** Added to the root. Default 1e-7. */
  epsilon?: number | undefined;
}

/**
 * Adam's step, scaled to the size of the weights: times `|w| / |step|`, or 1 where either is 0 (You et al., "Large batch optimization
 * for deep learning", 2019).
 */
export class Lamb extends Optimizer<'momentum' | 'velocity', never> {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  protected readonly slots: SlotGroups<'momentum' | 'velocity'> = [{momentum: {}, velocity: {}}];

  constructor(learningRate?: LearningRate | LambOptions, options?: LambOptions) {
    const given = optionsOf('Lamb', learningRate, options, ['beta1', 'beta2', 'epsilon']);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.beta1 = checkRange('Lamb', 'beta1', given.beta1 ?? 0.9, 0, 1);
    this.beta2 = checkRange('Lamb', 'beta2', given.beta2 ?? 0.999, 0, 1);
    this.epsilon = checkRange('Lamb', 'epsilon', given.epsilon ?? 1e-7, 0);
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, velocity}: Slots<'momentum' | 'velocity'>,
    rate: Tensor,
  ): void {
    const {beta1, beta2, epsilon} = this;
    const step = this.scalar(plus(this.step, 1), variable);
    const rest = (beta: number): Tensor => this.scalar(beta, variable).pow(step).neg().add(1);
    momentum.assignAdd(gradient.sub(momentum).mul(1 - beta1));
    velocity.assignAdd(
      gradient
        .square()
        .sub(velocity)
        .mul(1 - beta2),
    );
    const update = momentum.div(rest(beta1)).div(velocity.div(rest(beta2)).sqrt().add(epsilon));
    const size = variable.square().sum().sqrt();
    const length = update.square().sum().sqrt();
    const ratio = ops.where(size.greater(0).logicalAnd(length.greater(0)), size.div(length), 1);
    variable.assignSub(update.mul(ratio.mul(rate)));
  }

  override getConfig(): Config {
    const {beta1, beta2, epsilon} = this;
    return {...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon};
  }
}
