import {ValueError} from '@keratin/core';
import {type ArrayData, arrayData, ArraySource} from './arrays.js';
import {type BatchSource} from './batch.js';
import {type ClassWeight} from './class-weight.js';
import {type BatchIterable, isBatchIterable, IterableSource} from './iterables.js';

const BATCH_SIZE = 32;

/** What data is made of, beside inputs and targets. */
export interface SourceOptions {
  readonly batchSize?: number | undefined;
  /** Steps of an epoch: without a batch size they divide the samples. */
  readonly steps?: number | undefined;
  readonly shuffle?: boolean | 'batch' | undefined;
  readonly sampleWeight?: unknown;
  readonly classWeight?: ClassWeight | undefined;
}

/** Refuses options that are for arrays only. */
export function refuseForIterable(where: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const advice =
      name === 'batchSize' || name === 'validationBatchSize'
        ? 'it makes its own batches'
        : name === 'validationSplit'
          ? 'pass validationData'
          : 'its batches hold it: [x, y, sampleWeight]';
    throw new ValueError(`${where}: ${name} is for arrays; the data is a dataset or generator, ${advice}`);
  }
}

/** Batches of whatever a user passes as data. */
export function sourceOf(where: string, x: unknown, y: unknown, options: SourceOptions): BatchSource {
  if (isBatchIterable(x)) {
    refuseForIterable(where, {y, batchSize: options.batchSize, sampleWeight: options.sampleWeight});
    // 'batch' is for the samples of arrays.
    return new IterableSource(where, x, options.classWeight, options.shuffle === true);
  }
  return arraySource(arrayData(where, x, y, options.sampleWeight, options.classWeight), options);
}

/** Batches of arrays that were checked already. */
export function arraySource(data: ArrayData, {batchSize, steps, shuffle}: SourceOptions): ArraySource {
  const size = batchSize ?? (steps === undefined ? BATCH_SIZE : Math.ceil(data.samples / steps));
  return new ArraySource(data, size, shuffle ?? false);
}

export {isBatchIterable, type BatchIterable};
