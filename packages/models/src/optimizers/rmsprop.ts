import {type Config, type Tensor, type Variable} from '@keratin/core';
import {type Amount, updateVariables} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** How much of the old mean square stays. Default 0.9. */
  rho?: number | undefined;
  /** How much of the last step is repeated. Default 0. */
  momentum?: number | undefined;
  /** Added under the root. Default 1e-7. */
  epsilon?: number | undefined;
  /** Whether the mean square is taken around the mean gradient. Default false. */
  centered?: boolean | undefined;
}

type Optional = 'momentum' | 'averageGradient';

/**
 * Steps divided by the root of the gradients' moving mean square: `v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon)`
 * (Hinton, "Neural networks for machine learning", lecture 6).
 */
export class RMSprop extends Optimizer<'velocity', Optional> {
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
  protected readonly slots: SlotGroups<'velocity' | Optional>;

  constructor(learningRate?: LearningRate | RMSpropOptions, options?: RMSpropOptions) {
    const given = optionsOf('RMSprop', learningRate, options, ['rho', 'momentum', 'epsilon', 'centered']);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.rho = checkRange('RMSprop', 'rho', given.rho ?? 0.9, 0, 1);
    this.momentum = checkRange('RMSprop', 'momentum', given.momentum ?? 0, 0, 1);
    this.epsilon = checkRange('RMSprop', 'epsilon', given.epsilon ?? 1e-7, 0);
    this.centered = given.centered ?? false;
    this.slots = [
      {velocity: {}},
      ...(this.momentum > 0 ? [{momentum: {}}] : []),
      ...(this.centered ? [{averageGradient: {}}] : []),
    ];
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {velocity, momentum, averageGradient}: Slots<'velocity', Optional>,
    rate: Tensor,
  ): void {
    const {rho, epsilon} = this;
    velocity.assign(velocity.mul(rho).add(gradient.square().mul(1 - rho)));
    let denominator = velocity.add(epsilon);
    if (averageGradient !== undefined) {
      averageGradient.assign(averageGradient.mul(rho).add(gradient.mul(1 - rho)));
      denominator = velocity.sub(averageGradient.square()).add(epsilon);
    }
    const increment = gradient.mul(rate).div(denominator.sqrt());
    if (momentum !== undefined) momentum.assign(momentum.mul(this.momentum).add(increment));
    variable.assignSub(momentum ?? increment);
  }

  protected override fusedStep(
    gradient: Tensor,
    variable: Variable,
    {velocity, momentum, averageGradient}: Slots<'velocity', Optional>,
    rate: Amount,
    decay: readonly Amount[],
  ): boolean {
    const targets = [variable, velocity, momentum, averageGradient].filter((slot) => slot !== undefined);
    const {rho, epsilon, centered} = this;
    updateVariables(
      'rmsprop_update',
      [gradient],
      [rate, rho, this.momentum, epsilon, centered ? 1 : 0, ...decay],
      targets,
    );
    return true;
  }

  override getConfig(): Config {
    const {rho, momentum, epsilon, centered} = this;
    return {...super.getConfig(), rho, momentum, epsilon, centered};
  }
}
