import {type Config, type Tensor, type Variable} from '@keratin/core';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Ftrl}. */
export interface FtrlOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** How the rate falls with the sum of squares; at most 0. Default -0.5. */
  learningRatePower?: number | undefined;
  /** What the sum of squares starts as. Default 0.1. */
  initialAccumulatorValue?: number | undefined;
  /** Default 0. */
  l1RegularizationStrength?: number | undefined;
  /** Default 0. */
  l2RegularizationStrength?: number | undefined;
  /** An L2 penalty on the weights' size alone. Default 0. */
  l2ShrinkageRegularizationStrength?: number | undefined;
  /** The paper's beta. Default 0. */
  beta?: number | undefined;
}

const KEYS = [
  'learningRatePower',
  'initialAccumulatorValue',
  'l1RegularizationStrength',
  'l2RegularizationStrength',
  'l2ShrinkageRegularizationStrength',
  'beta',
] as const;

/**
 * Follow the regularized leader, for sparse linear models (McMahan et al., "Ad click prediction: a view from the trenches", 2013).
 */
export class Ftrl extends Optimizer<'accumulator' | 'linear', never> {
  readonly learningRatePower: number;
  readonly initialAccumulatorValue: number;
  readonly l1RegularizationStrength: number;
  readonly l2RegularizationStrength: number;
  readonly l2ShrinkageRegularizationStrength: number;
  readonly beta: number;
  protected readonly slots: SlotGroups<'accumulator' | 'linear'>;

  constructor(learningRate?: LearningRate | FtrlOptions, options?: FtrlOptions) {
    const given = optionsOf('Ftrl', learningRate, options, KEYS);
    super({...given, learningRate: given.learningRate ?? 0.001});
    const amount = (name: (typeof KEYS)[number], otherwise: number): number =>
      checkRange('Ftrl', name, given[name] ?? otherwise, 0);
    this.learningRatePower = checkRange('Ftrl', 'learningRatePower', given.learningRatePower ?? -0.5, -Infinity, 0);
    this.initialAccumulatorValue = amount('initialAccumulatorValue', 0.1);
    this.l1RegularizationStrength = amount('l1RegularizationStrength', 0);
    this.l2RegularizationStrength = amount('l2RegularizationStrength', 0);
    this.l2ShrinkageRegularizationStrength = amount('l2ShrinkageRegularizationStrength', 0);
    this.beta = amount('beta', 0);
    this.slots = [{accumulator: {initial: this.initialAccumulatorValue}, linear: {}}];
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {accumulator, linear}: Slots<'accumulator' | 'linear'>,
    rate: Tensor,
  ): void {
    const {l1RegularizationStrength: l1, l2RegularizationStrength: l2, beta} = this;
    const power = -this.learningRatePower;
    const penalty = rate.mul(2).reciprocal().mul(beta).add(l2);
    const shrunk = gradient.add(variable.mul(2 * this.l2ShrinkageRegularizationStrength));
    const squares = accumulator.add(gradient.square());
    const slope = squares.pow(power);
    linear.assignAdd(shrunk.sub(slope.sub(accumulator.pow(power)).div(rate).mul(variable)));
    const quadratic = slope.div(rate).add(penalty.mul(2));
    variable.assign(linear.clip(-l1, l1).sub(linear).div(quadratic));
    accumulator.assign(squares);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      learning_rate_power: this.learningRatePower,
      initial_accumulator_value: this.initialAccumulatorValue,
      l1_regularization_strength: this.l1RegularizationStrength,
      l2_regularization_strength: this.l2RegularizationStrength,
      l2_shrinkage_regularization_strength: this.l2ShrinkageRegularizationStrength,
      beta: this.beta,
    };
  }
}
