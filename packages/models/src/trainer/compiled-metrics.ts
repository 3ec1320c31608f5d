import {type ConfigNode, type Element, type Shape, type Tensor, ValueError} from '@keratin/core';
import {describe, isNode, isPlainObject, toSnakeCase} from '@keratin/core/internal';
import * as metrics from '../metrics/index.js';
import {alignTo, type OutputNames, type Outputs, outputsOf, perOutput} from './outputs.js';

/** A value for each sample from targets and predictions; its mean is the metric. */
export type MetricFn = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** A metric object. Without its `name` in the type, which would be inferred as any string and hide the keys of the History. */
export interface MetricObject {
  updateState(...args: never[]): void;
  result(): Tensor;
  resetState(): void;
}

/** One metric: an id, an object, a function or a config. */
export type MetricSpec = metrics.MetricId | MetricObject | MetricFn | ConfigNode;

/** The metrics of each output: a flat list for one output; a list of lists, or lists by name, for several. */
export type MetricsOption =
  | readonly (MetricSpec | readonly MetricSpec[] | null)[]
  | {readonly [output: string]: MetricSpec | readonly MetricSpec[] | null};

/** A metric of a compiled model, under the name that it has in the logs. */
export interface CompiledMetric {
  readonly key: string;
  /** The name without what makes it unique. */
  readonly name: string;
  readonly metric: metrics.Metric;
  readonly output: number;
  readonly weighted: boolean;
}

interface Updatable {
  updateState(yTrue: Tensor, yPred: Tensor, options?: metrics.UpdateOptions): void;
}

const NONE: readonly CompiledMetric[] = [];

type PerOutput = MetricSpec | readonly MetricSpec[] | null;

/** Whether a value is a metric, whatever its name. */
export const isMetric = (value: unknown): value is metrics.Metric => value instanceof metrics.Metric;

const isSpec = (value: unknown): value is MetricSpec =>
  typeof value === 'string' || typeof value === 'function' || value instanceof metrics.Metric || isNode(value);

const isPerOutput = (_value: unknown): _value is never => false;

/** The metrics of a compiled model: updated each step, named as Keras names them. */
export class CompiledMetrics {
  readonly #plain: MetricsOption;
  readonly #weighted: MetricsOption;
  #entries: readonly CompiledMetric[] | null = null;

  constructor(plain: MetricsOption | undefined, weighted: MetricsOption | undefined) {
    this.#plain = checkOption('metrics', plain);
    this.#weighted = checkOption('weightedMetrics', weighted);
  }

