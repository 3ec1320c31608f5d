import {Input, layers, Model, random, setSeed, type Tensor} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

const BATCH = 16;
const LENGTH = 128;
const FEATURES = 128;
const HEADS = 4;
const HIDDEN = 512;
const BLOCKS = 2;
const STEPS = 12;

// Four projections, two products of attention and two of the dense layers in each block; gradients take twice as many.
const FLOPS =
  3 * BLOCKS * 2 * BATCH * LENGTH * (4 * FEATURES * FEATURES + 2 * LENGTH * FEATURES + 2 * FEATURES * HIDDEN);

function twoBlocks(): Model {
  const inputs = Input({shape: [LENGTH, FEATURES]});
  let x: Tensor = inputs;
  for (let i = 0; i < BLOCKS; i++) {
    const h = new layers.LayerNormalization()(x);
    x = new layers.Add()([x, new layers.MultiHeadAttention(HEADS, FEATURES / HEADS)(h, h)]);
    const wide = new layers.Dense(HIDDEN, {activation: 'relu'})(new layers.LayerNormalization()(x));
    x = new layers.Add()([x, new layers.Dense(FEATURES)(wide)]);
  }
  return new Model({inputs, outputs: x});
}

export const transformer: Workload = {
  name: 'transformer',
  description: `${BLOCKS} blocks of attention and dense layers on ${LENGTH} x ${FEATURES}, Adam, batch ${BATCH}`,
  async run(report) {
    setSeed(1);
    const x = random.normal([STEPS * BATCH, LENGTH, FEATURES]);
    const y = random.normal([STEPS * BATCH, LENGTH, FEATURES]);
    const model = twoBlocks();
    model.compile({optimizer: 'adam', loss: 'mse'});
    const epoch = () => model.fit(x, y, {batchSize: BATCH, verbose: 0});
    const seconds = await time(epoch, {repetitions: 5, warmup: 1});
    report(
      timeRow(
        'transformer_fit_step',
        'ms',
        seconds.map((each) => each / STEPS),
        FLOPS,
      ),
    );
  },
};
