// A transformer encoder (004-9) on a task that only attention with the right mask solves: does the first token come again within the
// sequence? Behind the end of each sequence there are random tokens too, which often repeat the first one, so that a model that looks
// at them cannot get far.
//
//   npx --yes pnpm@10 exec tsx examples/transformer-classifier.ts
import {layers, Model, ops, optimizers, random, setSeed, type Tensor, type Variable} from 'keratin';
import {budget, check, short} from './support/check.js';

setSeed(7);
const LENGTH = 12;
const VOCABULARY = 12;

/** Sequences of 5 to 12 tokens with random ones behind them, their lengths, and whether the first token comes again. */
function sequences(n: number) {
  const tokens = random.randint([n, LENGTH], 0, VOCABULARY, {dtype: 'int32'});
  const lengths = random.randint([n], 5, LENGTH + 1, {dtype: 'int32'});
  const inside = ops.arange(0, LENGTH, 1, 'int32').reshape([1, LENGTH]).less(lengths.expandDims(1));
  const repeats = tokens.equal(tokens.at(':', ':1')).logicalAnd(inside);
  const labels = ops.sum(repeats.cast('int32'), {axis: 1}).greater(1).cast('int32');
  return {x: {tokens, lengths}, y: labels};
}

/** Token vectors plus a trained vector for each position. */
class PositionEmbedding extends layers.Layer {
  readonly tokens: InstanceType<typeof layers.Embedding>;
  declare positions: Variable;

  constructor(readonly size: number) {
    super();
    this.tokens = new layers.Embedding(VOCABULARY, size);
  }
  override build() {
    this.tokens.build([null, LENGTH]);
    this.positions = this.addWeight({name: 'positions', shape: [LENGTH, this.size], initializer: 'uniform'});
  }
  override call(x: Tensor) {
    return this.tokens(x).add(this.positions);
  }
}

/** Attention and a small dense net, each with a residual connection and a normalization before it. */
class Block extends layers.Layer<readonly [x: Tensor, seen: Tensor<boolean>]> {
  readonly attention = new layers.MultiHeadAttention(4, 8);
  readonly before = new layers.LayerNormalization();
  readonly between = new layers.LayerNormalization();
  readonly wide = new layers.Dense(64, {activation: 'relu'});
  readonly narrow = new layers.Dense(32);
  readonly dropout = new layers.Dropout(0.05);

  override call([x, attentionMask]: readonly [x: Tensor, seen: Tensor<boolean>]) {
    const normal = this.before(x);
    const y = x.add(this.dropout(this.attention(normal, normal, {attentionMask})));
    return y.add(this.dropout(this.narrow(this.wide(this.between(y)))));
  }
}

interface Inputs {
  readonly tokens: Tensor;
  readonly lengths: Tensor;
}

class Classifier extends Model<Inputs> {
  readonly embedding = new PositionEmbedding(32);
  readonly first = new Block();
  readonly second = new Block();
  readonly normalization = new layers.LayerNormalization();
  readonly answer = new layers.Dense(1, {activation: 'sigmoid'});

  override call({tokens, lengths}: Inputs) {
    const inside = ops
      .arange(0, LENGTH, 1, 'int32')
      .reshape([1, LENGTH])
      .less(lengths.reshape([-1, 1]));
    // Which query sees which key: (batch, 1, keys).
    const attentionMask = inside.expandDims(1);
    const x = this.first([this.embedding(tokens), attentionMask]);
    const y = this.second([x, attentionMask]);
    // The first token knows by now whether it comes again.
    return this.answer(this.normalization(y.at(':', 0)));
  }
}

const train = sequences(budget(20_000, 6_000));
const test = sequences(2_000);
const model = new Classifier().compile({
  optimizer: new optimizers.Adam(0.003),
  loss: 'binary_crossentropy',
  metrics: ['accuracy'],
});
await model.fit(train.x, train.y, {epochs: budget(8, 6), batchSize: 64, validationData: [test.x, test.y], verbose: 2});
model.summary();
const {accuracy} = await model.evaluate(test.x, test.y, {verbose: 0});

// What looking behind the end would give at best: the share of sequences whose answer is the same with all tokens.
const {tokens, lengths} = test.x;
const repeats = tokens.equal(tokens.at(':', ':1'));
const everywhere = ops.sum(repeats.cast('int32'), {axis: 1}).greater(1).cast('int32');
const blind = ops.mean(everywhere.equal(test.y).cast('float32')).item();
console.log(
  `${String(ops.min(lengths).item())} to ${String(ops.max(lengths).item())} tokens; without the mask at best ${blind.toFixed(3)}`,
);
check('accuracy on new sequences', accuracy, {above: short ? 0.93 : 0.98});
