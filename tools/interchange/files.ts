// Models as files, for Keras to open: each after three steps of training, with data, predictions and one more step.
import {join} from 'node:path';
import {
  Input,
  layers,
  type Loss,
  Model,
  ops,
  type Optimizer,
  optimizers,
  random,
  Sequential,
  type Tensor,
} from 'keratin';

interface FileCase {
  readonly id: string;
  readonly make: () => Model;
  readonly optimizer: () => Optimizer;
  readonly loss: Loss | 'mse' | 'sparse_categorical_crossentropy';
  readonly inputShapes: readonly (readonly number[])[];
  readonly targets: (n: number) => Tensor;
  /** Whether the format of Keras 2 is written too. */
  readonly legacy: boolean;
}

function convolutional(): Model {
  return new Sequential([
    Input({shape: [8, 8, 1]}),
    new layers.Conv2D(4, 3, {strides: 2, padding: 'same', activation: 'relu'}),
    new layers.BatchNormalization(),
    new layers.Flatten(),
    new layers.Dropout(0),
    new layers.Dense(10, {activation: 'softmax', kernelRegularizer: 'l2'}),
  ]);
}

function branched(): Model {
  const [a, b] = [Input({shape: [4], name: 'left'}), Input({shape: [4], name: 'right'})];
  const shared = new layers.Dense(3, {activation: 'relu'});
  const inner = new Sequential([Input({shape: [3]}), new layers.Dense(2)], {name: 'inner'});
  const sum = new layers.Add()([inner(shared(a)), inner(shared(b))]);
  return new Model({inputs: [a, b], outputs: new layers.Dense(1)(ops.concatenate([sum, a], -1))}) as never;
}

function recurrent(): Model {
  return new Sequential([
    Input({shape: [5, 3]}),
    new layers.Bidirectional(new layers.LSTM(4, {returnSequences: true})),
    new layers.GRU(3),
    new layers.Dense(1),
  ]);
}

function attentive(): Model {
  const x = Input({shape: [5, 8]});
  // The gradient of a bias of keys would be rounding noise.
  const y = new layers.LayerNormalization()(new layers.MultiHeadAttention(2, 4, {useBias: false})(x, x));
  return new Model({inputs: x, outputs: new layers.Dense(1)(new layers.GlobalAveragePooling1D()(y))});
}

const numbers = (n: number) => random.normal([n, 1]);

const cases: readonly FileCase[] = [
  {
    id: 'file-cnn',
    make: convolutional,
    optimizer: () => new optimizers.SGD({learningRate: 0.05, momentum: 0.9}),
    loss: 'sparse_categorical_crossentropy',
    inputShapes: [[8, 8, 1]],
    targets: (n) => random.randint([n], 0, 10),
    legacy: true,
  },
  {
    id: 'file-functional',
    make: branched,
    optimizer: () => new optimizers.Adam({learningRate: 0.01, useEma: true}),
    loss: 'mse',
    inputShapes: [[4], [4]],
    targets: numbers,
    // Keras 3 does not read operations from its format for Keras 2.
    legacy: false,
  },
  {
    id: 'file-recurrent',
    make: recurrent,
    optimizer: () => new optimizers.RMSprop({learningRate: new optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)}),
    loss: 'mse',
    inputShapes: [[5, 3]],
    targets: numbers,
    legacy: true,
  },
  {
    id: 'file-attention',
    make: attentive,
    optimizer: () => new optimizers.AdamW(0.002),
    loss: 'mse',
    inputShapes: [[5, 8]],
    targets: numbers,
    legacy: true,
  },
];

/** Writes the files, and gives what Keras needs to judge them. */
export async function writeFiles(folder: string, tensors: Record<string, Tensor>): Promise<object[]> {
  const records: object[] = [];
  for (const {id, make, optimizer, loss, inputShapes, targets, legacy} of cases) {
    const n = 8;
    const model = make().compile({optimizer: optimizer(), loss});
    const inputs = inputShapes.map((shape) => random.normal([n, ...shape]));
    const [first] = inputs;
    const x = inputs.length === 1 && first !== undefined ? first : inputs;
    const y = targets(n);
    for (let i = 0; i < 3; i++) model.trainOnBatch(x, y);
    const keep = (role: string, values: readonly Tensor[]) =>
      values.forEach((value, i) => (tensors[`${id}/${role}/${String(i)}`] = value));
    keep('x', inputs);
    keep('y', [y]);
    keep('predictions', [model.predictOnBatch(x)]);
    await model.save(join(folder, `${id}.keras`));
    await model.saveWeights(join(folder, `${id}.weights.h5`));
    if (legacy) await model.save(join(folder, `${id}.h5`));
    await model.save(join(folder, `${id}-folder`), {zipped: false});
    await model.export(join(folder, `${id}.onnx`), {format: 'onnx'});
    model.resetMetrics();
    const {loss: lossValue} = model.trainOnBatch(x, y);
    keep('after', model.getWeights());
    keep('state', model.optimizer?.variables.map((variable) => variable.cast('float32')) ?? []);
    const counts = {num_weights: model.weights.length, num_state: model.optimizer?.variables.length ?? 0};
    records.push({id, legacy, num_inputs: inputs.length, ...counts, loss_value: lossValue});
  }
  return records;
}
