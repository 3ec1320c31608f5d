import {jit, layers, ops, optimizers, Sequential, tensor, type Tensor} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

export const tinyNetwork: Workload = {
  name: 'tiny',
  description: 'XOR 2-8-1: what the library costs where the network costs nothing',
  async run(report) {
    const x = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const y = tensor([[0], [1], [1], [0]]);
    const model = new Sequential([
      new layers.Dense(8, {activation: 'tanh', inputShape: [2]}),
      new layers.Dense(1, {activation: 'sigmoid'}),
    ]).compile({optimizer: new optimizers.SGD(0.1), loss: 'mse'});
    const one = x.at(':1');
    report(
      timeRow(
        'xor_train_on_batch',
        'us',
        // V8 compiles what runs thousands of times.
        await time(() => model.trainOnBatch(x, y), {repetitions: 15, warmup: 5000, inner: 500}),
      ),
    );
    // Steps of fit on data in memory: all that the trainer costs beside the network.
    const many = [ops.tile(x, [2000, 1]), ops.tile(y, [2000, 1])] as const;
    const step = await time(() => model.fit(...many, {batchSize: 4, verbose: 0}), {repetitions: 9, warmup: 2});
    report(
      timeRow(
        'xor_fit_step',
        'us',
        step.map((seconds) => seconds / 2000),
      ),
    );
    report(timeRow('xor_call_1', 'us', await time(() => model(one), {repetitions: 7, warmup: 5000, inner: 2000})));
    const compiled = jit((t: Tensor) => model(t));
    report(timeRow('xor_jit_call', 'us', await time(() => compiled(one), {repetitions: 9, warmup: 5000, inner: 5000})));
    report(
      timeRow(
        'xor_predict_1',
        'us',
        await time(() => model.predict(one, {verbose: 0}), {repetitions: 9, warmup: 2000, inner: 200}),
      ),
    );
  },
};
