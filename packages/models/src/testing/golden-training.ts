import {type ConfigNode, deserializeKerasObject, getNumThreads, setNumThreads, type Tensor} from '@keratin/core';
import {expect} from 'vitest';
import * as callbacks from '../callbacks/index.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import {type CompileOptions, type FitOptions} from '../model/types.js';
import * as optimizers from '../optimizers/index.js';
import {expectClose, readGolden} from './golden.js';

// Runs of training that real Keras made, and how to run them in every way.

export type Names = string | readonly string[] | Readonly<Record<string, string>>;

export interface WeightEntry {
  readonly path: string;
  readonly tensor: string;
}

export interface FitCase {
  readonly id: string;
  readonly kind: 'fit';
  readonly model_json: string;
  readonly initial_weights: readonly WeightEntry[];
  readonly trainable: readonly string[];
  readonly compile: {
    readonly optimizer: string | ConfigNode;
    readonly loss: unknown;
    readonly metrics: unknown;
    readonly weighted_metrics: unknown;
    readonly loss_weights: unknown;
  };
  readonly data: {
    readonly x: Names;
    readonly y: Names;
    readonly sample_weight: Names | null;
    readonly class_weight: Readonly<Record<string, number>> | null;
  };
  readonly fit: Readonly<Record<string, unknown>>;
  readonly history: Readonly<Record<string, number[]>>;
  readonly history_keys_in_order: readonly string[];
  readonly history_epoch: readonly number[];
  /** Says that Keras's losses of single outputs are not comparable. */
  readonly output_losses?: string;
  readonly final_weights: readonly string[];
  readonly optimizer_iterations: number;
  readonly evaluate: {
    readonly args: Readonly<Record<string, unknown>>;
    readonly result_list: number | readonly number[];
    readonly return_dict: Readonly<Record<string, number>>;
    readonly return_dict_keys_in_order: readonly string[];
  };
  readonly predict?: Names;
  readonly tolerance: number;
}

export interface BatchCase {
  readonly id: string;
  readonly kind: 'train_on_batch';
  readonly model_json: string;
  readonly initial_weights: readonly WeightEntry[];
  readonly compile: FitCase['compile'];
  readonly calls: readonly {
    readonly method: 'train_on_batch' | 'test_on_batch';
    readonly x: string;
    readonly y: string;
    readonly sample_weight: string | null;
    readonly result: number | readonly number[] | Readonly<Record<string, number>>;
  }[];
  readonly predict_on_batch: {readonly x: string; readonly result: string};
  readonly final_weights: readonly string[];
  readonly tolerance: number;
}

export interface LoopCase {
  readonly id: string;
  readonly kind: 'custom_loop';
  readonly model_json: string;
  readonly initial_weights: readonly WeightEntry[];
  readonly optimizer: ConfigNode;
  readonly loss: ConfigNode;
  readonly data: {readonly x: string; readonly y: string};
  readonly epochs: number;
  readonly batch_size: number;
  readonly step_losses: readonly number[];
  readonly epoch_mean_loss: readonly number[];
  readonly epoch_accuracy: readonly number[];
  readonly final_weights: readonly string[];
  readonly predict: string;
  readonly tolerance: number;
}

export interface Part {
  readonly name: string;
  readonly model_json: string;
  readonly initial_weights: readonly WeightEntry[];
}

export interface PairCase<K extends 'two_optimizers' | 'gan' = 'two_optimizers' | 'gan'> {
  readonly id: string;
  readonly kind: K;
  readonly models: readonly Part[];
  readonly optimizers: Readonly<Record<string, ConfigNode>>;
  readonly loss: ConfigNode;
  readonly data: {readonly x: string; readonly y: string};
  readonly epochs: number;
  readonly batch_size: number;
  readonly step_losses: readonly number[];
  readonly steps: readonly {real: string; noise: string; critic_loss: number; generator_loss: number}[];
  readonly final_weights: Readonly<Record<string, readonly string[]>>;
  readonly tolerance: number;
}

export const suite = readGolden<FitCase | BatchCase | LoopCase | PairCase<'two_optimizers'> | PairCase<'gan'>>(
  'training',
);
export const only = <K extends string>(...kinds: K[]) =>
  suite.cases.filter((c): c is Extract<(typeof suite.cases)[number], {kind: K}> => kinds.includes(c.kind as K));

export type Named<T> = {readonly [name: string]: T};

/** Names of tensors as tensors, in the same structure. */
export function load(names: Names): Tensor | Tensor[] | Named<Tensor> {
  if (typeof names === 'string') return suite.tensor(names);
  if (Array.isArray(names)) return (names as readonly string[]).map((name) => suite.tensor(name));
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, suite.tensor(name)]));
}

export function modelOf(json: string, weights: readonly WeightEntry[]): Model<Tensor, unknown> {
  const model = deserializeKerasObject(JSON.parse(json) as ConfigNode);
  if (!(model instanceof Model)) throw new Error('no model');
  // Layers of a config are built before the model around them, so their paths are shorter.
  expect(model.weights.map(({path}) => ending(path))).toEqual(weights.map(({path}) => ending(path)));
  model.setWeights(weights.map(({tensor: name}) => suite.tensor(name)));
  return model as Model<Tensor, unknown>;
}

