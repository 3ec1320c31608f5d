// XOR by brain.js, which trains on one sample after the other. Usage: brain.mjs FOLDER (with node_modules); workloads come by line.
import {serve, timed} from './common.mjs';

await serve(({require, emit}) => {
  const brain = require('brain.js');
  const peer = `brain.js ${require('brain.js/package.json').version}`;
  const data = [
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ].map(([a, b, c]) => ({input: [a, b], output: [c]}));
  return {
    tiny: async () => {
      const net = new brain.NeuralNetwork({hiddenLayers: [8], activation: 'tanh'});
      const train = (iterations) => () => net.train(data, {iterations, errorThresh: 1e-12});
      train(1)();
      // Four updates of one sample each: less work than a step of four samples, and no metrics.
      const steps = await timed(train(2000), {repetitions: 9, warmup: 2});
      emit(
        `${peer}, four updates of one sample`,
        'xor_fit_step',
        'us',
        steps.map((each) => each / 2000),
      );
      const one = [0, 1];
      emit(peer, 'xor_call_1', 'us', await timed(() => net.run(one), {repetitions: 7, warmup: 500, inner: 2000}));
    },
  };
});
