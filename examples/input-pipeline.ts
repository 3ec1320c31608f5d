// Pipelines of data (001-7): Datasets from tensors, generators and files (CSV, TFRecord, pictures in folders), mapped (in worker threads too),
// filtered, shuffled, repeated, batched and prefetched; elements by iterator; training from one, and going on exactly where a pass was left.
//
//   npx --yes pnpm@10 exec tsx examples/input-pipeline.ts
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {data, datasets, layers, ops, Sequential, setSeed, type Tensor, utils} from 'keratin';
import {budget, check} from './support/check.js';

const {Dataset} = data;
setSeed(42);

// Elements from tensors, a generator, a file.
const {
  train: [images, labels],
  test: [testImages, testLabels],
} = await datasets.mnist.loadData();
console.log(String(Dataset.fromTensors([images, labels])));

const squares = Dataset.fromGenerator(function* () {
  for (let i = 0; i < 5; i++) yield {number: i, square: i * i};
});
for await (const {number, square} of squares.filter(({number: n}) => n % 2 === 0).repeat(2))
  console.log(number, square);
const [points] = datasets.makeMoons({samples: 200, noise: 0.1, seed: 1});
console.log(ops.mean(points, 0).array());

const folder = await mkdtemp(join(tmpdir(), 'keratin-pipeline-'));
try {
  const file = join(folder, 'flowers.csv');
  await writeFile(file, 'length,width,kind\n5.1,3.5,setosa\n6.7,3.1,virginica\n');
  for await (const row of Dataset.csv(file)) console.log(row);

  // TFRecord files of examples, as TensorFlow has them.
  const records = join(folder, 'digits.tfrecord');
  const digits = Dataset.fromTensorSlices([images, labels]).take(100);
  const encoded = digits.map(([image, label]) => data.encodeExample({image, label: BigInt(label.item())}));
  console.log(`${await data.writeTfrecord(records, encoded)} records`);
  const features = {image: new data.FixedLenFeature([28, 28], 'int32'), label: new data.FixedLenFeature([], 'int64')};
  const parsed = Dataset.tfrecord(records).map((record) => data.parseExample(record, features));
  const first = await parsed.take(1).getSingleElement();
  check(
    'pixels that differ after a TFRecord file',
    first.image.notEqual(images.at(0).cast('int32')).cast('int32').sum().item(),
    {
      below: 1,
    },
  );

  // Pictures in folders, one for each class.
  for (const label of [0, 1]) {
    const own = join(folder, 'pictures', `digit-${label}`);
    await mkdir(own, {recursive: true});
    const some = digits.filter(([, y]) => y.item() === label).enumerate();
    for await (const [number, [image]] of some.take(4)) {
      await utils.saveImg(join(own, `${number.item()}.png`), image.expandDims(-1));
    }
  }
  const pictures = await utils.imageDatasetFromDirectory(join(folder, 'pictures'), {
    colorMode: 'grayscale',
    imageSize: 28,
    batchSize: 8,
    seed: 1,
  });
  for await (const [x, y] of pictures) console.log(pictures.classNames, x.shape, y.array());

  // In two threads, in order: a function that needs nothing around it.
  const blurred = digits.map(
    ([image, label]: readonly [Tensor, Tensor]) => {
      const pixels = image.cast('float32').reshape([1, 28, 28, 1]);
      return [pixels.add(pixels.flip(1)).div(2).squeeze(0), label] as const;
    },
    {workers: 2},
  );
  const [blurredImages, blurredLabels] = await blurred.batch(100).getSingleElement();
  check(
    'labels out of order after worker threads',
    blurredLabels.notEqual(labels.at(':100')).cast('int32').sum().item(),
    {
      below: 1,
    },
  );
  check('axes of blurred pictures', blurredImages.ndim, {above: 3, below: 5});
} finally {
  await rm(folder, {recursive: true});
}

// Whole batches are gathered before the function sees them, which is faster than element by element.
const batches = Dataset.fromTensorSlices([images, labels])
  .shuffle(10_000, {seed: 1})
  .batch(128)
  .map(([x, y]) => [x.reshape([-1, 784]).cast('float32').div(255), y] as const)
  .prefetch(2);
console.log(String(batches));

// Elements by iterator; a saved position is JSON, and another run of the pipeline goes on there.
const iterator = batches.iterator();
await iterator.getNext();
const state = iterator.save();
const [, next] = await iterator.getNext();
const [, again] = await batches.iterator({from: state}).getNext();
await iterator.close();
check('labels that differ after resuming', next.notEqual(again).cast('int32').sum().item(), {below: 1});

const start = performance.now();
let count = 0;
for await (const [x] of batches) count += x.length;
console.log(`${Math.round((count / (performance.now() - start)) * 1000).toLocaleString('en')} examples/s`);
check('examples of a pass', count, {above: 59_999, below: 60_001});

const model = new Sequential([
  new layers.Dense(128, {activation: 'relu'}),
  new layers.Dense(10, {activation: 'softmax'}),
]).compile({optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
const validationData = Dataset.fromTensorSlices([testImages.reshape([-1, 784]), testLabels])
  .batch(500)
  .map(([x, y]) => [x.cast('float32').div(255), y] as const);
const {history} = await model.fit(batches, {epochs: budget(3, 1), validationData});
check('accuracy on the test set', history.val_accuracy.at(-1) ?? NaN, {above: 0.94});