export function sequentialOf(json: string, weights: readonly WeightEntry[]): Sequential {
  const model = modelOf(json, weights);
  return model instanceof Sequential ? model : lacking();
}

export const ending = (path: string) => path.split('/').slice(-2).join('/');
export const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Keras's optimizer by paths as groups of parts of the model. */
export function groupsOf(given: ConfigNode, model: Model<Tensor, unknown>): CompileOptions['optimizer'] {
  const {config} = (
    given.config as {optimizer_map: {config: {default_optimizer: ConfigNode; optimizer_map: Named<ConfigNode>}}}
  ).optimizer_map;
  const special = Object.entries(config.optimizer_map).map(
    ([pattern, node]) => [pattern.replaceAll('.*', '*'), optimizers.deserialize(node)] as const,
  );
  return [...special, [model.getLayer(0), optimizers.deserialize(config.default_optimizer)] as const];
}

export function compile(
  model: Model<Tensor, unknown>,
  given: FitCase['compile'],
  asGroups = false,
  execution: Pick<CompileOptions, 'runEagerly' | 'stepsPerExecution'> = {},
): void {
  const {optimizer} = given;
  const byConfig = () =>
    typeof optimizer === 'string' ? optimizers.get(optimizer) : optimizers.deserialize(optimizer);
  model.compile({
    optimizer: asGroups && typeof optimizer === 'object' ? groupsOf(optimizer, model) : byConfig(),
    loss: (given.loss ?? undefined) as CompileOptions['loss'],
    metrics: (given.metrics ?? undefined) as CompileOptions['metrics'],
    weightedMetrics: (given.weighted_metrics ?? undefined) as CompileOptions['weightedMetrics'],
    lossWeights: (given.loss_weights ?? undefined) as CompileOptions['lossWeights'],
    ...execution,
  });
}

export function fitOptions(c: FitCase): FitOptions {
  const options: Record<string, unknown> = {verbose: 0};
  for (const [key, value] of Object.entries(c.fit)) {
    if (value === null) continue;
    if (key === 'validation_data') options['validationData'] = (value as Names[]).map(load);
    else if (key !== 'callbacks' && key !== 'steps_per_execution') options[camel(key)] = value;
  }
  const given = (c.fit['callbacks'] ?? []) as {
    class_name: 'EarlyStopping' | 'ReduceLROnPlateau';
    args: Named<unknown>;
  }[];
  options['callbacks'] = given.map(({class_name: name, args}) => {
    const settings = Object.fromEntries(Object.entries(args).map(([key, value]) => [camel(key), value]));
    return new callbacks[name](settings);
  });
  if (c.data.sample_weight !== null) options['sampleWeight'] = load(c.data.sample_weight);
  if (c.data.class_weight !== null) options['classWeight'] = c.data.class_weight;
  return options;
}

export function expectWeights(model: Model<never, unknown>, names: readonly string[], tolerance: number): void {
  model.weights.forEach((variable, i) => {
    expectClose(variable.readValue(), suite.tensor(names[i] ?? ''), variable.path, tolerance);
  });
}

export const flat = (value: unknown) =>
  (value instanceof Object && 'data' in value ? [value] : Object.values(value as object)) as Tensor[];

/** Numbers that a run gave, by name. */
export type Results = Readonly<Record<string, readonly number[]>>;

export function resultsOf(models: readonly Model<never, unknown>[], given: Named<unknown>): Results {
  const weights = models.flatMap(({weights}) => weights.map((variable) => [...variable.data()]));
  const all = Object.entries({...given, weights});
  return Object.fromEntries(all.map(([name, values]) => [name, ([values].flat(3) as unknown[]).map(Number)]));
}

/** Numbers of compiled runs may differ from those of single operations by rounding only. */
export function expectAgreement(compiled: Results, eager: Results): void {
  expect(Object.keys(compiled)).toEqual(Object.keys(eager));
  for (const [name, values] of Object.entries(eager)) {
    values.forEach((b, i) => {
      const a = compiled[name]?.[i] ?? NaN;
      const isClose = Object.is(a, b) || Math.abs(a - b) <= 1e-5 * (1 + Math.abs(b));
      if (!isClose) expect.fail(`${name}[${String(i)}]: ${String(a)} compiled, ${String(b)} operation by operation`);
    });
  }
}

/** With so many threads. */
export async function withThreads<T>(threads: number, fn: () => T): Promise<Awaited<T>> {
  const before = getNumThreads();
  setNumThreads(threads);
  try {
    return await fn();
  } finally {
    setNumThreads(before);
  }
}

/** Runs in every way: compiled on one and on two threads, the same bits; operation by operation, the same up to rounding. */
export async function expectAll(run: (compiled: boolean) => Results | Promise<Results>): Promise<void> {
  const one = await withThreads(1, () => run(true));
  expectAgreement(one, await withThreads(1, () => run(false)));
  expect(await withThreads(2, () => run(true))).toEqual(one);
}

export function lacking(): never {
  throw new Error('the golden file lacks something');
}
