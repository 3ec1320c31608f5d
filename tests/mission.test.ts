// What the project must reproduce, each test named by its line (`grep -r "003-4" tests examples packages`). The figures are those of the
// notes; where training on real data takes minutes, an example of the same line does it all.
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  type CallOptions,
  clearSession,
  datasets,
  dim,
  GradientTape,
  Input,
  type Layer,
  type LayerOptions,
  layers,
  losses,
  Model,
  ops,
  optimizers,
  plotModel,
  random,
  Sequential,
  setSeed,
  type Shape,
  type Tensor,
  tensor,
  Variable,
} from 'keratin';
import {beforeEach, describe, expect, test} from 'vitest';

beforeEach(() => {
  clearSession();
  setSeed(42);
});

function expectNear(actual: Tensor, expected: readonly (readonly number[])[], digits: number): void {
  const rows = actual.array(2);
  expect(rows.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  expected.forEach((row, i) => row.forEach((value, j) => expect(rows[i]?.[j]).toBeCloseTo(value, digits)));
}

/** The text of `model.summary()`. */
function summaryOf(model: Sequential): string {
  let text = '';
  model.summary({printFn: (all) => (text += all)});
  return text;
}

describe('002-6: backpropagation by hand', () => {
  const X = tensor([[2], [3]]);
  const W1 = new Variable([
    [0.11, 0.21],
    [0.12, 0.08],
  ]);
  const W2 = new Variable([[0.14, 0.15]]);
  const forward = () => {
    const H = W1.matmul(X);
    const output = W2.matmul(H);
    return {H, output, loss: output.sub(1).square().div(2)};
  };

  test('gives the gradients and the step of the notes', () => {
    const tape = new GradientTape();
    const {H, output, loss} = tape.record(forward);
    const [dW1, dW2] = tape.gradient(loss, [W1, W2]);
    expectNear(H, [[0.85], [0.48]], 6);
    expectNear(output, [[0.191]], 6);
    expectNear(loss, [[0.32724053]], 7);
    const expected = [
      [-0.22652, -0.33978],
      [-0.2427, -0.36405],
    ];
    expectNear(dW1, expected, 6);
    expectNear(dW2, [[-0.68765, -0.38832]], 6);
    // The chain rule.
    const error = output.sub(1);
    expectNear(W2.transpose().matmul(error).matmul(X.transpose()), expected, 6);
    expectNear(error.matmul(H.transpose()), [[-0.68765, -0.38832]], 6);

    W1.assignSub(dW1.mul(0.05));
    W2.assignSub(dW2.mul(0.05));
    const next = forward();
    expectNear(next.H, [[0.923619], [0.55887747]], 6);
    expectNear(next.output, [[0.25574577]], 7);
    expectNear(next.loss, [[0.27695718]], 7);
  });
});

describe('001-3: Sequential and functional models', () => {
  const twoSequences = () => {
    const a = Input({shape: [null], dtype: 'int32'});
    const b = Input({shape: [null], dtype: 'int32'});
    const shared = new layers.Embedding(1000, 128);
    const predictionA = new layers.Dense(1, {activation: 'sigmoid', name: 'prediction_a'})(shared(a));
    const predictionB = new layers.Dense(1, {activation: 'sigmoid', name: 'prediction_b'})(shared(b));
    return new Model({inputs: [a, b], outputs: [predictionA, predictionB]});
  };

  test('two sequences of any length share one Embedding', async () => {
    const model = twoSequences();
    expect(model.countParams()).toBe(1000 * 128 + 2 * 129);
    expect(model.outputNames).toEqual(['prediction_a', 'prediction_b']);
    const [ya, yb] = await model.predict([[[1, 2, 3]], [[4, 5]]], {verbose: 0});
    expect([ya.shape, yb.shape]).toEqual([
      [1, 3, 1],
      [1, 2, 1],
    ]);
    const y = ops.ones([2, 3, 1]);
    model.compile({optimizer: 'adam', loss: 'binary_crossentropy'});
    const ids = tensor([[1, 2, 3], [4, 5, 6]], 'int32'); // prettier-ignore
    const {history} = await model.fit([ids, ids], [y, y], {epochs: 20, verbose: 0});
    expect(Object.keys(history).sort()).toEqual(['loss', 'prediction_a_loss', 'prediction_b_loss']);
    expect(history['loss']?.at(-1)).toBeLessThan(history['loss']?.[0] ?? 0);
  });

  test('residual and shared layers', () => {
    const x = Input({shape: [4]});
    const shared = new layers.Dense(4);
    const model = new Model({inputs: x, outputs: x.add(shared(shared(x)))});
    const data = ops.ones([2, 4]);
    expectNear(model(data).sub(data), shared(shared(data)).array(2), 5);
    expect(model.weights).toHaveLength(2);
  });

  test('pictures without a program of the system', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keratin-'));
    try {
      for (const name of ['model.png', 'model.svg']) await plotModel(twoSequences(), {toFile: join(folder, name)});
      expect((await readFile(join(folder, 'model.png'))).subarray(1, 4).toString()).toBe('PNG');
      expect(await readFile(join(folder, 'model.svg'), 'utf8')).toContain('Embedding');
    } finally {
      await rm(folder, {recursive: true, force: true});
    }
  });
});

