// Functional models (001-3): two sequences of numbers of any length share one Embedding and have a prediction each; a residual block with a
// layer that is used twice; pictures of both.
import {mkdir} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {Input, layers, Model, ops, plotModel, random, setSeed, type Tensor, tensor} from 'keratin';
import {budget, check, checkNear} from './support/check.js';

setSeed(42);

const a = Input({shape: [null], dtype: 'int32', name: 'a'});
const b = Input({shape: [null], dtype: 'int32', name: 'b'});
const shared = new layers.Embedding(1000, 128);
const headA = new layers.Dense(1, {activation: 'sigmoid', name: 'prediction_a'});
const headB = new layers.Dense(1, {activation: 'sigmoid', name: 'prediction_b'});
const model = new Model({inputs: [a, b], outputs: [headA(shared(a)), headB(shared(b))], name: 'shared_embedding'});
model.summary();
checkNear('parameters: one Embedding for both', model.countParams(), 1000 * 128 + 2 * 129, 0);

// In a every even number is to be found, in b every number from 500 on.
const samples = budget(2048, 512);
const sequences = (length: number): Tensor => random.randint([samples, length], 0, 1000);
const isEven = (x: Tensor): Tensor => ops.equal(ops.mod(x, 2), 0).cast('float32').expandDims(-1);
const isLarge = (x: Tensor): Tensor => ops.greaterEqual(x, 500).cast('float32').expandDims(-1);
const [xa, xb] = [sequences(20), sequences(12)];

const compiled = model.compile({
  optimizer: 'adam',
  loss: {prediction_a: 'binary_crossentropy', prediction_b: 'binary_crossentropy'},
  metrics: {prediction_a: ['accuracy'], prediction_b: ['accuracy']},
});
const {history} = await compiled.fit(
  {a: xa, b: xb},
  {prediction_a: isEven(xa), prediction_b: isLarge(xb)},
  {
    epochs: budget(6, 24),
    verbose: 0,
  },
);
check('accuracy of prediction_a', history['prediction_a_accuracy']?.at(-1) ?? 0, {above: 0.95});
check('accuracy of prediction_b', history['prediction_b_accuracy']?.at(-1) ?? 0, {above: 0.95});

// Sequences of other lengths, and the part of the model that the Embedding is.
const [ya, yb] = await model.predict([[[1, 2, 3]], [[4, 700]]], {verbose: 0});
console.log('is even:', ya.squeeze().array(1), 'is large:', yb.squeeze().array(1));
checkNear('length of prediction_a', ya.dim(1), 3, 0);
const vectors = new Model({inputs: a, outputs: shared(a)});
checkNear('size of a vector', vectors(tensor([[7]], 'int32')).dim(-1), 128, 0);

// A residual block: what comes in is added to what the same convolution made of it twice.
const image = Input({shape: [28, 28, 8], name: 'image'});
const convolution = new layers.Conv2D(8, 3, {padding: 'same', activation: 'relu', name: 'convolution'});
const block = new Model({inputs: image, outputs: ops.relu(image.add(convolution(convolution(image)))), name: 'block'});
const picture = Input({shape: [28, 28, 1], name: 'picture'});
const features = block(new layers.Conv2D(8, 3, {padding: 'same'})(picture));
const classes = new layers.Dense(10, {activation: 'softmax'})(new layers.GlobalAveragePooling2D()(features));
const residual = new Model({inputs: picture, outputs: classes, name: 'residual'});
checkNear('weights of the block, used twice', block.weights.length, 2, 0);
checkNear(
  'sum of the probabilities',
  residual(ops.ones([2, 28, 28, 1]))
    .sum()
    .item(),
  2,
  1e-5,
);

const output = fileURLToPath(new URL('output/', import.meta.url));
await mkdir(output, {recursive: true});
const options = {showShapes: true, showDtype: true, showLayerNames: true, showLayerActivations: true} as const;
await plotModel(model, {toFile: `${output}shared-embedding.png`, ...options});
await plotModel(model, {toFile: `${output}shared-embedding.svg`, ...options});
await plotModel(residual, {toFile: `${output}residual.svg`, ...options, expandNested: true});
console.log(`the models: ${output}shared-embedding.png, .svg and residual.svg`);
