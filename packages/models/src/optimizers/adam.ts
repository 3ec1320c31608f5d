import {type Config, type Tensor, type Variable} from '@keratin/core';
import {type Amount, minus, over, plus, power, rootOf, rounded, times, updateVariables} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Adam}. */
export interface AdamOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** How much of the old mean gradient stays. Default 0.9. */
  beta1?: number | undefined;
  /** How much of the old mean square stays. Default 0.999. */
  beta2?: number | undefined;
  /** Added to the root. Default 1e-7. */
  epsilon?: number | undefined;
  /** Whether the largest mean square so far is used. Default false. */
  amsgrad?: boolean | undefined;
}

/** Names of the options of Adam beside those of every optimizer. */
export const ADAM_KEYS = ['beta1', 'beta2', 'epsilon', 'amsgrad'] as const;

type AdamSlots = Slots<'momentum' | 'velocity', 'velocityHat'>;

/**
 * Steps by the mean gradient over the root of its mean square, both moving and corrected for their start at 0:
 * `w -= rate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)` (Kingma and Ba, "Adam: a method for stochastic
 * optimization", 2014).
 *
 * @example
 * new optimizers.Adam(0.002);
 */
export class Adam extends Optimizer<'momentum' | 'velocity', 'velocityHat'> {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
  protected readonly slots: SlotGroups<'momentum' | 'velocity' | 'velocityHat'>;

  constructor(learningRate?: LearningRate | AdamOptions, options?: AdamOptions) {
    const where = new.target.name;
    const given = optionsOf(where, learningRate, options, ADAM_KEYS);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.beta1 = checkRange(where, 'beta1', given.beta1 ?? 0.9, 0, 1);
    this.beta2 = checkRange(where, 'beta2', given.beta2 ?? 0.999, 0, 1);
    this.epsilon = checkRange(where, 'epsilon', given.epsilon ?? 1e-7, 0);
    this.amsgrad = given.amsgrad ?? false;
    this.slots = [{momentum: {}, velocity: {}}, ...(this.amsgrad ? [{velocityHat: {}}] : [])];
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, velocity, velocityHat}: AdamSlots,
    rate: Tensor,
  ): void {
    const {beta1, beta2, epsilon} = this;
    const step = this.scalar(plus(this.step, 1), variable);
    const rest = (beta: number): Tensor => this.scalar(beta, variable).pow(step).neg().add(1);
    const corrected = rate.mul(rest(beta2).sqrt()).div(rest(beta1));
    momentum.assignAdd(gradient.sub(momentum).mul(1 - beta1));
    velocity.assignAdd(
      gradient
        .square()
        .sub(velocity)
        .mul(1 - beta2),
    );
    if (velocityHat !== undefined) velocityHat.assign(velocityHat.maximum(velocity));
    variable.assignSub(momentum.mul(corrected).div((velocityHat ?? velocity).sqrt().add(epsilon)));
  }

  protected override fusedStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, velocity, velocityHat}: AdamSlots,
    rate: Amount,
    decay: readonly Amount[],
  ): boolean {
    const {beta1, beta2, epsilon, amsgrad} = this;
    const step = plus(this.step, 1);
    const round = (x: Amount): Amount => rounded(x, variable.dtype);
    const rest = (beta: number): Amount => round(minus(1, round(power(round(beta), step))));
    const corrected = over(times(rate, round(rootOf(rest(beta2)))), rest(beta1));
    const targets = [variable, momentum, velocity, velocityHat].filter((slot) => slot !== undefined);
    updateVariables('adam_update', [gradient], [corrected, beta1, beta2, epsilon, amsgrad ? 1 : 0, ...decay], targets);
    return true;
  }

  override getConfig(): Config {
    const {beta1, beta2, epsilon, amsgrad} = this;
    return {...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon, amsgrad};
  }
}
