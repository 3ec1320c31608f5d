import {type Config, type DType, ops, type Tensor, Variable} from '@keratin/core';
import {
  type Amount,
  amountOf,
  minus,
  plus,
  power,
  rounded,
  scalarOf,
  times,
  uniqueName,
  updateVariables,
} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Nadam}. */
export interface NadamOptions extends OptimizerOptions {
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
 * Adam with Nesterov's look-ahead: the momentum of step t is `u_t = beta1 (1 - 0.5 0.96^t)`, and
 * `w -= rate (u_t+1 m / (1 - u_1...u_t+1) + (1 - u_t) g / (1 - u_1...u_t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`
 * (Dozat, "Incorporating Nesterov momentum into Adam", 2016).
 */
export class Nadam extends Optimizer<'momentum' | 'velocity', never> {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  protected readonly slots: SlotGroups<'momentum' | 'velocity'> = [{momentum: {}, velocity: {}}];
  /** u_1 u_2 ... u_t */
  #product: Variable | null = null;
  /** Its value in this update. */
  #productNow: Amount = 1;

  constructor(learningRate?: LearningRate | NadamOptions, options?: NadamOptions) {
    const given = optionsOf('Nadam', learningRate, options, ['beta1', 'beta2', 'epsilon']);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.beta1 = checkRange('Nadam', 'beta1', given.beta1 ?? 0.9, 0, 1);
    this.beta2 = checkRange('Nadam', 'beta2', given.beta2 ?? 0.999, 0, 1);
    this.epsilon = checkRange('Nadam', 'epsilon', given.epsilon ?? 1e-7, 0);
  }

  override build(variables: Iterable<Variable>): void {
    const list = [...variables];
    super.build(list);
    const [first] = list;
    if (this.#product !== null || first === undefined) return;
    // Keras gives it no name of its own.
    const name = uniqueName('variable');
    this.#product = new Variable(ops.ones([], first.dtype) as Tensor, {name, trainable: false});
  }

  protected override get ownVariables(): readonly Variable[] {
    return this.#product === null ? [] : [this.#product];
  }

  // u_t for a step counted from 1, as the dtype of a variable holds it.
  #schedule(step: Amount, dtype: DType): Amount {
    const round = (x: Amount): Amount => rounded(x, dtype);
    return round(times(round(this.beta1), round(minus(1, times(0.5, round(power(round(0.96), step)))))));
  }

  protected override beforeUpdate(): void {
    const product = this.#product;
    if (product === null) return;
    const {dtype} = product;
    this.#productNow = rounded(times(amountOf(product), this.#schedule(plus(this.step, 1), dtype)), dtype);
    product.assign(scalarOf(this.#productNow, dtype));
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, velocity}: Slots<'momentum' | 'velocity'>,
    rate: Tensor,
  ): void {
    const {beta1, beta2, epsilon} = this;
    const step = plus(this.step, 1);
    const scalar = (value: Amount): Tensor => this.scalar(value, variable);
    const now = scalar(0.96).pow(scalar(step)).mul(-0.5).add(1).mul(beta1);
    const next = scalar(0.96)
      .pow(scalar(plus(step, 1)))
      .mul(-0.5)
      .add(1)
      .mul(beta1);
    const product = scalar(this.#productNow);
    momentum.assignAdd(gradient.sub(momentum).mul(scalar(beta1).neg().add(1)));
    velocity.assignAdd(gradient.square().sub(velocity).mul(scalar(beta2).neg().add(1)));
    const mean = momentum
      .mul(next)
      .div(product.mul(next).neg().add(1))
      .add(gradient.mul(now.neg().add(1)).div(product.neg().add(1)));
    const square = velocity.div(scalar(beta2).pow(scalar(step)).neg().add(1));
    variable.assignSub(mean.mul(rate).div(square.sqrt().add(epsilon)));
  }

  protected override fusedStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, velocity}: Slots<'momentum' | 'velocity'>,
    rate: Amount,
    decay: readonly Amount[],
  ): boolean {
    const {beta1, beta2, epsilon} = this;
    const step = plus(this.step, 1);
    const {dtype} = variable;
    const next = this.#schedule(plus(step, 1), dtype);
    const product = this.#productNow;
    const attributes = [
      rate,
      beta1,
      beta2,
      epsilon,
      this.#schedule(step, dtype),
      next,
      product,
      times(product, next),
      power(rounded(beta2, dtype), step),
      ...decay,
    ];
    updateVariables('nadam_update', [gradient], attributes, [variable, momentum, velocity]);
    return true;
  }

  override getConfig(): Config {
    const {beta1, beta2, epsilon} = this;
    return {...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon};
  }
}