  /** Whether there are any. */
  get isEmpty(): boolean {
    return Object.keys(this.#plain).length === 0 && Object.keys(this.#weighted).length === 0;
  }

  /** The metrics in order; empty before the first step, whose shapes decide what `'accuracy'` is. */
  get entries(): readonly CompiledMetric[] {
    return this.#entries ?? NONE;
  }

  /** The metrics given as objects, which exist before the first step. */
  get given(): metrics.Metric[] {
    return [...Object.values(this.#plain), ...Object.values(this.#weighted)]
      .flat()
      .filter((spec) => spec instanceof metrics.Metric);
  }

  update(yTrue: unknown, yPred: unknown, sampleWeight: unknown, where: string, names: OutputNames = null): void {
    if (this.isEmpty || yTrue === undefined) return;
    const outputs = outputsOf(where, yPred, names);
    const targets = alignTo(where, 'y', yTrue, outputs);
    this.#entries ??= this.#build(where, targets, outputs);
    const weights = sampleWeight === undefined ? null : alignTo(where, 'sampleWeight', sampleWeight, outputs);
    for (const {metric, output, weighted} of this.#entries) {
      const target = targets[output] ?? null;
      const prediction = outputs.tensors[output];
      if (target === null || prediction === undefined) {
        throw new ValueError(
          `${where}: output ${outputs.names?.[output] ?? String(output)} has metrics but no targets`,
        );
      }
      const weight = weighted ? (weights?.[output] ?? null) : null;
      // Every metric of compile takes targets and predictions; the base class leaves that open.
      const update = metric as Updatable;
      if (weight === null) update.updateState(target as Tensor, prediction);
      else update.updateState(target as Tensor, prediction, {sampleWeight: weight as Tensor});
    }
  }

  /** Makes the metrics for outputs of these shapes. */
  prepare(yTrue: unknown, yPred: unknown, where: string, names: OutputNames = null): void {
    if (this.#entries !== null || this.isEmpty || yTrue === undefined) return;
    const outputs = outputsOf(where, yPred, names);
    this.#entries = this.#build(where, alignTo(where, 'y', yTrue, outputs), outputs);
  }

  #build(where: string, targets: readonly (Tensor<Element> | null)[], outputs: Outputs): readonly CompiledMetric[] {
    const taken = new Map<string, number>();
    const entries: CompiledMetric[] = [];
    for (const weighted of [false, true]) {
      const option = weighted ? this.#weighted : this.#plain;
      const lists = metricLists(where, weighted ? 'weightedMetrics' : 'metrics', option, outputs);
      lists.forEach((list, output) => {
        for (const spec of list) {
          const [metric, name] = resolveMetric(spec, targets[output]?.shape, outputs.tensors[output]?.shape);
          const prefix = outputs.tensors.length > 1 && outputs.names !== null ? `${outputs.names[output] ?? ''}_` : '';
          entries.push({key: uniqueKey(prefix, name, weighted, taken), name, metric, output, weighted});
        }
      });
    }
    return entries;
  }
}

function metricLists(where: string, what: string, option: MetricsOption, outputs: Outputs): (readonly MetricSpec[])[] {
  const count = outputs.tensors.length;
  const listOf = (entry: PerOutput): readonly MetricSpec[] => (entry === null ? [] : isSpec(entry) ? [entry] : entry);
  // One output: all of them are for it, however they are nested.
  if (count === 1) return [Object.values(option as Readonly<Record<string, PerOutput>>).flatMap(listOf)];
  if (Object.keys(option).length === 0) return Array.from({length: count}, () => []);
  return perOutput<PerOutput>(where, what, option, outputs, isPerOutput).map(listOf);
}

/** A name that no other metric has: a second one is numbered, a weighted one of the same name says so. */
function uniqueKey(prefix: string, name: string, weighted: boolean, taken: Map<string, number>): string {
  const number = (key: string): string => {
    const count = taken.get(key) ?? 0;
    taken.set(key, count + 1);
    return count === 0 ? key : `${key}_${String(count)}`;
  };
  const key = `${prefix}${name}`;
  return weighted && taken.has(key) ? number(`${prefix}weighted_${name}`) : number(key);
}

/** A metric and the name of its values: an id exactly as it was given, an object's own name, a function's in snake case. */
function resolveMetric(spec: MetricSpec, yTrue: Shape = [], yPred: Shape = []): [metrics.Metric, string] {
  if (spec === 'accuracy' || spec === 'acc') return [metrics.resolveAccuracy(yTrue, yPred, spec), spec];
  if (isMetric(spec)) return [spec, spec.name];
  if (typeof spec === 'string') return [metrics.get(spec), spec];
  if (typeof spec === 'function') {
    const name = spec.name === '' ? 'metric' : toSnakeCase(spec.name);
    return [new metrics.MeanMetricWrapper(spec, {name}), name];
  }
  const metric = metrics.get(spec as metrics.MetricLike);
  return [metric, metric.name];
}

function checkOption(what: string, option: unknown): MetricsOption {
  if (option === undefined) return [];
  const entries = Array.isArray(option)
    ? (option as readonly unknown[])
    : isPlainObject(option)
      ? Object.values(option)
      : null;
  if (entries === null || isNode(option)) {
    throw new ValueError(
      `compile: ${what} must be a list, or an object of lists by output, got ${describe(option)}; write [${describe(option)}]`,
    );
  }
  for (const spec of entries.flat()) {
    if (spec === null) continue;
    if (!isSpec(spec))
      throw new ValueError(`compile: a metric is an id, a metric or a function, got ${describe(spec)}`);
    if (
      typeof spec === 'function' &&
      !(spec instanceof metrics.Metric) &&
      Object.prototype.isPrototypeOf.call(metrics.Metric, spec)
    ) {
      throw new ValueError(`compile: metrics has the class ${spec.name}; give an object of it, new ${spec.name}()`);
    }
    // A misspelt id is an error of compile, not of the first step.
    if (typeof spec === 'string' && spec !== 'accuracy' && spec !== 'acc') metrics.get(spec);
  }
  return option as MetricsOption;
}
