import {type Config, type Tensor, type Variable} from '@keratin/core';
import {type Amount, minus, over, plus, smaller} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link ScheduleFreeAdamW}. */
export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** Default 0.0025. */
  learningRate?: LearningRate | undefined;
  /** How far the weights lie between the steps and their average. Default 0.9. */
  beta1?: number | undefined;
  /** How much of the old mean square stays. Default 0.999. */
  beta2?: number | undefined;
  /** Added to the root. Default 1e-8. */
  epsilon?: number | undefined;
  /** Over how many steps the rate rises to its value. Default 0. */
  warmupSteps?: number | undefined;
}

type Names = 'momentum' | 'velocity';

/**
 * Adam that needs no schedule, because it averages its own path: `z -= rate g / (sqrt(v) + epsilon)`, x is the mean of all z, and the
 * weights are `(1 - beta1) z + beta1 x` (Defazio et al., "The road less scheduled", 2024). `momentum` holds z.
 */
export class ScheduleFreeAdamW extends Optimizer<Names, never> {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly warmupSteps: number;
  protected readonly slots: SlotGroups<Names> = [{momentum: {initial: 'variable'}, velocity: {}}];

  constructor(learningRate?: LearningRate | ScheduleFreeAdamWOptions, options?: ScheduleFreeAdamWOptions) {
    const where = 'ScheduleFreeAdamW';
    const given = optionsOf(where, learningRate, options, ['beta1', 'beta2', 'epsilon', 'warmupSteps']);
    super({...given, learningRate: given.learningRate ?? 0.0025});
    this.beta1 = checkRange(where, 'beta1', given.beta1 ?? 0.9, 0, 1);
    this.beta2 = checkRange(where, 'beta2', given.beta2 ?? 0.999, 0, 1);
    this.epsilon = checkRange(where, 'epsilon', given.epsilon ?? 1e-8, 0);
    this.warmupSteps = checkRange(where, 'warmupSteps', given.warmupSteps ?? 0, 0);
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, velocity}: Slots<Names>,
    given: Tensor,
  ): void {
    const {beta1, beta2, epsilon, warmupSteps} = this;
    const step = plus(this.step, 1);
    const scalar = (value: Amount): Tensor => this.scalar(value, variable);
    const rate = warmupSteps > 0 ? given.mul(scalar(smaller(over(step, warmupSteps), 1))) : given;
    const decay = this.scalar(beta2, variable);
    velocity.assignAdd(gradient.square().sub(velocity).mul(decay.neg().add(1)));
    const scale = velocity
      .div(decay.pow(scalar(step)).neg().add(1))
      .sqrt()
      .add(epsilon);
    momentum.assignSub(gradient.mul(rate).div(scale));
    // The paper takes z before its step here; Keras on TensorFlow, whose numbers these are, takes it after.
    const mean = variable.sub(momentum.mul(1 - beta1)).div(beta1);
    const share = over(1, step);
    const next = mean.mul(scalar(minus(1, share))).add(momentum.mul(scalar(share)));
    variable.assign(momentum.mul(1 - beta1).add(next.mul(beta1)));
  }

  override getConfig(): Config {
    const {beta1, beta2, epsilon, warmupSteps} = this;
    return {...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon, warmup_steps: warmupSteps};
  }
}
