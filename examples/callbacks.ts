// Callbacks (001-5): checkpoints, a schedule of the learning rate, early stopping, event files for TensorBoard, and a picture of it all.
import {mkdtemp, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callbacks, layers, optimizers, random, Sequential, setSeed} from 'keratin';
import {check} from './support/check.js';

setSeed(1);
const folder = await mkdtemp(join(tmpdir(), 'keratin-callbacks-'));
const x = random.normal([400, 8]);
const y = x.sum(1).reshape([400, 1]);

const model = new Sequential([new layers.Dense(32, {activation: 'relu'}), new layers.Dense(1)]).compile({
  optimizer: new optimizers.Adam(0.02),
  loss: 'mse',
});
const best = join(folder, 'best.safetensors');
const stopping = new callbacks.EarlyStopping({patience: 3, restoreBestWeights: true});
const {history} = await model.fit(x, y, {
  epochs: 40,
  validationSplit: 0.25,
  verbose: 0,
  callbacks: [
    new callbacks.ModelCheckpoint(best, {saveBestOnly: true}),
    new callbacks.LearningRateScheduler((epoch, rate) => (epoch < 5 ? rate : rate * 0.9)),
    stopping,
    new callbacks.TensorBoard({logDir: join(folder, 'logs'), histogramFreq: 5}),
  ],
});
const lowest = Math.min(...history.val_loss);
check('best validation loss', lowest, {below: 0.5});
check('the best epoch', stopping.bestEpoch, {above: -1, below: 40});

await model.loadWeights(best);
const {loss} = await model.evaluate(
  x.take(
    Array.from({length: 100}, (_, i) => 300 + i),
    0,
  ),
  y.take(
    Array.from({length: 100}, (_, i) => 300 + i),
    0,
  ),
  {verbose: 0},
);
check('the checkpoint has the best loss', Math.abs(loss - lowest), {below: 1e-4});
check('runs for TensorBoard', (await readdir(join(folder, 'logs'))).length, {above: 1, below: 3});
await rm(folder, {recursive: true});
