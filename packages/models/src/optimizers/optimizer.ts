import {
  type Config,
  type CustomObjects,
  config,
  type Element,
  ops,
  scope,
  serializeKerasObject,
  deserializeKerasObject,
  type Tensor,
  TraceError,
  ValueError,
  Variable,
} from '@keratin/core';
import {
  type Amount,
  amountOf,
  autoName,
  checkOptions,
  concrete,
  constructFrom,
  describe,
  isMultiple,
  isNode,
  plus,
  publicNameOf,
  scalarOf,
  times,
  toConfigKey,
  wholeOver,
} from '@keratin/core/internal';
import {clip} from './clipping.js';
import {type MaybeGradient, pairsOf} from './gradients.js';
import {checkAmount, checkCount, checkRange, checkRate, type LearningRate, type OptimizerOptions} from './options.js';
import {MovingAverages} from './moving-averages.js';
import {LearningRateSchedule} from './schedules/schedule.js';
import {type SlotGroups, type Slots, type SlotSpec} from './slots.js';

interface OwnSlots {
  readonly byName: Record<string, Variable>;
  readonly groups: Variable[][];
}

/** Options of {@link Optimizer.excludeFromWeightDecay}. */
export interface WeightDecayExclusion {
  varList?: readonly Variable[] | undefined;
  /** Parts of names, or patterns. */
  varNames?: readonly string[] | undefined;
}

/**
 * Base of optimizers: what changes variables by their gradients. Subclasses name their `slots` (state for each variable) and
 * give one `updateStep`; clipping, weight decay, moving averages, accumulation, schedules and constraints are the base class's.
 *
 * State belongs to a variable, not to a position: an optimizer may be called with any variables, in any order.
 *
 * @example
 * class Momentum extends optimizers.Optimizer<'velocity'> {
 *   protected slots = [{velocity: {}}];
 *   protected updateStep(gradient: Tensor, variable: Variable, {velocity}: Slots<'velocity'>, rate: Tensor) {
 *     velocity.assign(velocity.mul(0.9).sub(gradient.mul(rate)));
 *     variable.assignAdd(velocity);
 *   }
 * }
 */
export abstract class Optimizer<S extends string = string, P extends string = string> {
  readonly name: string;
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly globalClipnorm: number | null;
  readonly clipvalue: number | null;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | null;
  readonly lossScaleFactor: number | null;
  readonly gradientAccumulationSteps: number | null;

  readonly #iteration: Variable<bigint>;
  #rate: Variable | LearningRateSchedule | ((step: number) => number);
  readonly #slots = new Map<Variable, OwnSlots>();
  readonly #averages: MovingAverages | null;
  readonly #accumulators = new Map<Variable, Variable>();
  #undecayed: {readonly variables: ReadonlySet<Variable>; readonly names: RegExp | null} | null = null;
  #warned = false;
  #stepNow: Amount | null = null;
  /** The number that a learning rate which is a function gave for the next step. */
  #prepared: Variable | null = null;
  #preparedFor = -1;
  #multiplierOf: ((variable: Variable) => number) | null = null;

  constructor(options: OptimizerOptions = {}) {
    const where = this.constructor.name;
    const rate = checkRate(where, options.learningRate ?? 0.001);
    this.name = options.name ?? autoName(where);
    this.weightDecay = checkAmount(where, 'weightDecay', options.weightDecay);
    this.clipnorm = checkAmount(where, 'clipnorm', options.clipnorm);
    this.globalClipnorm = checkAmount(where, 'globalClipnorm', options.globalClipnorm);
    this.clipvalue = checkAmount(where, 'clipvalue', options.clipvalue);
    const clips = [this.clipnorm, this.globalClipnorm, this.clipvalue].filter((clip) => clip !== null);
    if (clips.length > 1) {
      throw new ValueError(
        `${where}: only one of clipnorm, clipvalue and globalClipnorm can be set, got ${describe(this.clipnorm)}, ${describe(this.clipvalue)} and ${describe(this.globalClipnorm)}`,
      );
    }
    this.useEma = options.useEma ?? false;
    this.emaMomentum = checkRange(where, 'emaMomentum', options.emaMomentum ?? 0.99, 0, 1);
    this.emaOverwriteFrequency = checkCount(where, 'emaOverwriteFrequency', options.emaOverwriteFrequency, 1);
    this.#averages = this.useEma ? new MovingAverages(this.emaMomentum, this.emaOverwriteFrequency) : null;
    this.lossScaleFactor = checkAmount(where, 'lossScaleFactor', options.lossScaleFactor);
    this.gradientAccumulationSteps = checkCount(
      where,
      'gradientAccumulationSteps',
      options.gradientAccumulationSteps,
      2,
    );
    this.#iteration = this.addVariable('iteration', ops.zeros([], 'int64'));
    this.#rate =
      typeof rate === 'number' ? this.addVariable('learning_rate', ops.full([], rate, config.floatx())) : rate;
  }

