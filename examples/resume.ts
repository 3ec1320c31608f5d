// Training that is interrupted goes on exactly where it stood: the weights and the History are those of a run that nothing interrupted.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callbacks, layers, random, Sequential, setSeed} from 'keratin';
import {check} from './support/check.js';

const folder = await mkdtemp(join(tmpdir(), 'keratin-resume-'));

/** @param crashAt the batch, counted from the first, at which the run fails */
async function run(backup: boolean, crashAt = Infinity) {
  setSeed(1);
  const x = random.normal([96, 4]);
  const y = x.sum(1).reshape([96, 1]);
  const model = new Sequential([
    new layers.Dense(16, {activation: 'relu'}),
    new layers.Dropout(0.3),
    new layers.Dense(1),
  ]);
  model.compile({optimizer: 'adam', loss: 'mse'});
  let seen = 0;
  const crash = {
    onTrainBatchEnd() {
      if (seen++ === crashAt) throw new Error('the power failed');
    },
  };
  const {history} = await model.fit(x, y, {
    epochs: 4,
    batchSize: 16,
    verbose: 0,
    callbacks: [crash, ...(backup ? [new callbacks.BackupAndRestore(folder, {saveFreq: 1})] : [])],
  });
  return JSON.stringify([history, model.getWeights().map((weight) => weight.array())]);
}

const whole = await run(false);
const failure = await run(true, 8).catch((error: unknown) => String(error));
console.log(`the first attempt: ${failure}`);
const resumed = await run(true);
check('the same weights and History, bit for bit', Number(resumed === whole), {above: 0.5});
await rm(folder, {recursive: true, force: true});
