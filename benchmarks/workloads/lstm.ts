import {
  GradientTape,
  Input,
  jit,
  layers,
  losses,
  ops,
  optimizers,
  random,
  Sequential,
  setSeed,
  type Tensor,
} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

const BATCH = 32;
const TIME = 100;
const FEATURES = 64;
const UNITS = 128;
const STEPS = 20;

// Products of inputs and of states with their kernels: forward, and both gradients but that of the inputs.
const FLOPS = BATCH * TIME * 2 * 4 * UNITS * (2 * FEATURES + 3 * UNITS);
const FORWARD_FLOPS = BATCH * TIME * 2 * 4 * UNITS * (FEATURES + UNITS);

/** A model of its own for each way of training it. */
const make = (): Sequential =>
  new Sequential([Input({shape: [TIME, FEATURES]}), new layers.LSTM(UNITS), new layers.Dense(1)]);

/** A training step by a tape. */
function tapeStep(): (x: Tensor, y: Tensor) => Tensor {
  const model = make();
  const optimizer = new optimizers.Adam();
  return (x, y) => {
    const tape = new GradientTape();
    const loss = tape.record(() => ops.mean(losses.meanSquaredError(y, model(x, {training: true}))));
    optimizer.apply(tape.gradient(loss, model.trainableVariables), model.trainableVariables);
    return loss;
  };
}

export const lstm: Workload = {
  name: 'lstm',
  description: `LSTM(${UNITS}) - Dense(1) on ${TIME} steps of ${FEATURES} features, Adam, batch ${BATCH}`,
  async run(report) {
    setSeed(1);
    const x = random.normal([BATCH, TIME, FEATURES]);
    const y = random.normal([BATCH, 1]);
    const measure = {repetitions: 15, warmup: 5, inner: 5};
    const eager = tapeStep();
    report(timeRow('lstm_128_tape_step', 'ms', await time(() => eager(x, y), measure), FLOPS));
    const traced = tapeStep();
    // The optimizer's slots are made by a first step that is not compiled.
    traced(x, y);
    const step = jit(traced);
    report(timeRow('lstm_128_jit_step', 'ms', await time(() => step(x, y).item(), measure), FLOPS));

    const fitted = make().compile({optimizer: 'adam', loss: 'mse'});
    const xs = random.normal([BATCH * STEPS, TIME, FEATURES]);
    const ys = random.normal([BATCH * STEPS, 1]);
    const epoch = () => fitted.fit(xs, ys, {epochs: 1, batchSize: BATCH, verbose: 0});
    const seconds = await time(epoch, {repetitions: 7, warmup: 2});
    report(
      timeRow(
        'lstm_128_fit_step',
        'ms',
        seconds.map((one) => one / STEPS),
        FLOPS,
      ),
    );
    const model = make();
    report(timeRow('lstm_128_call', 'ms', await time(() => model(x), measure), FORWARD_FLOPS));
  },
};
