import {GradientTape, jit, layers, random, setSeed, type Tensor, type Variable} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

interface Trained {
  readonly trainableVariables: readonly Variable[];
}

/** Forward and backward, to inputs and weights, as one compiled function. */
function gradients(layer: Trained, call: (x: Tensor) => Tensor, x: Tensor): () => unknown {
  const dy = random.normal(call(x).shape.map(Number));
  const step = jit((inputs: Tensor) => {
    const tape = new GradientTape();
    tape.watch(inputs);
    const product = tape.record(() => call(inputs).mul(dy).sum());
    return tape.gradient(product, [inputs, ...layer.trainableVariables]);
  });
  return () => step(x);
}

export const layerGradients: Workload = {
  name: 'layers',
  description: 'layers forward and backward, compiled: gradients of inputs and weights',
  async run(report) {
    setSeed(1);
    const sequence = random.normal([32, 100, 64]);
    const tokens = random.normal([16, 128, 128]);
    const lstm = new layers.LSTM(128, {returnSequences: true});
    const gru = new layers.GRU(128, {returnSequences: true});
    const attention = new layers.MultiHeadAttention(4, 32);
    const layerNormalization = new layers.LayerNormalization();
    const batchNormalization = new layers.BatchNormalization();
    const cases: readonly (readonly [string, () => unknown])[] = [
      ['lstm_128', gradients(lstm, (x) => lstm(x), sequence)],
      ['gru_128', gradients(gru, (x) => gru(x), sequence)],
      ['attention_4x32', gradients(attention, (x) => attention(x, x), tokens)],
      ['layer_norm_4096x512', gradients(layerNormalization, (x) => layerNormalization(x), random.normal([4096, 512]))],
      [
        'batch_norm_32x28x28x64',
        gradients(batchNormalization, (x) => batchNormalization(x, {training: true}), random.normal([32, 28, 28, 64])),
      ],
    ];
    for (const [name, step] of cases) {
      report(timeRow(`${name}_gradients`, 'ms', await time(step, {repetitions: 21, warmup: 3, inner: 2})));
    }
  },
};
