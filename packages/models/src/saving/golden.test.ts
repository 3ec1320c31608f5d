import {fileURLToPath} from 'node:url';
import {
  dim,
  type Element,
  KeratinError,
  ops,
  registerKerasSerializable,
  type Shape,
  tensor,
  type Tensor,
  type Variable,
} from '@keratin/core';
import {tensorsIn} from '@keratin/core/internal';
import {layers, type LayerOptions} from '@keratin/layers';
import {describe, expect, test} from 'vitest';
import {Model} from '../model/model.js';
import {expectClose, readGolden} from '../testing/golden.js';
import {modelFromJson} from '../functional/json.js';
import {loadModel} from './load-model.js';

// Files that real Keras wrote: predictions, one more step of training, and files that are damaged.

interface FileCase {
  readonly id: string;
  readonly files: {
    readonly keras?: string;
    readonly h5?: string;
    readonly weights_h5?: string;
    readonly damaged?: string;
  };
  readonly expect?: 'error';
  readonly load?: string;
  readonly error_must_name?: readonly string[];
  readonly model_json: string | null;
  readonly h5_predictions_equal?: boolean;
  readonly inputs: readonly (string | {readonly strings: readonly (readonly string[])[]})[];
  readonly predictions: readonly string[];
  readonly weights: readonly {readonly path: string; readonly tensor: string | {bfloat16: string} | null}[];
  readonly optimizer_variables?: readonly {readonly path: string; readonly tensor: string}[];
  readonly tolerance?: number;
  readonly after_one_step: {
    readonly x: readonly string[];
    readonly y: readonly string[];
    readonly loss: number;
    readonly logs: Readonly<Record<string, number>>;
    readonly weights: readonly string[];
    readonly optimizer_variables: readonly string[];
  } | null;
}

const golden = readGolden<FileCase>('files');
const pathOf = (file: string): string => fileURLToPath(new URL(`../../../../tests/golden/${file}`, import.meta.url));

const scaledTanh = (x: Tensor) => ops.tanh(x.mul(2 / 3)).mul(1.7159);
registerKerasSerializable(scaledTanh, {package: 'fixtures', name: 'scaled_tanh'});

class SimpleLayerNorm extends layers.Layer {
  readonly epsilon: number;
  declare alpha: Variable;
  declare beta: Variable;
  constructor({epsilon = 1e-3, ...options}: LayerOptions & {epsilon?: number} = {}) {
    super(options);
    this.epsilon = epsilon;
  }
  override build(inputShape: Shape) {
    this.alpha = this.addWeight({shape: [dim(inputShape, -1)], initializer: 'ones', name: 'alpha'});
    this.beta = this.addWeight({shape: [dim(inputShape, -1)], initializer: 'zeros', name: 'beta'});
  }
  override call(x: Tensor) {
    const [mean, variance] = ops.moments(x, {axes: -1, keepdims: true});
    return this.alpha
      .mul(x.sub(mean))
      .div(ops.sqrt(variance.add(this.epsilon)))
      .add(this.beta);
  }
  override getConfig() {
    return {...super.getConfig(), epsilon: this.epsilon};
  }
}
registerKerasSerializable(SimpleLayerNorm, {package: 'fixtures'});

const lastParts = (path: string): string => path.split('/').slice(-2).join('/');

/** Steps that end elsewhere here. */
const OTHER_STEP: Readonly<Record<string, string>> = {
  embedding_pool:
    "Keras on TensorFlow squares the gradient of an Embedding for each place of an id alone and adds these up; here, as in Keras's other backends, an id has one gradient",
};

const inputsOf = ({inputs}: FileCase): Tensor | Tensor[] => {
  const list = inputs.map((input): Tensor<Element> =>
    typeof input === 'string' ? golden.tensor(input) : tensor(input.strings as string[][], 'string'),
  ) as Tensor[];
  return list.length === 1 && list[0] !== undefined ? list[0] : list;
};

function expectPredictions(model: Model, one: FileCase): void {
  const outputs = tensorsIn(model.predictOnBatch(inputsOf(one)));
  expect(outputs.length).toBe(one.predictions.length);
  one.predictions.forEach((name, i) => {
    expectClose(outputs[i]?.cast('float32') ?? 0, golden.tensor(name), name, one.tolerance);
  });
}

