import {
  type Config,
  type CustomObjects,
  deserializeKerasObject,
  serializeKerasObject,
  ValueError,
  type Variable,
} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {LossScaleOptimizer} from './loss-scale-optimizer.js';
import {type MaybeGradient} from './gradients.js';
import {type LearningRate} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups} from './slots.js';

/** Which optimizer changes which variables, by regular expressions that match whole paths. */
export class OptimizerMap {
  static readonly positional: readonly string[] = ['defaultOptimizer', 'optimizerMap'];
  readonly defaultOptimizer: Optimizer;
  readonly optimizerMap: Readonly<Record<string, Optimizer>>;

  /** @param defaultOptimizer for variables that no pattern matches */
  constructor(defaultOptimizer: Optimizer, optimizerMap: Readonly<Record<string, Optimizer>> = {}) {
    for (const [pattern, optimizer] of Object.entries({default: defaultOptimizer, ...optimizerMap})) {
      checkInner('OptimizerMap', pattern, optimizer);
    }
    this.defaultOptimizer = defaultOptimizer;
    this.optimizerMap = {...optimizerMap};
  }

  /** The optimizer of a path. */
  get(path: string): Optimizer {
    const exact = this.optimizerMap[path];
    if (exact !== undefined) return exact;
    const found = Object.keys(this.optimizerMap).filter((pattern) => new RegExp(`^(?:${pattern})$`).test(path));
    if (found.length > 1) {
      throw new ValueError(`OptimizerMap: several patterns match variable ${path}: ${found.join(', ')}`);
    }
    const [pattern] = found;
    return pattern === undefined ? this.defaultOptimizer : (this.optimizerMap[pattern] ?? this.defaultOptimizer);
  }

  /** All optimizers, the default one last. */
  get optimizers(): readonly Optimizer[] {
    return [...new Set([...Object.values(this.optimizerMap), this.defaultOptimizer])];
  }

  getConfig(): Config {
    return {
      default_optimizer: serializeKerasObject(this.defaultOptimizer),
      optimizer_map: serializeKerasObject(this.optimizerMap),
    };
  }

  static fromConfig(config: Config, customObjects?: CustomObjects): OptimizerMap {
    const [first, second] = [config['default_optimizer'], config['optimizer_map']];
    return new OptimizerMap(
      deserializeKerasObject(first, {customObjects}) as Optimizer,
      deserializeKerasObject(second, {customObjects}) as Record<string, Optimizer>,
    );
  }
}

function checkInner(where: string, name: string, optimizer: unknown): void {
  const nested = optimizer instanceof LossScaleOptimizer || optimizer instanceof MultiOptimizer;
  if (optimizer instanceof Optimizer && !nested) return;
  const tail = nested ? ' (which cannot be nested)' : '';
  throw new ValueError(`${where}: an optimizer is needed for ${name}, got ${describe(optimizer)}${tail}`);
}

/** Options of {@link MultiOptimizer}. */
export interface MultiOptimizerOptions {
  /** The loss is multiplied by it before gradients are computed, and gradients divided by it. Default null. */
  lossScaleFactor?: number | null | undefined;
  name?: string | undefined;
}

/**
 * Several optimizers, each for its part of the variables.
 *
 * @example
 * new optimizers.MultiOptimizer(new optimizers.OptimizerMap(new optimizers.SGD(0.1), {'embedding/.*': new optimizers.Adam()}));
 */
export class MultiOptimizer extends Optimizer<never, never> {
  readonly optimizerMap: OptimizerMap;
  protected readonly slots: SlotGroups<never> = [];
  readonly #chosen = new Map<Variable, Optimizer>();

  constructor(optimizerMap: OptimizerMap, options: MultiOptimizerOptions = {}) {
    if (!(optimizerMap instanceof OptimizerMap)) {
      throw new ValueError(`MultiOptimizer: an OptimizerMap is needed, got ${describe(optimizerMap)}`);
    }
    checkOptions('MultiOptimizer', options, ['lossScaleFactor', 'name']);
    const scaled = optimizerMap.optimizers.find(({lossScaleFactor}) => lossScaleFactor !== null);
    if (scaled !== undefined) {
      throw new ValueError(
        `MultiOptimizer: its optimizers share one loss, so lossScaleFactor is an option of the MultiOptimizer, got ${String(scaled.lossScaleFactor)} in ${scaled.name}`,
      );
    }
    super({learningRate: 0, name: options.name, lossScaleFactor: options.lossScaleFactor});
    this.optimizerMap = optimizerMap;
  }

  /** The optimizers that it calls. */
  get optimizers(): readonly Optimizer[] {
    return this.optimizerMap.optimizers;
  }

  override get learningRate(): number {
    throw new ValueError(`${this.name}: each of its optimizers has a learning rate of its own`);
  }

  override set learningRate(_rate: LearningRate) {
    throw new ValueError(`${this.name}: each of its optimizers has a learning rate of its own; set it there`);
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.optimizers.flatMap((optimizer) => optimizer.variables)];
  }

  /** @internal */
  override get trackedVariables(): readonly Variable[] {
    return [...this.#chosen.keys()];
  }

  override get built(): boolean {
    return this.#chosen.size > 0;
  }

  override build(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      if (this.#chosen.has(variable)) continue;
      const optimizer = this.optimizerMap.get(variable.path);
      this.#chosen.set(variable, optimizer);
      optimizer.build([variable]);
    }
  }

  override apply(gradients: readonly MaybeGradient[], variables: readonly Variable[]): void {
    this.checkGradients(gradients, variables);
    this.build(variables);
    for (const optimizer of this.optimizers) {
      const mine = [...variables.entries()].filter(([, variable]) => this.#chosen.get(variable) === optimizer);
      if (mine.every(([i]) => gradients[i] === null)) continue;
      const scale = this.lossScaleFactor;
      const unscaled = (gradient: MaybeGradient) =>
        gradient === null || scale === null ? gradient : gradient.div(scale);
      optimizer.apply(
        mine.map(([i]) => unscaled(gradients[i] ?? null)),
        mine.map(([, variable]) => variable),
      );
    }
    this.countStep();
  }

  protected override updateStep(): void {
    // The inner optimizers change the variables.
  }

  /** @internal */
  override multiplyRates(multiplierOf: ((variable: Variable) => number) | null): void {
    for (const optimizer of this.optimizers) optimizer.multiplyRates(multiplierOf);
  }

  override finalizeVariableValues(variables: Iterable<Variable> = this.#chosen.keys()): void {
    const list = [...variables];
    for (const optimizer of this.optimizers) {
      optimizer.finalizeVariableValues(list.filter((variable) => this.#chosen.get(variable) === optimizer));
    }
  }

  override getConfig(): Config {
    return {
      optimizer_map: serializeKerasObject(this.optimizerMap),
      loss_scale_factor: this.lossScaleFactor,
      name: this.name,
    };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config, customObjects?: CustomObjects): T {
    const {optimizer_map: map, name, loss_scale_factor: lossScaleFactor} = config;
    return Reflect.construct(this, [deserializeKerasObject(map, {customObjects}), {name, lossScaleFactor}]) as T;
  }
}
