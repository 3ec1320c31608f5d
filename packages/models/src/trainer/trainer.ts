import {
  config,
  type Element,
  GradientTape,
  KeratinError,
  ops,
  type Tensor,
  ValueError,
  type Variable,
} from '@keratin/core';
import {checkOptions, isFloating, mapStructure} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import {structureVersion} from '@keratin/layers/internal';
import {type AnyModel, type Logs} from '../callbacks/callback.js';
import * as metrics from '../metrics/index.js';
import * as optimizers from '../optimizers/index.js';
import {CompiledSteps, type JitCompile, type StepKind, type StepOwner} from './compiled-steps.js';
import {isLibraryLoss, isLibraryModel, isLibraryOptimizer} from './library-code.js';
import {checkExecution} from './options.js';
import {CompiledLoss, type LossOption, type LossWeights} from './compiled-loss.js';
import {CompiledMetrics, isMetric, type MetricsOption} from './compiled-metrics.js';
import {type Batch} from './data/batch.js';
import {warn} from '../progress/output.js';
import {LossTracker} from './loss-tracker.js';
import {Numerics} from './numerics.js';
import {readLogs, type StepLogs, toEvaluation} from './logs.js';
import {type LearningRateMultiplier, LearningRateMultipliers} from './learning-rate-multipliers.js';
import {isGroups, type OptimizerGroup, OptimizerGroups, type OptimizerSpec} from './optimizer-groups.js';
import {type ModelPart, partLike} from './parts.js';

/** What `compile` is given, without the types that its result takes from it. */
export interface CompileSettings {
  readonly optimizer?: OptimizerSpec | readonly OptimizerGroup[] | undefined;
  readonly learningRateMultipliers?: readonly LearningRateMultiplier[] | undefined;
  readonly loss?: LossOption | undefined;
  readonly lossWeights?: LossWeights | undefined;
  readonly metrics?: MetricsOption | undefined;
  readonly weightedMetrics?: MetricsOption | undefined;
  readonly autoScaleLoss?: boolean | undefined;
  readonly debugNumerics?: boolean | undefined;
  readonly jitCompile?: JitCompile | undefined;
  readonly runEagerly?: boolean | undefined;
  readonly stepsPerExecution?: number | undefined;
}

const COMPILE_OPTIONS = [
  'optimizer',
  'learningRateMultipliers',
  'loss',
  'lossWeights',
  'metrics',
  'weightedMetrics',
  'autoScaleLoss',
  'debugNumerics',
  'jitCompile',
  'runEagerly',
  'stepsPerExecution',
] as const;

/** A metric under the name that it has in the logs. */
export interface NamedMetric {
  readonly key: string;
  readonly metric: metrics.Metric;
}

/** The metrics under their names, for the compiled metrics that there were. */
interface Named {
  readonly list: readonly NamedMetric[];
  /** Their results; each is computed when it is read. */
  readonly logs: StepLogs;
  /** The order of results in an evaluation. */
  readonly order: readonly string[];
  readonly entries: unknown;
  /** How many outputs had a loss of their own: none are known before the first step. */
  readonly losses: number;
}

/** What training needs to know of a model's structure; found once, and again when the structure changes. */
interface Plan {
  readonly version: number;
  readonly layers: readonly AnyLayer[];
  readonly trainable: readonly Variable[];
  readonly penalized: readonly Variable[];
}

/** What `computeLoss` is given. */
export interface LossData {
  readonly x: unknown;
  readonly y?: unknown;
  readonly yPred: unknown;
  readonly sampleWeight?: unknown;
  readonly training: boolean;
}

/**
 * The part of a model that trains it: what `compile` made, the default steps, and what they share. Models own one; its methods are
 * what a model's own methods do by default.
 */
export class Trainer {
  /** Which method runs now; only one may train. */
  running: 'fit' | null = null;
  /** Whether a hook of that run is being waited for: a callback may evaluate or predict. */
  inHook: () => boolean = () => false;
  /** Evaluations that run now. */
  evaluations = 0;

