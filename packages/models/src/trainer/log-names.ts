import {KeratinError, type Tensor} from '@keratin/core';
import {mapStructure, symbolicTensor} from '@keratin/core/internal';
import {type AnyModel, type Callback} from '../callbacks/callback.js';
import {History} from '../callbacks/history.js';
import {LearningRateScheduler} from '../callbacks/learning-rate-scheduler.js';
import {namesOfRates} from '../callbacks/learning-rates.js';
import {MonitorCallback} from '../callbacks/monitor-callback.js';
import {ProgbarLogger} from '../callbacks/progbar-logger.js';
import {ReduceLROnPlateau} from '../callbacks/reduce-lr-on-plateau.js';
import {type Batch} from './data/batch.js';

/**
 * Refuses callbacks that watch a value which the logs will not have, before the first step. Where steps of the user's own, or a
 * callback of the user's that comes first, may add values, nothing can be said.
 */
export function checkLogNames(
  model: AnyModel,
  callbacks: readonly Callback[],
  {x, y}: Pick<Batch, 'x' | 'y'>,
  validates: boolean,
): void {
  if (!callbacks.some((callback) => callback instanceof MonitorCallback)) return;
  if (model.trainer.overrides('trainStep', 'testStep', 'computeMetrics', 'metrics')) return;
  if (!learnShapes(model, x, y)) return;
  const names = model.trainer
    .namedMetrics()
    .map(({key}) => key)
    .sort();
  const available = validates ? [...names, ...names.map((name) => `val_${name}`)] : names;
  for (const callback of callbacks) {
    if (callback instanceof MonitorCallback) callback.checkLogs(available);
    if (callback instanceof LearningRateScheduler || callback instanceof ReduceLROnPlateau) {
      available.push(...namesOfRates(model));
    } else if (!isOurs(callback) && callback.onEpochEnd !== undefined) {
      return;
    }
  }
}

const isOurs = (callback: Callback): boolean =>
  callback instanceof MonitorCallback || callback instanceof History || callback instanceof ProgbarLogger;

/** Runs the model on shapes alone, which builds it and tells how many outputs it has and what they are called. */
export function learnShapes(model: AnyModel, x: unknown, y: unknown): boolean {
  const open = (leaf: unknown): unknown => {
    const {shape, dtype} = leaf as Tensor;
    return symbolicTensor({shape: [null, ...shape.slice(1)], dtype});
  };
  let outputs: unknown;
  try {
    outputs = model(mapStructure(x, open) as never, {training: false});
  } catch (error) {
    // A model that reads values cannot run without them; the first step will tell.
    if (error instanceof KeratinError) return false;
    throw error;
  }
  model.trainer.prepare(y, outputs, 'fit');
  return true;
}
