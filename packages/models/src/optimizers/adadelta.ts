import {type Config, type Tensor, type Variable} from '@keratin/core';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Default 0.001; the paper's is 1. */
  learningRate?: LearningRate | undefined;
  /** How much of the old mean squares stays. Default 0.95. */
  rho?: number | undefined;
  /** Added under the roots. Default 1e-7. */
  epsilon?: number | undefined;
}

type Names = 'accumulatedGrad' | 'accumulatedDeltaVar';

/**
 * Steps of the size of the last ones: `d = -g rms(steps) / rms(gradients); w += rate d`, with `rms(x) = sqrt(x + epsilon)` of moving
 * mean squares (Zeiler, "Adadelta: an adaptive learning rate method", 2012).
 */
export class Adadelta extends Optimizer<Names, never> {
  readonly rho: number;
  readonly epsilon: number;
  protected readonly slots: SlotGroups<Names> = [{accumulatedGrad: {}, accumulatedDeltaVar: {}}];

  constructor(learningRate?: LearningRate | AdadeltaOptions, options?: AdadeltaOptions) {
    const given = optionsOf('Adadelta', learningRate, options, ['rho', 'epsilon']);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.rho = checkRange('Adadelta', 'rho', given.rho ?? 0.95, 0, 1);
    this.epsilon = checkRange('Adadelta', 'epsilon', given.epsilon ?? 1e-7, 0);
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {accumulatedGrad, accumulatedDeltaVar}: Slots<Names>,
    rate: Tensor,
  ): void {
    const {rho, epsilon} = this;
    const rms = (x: Tensor): Tensor => x.add(epsilon).sqrt();
    accumulatedGrad.assign(accumulatedGrad.mul(rho).add(gradient.square().mul(1 - rho)));
    const delta = rms(accumulatedDeltaVar).mul(gradient).div(rms(accumulatedGrad)).neg();
    accumulatedDeltaVar.assign(accumulatedDeltaVar.mul(rho).add(delta.square().mul(1 - rho)));
    variable.assignAdd(delta.mul(rate));
  }

  override getConfig(): Config {
    return {...super.getConfig(), rho: this.rho, epsilon: this.epsilon};
  }
}