  readonly #model: AnyModel;
  #compiled = false;
  #settings: CompileSettings | null = null;
  #optimizer: optimizers.Optimizer | OptimizerGroups | null = null;
  #multipliers: LearningRateMultipliers | null = null;
  #loss: CompiledLoss | null = null;
  #metrics = new CompiledMetrics(undefined, undefined);
  #lossTracker: LossTracker | null = null;
  #plan: Plan | null = null;
  #warned = false;
  #numerics: Numerics | null = null;
  #named: Named | null = null;
  #steps: CompiledSteps | null | undefined;
  /** Whether the compiled steps track the loss: steps of a user's own may not. */
  #tracksInPrograms = false;

  /** The prototype of the base class of models, to tell which methods a subclass overrides. */
  readonly #base: object;

  constructor(model: AnyModel, base: object) {
    this.#model = model;
    this.#base = base;
  }

  /** Whether the model's class has a method of its own instead of the base class's. */
  overrides(...names: readonly string[]): boolean {
    let at: object | null = Object.getPrototypeOf(this.#model) as object | null;
    for (; at !== null && at !== this.#base; at = Object.getPrototypeOf(at) as object | null) {
      for (const name of names) if (Object.hasOwn(at, name)) return true;
    }
    return false;
  }

  // --- compile ---------------------------------------------------------------------------------------------------------

  compile(settings: CompileSettings): void {
    const model = this.#model;
    if (this.running !== null) throw new KeratinError(`compile: model "${model.name}" is being trained`);
    checkOptions('compile', settings, COMPILE_OPTIONS, {
      optimiser: 'optimizer',
      losses: 'loss',
      metric: 'metrics',
      learningRate: 'optimizer',
      lr: 'optimizer',
      lrMultiplier: 'learningRateMultipliers',
      lrMultipliers: 'learningRateMultipliers',
      multipliers: 'learningRateMultipliers',
    });
    const {optimizer = 'rmsprop', loss, lossWeights, metrics, weightedMetrics, learningRateMultipliers} = settings;
    checkExecution(settings);
    // Everything is made before anything is stored: a mistake leaves the model as it was.
    const made = this.#scaled(
      isGroups(optimizer) ? new OptimizerGroups(optimizer) : optimizers.get(optimizer),
      settings.autoScaleLoss ?? true,
    );
    if (lossWeights !== undefined && loss === undefined) throw new ValueError('compile: lossWeights needs a loss');
    const compiledLoss = loss === undefined ? null : new CompiledLoss(loss, lossWeights);
    const compiledMetrics = new CompiledMetrics(metrics, weightedMetrics);
    if (made instanceof OptimizerGroups && model.built) made.check(model, model.trainableVariables);
    const multipliers =
      learningRateMultipliers === undefined ? null : new LearningRateMultipliers(model, learningRateMultipliers);
    if (model.built) multipliers?.check();
    if (this.#multipliers !== null) this.#optimizer?.multiplyRates(null);
    if (multipliers !== null) made.multiplyRates((variable) => multipliers.of(variable));
    this.#multipliers = multipliers;
    this.#optimizer = made;
    this.#loss = compiledLoss;
    this.#metrics = compiledMetrics;
    this.#lossTracker = new LossTracker();
    this.#numerics = settings.debugNumerics === true ? new Numerics(model) : null;
    const {jitCompile = 'auto', runEagerly = false, debugNumerics = false} = settings;
    // Numerics are looked at operation by operation.
    this.#steps = jitCompile === false || runEagerly || debugNumerics ? null : this.#stepsFor(jitCompile === true);
    this.#compiled = true;
    this.#settings = settings;
    this.forget();
  }

  // Small gradients vanish in float16 unless the loss is scaled up.
  #scaled(optimizer: optimizers.Optimizer | OptimizerGroups, wanted: boolean): optimizers.Optimizer | OptimizerGroups {
    const layers: readonly AnyLayer[] = [this.#model, ...this.#model.flattenLayers()];
    if (!wanted || !layers.some(({dtypePolicy}) => dtypePolicy.name === 'mixed_float16')) return optimizer;
    if (optimizer instanceof optimizers.LossScaleOptimizer) return optimizer;
    if (optimizer instanceof OptimizerGroups) {
      warn('compile: optimizers of parts do not scale the loss, which mixed_float16 needs; use a MultiOptimizer');
      return optimizer;
    }
    if (optimizer.lossScaleFactor !== null) return optimizer;
    return new optimizers.LossScaleOptimizer(optimizer, {name: 'loss_scale_optimizer'});
  }

  #stepsFor(strict: boolean): CompiledSteps {
    const owner: StepOwner = {
      results: () => this.results(),
      countSamples: (size: number) => {
        if (this.#lossTracker !== null && this.#tracksInPrograms) this.#lossTracker.samples += size;
      },
      plan: () => this.plan(),
      optimizers: () => this.optimizers,
      isLibrary: (kind) => this.#isLibrary(kind),
    };
    return new CompiledSteps(this.#model, owner, strict);
  }

  #isLibrary(kind: StepKind): boolean {
    if (!isLibraryModel(this.#model, this.plan().layers)) return false;
    if (kind === 'predict') return true;
    const tracked = this.metrics().filter((metric) => metric !== this.#lossTracker);
    if (!isLibraryLoss(this.#settings ?? {}, tracked)) return false;
    return kind === 'test' || this.optimizers.every(isLibraryOptimizer);
  }

  /** Steps between two calls of the batch hooks. */
  get stepsPerExecution(): number {
    return this.#settings?.stepsPerExecution ?? 1;
  }

  /** The steps that run as programs; null where the model runs operation by operation. */
  get steps(): CompiledSteps | null {
    // Models predict without being compiled.
    if (this.#steps === undefined) this.#steps = this.#stepsFor(false);
    return this.#steps;
  }

  /** One step of training, compiled where that may be. */
  runTrainStep(batch: Batch): StepLogs {
    const {steps} = this;
    return steps === null ? this.#model.trainStep(batch as never) : (steps.run('train', batch) as StepLogs);
  }

  /** One step of evaluation, compiled where that may be. */
  runTestStep(batch: Batch): StepLogs {
    const {steps} = this;
    return steps === null ? this.#model.testStep(batch as never) : (steps.run('test', batch) as StepLogs);
  }

  /** The outputs for a batch, compiled where that may be. */
  runPredictStep(batch: Batch): unknown {
    const {steps} = this;
    return steps === null ? this.#model.predictStep(batch as never) : steps.run('predict', batch);
  }

  #trackLoss(loss: Tensor, size: number): void {
    if (this.#steps?.tracing === true) {
      this.#lossTracker?.add(loss, size);
      this.#tracksInPrograms = true;
    } else {
      this.#lossTracker?.updateState(loss, size);
    }
  }

  /** Compiles as another model was: with optimizers and metrics of the same configs and a state of their own. */
  compileLike(other: Trainer): void {
    const settings = other.#settings;
    if (settings === null) return;
    const {optimizer} = settings;
    const again = (spec: OptimizerSpec): OptimizerSpec =>
      spec instanceof optimizers.Optimizer ? optimizers.deserialize(optimizers.serialize(spec)) : spec;
    const own = (part: ModelPart): ModelPart => partLike(part, other.#model, this.#model) as ModelPart;
    const groups = (list: readonly OptimizerGroup[]): readonly OptimizerGroup[] =>
      list.map(([part, spec]) => [own(part), again(spec)] as const);
    this.compile({
      ...settings,
      optimizer: optimizer === undefined ? undefined : isGroups(optimizer) ? groups(optimizer) : again(optimizer),
      learningRateMultipliers: settings.learningRateMultipliers?.map(([part, by]) => [own(part), by] as const),
      metrics: mapStructure(settings.metrics, freshMetric) as MetricsOption | undefined,
      weightedMetrics: mapStructure(settings.weightedMetrics, freshMetric) as MetricsOption | undefined,
    });
  }

  get compiled(): boolean {
    return this.#compiled;
  }

  /** What `compile` was given; null before. */
  get settings(): CompileSettings | null {
    return this.#settings;
  }

  get optimizer(): optimizers.Optimizer | null {
    return this.#optimizer instanceof OptimizerGroups ? null : this.#optimizer;
  }

  get optimizers(): readonly optimizers.Optimizer[] {
    const optimizer = this.#optimizer;
    if (optimizer === null) return [];
    const several = optimizer instanceof OptimizerGroups || optimizer instanceof optimizers.MultiOptimizer;
    return several ? optimizer.optimizers : [optimizer];
  }

  /** Makes the state that the optimizers have for each trainable weight, which they do at their first step otherwise. */
  buildOptimizers(): void {
    this.#optimizer?.build(this.#model.trainableVariables);
  }

  assertCompiled(where: string): void {
    if (this.#compiled) return;
    throw new KeratinError(
      `${where}: model "${this.#model.name}" has no loss yet; call compile({optimizer, loss, metrics}) first`,
    );
  }

  // --- metrics and logs ------------------------------------------------------------------------------------------------

  /** The loss, the compiled metrics, the single losses of several outputs, then metrics in the model's own fields. */
  metrics(): metrics.Metric[] {
    const list: metrics.Metric[] = [];
    if (this.#lossTracker !== null) list.push(this.#lossTracker);
    list.push(...this.#metrics.entries.map(({metric}) => metric));
    if (this.#loss !== null) list.push(...this.#loss.trackers);
    for (const value of Object.values(this.#model) as unknown[]) {
      for (const entry of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
        if (isMetric(entry) && !list.includes(entry)) list.push(entry);
      }
    }
    return list;
  }

  /** The model's metrics under the names that they have in the logs. */
  namedMetrics(): readonly NamedMetric[] {
    const {entries} = this.#metrics;
    const losses = this.#loss?.count ?? 0;
    if (this.#named === null || this.#named.entries !== entries || this.#named.losses !== losses) {
      const keys = new Map<metrics.Metric, string[]>();
      for (const {key, metric} of entries) keys.set(metric, [...(keys.get(metric) ?? []), key]);
      const {metrics} = this.#model;
      const list = metrics.flatMap((metric) => {
        const own = keys.get(metric);
        keys.delete(metric);
        return (own ?? [metric.name]).map((key) => ({key, metric}));
      });
      // Each result is computed when it is read, so that a step that nobody looks at computes none.
      const logs: Record<string, Tensor<Element>> = {};
      for (const {key, metric} of list) {
        Object.defineProperty(logs, key, {enumerable: true, get: () => metric.result()});
      }
      const names = new Map(entries.map(({metric, name}) => [metric, name]));
      const order = metrics.map((metric) => names.get(metric) ?? metric.name);
      this.#named = {list, logs, order, entries, losses};
    }
    return this.#named.list;
  }

  /** The results of all metrics, computed when they are read. */
  results(): StepLogs {
    this.namedMetrics();
    return this.#named?.logs ?? {};
  }

  /** The logs of an epoch: those of the metrics, or of the last step where a step of the user's gives others. */
  epochLogs(last: StepLogs): Logs {
    const own = this.results();
    const names = Object.keys(last);
    const same = names.length === Object.keys(own).length && names.every((name) => Object.hasOwn(own, name));
    return readLogs(same ? own : last);
  }

  resetMetrics(): void {
    for (const metric of new Set(this.namedMetrics().map((named) => named.metric))) metric.resetState();
  }

  /** Before an epoch: metrics start over, and the structure is looked at anew, since fields of layers may have changed. */
  resetAll(): void {
    this.forget();
    this.#model.resetMetrics();
  }

  /** A result in Keras's order: the loss, the metrics as compiled, the single losses, then the rest by name. */
  evaluation(logs: Logs): readonly number[] & Readonly<Record<string, number>> {
    this.namedMetrics();
    return toEvaluation(logs, this.#named?.order ?? []);
  }

  /** Refuses to go on where an evaluation that a callback began still uses the metrics. */
  assertAlone(): void {
    if (this.evaluations === 0) return;
    throw new KeratinError(
      `fit: an evaluate of model "${this.#model.name}" still runs; a callback that evaluates must wait for it (await)`,
    );
  }

  // --- structure -------------------------------------------------------------------------------------------------------

  /** The trainable variables, layers and penalties. Walking through a model takes long beside a small step, so it is done once. */
  plan(): Plan {
    const version = structureVersion();
    const plan = this.#plan;
    if (plan?.version === version && plan.trainable.every(({trainable}) => trainable)) return plan;
    const trainable = this.#model.trainableVariables;
    this.#plan = {
      version,
      layers: this.#model.flattenLayers(),
      trainable,
      penalized: trainable.filter(({rules}) => rules.regularizer !== undefined),
    };
    return this.#plan;
  }

  /** Looks at the structure and the metrics anew: fields of the model and its layers may have changed. */
  forget(): void {
    this.#plan = null;
    this.#named = null;
    this.#steps?.look();
  }

  /** What layers added to the loss in the last call, and the penalties of trainable weights: the same as `model.losses`. */
  #addedLosses(): Tensor[] {
    const {layers, penalized} = this.plan();
    const added: Tensor[] = [];
    for (const layer of layers) for (const loss of layer.ownLosses) added.push(asFloatSum(loss));
    for (const variable of penalized) {
      const penalty = variable.rules.regularizer?.(variable);
      if (penalty !== undefined) added.push(asFloatSum(penalty));
    }
    return added;
  }

  // --- steps -----------------------------------------------------------------------------------------------------------

  /** Makes losses and metrics for outputs of these shapes, so that their names are known before the first step. */
  prepare(y: unknown, yPred: unknown, where: string): void {
    const {outputNames} = this.#model;
    this.#loss?.prepare(y, yPred, where, outputNames);
    this.#metrics.prepare(y, yPred, where, outputNames);
  }

  trainStep({x, y, sampleWeight, size}: Batch): StepLogs {
    const model = this.#model;
    const optimizer = this.#optimizer;
    if (optimizer === null) throw new KeratinError(`fit: model "${model.name}" has no optimizer`);
    const tape = new GradientTape();
    const forward = () => {
      const output = model(x as never, {training: true});
      const total = model.computeLoss({x, y, yPred: output, sampleWeight, training: true});
      return {yPred: output, loss: total, scaled: optimizer.scaleLoss(total)};
    };
    const numerics = this.#numerics;
    const {yPred, loss, scaled} = tape.record(numerics === null ? forward : () => numerics.run(forward));
    this.#trackLoss(loss, size);
    const {trainable} = this.plan();
    // The model is built now.
    this.#multipliers?.check();
    if (trainable.length > 0) {
      const gradients = tape.gradient(scaled, trainable, {unconnectedGradients: 'none'});
      const batch = {x, y, sampleWeight, size};
      numerics?.check({batch, loss, gradients, variables: trainable, forward: () => forward().scaled});
      optimizer.apply(gradients, trainable);
      numerics?.checkUpdate(trainable);
    } else if (!this.#warned) {
      this.#warned = true;
      warn(`fit: model "${model.name}" has no trainable variables, so nothing changes`);
    }
    return model.computeMetrics({x, y, yPred, sampleWeight});
  }

  testStep({x, y, sampleWeight, size}: Batch): StepLogs {
    const model = this.#model;
    const yPred = model(x as never, {training: false});
    this.#trackLoss(model.computeLoss({x, y, yPred, sampleWeight, training: false}), size);
    return model.computeMetrics({x, y, yPred, sampleWeight});
  }

  computeLoss({y, yPred, sampleWeight}: LossData): Tensor {
    const where = `${this.#model.name} loss`;
    const added = this.#addedLosses();
    if (this.#loss === null) {
      if (added.length === 0) {
        throw new ValueError(`${where}: there is no loss; give one to compile, or add one with addLoss in a layer`);
      }
      return ops.addN(added);
    }
    const main = this.#loss.call(y, yPred, sampleWeight, where, this.#model.outputNames);
    return added.length === 0 ? main : ops.addN([main, ...added]);
  }

  computeMetrics({y, yPred, sampleWeight}: Omit<LossData, 'training'>): StepLogs {
    this.#metrics.update(y, yPred, sampleWeight, `${this.#model.name} metrics`, this.#model.outputNames);
    return this.results();
  }

  /** What optimizers do after the last step, such as putting averages in place. */
  finish(): void {
    const {trainable} = this.plan();
    const outer = this.optimizer;
    for (const optimizer of outer === null ? this.optimizers : [outer]) optimizer.finalizeVariableValues(trainable);
  }
}

const freshMetric = (leaf: unknown): unknown => (isMetric(leaf) ? metrics.deserialize(metrics.serialize(leaf)) : leaf);

function asFloatSum(loss: Tensor): Tensor {
  const float: Tensor = isFloating(loss.dtype) ? loss : loss.cast(config.floatx());
  return float.ndim === 0 ? float : float.sum();
}