  /** The state of each variable. */
  protected abstract readonly slots: SlotGroups<S | P>;

  /** The state of one variable, where it is not the same for all. */
  protected slotsOf(_variable: Variable): SlotGroups<S | P> {
    return this.slots;
  }

  /**
   * Changes one variable and its slots.
   * @param gradient of the variable's shape and dtype, clipped
   * @param rate the learning rate, a scalar of the variable's dtype
   */
  protected abstract updateStep(gradient: Tensor, variable: Variable, slots: Slots<S, P>, rate: Tensor): void;

  /**
   * The same as {@link updateStep} in one native pass, for float32 and float64; false says that there is none.
   * @param rate the learning rate
   * @param decay what the kernel does first, as its last attributes: empty, or a weight decay and the rate it is taken with
   */
  protected fusedStep(
    _gradient: Tensor,
    _variable: Variable,
    _slots: Slots<S, P>,
    _rate: Amount,
    _decay: readonly Amount[],
  ): boolean {
    return false;
  }

  /** What happens once, before the variables of a step change. */
  protected beforeUpdate(_variables: readonly Variable[]): void {
    // Nothing by default.
  }

  /** State beside the slots, for {@link variables}. */
  protected get ownVariables(): readonly Variable[] {
    return [];
  }

  /** How many times gradients were applied; with accumulation, how many times weights changed. */
  get iterations(): Tensor<bigint> {
    const steps = this.gradientAccumulationSteps;
    const value = this.#iteration.readValue();
    return steps === null ? value : value.floorDivide(BigInt(steps));
  }

  /** {@link iterations} as a number, or as a tensor of one element in a jitted function. */
  protected get step(): Amount {
    // Read once for all variables of an update.
    return this.#stepNow ?? wholeOver(amountOf(this.#iteration), this.gradientAccumulationSteps ?? 1);
  }

  /** How many times `apply` was called. */
  get #applied(): number {
    return Number(this.#iteration.item());
  }