describe('003-3: a custom LayerNormalization', () => {
  class LayerNormalization extends layers.Layer {
    declare alpha: Variable;
    declare beta: Variable;
    constructor(options: LayerOptions = {}) {
      super(options);
    }
    override build(inputShape: Shape) {
      this.alpha = this.addWeight({shape: inputShape.slice(-1), initializer: 'ones', name: 'alpha'});
      this.beta = this.addWeight({shape: inputShape.slice(-1), initializer: 'zeros', name: 'beta'});
      super.build(inputShape);
    }
    override call(x: Tensor) {
      const [mean, variance] = ops.moments(x, {axes: -1, keepdims: true});
      return this.alpha
        .mul(x.sub(mean))
        .div(ops.sqrt(variance.add(0.001)))
        .add(this.beta);
    }
  }

  test('agrees with the built-in one on pictures, also after setWeights', async () => {
    const {
      test: [images],
    } = await datasets.mnist.loadData();
    const x = images.cast('float32');
    const mine = new LayerNormalization();
    const builtIn = new layers.LayerNormalization({axis: -1, epsilon: 0.001});
    const meanAbsoluteError = () => ops.mean(losses.meanAbsoluteError(mine(x), builtIn(x))).item();
    expect(meanAbsoluteError()).toBeLessThan(1e-6);
    const weights = [random.uniform([28]), random.uniform([28])];
    mine.setWeights(weights);
    builtIn.setWeights(weights);
    expect(meanAbsoluteError()).toBeLessThan(1e-6);
    expect(ops.max(ops.abs(mine(x).sub(builtIn(x)))).item()).toBeGreaterThan(0);
  });

  test('gives -0.99998 and 0.99998 for pairs, zeros for zeros; options reach the base class', () => {
    const layer = new LayerNormalization({name: 'mine', dtype: 'float64'});
    expect([layer.name, layer.computeDtype]).toEqual(['mine', 'float64']);
    const rows = layer(ops.arange(10).reshape([5, 2]).mul(10).cast('float64'));
    expectNear(
      rows,
      Array.from({length: 5}, () => [-0.99998, 0.99998]),
      6,
    );
    expect(layer(ops.zeros([1, 2], 'float64')).array()).toEqual([[0, 0]]);
  });
});

test('003-4: the CNN of Fashion-MNIST has the shapes and parameters of the notes', () => {
  const model = new Sequential([
    Input({shape: [28, 28, 1]}),
    new layers.Conv2D(128, [3, 3], {strides: 2, padding: 'same'}),
    new layers.MaxPool2D(3),
    new layers.BatchNormalization(),
    new layers.Flatten(),
    new layers.Dense(100, {activation: 'relu'}),
    new layers.Dense(10, {activation: 'softmax'}),
  ]);
  const table = model.layers.map((layer) => [(layer.output as Tensor).shape.slice(1), layer.countParams()]);
  expect(table).toEqual([
    [[14, 14, 128], 1280],
    [[4, 4, 128], 0],
    [[4, 4, 128], 512],
    [[2048], 0],
    [[100], 204_900],
    [[10], 1010],
  ]);
  expect(model.countParams()).toBe(207_702);
  const text = summaryOf(model);
  for (const line of [
    /conv2d \(Conv2D\)\s*│ \(None, 14, 14, 128\)\s*│\s*1,280 │/,
    /max_pooling2d \(MaxPooling2D\)\s*│ \(None, 4, 4, 128\)\s*│\s*0 │/,
    /batch_normalization\s*│ \(None, 4, 4, 128\)\s*│\s*512 │/,
    /flatten \(Flatten\)\s*│ \(None, 2048\)\s*│\s*0 │/,
    /dense \(Dense\)\s*│ \(None, 100\)\s*│\s*204,900 │/,
    /dense_1 \(Dense\)\s*│ \(None, 10\)\s*│\s*1,010 │/,
    /Total params: 207,702 /,
    /Trainable params: 207,446 /,
    /Non-trainable params: 256 /,
  ]) {
    expect(text).toMatch(line);
  }
});

