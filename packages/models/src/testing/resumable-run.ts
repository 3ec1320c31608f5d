import {createHash} from 'node:crypto';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {random, setSeed, type Tensor} from '@keratin/core';
import {layers} from '@keratin/layers';
import * as callbacks from '../callbacks/index.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';

// A run of training with everything that has a state: shuffle, dropout, batch normalization, slots, callbacks of every kind. Also a
// program of its own, for a test that kills it.

export const EPOCHS = 4;
/** 22 samples in batches of 4, the last one smaller. */
export const STEPS = 6;

const digest = (tensors: readonly Tensor[]): string => {
  const hash = createHash('sha256');
  for (const tensor of tensors) {
    const {buffer, byteOffset, byteLength} = tensor.data() as ArrayBufferView;
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
};

/** All that a run leaves behind. */
export interface Result {
  readonly weights: string;
  readonly optimizer: string;
  readonly history: string;
  /** Numbers drawn afterwards. */
  readonly random: string;
}

/**
 * Trains with a checkpoint after every `saveFreq` batches in `folder`, and goes on from what is there.
 * @param atBatch called after each batch, with its number since the first epoch
 */
export async function resumableRun(
  folder: string,
  saveFreq: number | 'epoch' | null,
  atBatch: (batch: number) => void = () => undefined,
): Promise<Result> {
  setSeed(7);
  const x = random.normal([22, 3], {seed: 1});
  const y = x
    .sum(1)
    .reshape([22, 1])
    .add(random.normal([22, 1], {seed: 2}));
  // Another seed for the test data keeps validation from going down all the time.
  const validation = [random.normal([9, 3], {seed: 3}), random.normal([9, 1], {seed: 4})] as const;
  const model = new Sequential([
    new layers.Dense(8, {activation: 'relu'}),
    new layers.Dropout(0.4),
    new layers.BatchNormalization(),
    new layers.GaussianNoise(0.1),
    new layers.Dense(1),
  ]).compile({
    optimizer: new optimizers.Adam({learningRate: 0.05, useEma: true, emaMomentum: 0.5}),
    loss: 'mse',
    metrics: ['mae'],
  });
  let epochNow = 0;
  const watch: callbacks.CallbackHooks = {
    onEpochBegin(epoch) {
      epochNow = epoch;
    },
    onTrainBatchEnd(batch) {
      atBatch(epochNow * STEPS + batch);
    },
  };
  const {history, epoch} = await model.fit(x, y, {
    epochs: EPOCHS,
    batchSize: 4,
    validationData: validation,
    verbose: 0,
    callbacks: [
      new callbacks.SwapEMAWeights({swapOnEpoch: true}),
      new callbacks.LearningRateScheduler((_, rate) => rate * 0.9),
      ...(saveFreq === null ? [] : [new callbacks.BackupAndRestore(join(folder, 'backup'), {saveFreq})]),
      new callbacks.ReduceLROnPlateau({patience: 1, factor: 0.5}),
      new callbacks.ModelCheckpoint(join(folder, 'best.safetensors'), {saveBestOnly: true}),
      new callbacks.ModelCheckpoint(join(folder, 'often.safetensors'), {saveFreq: 5}),
      new callbacks.EarlyStopping({patience: 2, restoreBestWeights: true}),
      new callbacks.CSVLogger(join(folder, 'log.csv')),
      watch,
    ],
  });
  return {
    weights: digest(model.getWeights()),
    optimizer: digest(model.optimizer?.variables.map((variable) => variable.readValue()) ?? []),
    history: JSON.stringify({history, epoch}),
    random: JSON.stringify(random.uniform([2]).array()),
  };
}

const [, program, folder = '.', saveFreq = '1', killAt = ''] = process.argv;
if (program !== undefined && import.meta.url === pathToFileURL(program).href) {
  const result = await resumableRun(folder, Number(saveFreq), (batch) => {
    process.stdout.write(`batch ${String(batch)}\n`);
    if (killAt !== '' && batch === Number(killAt)) process.kill(process.pid, 'SIGKILL');
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
