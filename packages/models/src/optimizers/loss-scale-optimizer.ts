import {
  type Config,
  type CustomObjects,
  deserializeKerasObject,
  ops,
  serializeKerasObject,
  type Tensor,
  ValueError,
  type Variable,
} from '@keratin/core';
import {amountOf, checkOptions, describe, isEqual, scalarOf} from '@keratin/core/internal';
import {type MaybeGradient} from './gradients.js';
import {type LearningRate} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups} from './slots.js';

/** Options of {@link LossScaleOptimizer}. */
export interface LossScaleOptimizerOptions {
  /** The scale to begin with. Default 32768. */
  initialScale?: number | undefined;
  /** After how many finite steps in a row the scale doubles. Default 2000. */
  dynamicGrowthSteps?: number | undefined;
  name?: string | undefined;
}

/**
 * Wraps an optimizer for training in float16: the loss is scaled up so that small gradients do not vanish, and gradients are scaled
 * down again. Where one of them is not finite, the step is skipped and the scale halved.
 */
export class LossScaleOptimizer extends Optimizer<never, never> {
  readonly innerOptimizer: Optimizer;
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
  protected readonly slots: SlotGroups<never> = [];
  #counter: Variable<bigint> | null = null;
  #scale: Variable | null = null;

  constructor(innerOptimizer: Optimizer, options: LossScaleOptimizerOptions = {}) {
    const where = 'LossScaleOptimizer';
    if (!(innerOptimizer instanceof Optimizer) || innerOptimizer.lossScaleFactor !== null) {
      throw new ValueError(`${where}: an optimizer without lossScaleFactor is needed, got ${describe(innerOptimizer)}`);
    }
    checkOptions(where, options, ['initialScale', 'dynamicGrowthSteps', 'name']);
    super({learningRate: 0, name: options.name});
    this.innerOptimizer = innerOptimizer;
    this.initialScale = options.initialScale ?? 2 ** 15;
    this.dynamicGrowthSteps = options.dynamicGrowthSteps ?? 2000;
  }

  /** The scale now. */
  get dynamicScale(): number {
    return this.#scale?.item() ?? this.initialScale;
  }

  /** @internal */
  override prepareStep(): boolean {
    return this.innerOptimizer.prepareStep();
  }

  override get learningRate(): number {
    return this.innerOptimizer.learningRate;
  }

  override set learningRate(rate: LearningRate) {
    this.innerOptimizer.learningRate = rate;
  }

  override get iterations(): Tensor<bigint> {
    return this.innerOptimizer.iterations;
  }

  override get built(): boolean {
    return this.#scale !== null;
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.innerOptimizer.variables];
  }

  /** @internal */
  override get trackedVariables(): readonly Variable[] {
    return this.innerOptimizer.trackedVariables;
  }

  protected override get ownVariables(): readonly Variable[] {
    const own: readonly (Variable | Variable<bigint> | null)[] = [this.#counter, this.#scale];
    return own.filter((variable) => variable !== null) as Variable[];
  }

  override build(variables: Iterable<Variable>): void {
    this.#counter ??= this.addVariable('step_counter', ops.zeros([], 'int64'));
    this.#scale ??= this.addVariable('dynamic_scale', ops.full([], this.initialScale, 'float32'));
    this.innerOptimizer.build(variables);
  }

  override apply(gradients: readonly MaybeGradient[], variables: readonly Variable[]): void {
    const pairs = this.checkGradients(gradients, variables);
    this.build(variables);
    const [counter, scale] = [this.#counter, this.#scale];
    if (counter === null || scale === null) return;
    const tests = pairs.map(([gradient]) => gradient.isfinite().all());
    const [first, ...rest] = tests;
    const finite = first === undefined || rest.reduce((all, test) => all.logicalAnd(test), first).item();
    if (!finite) {
      counter.assign(0n);
      scale.assign(scale.mul(0.5));
      return;
    }
    this.innerOptimizer.apply(
      gradients.map((gradient) => (gradient === null ? null : gradient.div(ops.cast(scale, gradient.dtype)))),
      variables,
    );
    if (isEqual(amountOf(counter), this.dynamicGrowthSteps - 1)) {
      counter.assign(0n);
      scale.assign(scale.mul(2));
    } else {
      counter.assignAdd(1n);
    }
  }

  protected override updateStep(): void {
    // The inner optimizer changes the variables.
  }

  override scaleLoss(loss: Tensor): Tensor {
    const scale = this.#scale === null ? this.initialScale : amountOf(this.#scale);
    return loss.mul(scalarOf(scale, loss.dtype));
  }

  /** @internal */
  override multiplyRates(multiplierOf: ((variable: Variable) => number) | null): void {
    this.innerOptimizer.multiplyRates(multiplierOf);
  }

  override finalizeVariableValues(variables?: Iterable<Variable>): void {
    this.innerOptimizer.finalizeVariableValues(variables);
  }

  override getConfig(): Config {
    return {
      name: this.name,
      inner_optimizer: serializeKerasObject(this.innerOptimizer),
      initial_scale: this.initialScale,
      dynamic_growth_steps: this.dynamicGrowthSteps,
    };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config, customObjects?: CustomObjects): T {
    const inner = deserializeKerasObject(config['inner_optimizer'], {customObjects});
    const options = {
      name: config['name'],
      initialScale: config['initial_scale'],
      dynamicGrowthSteps: config['dynamic_growth_steps'],
    };
    return Reflect.construct(this, [inner, options]) as T;
  }
}
