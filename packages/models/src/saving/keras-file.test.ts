import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  ops,
  random,
  registerKerasSerializable,
  setSeed,
  type Shape,
  type Tensor,
  ValueError,
  type Variable,
} from '@keratin/core';
import {tensorsIn} from '@keratin/core/internal';
import {Input, layers, type LayerOptions} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import {type CompileOptions} from '../model/types.js';
import * as optimizers from '../optimizers/index.js';
import {loadModel} from './load-model.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keratin-keras-'));
  setSeed(3);
});
afterAll(() => rmSync(folder, {recursive: true}));

class Block extends layers.Layer {
  readonly parts = [new layers.Dense(4, {activation: 'tanh'}), new layers.Dense(4)];
  readonly byName = {norm: new layers.BatchNormalization()};
  override call(x: Tensor) {
    return this.byName.norm(this.parts.reduce((y, layer) => layer(y), x)).add(x);
  }
}
registerKerasSerializable(Block, {package: 'saving'});

class Net extends Model {
  readonly units: number;
  readonly block = new Block();
  readonly head: layers.Dense;
  constructor({units = 1, ...options}: LayerOptions & {units?: number} = {}) {
    super(options);
    this.units = units;
    this.head = new layers.Dense(units);
  }
  override call(x: Tensor) {
    return this.head(this.block(x));
  }
  override getConfig() {
    return {...super.getConfig(), units: this.units};
  }
}
registerKerasSerializable(Net, {package: 'saving'});

function branched(): Model<[Tensor, Tensor]> {
  const [a, b] = [Input({shape: [4], name: 'a'}), Input({shape: [4], name: 'b'})];
  const shared = new layers.Dense(3, {activation: 'relu'});
  const inner = new Sequential([new layers.Dense(2, {inputShape: [3]})], {name: 'inner'});
  const y = inner(shared(a))
    .add(inner(shared(b)))
    .mul(2);
  return new Model({inputs: [a, b], outputs: ops.concatenate([y, b.matmul(ops.ones([4, 1]))], 1)});
}

const models: Readonly<Record<string, () => {model: Model; inputs: number}>> = {
  sequential: () => ({
    model: new Sequential([
      Input({shape: [4]}),
      new layers.Dense(3, {activation: 'relu'}),
      new layers.Dropout(0.5),
      new layers.Dense(1),
    ]),
    inputs: 1,
  }),
  functional: () => ({model: branched() as never, inputs: 2}),
  subclassed: () => ({model: new Net({units: 1}), inputs: 1}),
};

const compiles: Readonly<Record<string, () => CompileOptions>> = {
  'adam and ids': () => ({
    optimizer: 'adam',
    loss: 'mse',
    metrics: ['mae', new metrics.RootMeanSquaredError({name: 'r'})],
  }),
  'a schedule and averages': () => ({
    optimizer: new optimizers.SGD({
      learningRate: new optimizers.schedules.ExponentialDecay(0.1, 10, 0.9),
      momentum: 0.9,
      useEma: true,
    }),
    loss: new losses.Huber({delta: 0.5}),
  }),
  'a scaled loss': () => ({optimizer: new optimizers.LossScaleOptimizer(new optimizers.RMSprop(0.01)), loss: 'mae'}),
};

describe('a model goes into a file and back', () => {
  for (const [kind, make] of Object.entries(models)) {
    for (const [how, options] of Object.entries(compiles)) {
      test(`${kind}, ${how}`, async () => {
        const {model, inputs} = make();
        const x = Array.from({length: inputs}, () => random.normal([8, 4]));
        const given = inputs === 1 ? (x[0] as Tensor) : x;
        const y = random.normal(kind === 'functional' ? [8, 3] : [8, 1]);
        model.compile(options());
        for (let i = 0; i < 3; i++) model.trainOnBatch(given, y);
        const path = join(folder, `${kind}.keras`);
        await model.save(path);
        const back = await loadModel(path);
        expect(back.constructor).toBe(model.constructor);
        expect(back.name).toBe(model.name);
        const same = () => {
          expect(tensorsIn(back.predictOnBatch(given)).map((t) => t.array())).toEqual(
            tensorsIn(model.predictOnBatch(given)).map((t) => t.array()),
          );
          const state = (one: Model) => one.optimizer?.variables.map((v) => v.array());
          expect(state(back)).toEqual(state(model));
        };
        same();
        if (kind === 'sequential') return;
        // One more step, from the same state.
        model.resetMetrics();
        expect([...back.trainOnBatch(given, y)]).toEqual([...model.trainOnBatch(given, y)]);
        same();
        const plain = await loadModel(path, {compile: false});
        expect(plain.compiled).toBe(false);
      });
    }
  }
});

