// Small trainings whose weights are compared bit for bit.
import {clearSession, Input, layers, optimizers, random, Sequential, setSeed} from 'keratin';

/** What a training left: the bytes of all weights, and the losses. */
export interface Trained {
  readonly weights: string;
  readonly losses: readonly number[];
}

function bytesOf(model: Sequential): string {
  const parts = model.getWeights().map((weight) => {
    const data = weight.data();
    if (!ArrayBuffer.isView(data)) throw new Error('weights are numbers');
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  });
  return Buffer.concat(parts).toString('base64');
}

/** Dropout and shuffling on a batch that is large enough for several threads. */
export async function trainMlp(seed: number): Promise<Trained> {
  clearSession();
  setSeed(seed);
  const x = random.normal([700, 100]);
  const y = random.randint([700], 0, 10);
  const model = new Sequential([
    Input({shape: [100]}),
    new layers.Dense(300, {activation: 'relu'}),
    new layers.Dropout(0.3),
    new layers.Dense(10, {activation: 'softmax'}),
  ]).compile({optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
  const {history} = await model.fit(x, y, {epochs: 2, batchSize: 128, validationSplit: 0.1, verbose: 0});
  return {weights: bytesOf(model), losses: history.loss};
}

/** Convolution, pooling and batch normalization. */
export async function trainCnn(seed: number): Promise<Trained> {
  clearSession();
  setSeed(seed);
  const x = random.normal([96, 28, 28, 1]);
  const y = random.randint([96], 0, 10);
  const model = new Sequential([
    Input({shape: [28, 28, 1]}),
    new layers.Conv2D(32, 3, {strides: 2, padding: 'same'}),
    new layers.MaxPooling2D(3),
    new layers.BatchNormalization(),
    new layers.Flatten(),
    new layers.Dense(10, {activation: 'softmax'}),
  ]).compile({
    optimizer: new optimizers.Nadam(0.01),
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
  });
  const {history} = await model.fit(x, y, {epochs: 2, batchSize: 32, verbose: 0});
  return {weights: bytesOf(model), losses: history.loss};
}

/** A loop of trainOnBatch over random batches. */
export function trainByBatches(seed: number): Trained {
  clearSession();
  setSeed(seed);
  const x = random.normal([512, 64]);
  const y = x.matmul(random.normal([64, 3]));
  const model = new Sequential([
    Input({shape: [64]}),
    new layers.Dense(256, {activation: 'tanh'}),
    new layers.Dropout(0.2),
    new layers.Dense(3),
  ]).compile({optimizer: new optimizers.SGD({learningRate: 0.01, momentum: 0.9}), loss: 'mse'});
  const losses = Array.from({length: 20}, () => {
    const rows = random.randint([128], 0, 512);
    return model.trainOnBatch(x.at(rows), y.at(rows)).loss;
  });
  return {weights: bytesOf(model), losses};
}

/** All of them, one after the other. */
export async function trainAll(): Promise<readonly Trained[]> {
  return [await trainMlp(42), await trainCnn(42), trainByBatches(42)];
}
