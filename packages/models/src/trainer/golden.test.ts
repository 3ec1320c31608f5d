import {GradientTape, jit, ops, tensor, type Tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import * as optimizers from '../optimizers/index.js';
import {expectClose} from '../testing/golden.js';
import {
  type BatchCase,
  camel,
  compile,
  ending,
  expectAll,
  expectWeights,
  type FitCase,
  fitOptions,
  flat,
  lacking,
  load,
  type LoopCase,
  modelOf,
  type Named,
  type Names,
  only,
  type PairCase,
  type Results,
  resultsOf,
  sequentialOf,
  suite,
} from '../testing/golden-training.js';

// Whole runs of training by real Keras: histories, weights, results, order of keys. Each runs compiled, on one thread and on two, and
// operation by operation: the same bits, and the same up to rounding.

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

async function train(c: FitCase, asGroups: boolean, runEagerly: boolean): Promise<Results> {
  const model = modelOf(c.model_json, c.initial_weights);
  const stepsPerExecution = Number(c.fit['steps_per_execution'] ?? 1);
  compile(model, c.compile, asGroups, {runEagerly, stepsPerExecution});
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
  const made = {history: Object.values(history.history), evaluated: [...result]};
  if (c.predict === undefined) return resultsOf([model], made);
  const predicted = await model.predict(x, {batchSize: 8, verbose: 0});
  const expected = load(c.predict);
  flat(expected).forEach((wanted, i) => {
    expectClose(flat(predicted)[i] ?? NaN, wanted, `predict ${String(i)}`, c.tolerance);
  });
  return resultsOf([model], {...made, predicted: flat(predicted).map((each) => [...each.data()])});
}

describe('fit', () => {
  const fits = only('fit').map((c) => ({...c, asGroups: false, title: c.id}));
  const grouped = fits
    .filter(({id}) => id === 'multi_optimizer')
    .map((c) => ({...c, asGroups: true, title: `${c.id}, as groups`}));

  test.each([...fits, ...grouped])('$title', async (c) => {
    await expectAll((compiled) => train(c, c.asGroups, !compiled));
  });
});

describe('trainOnBatch', () => {
  const train = (c: BatchCase, runEagerly: boolean): Results => {
    const model = modelOf(c.model_json, c.initial_weights);
    compile(model, c.compile, false, {runEagerly});
    const results: unknown[] = [];
    for (const [i, call] of c.calls.entries()) {
      const sampleWeight = call.sample_weight === null ? undefined : suite.tensor(call.sample_weight);
      const method = call.method === 'train_on_batch' ? 'trainOnBatch' : 'testOnBatch';
      const result = model[method](suite.tensor(call.x), suite.tensor(call.y), {sampleWeight});
      const {result: expected} = call;
      results.push([...result]);
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
    return resultsOf([model], {results, predicted: [...(predicted as Tensor).data()]});
  };

  test.each(only('train_on_batch'))('$id', async (c) => {
    await expectAll((compiled) => train(c, !compiled));
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
    await expectAll((compiled) => loop(c, compiled));
  });

  async function loop(c: LoopCase, compiled: boolean): Promise<Results> {
    const model = sequentialOf(c.model_json, c.initial_weights);
    const optimizer = optimizers.deserialize(c.optimizer);
    const loss = losses.deserialize(c.loss);
    const mean = new metrics.Mean();
    const accuracy = new metrics.SparseCategoricalAccuracy();
    const steps: number[] = [];
    const step = ifCompiled(compiled, (x: Tensor, y: Tensor) => {
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
      return value;
    });
    for (let epoch = 0; epoch < c.epochs; epoch++) {
      mean.resetState();
      accuracy.resetState();
      for (const [x, y] of rows(c.batch_size, suite.tensor(c.data.x), suite.tensor(c.data.y))) {
        if (x === undefined || y === undefined) continue;
        steps.push(step(x, y).item());
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
    return resultsOf([model], {steps, predicted: [...predicted.data()]});
  }

  const ifCompiled = <A extends readonly unknown[], R>(compiled: boolean, fn: (...args: A) => R) =>
    compiled ? jit(fn) : fn;

  const parts = (c: PairCase) => {
    const models = new Map(c.models.map((part) => [part.name, sequentialOf(part.model_json, part.initial_weights)]));
    const get = (name: string) => models.get(name) ?? lacking();
    const optimizer = (name: string) => optimizers.deserialize(c.optimizers[name] ?? lacking());
    return {get, optimizer, loss: losses.deserialize(c.loss)};
  };

  test.each(only('two_optimizers'))('$id', async (c) => {
    await expectAll((compiled) => twoOptimizers(c, compiled));
  });

  function twoOptimizers(c: PairCase<'two_optimizers'>, compiled: boolean): Results {
    const {get, optimizer, loss} = parts(c);
    const [encoder, head] = [get('encoder'), get('head')];
    const [forEncoder, forHead] = [optimizer('encoder'), optimizer('head')];
    const steps: number[] = [];
    const step = ifCompiled(compiled, (x: Tensor, y: Tensor) => {
      const tape = new GradientTape({persistent: true});
      const value = tape.record(() => loss(y, head(encoder(x))));
      const gradients = tape.gradient(value, encoder.trainableVariables);
      forHead.apply(tape.gradient(value, head.trainableVariables), head.trainableVariables);
      forEncoder.apply(gradients, encoder.trainableVariables);
      return value;
    });
    for (let epoch = 0; epoch < c.epochs; epoch++) {
      for (const [x, y] of rows(c.batch_size, suite.tensor(c.data.x), suite.tensor(c.data.y))) {
        if (x !== undefined && y !== undefined) steps.push(step(x, y).item());
      }
    }
    expectClose(tensor(steps), tensor(c.step_losses), 'losses', c.tolerance);
    expectWeights(encoder, c.final_weights['encoder'] ?? [], c.tolerance);
    expectWeights(head, c.final_weights['head'] ?? [], c.tolerance);
    return resultsOf([encoder, head], {steps});
  }

  test.each(only('gan'))('$id', async (c) => {
    await expectAll((compiled) => gan(c, compiled));
  });

  function gan(c: PairCase<'gan'>, compiled: boolean): Results {
    const {get, optimizer, loss} = parts(c);
    const [generator, critic] = [get('generator'), get('critic')];
    const [forGenerator, forCritic] = [optimizer('generator'), optimizer('critic')];
    const train = ifCompiled(compiled, (real: Tensor, noise: Tensor) => {
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
      return [criticLoss, generatorLoss] as const;
    });
    const steps: number[] = [];
    for (const [i, step] of c.steps.entries()) {
      const [criticLoss, generatorLoss] = train(suite.tensor(step.real), suite.tensor(step.noise));
      expectClose(criticLoss, tensor(step.critic_loss), `critic loss ${String(i)}`, c.tolerance);
      expectClose(generatorLoss, tensor(step.generator_loss), `generator loss ${String(i)}`, c.tolerance);
      steps.push(criticLoss.item(), generatorLoss.item());
    }
    expectWeights(generator, c.final_weights['generator'] ?? [], c.tolerance);
    expectWeights(critic, c.final_weights['critic'] ?? [], c.tolerance);
    return resultsOf([generator, critic], {steps});
  }
});
