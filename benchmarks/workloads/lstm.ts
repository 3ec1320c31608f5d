import {GradientTape, Input, layers, losses, ops, optimizers, random, Sequential, setSeed} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

const BATCH = 32;
const TIME = 100;
const FEATURES = 64;
const UNITS = 128;

// Products of inputs and of states with their kernels: forward, and both gradients but that of the inputs.
const FLOPS = BATCH * TIME * 2 * 4 * UNITS * (2 * FEATURES + 3 * UNITS);
const FORWARD_FLOPS = BATCH * TIME * 2 * 4 * UNITS * (FEATURES + UNITS);

export const lstm: Workload = {
  name: 'lstm',
  description: `LSTM(${UNITS}) - Dense(1) on ${TIME} steps of ${FEATURES} features, Adam, batch ${BATCH}`,
  async run(report) {
    setSeed(1);
    const x = random.normal([BATCH, TIME, FEATURES]);
    const y = random.normal([BATCH, 1]);
    const model = new Sequential([Input({shape: [TIME, FEATURES]}), new layers.LSTM(UNITS), new layers.Dense(1)]);
    const optimizer = new optimizers.Adam();
    const step = () => {
      const tape = new GradientTape();
      const loss = tape.record(() => ops.mean(losses.meanSquaredError(y, model(x, {training: true}))));
      optimizer.apply(tape.gradient(loss, model.trainableVariables), model.trainableVariables);
    };
    const measure = {repetitions: 15, warmup: 5, inner: 5};
    report(timeRow('lstm_128_tape_step', 'ms', await time(step, measure), FLOPS));
    report(timeRow('lstm_128_call', 'ms', await time(() => model(x), measure), FORWARD_FLOPS));
  },
};