test('saves of the same model replace the file, and nothing else is left in the folder', async () => {
  const own = mkdtempSync(join(folder, 'own-'));
  const path = join(own, 'm.keras');
  const {model} = (models['sequential'] ?? (() => ({model: new Net(), inputs: 1})))();
  await model.save(path);
  const first = readFileSync(path);
  model.setWeights(model.getWeights().map((w) => w.add(1)));
  await model.save(path);
  expect(readFileSync(path).equals(first)).toBe(false);
  expect(readdirSync(own)).toEqual(['m.keras']);
  await expect(model.save(path, {overwrite: false})).rejects.toThrow(`save: ${path} exists, and overwrite is false`);
});

test.each(['m', 'm.h6', 'm.keras.zip', ''])('the ending of %j is refused', async (path) => {
  const text = path === '' ? 'a file path is needed' : 'the file of a model must end in ".keras" (or ".h5")';
  await expect(new Net().save(path)).rejects.toThrow(`save: ${text}`);
  await expect(loadModel(path)).rejects.toThrow(`loadModel: ${text}`);
});

test('what a file cannot hold is refused before a file is made', async () => {
  const path = join(folder, 'refused.keras');
  const {model} = (models['sequential'] ?? (() => ({model: new Net(), inputs: 1})))();
  model.compile({
    optimizer: 'sgd',
    loss: (
      () => (a: Tensor, b: Tensor) =>
        a.sub(b).square().mean(-1)
    )(),
  });
  await expect(model.save(path)).rejects.toThrow(ValueError);
  expect(existsSync(path)).toBe(false);
});

test('a class that nobody registered can be passed', async () => {
  class Free extends layers.Layer {
    override call(x: Tensor) {
      return x.mul(3);
    }
  }
  const path = join(folder, 'free.keras');
  await new Sequential([Input({shape: [2]}), new Free()]).save(path);
  await expect(loadModel(path)).rejects.toThrow('"Free" is not known; register it with registerKerasSerializable');
  const back = await loadModel(path, {customObjects: {Free}});
  expect(back.predictOnBatch(ops.ones([1, 2])).array()).toEqual([[3, 3]]);
});

test('a file that is no archive is refused by name', async () => {
  const path = join(folder, 'text.keras');
  writeFileSync(path, 'not an archive at all');
  await expect(loadModel(path)).rejects.toThrow(`loadModel: ${path} is not a valid zip archive`);
  await expect(loadModel(mkdtempSync(join(folder, 'none-')))).rejects.toThrow(
    'config.json is missing; the folder has no entries',
  );
  await expect(loadModel(join(folder, 'none.keras'))).rejects.toThrow('ENOENT');
});

