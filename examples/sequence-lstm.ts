// Two models of sequences (004-9). The adding problem: each step has a number and a mark, two steps are marked, and the answer is the
// sum of their numbers, which an LSTM has to carry to the end. And wave forms: a convolutional net tells four kinds of noisy waves apart.
//
//   npx --yes pnpm@10 exec tsx examples/sequence-lstm.ts
import {layers, ops, optimizers, random, Sequential, setSeed} from 'keratin';
import {budget, check, short} from './support/check.js';

setSeed(3);

/** Numbers between 0 and 1 with two marks, one in each half, and the sum of the marked ones. */
function additions(n: number, length: number) {
  const half = length / 2;
  const numbers = random.uniform([n, length]);
  const marks = ops.concatenate(
    [0, half].map((from) => {
      const at = random.randint([n], from, from + half, {dtype: 'int32'});
      return ops.oneHot(at.sub(from), half);
    }),
    1,
  );
  return {x: ops.stack([numbers, marks], 2), y: ops.sum(numbers.mul(marks), {axis: 1, keepdims: true})};
}

const LENGTH = budget(40, 16);
const train = additions(budget(20_000, 6_000), LENGTH);
const test = additions(2_000, LENGTH);
const adder = new Sequential([new layers.LSTM(48), new layers.Dense(1)]).compile({
  optimizer: new optimizers.Adam(0.005),
  loss: 'mse',
});
await adder.fit(train.x, train.y, {epochs: budget(12, 6), batchSize: 64, verbose: 2});
adder.summary();
const {loss} = await adder.evaluate(test.x, test.y, {verbose: 0});
const guess = ops.mean(ops.square(test.y.sub(ops.mean(test.y)))).item();
console.log(
  `adding problem over ${String(LENGTH)} steps: mean squared error ${loss.toFixed(5)}, of the mean as answer ${guess.toFixed(3)}\n`,
);

/** Sine, square, triangle and sawtooth waves with random phase and frequency, and noise. */
function waves(n: number) {
  const kind = random.randint([n], 0, 4, {dtype: 'int32'});
  const time = ops.linspace(0, 1, 64).reshape([1, 64]);
  const frequency = random.uniform([n, 1], {minval: 2, maxval: 5});
  const turns = ops.mod(time.mul(frequency).add(random.uniform([n, 1])), 1);
  const forms = ops.stack(
    [
      ops.sin(turns.mul(2 * Math.PI)),
      ops.sign(turns.sub(0.5)),
      turns.sub(0.5).abs().mul(4).sub(1),
      turns.mul(2).sub(1),
    ],
    1,
  );
  const picked = ops.sum(forms.mul(ops.oneHot(kind, 4).expandDims(2)), {axis: 1});
  return {x: picked.add(random.normal([n, 64], {stddev: 0.3})).expandDims(2), y: kind};
}

const waveTrain = waves(budget(10_000, 4_000));
const waveTest = waves(2_000);
const classifier = new Sequential([
  new layers.Conv1D(24, 9, {padding: 'same', activation: 'relu'}),
  new layers.MaxPooling1D(2),
  new layers.Conv1D(32, 7, {padding: 'same', activation: 'relu'}),
  new layers.GlobalAveragePooling1D(),
  new layers.Dense(4, {activation: 'softmax'}),
]).compile({optimizer: new optimizers.Adam(0.005), loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
await classifier.fit(waveTrain.x, waveTrain.y, {epochs: budget(10, 6), batchSize: 64, verbose: 2});
const {accuracy} = await classifier.evaluate(waveTest.x, waveTest.y, {verbose: 0});

check('mean squared error of the sums', loss, {below: short ? 0.02 : 0.005});
check('accuracy on new waves', accuracy, {above: short ? 0.88 : 0.93});
