import {type Config, type Tensor, type Variable} from '@keratin/core';
import {type Amount, updateVariables} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link SGD}. */
export interface SGDOptions extends OptimizerOptions {
  /** Default 0.01. */
  learningRate?: LearningRate | undefined;
  /** How much of the last step is repeated, in [0, 1]. Default 0. */
  momentum?: number | undefined;
  /** Whether the gradient is taken as if the next step were made already. Default false. */
  nesterov?: boolean | undefined;
}

/**
 * Gradient descent: `w -= rate g`; with momentum `m = momentum m - rate g; w += m`, with Nesterov's look-ahead
 * `w += momentum m - rate g`.
 *
 * @example
 * new optimizers.SGD(0.1, {momentum: 0.9});
 */
export class SGD extends Optimizer<never, 'momentum'> {
  readonly momentum: number;
  readonly nesterov: boolean;
  protected readonly slots: SlotGroups<'momentum'>;

  constructor(learningRate?: LearningRate | SGDOptions, options?: SGDOptions) {
    const given = optionsOf('SGD', learningRate, options, ['momentum', 'nesterov']);
    super({...given, learningRate: given.learningRate ?? 0.01});
    this.momentum = checkRange('SGD', 'momentum', given.momentum ?? 0, 0, 1);
    this.nesterov = given.nesterov ?? false;
    this.slots = this.momentum === 0 ? [] : [{momentum: {}}];
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum}: Slots<never, 'momentum'>,
    rate: Tensor,
  ): void {
    const step = gradient.mul(rate);
    if (momentum === undefined) {
      variable.assignSub(step);
      return;
    }
    momentum.assign(momentum.mul(this.momentum).sub(step));
    variable.assignAdd(this.nesterov ? momentum.mul(this.momentum).sub(step) : momentum);
  }

  protected override fusedStep(
    gradient: Tensor,
    variable: Variable,
    {momentum}: Slots<never, 'momentum'>,
    rate: Amount,
    decay: readonly Amount[],
  ): boolean {
    const targets = momentum === undefined ? [variable] : [variable, momentum];
    updateVariables('sgd_update', [gradient], [rate, this.momentum, this.nesterov ? 1 : 0, ...decay], targets);
    return true;
  }

  override getConfig(): Config {
    return {...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov};
  }
}
