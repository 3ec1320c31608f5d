import {GradientTape, jit, layers, losses, optimizers, random, Sequential, slice, type Tensor} from 'keratin';
import {timeRow, type Workload} from '../harness.js';

const BATCH = 32;
const STEPS = 50;
const ROUNDS = 25;

/** A model of its own for each way of training it. */
function make(): {model: Sequential; optimizer: optimizers.Adam; loss: losses.SparseCategoricalCrossentropy} {
  const model = new Sequential([
    new layers.Dense(512, {activation: 'relu', inputShape: [784]}),
    new layers.Dense(10, {activation: 'softmax'}),
  ]);
  return {model, optimizer: new optimizers.Adam(0.001), loss: new losses.SparseCategoricalCrossentropy()};
}

export const customLoop: Workload = {
  name: 'custom-loop',
  description: 'a step of a GradientTape loop under jit, beside a step of fit; in turns, the best of each counts',
  async run(report) {
    const x = random.normal([BATCH * STEPS, 784]);
    const y = random.randint([BATCH * STEPS], 0, 10);

    const fitted = make();
    fitted.model.compile({optimizer: fitted.optimizer, loss: fitted.loss, jitCompile: true});
    const fit = () => fitted.model.fit(x, y, {epochs: 1, batchSize: BATCH, shuffle: false, verbose: 0});

    const {model, optimizer, loss} = make();
    const variables = model.trainableVariables;
    const trainStep = (images: Tensor, labels: Tensor): Tensor => {
      const tape = new GradientTape();
      const value = tape.record(() => loss(labels, model(images, {training: true})));
      optimizer.apply(tape.gradient(value, variables), variables);
      return value;
    };
    const step = jit(trainStep);
    const loop = () => {
      let total = 0;
      for (let i = 0; i < STEPS; i++) {
        const rows = slice(i * BATCH, (i + 1) * BATCH);
        total += step(x.at(rows), y.at(rows)).item();
      }
      return total / STEPS;
    };
    const ways = {fit, jit: loop};
    const seconds: Record<keyof typeof ways, number[]> = {fit: [], jit: []};
    // The optimizer's slots are made by a first step that is not compiled.
    trainStep(x.at(slice(0, BATCH)), y.at(slice(0, BATCH)));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const name of ['fit', 'jit'] as const) {
        const start = performance.now();
        await ways[name]();
        // The first round compiles.
        if (round > 0) seconds[name].push((performance.now() - start) / 1000 / STEPS);
      }
    }
    report(timeRow('mlp_512_step_fit', 'us', seconds.fit));
    const value = Math.min(...seconds.jit) / Math.min(...seconds.fit);
    report({
      ...timeRow('mlp_512_step_tape_jit', 'us', seconds.jit),
      ratio: {of: 'mlp_512_step_fit (best times)', value},
    });
  },
};