test('a model goes into a folder and back; what is there is replaced only where it is a model', async () => {
  const own = mkdtempSync(join(folder, 'folder-'));
  const path = join(own, 'model');
  const model = new Sequential([
    Input({shape: [4]}),
    new layers.Dense(3, {activation: 'relu'}),
    new layers.Dense(1),
  ]).compile({optimizer: 'adam', loss: 'mse'});
  const [x, y] = [random.normal([8, 4]), random.normal([8, 1])];
  model.trainOnBatch(x, y);
  await model.save(path, {zipped: false});
  await model.save(path, {zipped: false});
  expect(readdirSync(own)).toEqual(['model']);
  expect(readdirSync(path).sort()).toEqual(['config.json', 'metadata.json', 'model.weights.h5']);
  const back = await loadModel(path);
  expect(back.predictOnBatch(x).array()).toEqual(model.predictOnBatch(x).array());
  expect(back.optimizer?.variables.map((v) => v.array())).toEqual(model.optimizer?.variables.map((v) => v.array()));
  writeFileSync(join(path, 'notes.txt'), 'mine');
  await expect(model.save(path, {zipped: false})).rejects.toThrow('holds notes.txt, which is no part of a model');
  expect(readdirSync(path)).toContain('notes.txt');
  await expect(model.save(join(own, 'm.keras'), {zipped: false})).rejects.toThrow(
    'save: with zipped: false the path names a folder',
  );
  rmSync(join(path, 'model.weights.h5'));
  symlinkSync(join(own, 'elsewhere'), join(path, 'model.weights.h5'));
  await expect(loadModel(path)).rejects.toThrow('model.weights.h5 is a link; links are not followed');
});

describe('what could not be loaded is refused when it is saved', () => {
  class Forgetful extends layers.Layer {
    constructor(readonly factor: number) {
      super();
      if (typeof factor !== 'number') throw new ValueError('Forgetful: factor must be a number');
    }
    override call(x: Tensor) {
      return x.mul(this.factor);
    }
  }
  class Wide extends layers.Layer {
    readonly #units: number;
    declare kernel: Variable;
    constructor({units = 1, ...options}: LayerOptions & {units?: number} = {}) {
      super(options);
      this.#units = units;
    }
    override build(shape: Shape) {
      this.kernel = this.addWeight({shape: [shape.at(-1) ?? 0, this.#units], name: 'kernel'});
    }
    override call(x: Tensor) {
      return x.matmul(this.kernel);
    }
  }
  const made: Readonly<Record<string, readonly [layer: layers.Layer, message: string]>> = {
    'an argument without a default': [
      new Forgetful(2),
      'cannot be made again from its config: Forgetful: factor must be a number',
    ],
    'a size': [
      new Wide({units: 3, name: 'wide'}),
      'layers/wide ("wide") has weight sequential/wide/kernel of shape (2,1) instead of (2,3) when it is made again from its config; getConfig has to give all',
    ],
  };
  test.each(Object.entries(made))('%s that getConfig leaves out', async (_, [layer, message]) => {
    const path = join(folder, 'forgetful.keras');
    const model = new Sequential([Input({shape: [2]}), layer], {name: 'sequential'});
    await expect(model.save(path)).rejects.toThrow(message);
    expect(existsSync(path)).toBe(false);
  });

  test('the attempt draws no numbers and takes no names', async () => {
    const path = join(folder, 'quiet.keras');
    const next = async (save: boolean) => {
      clearSession();
      setSeed(5);
      const model = new Sequential([Input({shape: [2]}), new layers.Dropout(0.5), new layers.Dense(3)]);
      if (save) await model.save(path);
      return [random.uniform([2]).array(), new layers.Dense(1).name, new layers.Dropout(0.1).name];
    };
    expect(await next(true)).toEqual(await next(false));
  });
});

test('a model whose build makes one layer, and whose call builds the others, comes back', async () => {
  class Rebuilding extends Model {
    readonly hidden = new layers.Dense(3);
    declare rebuild: layers.Dense;
    override build(inputShape: Shape) {
      this.rebuild = new layers.Dense(inputShape.at(-1) ?? 0);
      super.build(inputShape);
    }
    override call(x: Tensor) {
      return this.rebuild(this.hidden(x));
    }
  }
  registerKerasSerializable(Rebuilding, {package: 'Test'});
  const model = new Rebuilding();
  const x = random.normal([2, 4]);
  const y = model(x);
  await model.save(join(folder, 'rebuilding.keras'));
  const again = await loadModel(join(folder, 'rebuilding.keras'));
  expect(again(x).array()).toEqual(y.array());
});
