// Event files of a training, for TensorBoard to judge.
import {join} from 'node:path';
import {callbacks, Input, layers, ops, random, Sequential} from 'keratin';

/** What TensorBoard is to find. */
export interface WrittenEvents {
  /** The last value of `epoch_loss` in each run. */
  readonly losses: {readonly train: number; readonly validation: number};
  /** Tags in the run of the training, by plugin. */
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

/** Trains with the callback TensorBoard into `FOLDER/logs`. */
export async function writeEvents(folder: string): Promise<WrittenEvents> {
  const model = new Sequential([
    Input({shape: [2], dtype: 'int32'}),
    new layers.Embedding(3, 4, {name: 'words'}),
    new layers.Flatten(),
    new layers.Dense(1),
  ]).compile({optimizer: 'sgd', loss: 'mse'});
  const [x, y] = [random.randint([8, 2], 0, 3), ops.ones([8, 1])];
  const options = {logDir: join(folder, 'logs'), histogramFreq: 1, writeImages: true, embeddingsFreq: 1, updateFreq: 1};
  const {history} = await model.fit(x, y, {
    epochs: 2,
    verbose: 0,
    validationData: [x, y],
    callbacks: [new callbacks.TensorBoard(options)],
  });
  const paths = model.weights.map(({path}) => path);
  return {
    losses: {train: history.loss.at(-1) ?? NaN, validation: history.val_loss.at(-1) ?? NaN},
    tags: {
      scalars: ['batch_loss', 'epoch_loss', 'epoch_learning_rate'],
      graph_keras_model: ['keras'],
      histograms: paths.map((path) => `${path}/histogram`),
      images: paths.filter((path) => !path.endsWith('bias')).map((path) => `${path}/image`),
    },
  };
}
