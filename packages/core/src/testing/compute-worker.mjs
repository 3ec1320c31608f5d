// Runs in a worker thread on the built package: trains a small network and posts what came out.
import {parentPort, workerData} from 'node:worker_threads';

const {core, steps} = workerData;
const {GradientTape, memory, random, setSeed, Variable} = await import(core);

setSeed(42);
const x = random.normal([64, 40]);
const y = x.at(':', ':1').sin();
const w1 = new Variable(random.normal([40, 32], {stddev: 0.2}));
const w2 = new Variable(random.normal([32, 1], {stddev: 0.2}));
const variables = [w1, w2];
let loss = 0;
parentPort.postMessage({started: true});
for (let i = 0; i < steps; i++) {
  const tape = new GradientTape();
  const error = tape.record(() => x.matmul(w1).tanh().matmul(w2).sub(y).square().mean());
  const gradients = tape.gradient(error, variables);
  variables.forEach((variable, k) => variable.assignSub(gradients[k].mul(0.1)));
  loss = error.item();
}
parentPort.postMessage({loss, weights: w1.data(), numTensors: memory().numTensors});
