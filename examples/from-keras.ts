// From Keras and back: opens a file that Keras wrote, predicts, trains on from the state of its optimizer, writes it for Keras and for onnxruntime.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {loadModel, losses, ops, random, setSeed} from 'keratin';
import {check} from './support/check.js';

// Two dense layers, compiled with Adam and trained in Python.
const file = fileURLToPath(new URL('../tests/golden/files/mlp_adam.keras', import.meta.url));
const model = await loadModel(file);
model.summary();
const [shape = []] = [model.inputs[0]?.shape];
setSeed(1);
const x = random.normal([32, ...shape.slice(1).map((size) => size ?? 1)]);
const {optimizer} = model;
const steps = Number(optimizer?.iterations ?? 0);
check('steps that Keras made', steps, {above: 0});

// It learns something else: which of the first three inputs is the largest.
const target = ops.argmax(x.at(':', ':3'), {axis: -1});
model.compile({optimizer: optimizer ?? 'adam', loss: new losses.SparseCategoricalCrossentropy({fromLogits: true})});
if (optimizer !== null) optimizer.learningRate = 0.02;
const before = model.testOnBatch(x, target).loss;
for (let i = 0; i < 60; i++) model.trainOnBatch(x, target);
check('loss after 60 steps, of that before', model.testOnBatch(x, target).loss / before, {below: 1});

const folder = await mkdtemp(join(tmpdir(), 'keratin-from-keras-'));
const back = join(folder, 'trained.keras');
await model.save(back);
const again = await loadModel(back);
check(
  'predictions of what was written differ by',
  ops.max(ops.abs(again.predictOnBatch(x).sub(model.predictOnBatch(x)))).item(),
  {below: 1e-6},
);
await model.export(join(folder, 'trained.onnx'), {format: 'onnx'});
await rm(folder, {recursive: true});