describe('003-6: two optimizers for two parts of a model', () => {
  function parts() {
    const lower = new Sequential([
      Input({shape: [28, 28, 1]}),
      new layers.Conv2D(128, [2, 2], {strides: 2, padding: 'same', activation: 'relu'}),
      new layers.MaxPool2D(3),
      new layers.BatchNormalization(),
    ]);
    const upper = new Sequential([
      new layers.Flatten(),
      new layers.Dense(100, {activation: 'relu'}),
      new layers.Dense(10, {activation: 'softmax'}),
    ]);
    const model = new Sequential([lower, upper]);
    const groups = [
      [lower, new optimizers.Adam(0.002)],
      [upper, new optimizers.Nadam(0.001)],
    ] as const;
    return {lower, upper, model, groups};
  }
  const count = (variables: readonly Variable[]) => variables.reduce((sum, {size}) => sum + size, 0);

  test('the parts have 1,152 + 205,910 = 207,062 parameters', () => {
    const {lower, upper, model} = parts();
    expect([lower.countParams(), upper.countParams(), model.countParams()]).toEqual([1152, 205_910, 207_062]);
    expect(count(model.trainableVariables)).toBe(206_806);
    const text = summaryOf(model);
    expect(text).toMatch(/\(None, 4, 4, 128\)\s*│\s*1,152 │/);
    expect(text).toMatch(/\(None, 10\)\s*│\s*205,910 │/);
    expect(text).toContain('Total params: 207,062 ');
  });

  test('by a persistent tape and by compile, each part follows its own optimizer', async () => {
    const x = random.normal([64, 28, 28, 1]);
    const y = random.randint([64], 0, 10);
    const {lower, upper, model, groups} = parts();
    const loss = () => ops.mean(losses.sparseCategoricalCrossentropy(y, model(x)));
    const first = loss().item();
    for (let step = 0; step < 10; step++) {
      const tape = new GradientTape({persistent: true});
      const value = tape.record(loss);
      for (const [part, optimizer] of groups) {
        optimizer.apply(tape.gradient(value, part.trainableVariables), part.trainableVariables);
      }
    }
    expect(loss().item()).toBeLessThan(first);
    expect(groups.map(([, {iterations}]) => Number(iterations.item()))).toEqual([10, 10]);

    // One that stands still shows that the groups are kept apart.
    const still = [lower, new optimizers.SGD(0)] as const;
    const before = lower.getWeights().slice(0, 2);
    const top = upper.getWeights()[0];
    const compiled = model.compile({
      optimizer: [still, [upper, new optimizers.Nadam(0.001)]],
      loss: 'sparse_categorical_crossentropy',
    });
    await compiled.fit(x, y, {epochs: 2, verbose: 0});
    lower
      .getWeights()
      .slice(0, 2)
      .forEach((weight, i) => expect(weight.array()).toEqual(before[i]?.array()));
    expect(upper.getWeights()[0]?.array()).not.toEqual(top?.array());
  });
});

// 003-7 (the same seed twice gives the same weights, bit for bit) is determinism.test.ts.

