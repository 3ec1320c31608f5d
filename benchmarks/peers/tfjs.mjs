// TensorFlow.js by the backend that TFJS_BACKEND names: tensorflow (its Node addon) or wasm. Usage: tfjs.mjs FOLDER (with node_modules).
import {dirname} from 'node:path';
import {serve, timed} from './common.mjs';

const backend = process.env.TFJS_BACKEND;

await serve(async ({require, emit}) => {
  const tf = require(backend === 'tensorflow' ? '@tensorflow/tfjs-node' : '@tensorflow/tfjs');
  if (backend === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    await tf.setBackend('wasm');
  }
  await tf.ready();
  const peer = backend === 'wasm' ? `tfjs ${tf.version.tfjs}, wasm` : `tfjs ${tf.version.tfjs}, libtensorflow`;
  const dense = (units, activation, inputShape) =>
    tf.layers.dense({units, activation, ...(inputShape && {inputShape})});
  return {
    eager: async () => {
      const [a, b] = [tf.randomNormal([10]), tf.randomNormal([10])];
      const add = () => tf.add(a, b).dispose();
      emit(peer, 'add_10_eager', 'us', await timed(add, {repetitions: 9, warmup: 5000, inner: 20_000}));
    },
    compiled: async () => {
      const cell = tf.layers.lstmCell({units: 100});
      cell.build([100, 100]);
      const given = [0, 1, 2].map(() => tf.randomNormal([100, 100]));
      const hundred = () =>
        tf.tidy(() => {
          for (let i = 0; i < 100; i++) cell.call(given, {});
        });
      emit(peer, 'lstm_cell_100_calls_eager', 'ms', await timed(hundred, {repetitions: 5}));
    },
    tiny: async () => {
      const x = tf.tensor2d([
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ]);
      const y = tf.tensor2d([[0], [1], [1], [0]]);
      const model = tf.sequential({layers: [dense(8, 'tanh', [2]), dense(1, 'sigmoid')]});
      model.compile({optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError'});
      const step = () => model.trainOnBatch(x, y);
      emit(peer, 'xor_train_on_batch', 'us', await timed(step, {repetitions: 7, warmup: 50, inner: 100}));
      const [many, wanted] = [tf.tile(x, [200, 1]), tf.tile(y, [200, 1])];
      const fit = () => model.fit(many, wanted, {batchSize: 4, verbose: 0, yieldEvery: 'never'});
      const epochs = await timed(fit, {repetitions: 5, warmup: 1});
      emit(
        peer,
        'xor_fit_step',
        'us',
        epochs.map((seconds) => seconds / 200),
      );
      const one = tf.slice(x, 0, 1);
      // Its results are read, as those of predict are.
      const read = (out) => {
        out.dataSync();
        out.dispose();
      };
      emit(
        peer,
        'xor_call_1',
        'us',
        await timed(() => read(model.apply(one)), {repetitions: 7, warmup: 500, inner: 500}),
      );
      emit(
        peer,
        'xor_predict_1',
        'us',
        await timed(() => read(model.predict(one)), {repetitions: 7, warmup: 100, inner: 200}),
      );
    },
    'mnist-mlp': async () => {
      for (const batchSize of [128, 32]) {
        // One part of an epoch, by its length: an epoch takes a minute by WebAssembly.
        const share = backend === 'wasm' ? 60 : 4;
        const n = 60_000 / share;
        const [x, y] = [tf.randomUniform([n, 784]), tf.floor(tf.randomUniform([n], 0, 10))];
        const model = tf.sequential({layers: [dense(512, 'relu', [784]), dense(10, 'softmax')]});
        model.compile({optimizer: 'rmsprop', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy']});
        const fit = () => model.fit(x, y, {batchSize, verbose: 0, yieldEvery: 'never'});
        const seconds = await timed(fit, {repetitions: 3});
        emit(
          `${peer}, a ${share}th of the steps`,
          `mnist_mlp_epoch_b${batchSize}`,
          's',
          seconds.map((each) => each * share),
        );
      }
    },
  };
});
