import {type ConfigNode, deserializeKerasObject, GradientTape, ops, tensor, type Tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import * as callbacks from '../callbacks/index.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import {type CompileOptions, type FitOptions} from '../model/types.js';
import * as optimizers from '../optimizers/index.js';
import {expectClose, readGolden} from '../testing/golden.js';

// Whole runs of training by real Keras: histories, weights, results, order of keys.

type Names = string | readonly string[] | Readonly<Record<string, string>>;

interface WeightEntry {
  readonly path: string;
  readonly tensor: string;
}

interface FitCase {
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

interface BatchCase {
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

interface LoopCase {
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

interface Part {
  readonly name: string;
  readonly model_json: string;
  readonly initial_weights: readonly WeightEntry[];
}

interface PairCase<K extends 'two_optimizers' | 'gan' = 'two_optimizers' | 'gan'> {
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

const suite = readGolden<FitCase | BatchCase | LoopCase | PairCase<'two_optimizers'> | PairCase<'gan'>>('training');
const only = <K extends string>(...kinds: K[]) =>
  suite.cases.filter((c): c is Extract<(typeof suite.cases)[number], {kind: K}> => kinds.includes(c.kind as K));

type Named<T> = {readonly [name: string]: T};

/** Names of tensors as tensors, in the same structure. */
function load(names: Names): Tensor | Tensor[] | Named<Tensor> {
  if (typeof names === 'string') return suite.tensor(names);
  if (Array.isArray(names)) return (names as readonly string[]).map((name) => suite.tensor(name));
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, suite.tensor(name)]));
}

function modelOf(json: string, weights: readonly WeightEntry[]): Model<Tensor, unknown> {
  const model = deserializeKerasObject(JSON.parse(json) as ConfigNode);
  if (!(model instanceof Model)) throw new Error('no model');
  // Layers of a config are built before the model around them, so their paths are shorter.
  expect(model.weights.map(({path}) => ending(path))).toEqual(weights.map(({path}) => ending(path)));
  model.setWeights(weights.map(({tensor: name}) => suite.tensor(name)));
  return model as Model<Tensor, unknown>;
}

function sequentialOf(json: string, weights: readonly WeightEntry[]): Sequential {
  const model = modelOf(json, weights);
  return model instanceof Sequential ? model : lacking();
}

const ending = (path: string) => path.split('/').slice(-2).join('/');
const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Keras's optimizer by paths as groups of parts of the model. */
function groupsOf(given: ConfigNode, model: Model<Tensor, unknown>): CompileOptions['optimizer'] {
  const {config} = (
    given.config as {optimizer_map: {config: {default_optimizer: ConfigNode; optimizer_map: Named<ConfigNode>}}}
  ).optimizer_map;
  const special = Object.entries(config.optimizer_map).map(
    ([pattern, node]) => [pattern.replaceAll('.*', '*'), optimizers.deserialize(node)] as const,
  );
  return [...special, [model.getLayer(0), optimizers.deserialize(config.default_optimizer)] as const];
}

function compile(
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

function fitOptions(c: FitCase): FitOptions {
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

function expectWeights(model: Model<never, unknown>, names: readonly string[], tolerance: number): void {
  model.weights.forEach((variable, i) => {
    expectClose(variable.readValue(), suite.tensor(names[i] ?? ''), variable.path, tolerance);
  });
}

/** Losses of single outputs where Keras counts each batch once, whatever its size: here they are means over samples as the total is. */
const countsBatches = (c: FitCase, key: string): boolean =>
  c.output_losses !== undefined && key.endsWith('_loss') && key !== 'val_loss';

/** The losses of the outputs add up to the total, which in Keras they do not. */
function expectSums(logs: Named<unknown>, names: readonly string[], c: FitCase): void {
  if (names.length === 0) return;
  const {loss_weights: weights} = c.compile;
  for (const prefix of ['', 'val_']) {
    const total = [logs[`${prefix}loss`] ?? []].flat() as number[];
    total.forEach((value, at) => {
      const sum = names.reduce((all, name, i) => {
        const weight = Array.isArray(weights)
          ? Number(weights[i])
          : ((weights as Named<number> | null)?.[name.replace('_loss', '')] ?? 1);
        return all + weight * Number([logs[`${prefix}${name}`]].flat()[at]);
      }, 0);
      expect(sum).toBeCloseTo(value, 5);
    });
  }
}

describe('fit', () => {
  const fits = only('fit').map((c) => ({...c, asGroups: false}));
  const grouped = fits.filter(({id}) => id === 'multi_optimizer').map((c) => ({...c, asGroups: true}));
  const all = [...fits, ...grouped].flatMap((c) => [
    {...c, title: c.id, runEagerly: false},
    {...c, title: `${c.id}, operation by operation`, runEagerly: true},
  ]);

  test.each(all)('$title', async (c) => {
    const model = modelOf(c.model_json, c.initial_weights);
    const {runEagerly} = c;
    const stepsPerExecution = Number(c.fit['steps_per_execution'] ?? 1);
    compile(model, c.compile, c.asGroups, {runEagerly, stepsPerExecution});
    expect(model.trainableVariables.map(({path}) => ending(path))).toEqual(c.trainable.map(ending));
    const x = load(c.data.x);
    const y = load(c.data.y);

    const history = await model.fit(x, y, fitOptions(c));
    expect(Object.keys(history.history)).toEqual(c.history_keys_in_order);
    expect(history.epoch).toEqual(c.history_epoch);
    for (const [key, values] of Object.entries(c.history)) {
      if (countsBatches(c, key)) continue;
      // A metric without averaging gives one number per class.
      expectClose(tensor((history.history[key] ?? []).flat()), tensor([values].flat(2)), key, c.tolerance);
    }
    expectWeights(model, c.final_weights, c.tolerance);
    expect(Number((model.optimizer ?? model.optimizers[0])?.iterations.item())).toBe(c.optimizer_iterations);

    const args: Record<string, unknown> = {verbose: 0};
    for (const [key, value] of Object.entries(c.evaluate.args)) {
      if (value !== null) args[camel(key)] = key === 'sample_weight' ? load(value as Names) : value;
    }
    const result = await model.evaluate(x, y, args);
    const odd = Object.keys(c.evaluate.return_dict).filter((key) => countsBatches(c, key));
    if (odd.length === 0) {
      expectClose(tensor([...result].flat()), tensor([c.evaluate.result_list].flat(2)), 'evaluate', c.tolerance);
    }
    for (const logs of [history.history, Object.fromEntries(Object.entries(result))]) expectSums(logs, odd, c);
    expect(Object.keys(result).filter((key) => !/^\d+$/.test(key))).toEqual(c.evaluate.return_dict_keys_in_order);
    for (const [key, value] of Object.entries(c.evaluate.return_dict)) {
      if (countsBatches(c, key)) continue;
      expectClose(tensor([result[key] ?? NaN].flat()), tensor([value].flat()), `evaluate ${key}`, c.tolerance);
    }
    if (c.predict === undefined) return;
    const predicted = await model.predict(x, {batchSize: 8, verbose: 0});
    const expected = load(c.predict);
    const flat = (value: unknown) =>
      (value instanceof Object && 'data' in value ? [value] : Object.values(value as object)) as Tensor[];
    flat(expected).forEach((wanted, i) => {
      expectClose(flat(predicted)[i] ?? NaN, wanted, `predict ${String(i)}`, c.tolerance);
    });
  });
});

describe('trainOnBatch', () => {
  test.each(only('train_on_batch'))('$id', (c) => {
    const model = modelOf(c.model_json, c.initial_weights);
    compile(model, c.compile);
    for (const [i, call] of c.calls.entries()) {
      const sampleWeight = call.sample_weight === null ? undefined : suite.tensor(call.sample_weight);
      const method = call.method === 'train_on_batch' ? 'trainOnBatch' : 'testOnBatch';
      const result = model[method](suite.tensor(call.x), suite.tensor(call.y), {sampleWeight});
      const {result: expected} = call;
      if (typeof expected === 'object' && !Array.isArray(expected)) {
        for (const [key, value] of Object.entries(expected)) {
          expectClose(result[key] ?? NaN, value, `call ${String(i)} ${key}`, c.tolerance);
        }
      } else {
        expectClose(tensor([...result]), tensor([expected].flat() as number[]), `call ${String(i)}`, c.tolerance);
      }
    }
    const predicted = model.predictOnBatch(suite.tensor(c.predict_on_batch.x));
    expectClose(predicted as Tensor, suite.tensor(c.predict_on_batch.result), 'predictOnBatch', c.tolerance);
    expectWeights(model, c.final_weights, c.tolerance);
  });
});

/** Batches of rows in order. */
function* rows(size: number, ...arrays: Tensor[]): Generator<Tensor[]> {
  const samples = arrays[0]?.length ?? 0;
  for (let start = 0; start < samples; start += size) {
    const n = Math.min(size, samples - start);
    yield arrays.map((array) => {
      const rest = array.shape.slice(1) as number[];
      return ops.slice(array, [start, ...rest.map(() => 0)], [n, ...rest]);
    });
  }
}

describe('loops with a tape', () => {
  test.each(only('custom_loop'))('$id', async (c) => {
    const model = sequentialOf(c.model_json, c.initial_weights);
    const optimizer = optimizers.deserialize(c.optimizer);
    const loss = losses.deserialize(c.loss);
    const mean = new metrics.Mean();
    const accuracy = new metrics.SparseCategoricalAccuracy();
    const steps: number[] = [];
    for (let epoch = 0; epoch < c.epochs; epoch++) {
      mean.resetState();
      accuracy.resetState();
      for (const [x, y] of rows(c.batch_size, suite.tensor(c.data.x), suite.tensor(c.data.y))) {
        if (x === undefined || y === undefined) continue;
        const tape = new GradientTape();
        const {output, value} = tape.record(() => {
          const made = model(x, {training: true});
          return {output: made, value: loss(y, made)};
        });
        const variables = model.trainableVariables;
        const gradients = tape.gradient(value, variables);
        optimizer.applyGradients(gradients.map((gradient, i) => [gradient, variables[i] ?? lacking()] as const));
        mean(value);
        accuracy(y, output);
        steps.push(value.item());
      }
      expectClose(
        mean.result(),
        tensor(c.epoch_mean_loss[epoch] ?? NaN),
        `loss of epoch ${String(epoch)}`,
        c.tolerance,
      );
      expectClose(
        accuracy.result(),
        tensor(c.epoch_accuracy[epoch] ?? NaN),
        `accuracy of epoch ${String(epoch)}`,
        c.tolerance,
      );
    }
    expectClose(tensor(steps), tensor(c.step_losses), 'losses', c.tolerance);
    expectWeights(model, c.final_weights, c.tolerance);
    const predicted = await model.predict(suite.tensor(c.data.x), {verbose: 0});
    expectClose(predicted, suite.tensor(c.predict), 'predict', c.tolerance);
  });

  const parts = (c: PairCase) => {
    const models = new Map(c.models.map((part) => [part.name, sequentialOf(part.model_json, part.initial_weights)]));
    const get = (name: string) => models.get(name) ?? lacking();
    const optimizer = (name: string) => optimizers.deserialize(c.optimizers[name] ?? lacking());
    return {get, optimizer, loss: losses.deserialize(c.loss)};
  };

  test.each(only('two_optimizers'))('$id', (c) => {
    const {get, optimizer, loss} = parts(c);
    const [encoder, head] = [get('encoder'), get('head')];
    const [forEncoder, forHead] = [optimizer('encoder'), optimizer('head')];
    const steps: number[] = [];
    for (let epoch = 0; epoch < c.epochs; epoch++) {
      for (const [x, y] of rows(c.batch_size, suite.tensor(c.data.x), suite.tensor(c.data.y))) {
        if (x === undefined || y === undefined) continue;
        const tape = new GradientTape({persistent: true});
        const value = tape.record(() => loss(y, head(encoder(x))));
        const gradients = tape.gradient(value, encoder.trainableVariables);
        forHead.apply(tape.gradient(value, head.trainableVariables), head.trainableVariables);
        forEncoder.apply(gradients, encoder.trainableVariables);
        steps.push(value.item());
      }
    }
    expectClose(tensor(steps), tensor(c.step_losses), 'losses', c.tolerance);
    expectWeights(encoder, c.final_weights['encoder'] ?? [], c.tolerance);
    expectWeights(head, c.final_weights['head'] ?? [], c.tolerance);
  });

  test.each(only('gan'))('$id', (c) => {
    const {get, optimizer, loss} = parts(c);
    const [generator, critic] = [get('generator'), get('critic')];
    const [forGenerator, forCritic] = [optimizer('generator'), optimizer('critic')];
    for (const [i, step] of c.steps.entries()) {
      const real = suite.tensor(step.real);
      const noise = suite.tensor(step.noise);
      const n = real.length;
      const first = new GradientTape();
      const criticLoss = first.record(() => {
        const labels = ops.concatenate([ops.ones([n, 1]), ops.zeros([noise.length, 1])]);
        return loss(labels, critic(ops.concatenate([real, generator(noise)])));
      });
      forCritic.apply(first.gradient(criticLoss, critic.trainableVariables), critic.trainableVariables);
      const second = new GradientTape();
      const generatorLoss = second.record(() => loss(ops.ones([noise.length, 1]), critic(generator(noise))));
      forGenerator.apply(second.gradient(generatorLoss, generator.trainableVariables), generator.trainableVariables);
      expectClose(criticLoss, tensor(step.critic_loss), `critic loss ${String(i)}`, c.tolerance);
      expectClose(generatorLoss, tensor(step.generator_loss), `generator loss ${String(i)}`, c.tolerance);
    }
    expectWeights(generator, c.final_weights['generator'] ?? [], c.tolerance);
    expectWeights(critic, c.final_weights['critic'] ?? [], c.tolerance);
  });
});

function lacking(): never {
  throw new Error('the golden file lacks something');
}
