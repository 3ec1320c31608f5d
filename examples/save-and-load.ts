// Models and weights as files (001-6): .keras, .h5, a folder, .weights.h5, safetensors, JSON and YAML; and what is refused.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {layers, loadModel, modelFromJson, modelFromYaml, ops, random, Sequential, setSeed} from 'keratin';
import {check} from './support/check.js';

const folder = await mkdtemp(join(tmpdir(), 'keratin-files-'));
const at = (name: string) => join(folder, name);
setSeed(1);
const x = random.normal([64, 4]);
const y = x.sum(1).reshape([64, 1]);
const build = () =>
  new Sequential([new layers.Dense(8, {activation: 'tanh', inputShape: [4]}), new layers.Dense(1)]).compile({
    optimizer: 'adam',
    loss: 'mse',
  });
const model = build();
await model.fit(x, y, {epochs: 2, verbose: 0});
const wanted = model.predictOnBatch(x);
const differs = (other: Sequential | Awaited<ReturnType<typeof loadModel>>) =>
  Math.abs(ops.max(ops.abs(other.predictOnBatch(x).sub(wanted))).item());

// The whole model, with how it was compiled and the state of its optimizer.
for (const name of ['model.keras', 'model.h5']) {
  await model.save(at(name));
  check(`${name}: predictions differ by`, differs(await loadModel(at(name))), {below: 1e-6});
}
await model.save(at('folder'), {zipped: false});
const again = await loadModel(at('folder'));
check('folder: predictions differ by', differs(again), {below: 1e-6});

// It goes on where it stood: the same step in both.
const [loss] = [model.trainOnBatch(x, y).loss];
check('the loss of one more step differs by', Math.abs(again.trainOnBatch(x, y).loss - loss), {below: 1e-6});
await model.loadWeights(at('model.keras'));

// Weights alone, into a model of the same layers.
for (const name of ['w.weights.h5', 'w.safetensors']) {
  await model.saveWeights(at(name));
  const other = build();
  await other.loadWeights(at(name));
  check(`${name}: predictions differ by`, differs(other), {below: 1e-6});
}
// What the model is made of, as text.
for (const other of [modelFromJson(model.toJson()), modelFromYaml(model.toYaml())]) {
  other.setWeights(model.getWeights());
  check('from text: predictions differ by', Math.abs(ops.max(ops.abs(other.predictOnBatch(x).sub(wanted))).item()), {
    below: 1e-6,
  });
}
// The notes' names of files get a sentence that names the endings.
for (const name of ['weights', 'model.hs']) {
  const message = await model.saveWeights(at(name)).catch((error: unknown) => String(error));
  console.log(message);
  check(`${name} is refused`, Number(String(message).includes('.weights.h5')), {above: 0.5});
}
await rm(folder, {recursive: true});