test('004-3: a linear classifier from tensors alone', () => {
  const n = 1000;
  const covariance = [
    [1, 0.5],
    [0.5, 1],
  ];
  const inputs = ops.vstack([
    random.multivariateNormal([0, 3], covariance, n),
    random.multivariateNormal([3, 0], covariance, n),
  ]);
  const targets = ops.vstack([ops.zeros([n, 1]), ops.ones([n, 1])]);
  const W = new Variable(random.uniform([2, 1]));
  const b = new Variable(ops.zeros([1]));
  let loss = Infinity;
  for (let step = 0; step < 40; step++) {
    const tape = new GradientTape();
    const value = tape.record(() => ops.mean(targets.sub(inputs.matmul(W).add(b)).square()));
    const [dW, db] = tape.gradient(value, [W, b]);
    W.assignSub(dW.mul(0.1));
    b.assignSub(db.mul(0.1));
    loss = value.item();
  }
  expect(loss).toBeLessThan(0.035);
  const classes = inputs.matmul(W).add(b).greater(0.5).cast('float32');
  expect(ops.mean(ops.equal(classes, targets).cast('float32')).item()).toBeGreaterThan(0.99);
});

describe('004-4: SimpleDense and a model of a list of layers', () => {
  class SimpleDense extends layers.Layer {
    private w!: Variable;
    private b!: Variable;
    constructor(
      readonly units: number,
      readonly activation?: (x: Tensor) => Tensor,
    ) {
      super();
    }
    override build(inputShape: Shape) {
      this.w = this.addWeight({shape: [dim(inputShape, -1), this.units], initializer: 'random_normal'});
      this.b = this.addWeight({shape: [this.units], initializer: 'zeros'});
      super.build(inputShape);
    }
    override call(x: Tensor) {
      const y = x.matmul(this.w).add(this.b);
      return this.activation === undefined ? y : this.activation(y);
    }
  }
  class MySequential extends Model {
    constructor(readonly listLayers: readonly Layer[]) {
      super();
    }
    override call(x: Tensor, {training}: CallOptions) {
      let y = x;
      for (const layer of this.listLayers) y = layer(y, {training});
      return y;
    }
  }

  test('ones of (128, 784) give (128, 512)', () => {
    const layer = new SimpleDense(512, ops.relu);
    const y = layer(ops.ones([128, 784]));
    expect(y.shape).toEqual([128, 512]);
    expect(ops.min(y).item()).toBe(0);
    expect(layer.countParams()).toBe(784 * 512 + 512);
  });

  test('such a model trains, also as a layer of another, with activations by string', async () => {
    const inner = new MySequential([new SimpleDense(32, ops.relu), new SimpleDense(8)]);
    const outer = new Sequential([inner, new layers.Dense(1, {activation: 'sigmoid'})]).compile({
      optimizer: new optimizers.Adam(0.01),
      loss: 'binary_crossentropy',
      metrics: ['accuracy'],
    });
    const x = random.normal([256, 4]);
    const y = x.sum({axis: 1, keepdims: true}).greater(0).cast('float32');
    const {history} = await outer.fit(x, y, {epochs: 10, verbose: 0});
    expect(outer.trainableVariables).toHaveLength(6);
    expect(history.accuracy.at(-1)).toBeGreaterThan(0.9);
    expect(inner(x).shape).toEqual([256, 8]);
  });
});

test('004-5: one epoch of the MLP on MNIST reaches the loss and the accuracy of the notes', async () => {
  const {
    train: [images, labels],
    test: [testImages, testLabels],
  } = await datasets.mnist.loadData();
  expect([images.shape, images.dtype, labels.shape, labels.dtype]).toEqual([
    [60_000, 28, 28],
    'uint8',
    [60_000],
    'uint8',
  ]);
  const flat = (x: Tensor) =>
    x
      .reshape([x.length, 28 * 28])
      .cast('float32')
      .div(255);
  const model = new Sequential([
    new layers.Dense(512, {activation: 'relu'}),
    new layers.Dense(10, {activation: 'softmax'}),
  ]).compile({optimizer: 'rmsprop', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
  const {history} = await model.fit(flat(images), labels, {epochs: 1, batchSize: 128, verbose: 0});
  // Keras: .263 and .924, the notes .273 and .921, and 0.960 on the test pictures.
  expect(history.loss[0]).toBeLessThan(0.31);
  expect(history.accuracy[0]).toBeGreaterThan(0.91);
  const {accuracy} = await model.evaluate(flat(testImages), testLabels, {batchSize: 128, verbose: 0});
  expect(accuracy).toBeGreaterThan(0.945);
}, 120_000);
