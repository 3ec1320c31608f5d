// What the project must reproduce of layers, each test named by its line (`grep -r "004-9" tests examples packages`). The examples of the
// same lines train on more data.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  type CallOptions,
  clearSession,
  dim,
  GradientTape,
  initializers,
  layers,
  type LayerOptions,
  loadModel,
  Model,
  ops,
  optimizers,
  random,
  Sequential,
  setSeed,
  type Shape,
  type Tensor,
  tensor,
  type Variable,
} from 'keratin';
import {beforeEach, describe, expect, test} from 'vitest';

beforeEach(() => {
  clearSession();
  setSeed(42);
});

const difference = (a: Tensor, b: Tensor): number => ops.max(ops.abs(a.sub(b))).item();

/** A layer of one's own: what it is made of comes back from its config. */
class Linear extends layers.Layer {
  declare w: Variable;
  declare b: Variable;
  constructor(
    readonly units: number,
    options: LayerOptions = {},
  ) {
    super(options);
  }
  static override readonly positional = ['units'];
  override build(inputShape: Shape) {
    this.w = this.addWeight({shape: [dim(inputShape, -1), this.units], initializer: 'glorot_uniform', name: 'w'});
    this.b = this.addWeight({shape: [this.units], initializer: 'zeros', name: 'b'});
    super.build(inputShape);
  }
  override call(x: Tensor) {
    return x.matmul(this.w).add(this.b);
  }
  override getConfig() {
    return {...super.getConfig(), units: this.units};
  }
}

test('001-4: a subclass with constructor, build, call, addWeight, getConfig and fromConfig', () => {
  const layer = new Linear(3, {name: 'mine', trainable: false});
  const x = random.normal([2, 4]);
  const y = layer(x);
  expect(y.shape).toEqual([2, 3]);
  const copy = Linear.fromConfig(layer.getConfig());
  expect(copy).toBeInstanceOf(Linear);
  expect([copy.name, copy.units, copy.trainable, copy.built]).toEqual(['mine', 3, false, false]);
  copy.build([null, 4]);
  copy.setWeights(layer.getWeights());
  expect(difference(copy(x), y)).toBe(0);
  expect(copy.getConfig()).toEqual(layer.getConfig());
});

test('003-2: a layer of one’s own is saved and loaded with its model', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'keratin-layer-'));
  try {
    const model = new Sequential([new Linear(5, {inputShape: [4]}), new layers.Activation('tanh'), new Linear(2)]);
    const x = random.normal([3, 4]);
    await model.save(join(directory, 'm.keras'));
    const loaded = await loadModel(join(directory, 'm.keras'), {customObjects: {Linear}});
    expect(difference(loaded(x), model(x))).toBe(0);
    await expect(loadModel(join(directory, 'm.keras'))).rejects.toThrow(/Linear/);
  } finally {
    await rm(directory, {recursive: true});
  }
});

describe('004-9: the layers of the notes', () => {
  test('Dense, LSTM, Conv1D and Conv2D have Keras’s shapes and numbers of parameters', () => {
    const seen = [
      [new layers.Dense(7), [2, 5]],
      [new layers.LSTM(6), [2, 9, 5]],
      [new layers.Conv1D(4, 3), [2, 9, 5]],
      [new layers.Conv2D(4, 3, {padding: 'same', strides: 2}), [2, 9, 8, 3]],
    ] as const;
    const found = seen.map(([layer, shape]) => [layer(ops.ones(shape)).shape, layer.countParams()]);
    expect(found).toEqual([
      [[2, 7], 42],
      [[2, 6], 288],
      [[2, 7, 4], 64],
      [[2, 5, 4, 4], 112],
    ]);
  });

  const [LENGTH, WORDS, SIZE] = [6, 9, 8];
  // An initializer draws its own seed when it is made, before the test sets one.
  const embeddingsInitializer = new initializers.RandomNormal({stddev: 1, seed: 3});

  /** Token vectors with a vector for each position; 0 is padding. */
  class Positions extends layers.Layer {
    readonly tokens = new layers.Embedding(WORDS, SIZE, {maskZero: true, embeddingsInitializer});
    readonly places = new layers.Embedding(LENGTH, SIZE, {embeddingsInitializer});
    override call(ids: Tensor) {
      return this.tokens(ids).add(this.places(ops.arange(0, LENGTH, 1, 'int32')));
    }
    override computeMask(ids: Tensor) {
      return ids.notEqual(0);
    }
  }

  class Encoder extends layers.Layer {
    readonly attention = new layers.MultiHeadAttention(2, 4);
    readonly first = new layers.LayerNormalization();
    readonly second = new layers.LayerNormalization();
    readonly wide = new layers.Dense(16, {activation: 'relu'});
    readonly narrow = new layers.Dense(SIZE);
    readonly dropout = new layers.Dropout(0.1);
    override call(x: Tensor, {training, mask}: CallOptions) {
      const seen = this.attention(x, x, x, {queryMask: mask, valueMask: mask, training});
      const y = this.first(x.add(this.dropout(seen, {training})));
      return this.second(y.add(this.narrow(this.wide(y))));
    }
  }

  class Classifier extends Model {
    readonly embedding = new Positions();
    readonly encoder = new Encoder();
    readonly answer = new layers.Dense(1, {activation: 'sigmoid'});
    override call(ids: Tensor, {training}: CallOptions) {
      const x = this.embedding(ids);
      return this.answer(this.encoder(x, {training, mask: this.embedding.computeMask(ids)}).at(':', 0));
    }
  }

  test('a transformer sees neither padding nor what stands there, but the order of words', () => {
    const model = new Classifier();
    const ids = tensor([[3, 1, 4, 2, 0, 0]], 'int32');
    const y = model(ids);
    // Another vector of the padding changes nothing, nor has it a gradient.
    const table = model.embedding.tokens.embeddings;
    table.assign(ops.concatenate([ops.full([1, SIZE], 5), table.at('1:')]));
    expect(difference(model(ids), y)).toBeLessThan(1e-6);
    const tape = new GradientTape();
    const loss = tape.record(() => model(ids).sum());
    const rows = ops.max(ops.abs(tape.gradient(loss, table)), 1).array(1);
    expect(rows.map((row) => row > 0)).toEqual([false, true, true, true, true, false, false, false, false]);
    expect(difference(model(tensor([[3, 4, 1, 2, 0, 0]], 'int32')), y)).toBeGreaterThan(1e-5);
  });

  test('the first position learns what stands at the others', async () => {
    const ids = random.randint([384, LENGTH], 1, WORDS, {dtype: 'int32', seed: 3});
    const found = ops.any(ids.at(':', '1:').equal(4), {axis: 1}).cast('float32').reshape([-1, 1]);
    const model = new Classifier().compile({
      optimizer: new optimizers.Adam(0.01),
      loss: 'binary_crossentropy',
      metrics: ['accuracy'],
    });
    const {history} = await model.fit(ids, found, {epochs: 10, batchSize: 64, verbose: 0});
    // A constant answer is right in about half of the cases.
    expect(history.accuracy.at(-1)).toBeGreaterThan(0.9);
  });
});