  /** The learning rate now. Set a number, a schedule or a function; a schedule's number cannot be set. */
  get learningRate(): number {
    if (this.#rate instanceof Variable) return this.#rate.item();
    const step = this.#applied;
    if (this.#rate instanceof LearningRateSchedule) return this.#rate(ops.full([], step, 'int32')).item();
    return checkNumberRate(this.name, this.#rate(step));
  }

  set learningRate(rate: LearningRate) {
    const checked = checkRate(this.name, rate);
    this.#preparedFor = -1;
    if (typeof checked !== 'number') {
      this.#rate = checked;
    } else if (this.#rate instanceof Variable) {
      this.#rate.assign(checked);
    } else {
      throw new ValueError(
        `${this.name}: the learning rate follows a schedule and cannot be set to ${String(checked)}; make the optimizer with a number`,
      );
    }
  }

  /** The learning rate of this step, also in a jitted function. */
  get #rateNow(): Amount {
    const rate = this.#rate;
    if (rate instanceof Variable) return amountOf(rate);
    const applied = amountOf(this.#iteration);
    if (typeof applied === 'number') return this.learningRate;
    if (rate instanceof LearningRateSchedule) return amountOf(rate(scalarOf(applied, 'int32')));
    if (this.#prepared !== null) return amountOf(this.#prepared);
    throw new TraceError(
      `${this.name}: a learning rate that is a JavaScript function of the step cannot be compiled; write it as a LearningRateSchedule`,
    );
  }

  /** @internal The schedule of the learning rate, where there is one. */
  get schedule(): LearningRateSchedule | null {
    return this.#rate instanceof LearningRateSchedule ? this.#rate : null;
  }

  /**
   * @internal Asks a learning rate that is a JavaScript function for its number, which the next step of a compiled program takes. Gives
   * whether there is one.
   */
  prepareStep(): boolean {
    if (typeof this.#rate !== 'function' || this.#rate instanceof LearningRateSchedule) return false;
    const applied = this.#applied;
    if (applied === this.#preparedFor) return true;
    this.#preparedFor = applied;
    const rate = ops.full([], this.learningRate, 'float64');
    if (this.#prepared === null) this.#prepared = this.addVariable('learning_rate', rate);
    else this.#prepared.assign(rate);
    return true;
  }

  /** Whether the learning rate follows a schedule or a function. */
  protected get followsSchedule(): boolean {
    return !(this.#rate instanceof Variable);
  }

  /** Whether state for variables was made. */
  get built(): boolean {
    return this.#slots.size > 0;
  }

  /** The optimizer's state in Keras's order: iteration, learning rate (unless it follows a schedule), averages, slots. */
  get variables(): readonly Variable[] {
    const all = [...this.#slots.values()].map(({groups}) => groups);
    const numGroups = Math.max(0, ...all.map((groups) => groups.length));
    const slots = Array.from({length: numGroups}, (_, i) => all.flatMap((groups) => groups[i] ?? []));
    const counter: Variable<Element> = this.#iteration;
    return [
      counter as Variable,
      ...(this.#rate instanceof Variable ? [this.#rate] : []),
      ...(this.#averages?.variables ?? []),
      ...this.#accumulators.values(),
      ...slots.flat(),
      ...this.ownVariables,
    ];
  }

  /** @internal The variables that have state here, in the order of {@link variables}. */
  get trackedVariables(): readonly Variable[] {
    return [...this.#slots.keys()];
  }

  /** Makes the state of variables that are new here. `apply` does it by itself. */
  build(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      if (this.#slots.has(variable)) continue;
      this.#averages?.add(variable, this.addVariableFromReference(variable, 'average'));
      if (this.gradientAccumulationSteps !== null) {
        this.#accumulators.set(variable, this.addVariableFromReference(variable, 'gradient_accumulator'));
      }
      const byName: Record<string, Variable> = {};
      const groups = this.slotsOf(variable).map((group) =>
        Object.entries<SlotSpec | undefined>(group).map(
          ([name, spec]) => (byName[name] = this.addVariableFromReference(variable, toConfigKey(name), spec)),
        ),
      );
      this.#slots.set(variable, {byName, groups});
    }
  }

  /** A variable named after another one, of its shape and dtype. */
  protected addVariableFromReference(reference: Variable, name: string, spec: SlotSpec = {}): Variable {
    const {initial = 0, shape = concrete(reference.shape), path} = spec;
    const value: Tensor =
      initial === 'variable' ? reference.readValue() : (ops.full(shape, initial, reference.dtype) as Tensor);
    const made = this.addVariable(`${reference.path.replaceAll('/', '_')}_${name}`, value);
    if (path !== undefined) made.path = path;
    return made;
  }

  /** A variable of the optimizer's own. */
  protected addVariable<E extends Element>(name: string, value: Tensor<E>): Variable<E> {
    const variable = new Variable<E>(value, {name, trainable: false});
    variable.path = `${this.name}/${name}`;
    return variable;
  }

  /**
   * Changes variables by their gradients. Variables whose gradient is null stay as they are (a warning says so once).
   * @throws ShapeError, ValueError or DtypeError before anything changes
   */
  apply(gradients: readonly MaybeGradient[], variables: readonly Variable[]): void {
    const pairs = this.checkGradients(gradients, variables);
    if (gradients.length === 0) return;
    this.build(variables);
    this.#warnMissing(gradients, variables);
    const chosen = pairs.map(([, variable]) => variable);
    const scale = this.lossScaleFactor;
    const unscaled = pairs.map(([gradient]) => (scale === null ? gradient : gradient.div(scale)));
    // What the library's own optimizers make on the way is of no use afterwards; others may keep tensors.
    if (publicNameOf(this.constructor) === undefined) this.#applyGradients(unscaled, chosen);
    else scope(() => this.#applyGradients(unscaled, chosen));
    for (const variable of chosen) {
      if (this.#multiplierOf?.(variable) === 0) continue;
      const {constraint} = variable.rules;
      if (constraint !== undefined) variable.assign(constraint(variable));
    }
    this.countStep();
  }

  /**
   * @internal Gives variables a learning rate of their own: this one times a multiplier. Weight decay goes with it, and 0 leaves a variable
   * and its state as they are. Null: the same for all.
   */
  multiplyRates(multiplierOf: ((variable: Variable) => number) | null): void {
    this.#multiplierOf = multiplierOf;
  }

  /** Counts one call of `apply`. */
  protected countStep(): void {
    this.#iteration.assignAdd(1n);
  }

  /** The same as {@link apply}, from pairs of gradient and variable. */
  applyGradients(pairs: Iterable<readonly [gradient: MaybeGradient, variable: Variable]>): void {
    const list = [...pairs];
    this.apply(
      list.map(([gradient]) => gradient),
      list.map(([, variable]) => variable),
    );
  }

  /** The pairs that have a gradient, or an error that names what does not fit. */
  protected checkGradients(
    gradients: readonly MaybeGradient[],
    variables: readonly Variable[],
  ): (readonly [Tensor, Variable])[] {
    return pairsOf(`${this.name}.apply`, gradients, variables);
  }

  #warnMissing(gradients: readonly MaybeGradient[], variables: readonly Variable[]): void {
    if (this.#warned) return;
    const missing = variables.filter((_, i) => gradients[i] === null).map(({path}) => path);
    if (missing.length === 0) return;
    this.#warned = true;
    console.warn(`${this.name}: no gradient for ${missing.join(', ')}; the loss does not depend on them`);
  }

  #applyGradients(gradients: readonly Tensor[], variables: readonly Variable[]): void {
    const steps = this.gradientAccumulationSteps;
    if (steps === null) {
      this.#update(gradients, variables);
    } else if (isMultiple(plus(amountOf(this.#iteration), 1), steps)) {
      const means = variables.map((variable, i) => this.#accumulated(variable, gradients[i]).div(steps));
      this.#update(means, variables);
      for (const accumulator of this.#accumulators.values()) accumulator.assign(accumulator.zerosLike());
    } else {
      for (const [i, variable] of variables.entries()) {
        this.#accumulators.get(variable)?.assign(this.#accumulated(variable, gradients[i]));
      }
    }
    this.#averages?.update(this.step, (variable) => this.#multiplierOf?.(variable) === 0);
  }

  #accumulated(variable: Variable, gradient: Tensor | undefined): Tensor {
    const sum = this.#accumulators.get(variable);
    if (sum === undefined || gradient === undefined) throw new ValueError(`${this.name}: no accumulator`);
    return gradient.add(sum);
  }

  #update(gradients: readonly Tensor[], variables: readonly Variable[]): void {
    const clipped = clip(gradients, this);
    const rate = this.#rateNow;
    this.#stepNow = this.step;
    try {
      this.beforeUpdate(variables);
      for (const [i, variable] of variables.entries()) this.#updateOne(clipped[i], variable, rate);
    } finally {
      this.#stepNow = null;
    }
  }

  #updateOne(gradient: Tensor | undefined, variable: Variable, common: Amount): void {
    const slots = this.#slots.get(variable)?.byName as Slots<S, P> | undefined;
    const multiplier = this.#multiplierOf?.(variable) ?? 1;
    if (gradient === undefined || slots === undefined || multiplier === 0) return;
    const rate = multiplier === 1 ? common : times(common, multiplier);
    const decay = this.usesWeightDecay(variable) ? this.decayOf(variable) : null;
    const fused = variable.dtype === 'float32' || variable.dtype === 'float64';
    if (fused && this.fusedStep(gradient, variable, slots, rate, decay === null ? [] : [decay, rate])) return;
    if (decay !== null) variable.assignSub(variable.mul(decay).mul(this.scalar(rate, variable)));
    this.updateStep(gradient, variable, slots, this.scalar(rate, variable));
  }

  /** A number as a scalar of a variable's dtype. */
  protected scalar(value: Amount, {dtype}: Variable): Tensor {
    return scalarOf(value, dtype);
  }

  /** The weight decay of a variable, unless it was excluded. */
  protected decayOf(_variable: Variable): number | null {
    return this.weightDecay;
  }

  /** Leaves variables out of weight decay: some by themselves, some by parts of their names (`'bias'`). */
  excludeFromWeightDecay(exclusion: WeightDecayExclusion): void {
    checkOptions(`${this.name}.excludeFromWeightDecay`, exclusion, ['varList', 'varNames']);
    const {varList = [], varNames = []} = exclusion;
    this.#undecayed = {
      variables: new Set(varList),
      names: varNames.length === 0 ? null : new RegExp([...new Set(varNames)].join('|')),
    };
  }

  /** Whether weight decay applies to a variable. */
  protected usesWeightDecay(variable: Variable): boolean {
    if (this.#undecayed === null) return true;
    const {variables, names} = this.#undecayed;
    return !variables.has(variable) && names?.test(variable.name) !== true;
  }

  /** Whether the weights hold their moving averages now, and the averages the weights: see {@link swapAverages}. */
  get averagesSwapped(): boolean {
    return this.#averages?.areSwapped ?? false;
  }
  set averagesSwapped(areSwapped: boolean) {
    if (this.#averages !== null) this.#averages.areSwapped = areSwapped;
  }

  /** Exchanges the weights with their moving averages; a second call puts them back. */
  swapAverages(): void {
    this.#averages?.swap();
  }

  /** The end of training: with `useEma`, weights become their moving averages. */
  finalizeVariableValues(variables?: Iterable<Variable>): void {
    this.#averages?.overwrite(variables);
  }

  /** The loss times `lossScaleFactor`: what gradients are to be computed of. */
  scaleLoss(loss: Tensor): Tensor {
    return this.lossScaleFactor === null ? loss : loss.mul(this.lossScaleFactor);
  }

  /** Keras's config, from which {@link fromConfig} makes the same optimizer without its state. */
  getConfig(): Config {
    return {
      name: this.name,
      learning_rate: this.#rate instanceof Variable ? this.#rate.item() : serializeKerasObject(this.#rate),
      weight_decay: this.weightDecay,
      clipnorm: this.clipnorm,
      global_clipnorm: this.globalClipnorm,
      clipvalue: this.clipvalue,
      use_ema: this.useEma,
      ema_momentum: this.emaMomentum,
      ema_overwrite_frequency: this.emaOverwriteFrequency,
      loss_scale_factor: this.lossScaleFactor,
      gradient_accumulation_steps: this.gradientAccumulationSteps,
    };
  }

  /** The optimizer of a config that `getConfig` gave: its keys are the options in snake case. */
  static fromConfig<T>(this: new (...args: never[]) => T, config: Config, customObjects?: CustomObjects): T {
    const rate = config['learning_rate'];
    const own = isNode(rate) ? {...config, learning_rate: deserializeKerasObject(rate, {customObjects})} : config;
    return constructFrom(this, [], own) as T;
  }
}

function checkNumberRate(name: string, rate: unknown): number {
  const checked = checkRate(name, rate);
  if (typeof checked === 'number') return checked;
  throw new ValueError(`${name}: the learning rate function must give a number, got ${describe(rate)}`);
}
