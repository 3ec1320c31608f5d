import {getNumThreads, jit, optimizers, random, type Tensor, Variable} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';
import {memoryBandwidth} from './memory-bandwidth.js';

const TENSORS = 10;
const SIDE = 1000;

// Read: weight, gradient and both moments; written: weight and both moments.
const BYTES = TENSORS * SIDE * SIDE * 7 * 4;

export const adam: Workload = {
  name: 'adam',
  description: `one step of Adam for ${String(TENSORS)} weights of ${String(SIDE)} x ${String(SIDE)}, whose gradients are arguments`,
  async run(report) {
    const shape = [SIDE, SIDE];
    const variables = Array.from({length: TENSORS}, () => new Variable(random.normal(shape)));
    const gradients = Array.from({length: TENSORS}, () => random.normal(shape));
    const optimizer = new optimizers.Adam(0.001);
    optimizer.build(variables);
    const step = jit((given: readonly Tensor[]) => {
      optimizer.apply(given, variables);
    });
    const row = timeRow('adam_10x1000x1000', 'ms', await time(() => step(gradients), {repetitions: 31}));
    const value = BYTES / (row.value / 1000) / 1e9 / memoryBandwidth(getNumThreads());
    report({...row, ratio: {of: 'the memory bandwidth of four streams read and three written', value}});
  },
};
