import {KeratinError} from '@keratin/core';
import {tensorsIn} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {type TestOnBatchOptions, type TrainOnBatchOptions} from '../model/types.js';
import {arrayData} from './data/arrays.js';
import {type Batch, sizeOfBatch} from './data/batch.js';
import {toTensors} from './data/convert.js';
import {readLogs} from './logs.js';
import {checkBatchOptions} from './options.js';

type Values = readonly number[] & Readonly<Record<string, number>>;

function batchOf(where: string, x: unknown, y: unknown, options: TrainOnBatchOptions): Batch {
  const data = arrayData(where, x, y, options.sampleWeight, options.classWeight);
  return {x: data.x, y: data.y, sampleWeight: data.sampleWeight, size: data.samples};
}

function assertFree(where: string, model: AnyModel): void {
  const {trainer} = model;
  trainer.assertCompiled(where);
  if (trainer.running !== null && !trainer.inHook()) {
    throw new KeratinError(`${where}: model "${model.name}" is being trained by fit; wait for it to end`);
  }
}

/** One step of training: what `model.trainOnBatch` does. */
export function trainOnBatch(model: AnyModel, x: unknown, y: unknown, options: TrainOnBatchOptions = {}): Values {
  assertFree('trainOnBatch', model);
  checkBatchOptions('trainOnBatch', options);
  const batch = batchOf('trainOnBatch', x, y, options);
  model.resetMetrics();
  return model.trainer.evaluation(readLogs(model.trainer.runTrainStep(batch)));
}

/** One step of evaluation: what `model.testOnBatch` does. */
export function testOnBatch(model: AnyModel, x: unknown, y: unknown, options: TestOnBatchOptions = {}): Values {
  assertFree('testOnBatch', model);
  checkBatchOptions('testOnBatch', options);
  const batch = batchOf('testOnBatch', x, y, options);
  model.resetMetrics();
  return model.trainer.evaluation(readLogs(model.trainer.runTestStep(batch)));
}

/** The outputs of one batch: what `model.predictOnBatch` does. */
export function predictOnBatch(model: AnyModel, x: unknown): unknown {
  const inputs = toTensors('predictOnBatch', 'x', x);
  return model.trainer.runPredictStep({x: inputs, size: sizeOfBatch('predictOnBatch', tensorsIn(inputs))});
}