function expectStep(model: Model, {id, after_one_step: after, tolerance}: FileCase): void {
  if (after === null) return;
  const list = (names: readonly string[]) => {
    const tensors = names.map((name) => golden.tensor(name));
    return tensors.length === 1 && tensors[0] !== undefined ? tensors[0] : tensors;
  };
  const logs = model.trainOnBatch(list(after.x), list(after.y));
  expectClose(logs.loss, after.loss, `${id}: loss`, tolerance);
  for (const [key, value] of Object.entries(after.logs))
    expectClose(logs[key] ?? Number.NaN, value, `${id}: ${key}`, tolerance);
  if (id in OTHER_STEP) return;
  const {optimizer} = model;
  expect(optimizer?.variables.length).toBe(after.optimizer_variables.length);
  after.optimizer_variables.forEach((name, i) => {
    expectClose(
      optimizer?.variables[i] ?? 0,
      golden.tensor(name),
      `${name} ${optimizer?.variables[i]?.path ?? ''}`,
      tolerance,
    );
  });
  after.weights.forEach((name, i) => {
    expectClose(model.weights[i] ?? 0, golden.tensor(name), `${name} ${model.weights[i]?.path ?? ''}`, tolerance);
  });
}

describe('.keras files by Keras', () => {
  for (const one of golden.cases) {
    const {keras} = one.files;
    if (keras === undefined) continue;
    test(one.id, async () => {
      const model = await loadModel(pathOf(keras));
      const stored = one.weights.filter(({tensor: name}) => name !== null);
      // Layers are built one by one from a file, so their weights' paths begin with the layer.
      expect(model.weights.map(({path}) => lastParts(path))).toEqual(stored.map(({path}) => lastParts(path)));
      expectPredictions(model, one);
      expectStep(model, one);
    });
  }
});

describe('.h5 files by Keras', () => {
  for (const one of golden.cases) {
    const {h5} = one.files;
    if (h5 === undefined) continue;
    test(one.id, async () => {
      const model = await loadModel(pathOf(h5));
      expectPredictions(model, one);
      expectStep(model, one);
    });
  }
});

class TwoLayer extends Model {
  readonly hidden = new layers.Dense(6, {activation: 'relu'});
  readonly norm = new layers.BatchNormalization();
  readonly blocks = [new layers.Dense(6), new layers.Dense(6, {activation: 'tanh'})];
  readonly head = new layers.Dense(2);
  override call(x: Tensor) {
    return this.head(this.blocks.reduce((y, layer) => layer(y), this.norm(this.hidden(x))));
  }
}

const VOCABULARIES: Readonly<Record<string, true>> = {text_vectorization: true, string_lookup: true};

describe('.weights.h5 files by Keras', () => {
  for (const one of golden.cases) {
    const {weights_h5: file} = one.files;
    if (file === undefined) continue;
    test(one.id, async () => {
      const model = one.model_json === null ? new TwoLayer() : modelFromJson(one.model_json);
      if (!model.built) model(ops.ones([1, 4]));
      await model.loadWeights(pathOf(file));
      for (const [i, {tensor: name}] of one.weights.filter((weight) => weight.tensor !== null).entries()) {
        const wanted = golden.tensor(typeof name === 'string' ? name : (name?.bfloat16 ?? ''));
        expectClose(model.weights[i]?.cast('float32') ?? 0, wanted.cast('float32'), model.weights[i]?.path ?? '', 0);
      }
      // Vocabularies are no weights.
      if (!(one.id in VOCABULARIES)) expectPredictions(model, one);
    });
  }
});

/** What messages name, where the golden file says it in other words. */
const MUST_NAME: Readonly<Record<string, readonly string[]>> = {
  'damaged/truncated-keras': ['not a valid zip archive', 'it may be cut short'],
  'damaged/bad-json': ['config.json', 'invalid JSON'],
  'damaged/unknown-class': ['Densest', 'register it with registerKerasSerializable'],
  'damaged/unregistered-custom': ['my_project>Missing', 'register it with registerKerasSerializable'],
  'damaged/not-a-zip': ['not a valid zip archive'],
  'damaged/truncated-h5': ['truncated'],
  'damaged/h5-wrong-shape': ['dense', 'expected shape (4,8)', 'found shape (4,7)'],
  'damaged/empty-file': ['is empty, so it is not a zip archive'],
};

describe('damaged files', () => {
  for (const {id, files, load, error_must_name: must} of golden.cases) {
    if (files.damaged === undefined) continue;
    const file = files.damaged;
    test(id, async () => {
      const where = load === 'load_model' ? 'loadModel' : 'loadWeights';
      const model = modelFromJson(golden.cases.find((one) => one.id === 'mlp_adam')?.model_json ?? '');
      const before = model.getWeights().map((weight) => weight.array());
      const loading: Promise<unknown> =
        load === 'load_model' ? loadModel(pathOf(file)) : model.loadWeights(pathOf(file));
      const error: unknown = await loading.then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(model.getWeights().map((weight) => weight.array())).toEqual(before);
      expect(error).toBeInstanceOf(KeratinError);
      const {message} = error as Error;
      expect(message).toContain(`${where}: ${pathOf(file)}`);
      for (const wanted of MUST_NAME[id] ?? must ?? []) expect(message).toContain(wanted);
    });
  }
});
