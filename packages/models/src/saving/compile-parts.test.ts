import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {random, type Tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {type CompileOptions, loadModel, type Model, optimizers, Sequential} from '../index.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keratin-parts-'));
});
afterAll(() => rmSync(folder, {recursive: true}));
beforeEach(() => {
  clearSession();
});

const x = random.normal([8, 3], {seed: 1});
const y = random.normal([8, 2], {seed: 2});
const fitted = {verbose: 0, shuffle: false, batchSize: 4} as const;

/** Two parts whose inner layers have the same name, so that only their places tell them apart. */
function whole() {
  const dense = (units: number, seed: number) =>
    new layers.Dense(units, {name: 'same', kernelInitializer: {class_name: 'GlorotUniform', config: {seed}}});
  const lower = new Sequential([Input({shape: [3]}), dense(4, 1)], {name: 'lower'});
  const upper = new Sequential([Input({shape: [4]}), dense(2, 2)], {name: 'upper'});
  const [first] = lower.layers;
  const [second] = upper.layers;
  return {first, second, upper, model: new Sequential([lower, upper], {name: 'whole'})};
}

const values = (tensors: readonly Tensor[]) => tensors.map((one) => one.array());

type Compile = (parts: ReturnType<typeof whole>) => CompileOptions;

describe.each<readonly [kind: string, compile: Compile]>([
  [
    'multipliers of layers',
    ({first}) => ({optimizer: new optimizers.Adam(0.01), learningRateMultipliers: [[first ?? '', 0.125]], loss: 'mse'}),
  ],
  [
    'multipliers of patterns',
    () => ({optimizer: 'nadam', learningRateMultipliers: [['upper/*', 0]], loss: 'mse', metrics: ['mae']}),
  ],
  [
    'optimizers of parts',
    ({first, second}) => ({
      optimizer: [
        [first ?? '', new optimizers.SGD(0.1, {momentum: 0.5})],
        [second ?? '', new optimizers.Adam(0.01)],
      ],
      loss: 'mse',
    }),
  ],
  [
    'both',
    ({first, upper}) => ({
      optimizer: [
        ['lower/*', 'adam'],
        [upper, new optimizers.RMSprop(0.01)],
      ],
      learningRateMultipliers: [[first ?? '', 2]],
      loss: 'mse',
    }),
  ],
])('%s', (kind, compile) => {
  const trained = async (): Promise<Model> => {
    const parts = whole();
    parts.model.compile(compile(parts));
    await parts.model.fit(x, y, fitted);
    return parts.model;
  };

  test.each(['zip', 'folder'])('a model trains on from a file as if it had not been stored (%s)', async (form) => {
    const model = await trained();
    const path = join(folder, form === 'zip' ? `${kind}.keras` : kind);
    await model.save(path, {zipped: form === 'zip'});
    const back = await loadModel(path);
    expect(back.optimizers.map(({variables}) => values(variables))).toEqual(
      model.optimizers.map(({variables}) => values(variables)),
    );
    for (const one of [model, back]) await one.fit(x, y, fitted);
    expect(values(back.weights)).toEqual(values(model.weights));
    // A second way through a file says the same.
    await back.save(path, {zipped: form === 'zip'});
    expect(values((await loadModel(path)).weights)).toEqual(values(model.weights));
  });

  test('the file can be opened without compiling', async () => {
    const path = join(folder, 'uncompiled.keras');
    await (await trained()).save(path);
    expect((await loadModel(path, {compile: false})).optimizers).toEqual([]);
  });
});

test('what Keras reads of it is its own: compile_config has only its keys', async () => {
  const {model, first} = whole();
  const path = join(folder, 'keys');
  model.compile({optimizer: 'adam', learningRateMultipliers: [[first ?? '', 0.5]], loss: 'mse'});
  await model.save(path, {zipped: false});
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as object;
  expect(config).toMatchObject({
    compile_config: {optimizer: {class_name: 'Adam'}, loss: 'mse'},
    keratin_compile_config: {learning_rate_multipliers: [[{layer: 'layers/sequential/layers/dense'}, 0.5]]},
  });
  expect(config).not.toHaveProperty('compile_config.learning_rate_multipliers');
});

test('the format of Keras 2 has no place for it', async () => {
  const {model} = whole();
  model.compile({optimizer: 'adam', learningRateMultipliers: [['lower/*', 0.5]], loss: 'mse'});
  await expect(model.save(join(folder, 'm.h5'))).rejects.toThrow(
    'save: the format of Keras 2 has no place for learning rates and optimizers of parts of a model; save it as ".keras"',
  );
});

test.each<readonly [mistake: string, parts: unknown, message: string]>([
  ['no dictionary', 3, 'keratin_compile_config: Invalid input: expected object, received number'],
  ['nothing in it', {}, 'keratin_compile_config.compile_config: Invalid input'],
  [
    'a layer that is not there',
    {compile_config: {optimizer: 'sgd'}, learning_rate_multipliers: [[{layer: 'layers/none'}, 1]]},
    'keratin_compile_config: there is no layer at "layers/none"',
  ],
  [
    'a multiplier that is none',
    {compile_config: {optimizer: 'sgd'}, learning_rate_multipliers: [[{pattern: '*', weights: null}, 'a']]},
    'keratin_compile_config.learning_rate_multipliers.0.1: Invalid input',
  ],
  [
    'an optimizer that is none',
    {
      compile_config: {},
      optimizers: [
        [
          {pattern: '*', weights: [0]},
          {class_name: 'Dense', module: 'keras.layers', config: {units: 1}},
        ],
      ],
    },
    'keratin_compile_config: an optimizer is needed for each part, got a Dense',
  ],
  [
    'a weight that is not there',
    {compile_config: {optimizer: 'sgd'}, learning_rate_multipliers: [[{pattern: 'a', weights: [4]}, 1]]},
    'keratin_compile_config: weight 4 of "a" is not there; the model has 4',
  ],
])('%s in a file is refused', async (_, parts, message) => {
  const {model} = whole();
  const path = join(folder, 'broken');
  model.compile({optimizer: 'adam', learningRateMultipliers: [['lower/*', 0.5]], loss: 'mse'});
  await model.save(path, {zipped: false});
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as object;
  writeFileSync(join(path, 'config.json'), JSON.stringify({...config, keratin_compile_config: parts}));
  await expect(loadModel(path)).rejects.toThrow(`loadModel: ${path}: model "whole": ${message}`);
});
