import {type Optimizer} from '../optimizers/optimizer.js';
import {type AnyModel, type Logs} from './callback.js';

interface NamedOptimizer {
  readonly optimizer: Optimizer;
  /** For messages: ` adam_1` where there are several, else nothing. */
  readonly label: string;
  /** The name of its rate in the logs. */
  readonly key: string;
}

/** The optimizer of a model, or those of its groups. */
export function optimizersOf(model: Pick<AnyModel, 'optimizer' | 'optimizers'>): NamedOptimizer[] {
  const list = model.optimizers;
  if (list.length === 1) return list.map((optimizer) => ({optimizer, label: '', key: 'learning_rate'}));
  return list.map((optimizer) => ({
    optimizer,
    label: ` ${optimizer.name}`,
    key: `learning_rate_${optimizer.name}`,
  }));
}

/** Adds the present learning rates to the logs. */
export function addLearningRates(model: Pick<AnyModel, 'optimizer' | 'optimizers'>, logs: Logs): void {
  for (const {optimizer, key} of optimizersOf(model)) logs[key] = optimizer.learningRate;
}

/** The names of the learning rates in the logs. */
export function namesOfRates(model: Pick<AnyModel, 'optimizer' | 'optimizers'>): string[] {
  return optimizersOf(model).map(({key}) => key);
}
