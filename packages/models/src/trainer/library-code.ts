import {Variable} from '@keratin/core';
import {isNode, publicNameOf} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {type Metric} from '../metrics/index.js';
import {LossScaleOptimizer, type Optimizer} from '../optimizers/index.js';
import {type CompileSettings} from './trainer.js';

// Code of the library does nothing but compute: it runs the same as a program. What users write may print, count or look at values, and
// runs as it is unless they ask for a program.

type Constructor = abstract new (...args: never[]) => unknown;

/** Classes whose objects do what a function of the user's says. */
const WRAPPERS = new Set(['Lambda', 'LossFunctionWrapper', 'MeanMetricWrapper', 'SumOverBatchSizeMetricWrapper']);

/** Whether a class is one of the library's, or adds no method to one. */
function isLibraryClass(constructor: Constructor): boolean {
  const known = publicNameOf(constructor);
  if (known !== undefined) return !WRAPPERS.has(known.name);
  const prototype: unknown = constructor.prototype;
  if (typeof prototype !== 'object' && typeof prototype !== 'function') return false;
  if (prototype === null || Object.getOwnPropertyNames(prototype).some((name) => name !== 'constructor')) return false;
  const parent: unknown = Object.getPrototypeOf(constructor);
  return typeof parent === 'function' && parent !== Function.prototype && isLibraryClass(parent as Constructor);
}

/** Whether a function, or an object that may be called, is the library's. */
const isLibraryFunction = (value: object): boolean =>
  publicNameOf(value as never) !== undefined || isLibraryClass(value.constructor as Constructor);

/** Whether an object and the functions in its fields are the library's. Initializers have done their work. */
function isLibraryObject(object: object): boolean {
  if (!isLibraryClass(object.constructor as Constructor)) return false;
  return Object.entries(object).every(
    ([key, value]: [string, unknown]) =>
      typeof value !== 'function' ||
      value instanceof Variable ||
      key.endsWith('nitializer') ||
      isLibraryFunction(value),
  );
}

/** Whether a loss or metric as `compile` takes it is the library's: ids of a user's own have a `>`. */
function isLibrarySpec(spec: unknown): boolean {
  if (typeof spec === 'string') return !spec.includes('>');
  if (isNode(spec)) return !JSON.stringify(spec).includes('>');
  if (typeof spec === 'function') return publicNameOf(spec as never) !== undefined || isLibraryObject(spec);
  if (Array.isArray(spec)) return spec.every(isLibrarySpec);
  if (typeof spec !== 'object' || spec === null) return true;
  const isPlain = Object.getPrototypeOf(spec) === Object.prototype;
  return isPlain ? Object.values(spec).every(isLibrarySpec) : isLibraryObject(spec);
}

/** Whether a model and its layers are of the library's classes, with its activations, regularizers and constraints. */
export function isLibraryModel(model: AnyModel, layers: readonly AnyLayer[]): boolean {
  return isLibraryObject(model) && layers.every(isLibraryObject);
}

/** Whether losses and metrics are the library's. */
export function isLibraryLoss({loss, metrics, weightedMetrics}: CompileSettings, all: readonly Metric[]): boolean {
  return [loss, metrics, weightedMetrics].every(isLibrarySpec) && all.every(isLibraryObject);
}

/** Whether optimizers and the schedules of their learning rates are the library's. */
export function isLibraryOptimizer(optimizer: Optimizer): boolean {
  if (!isLibraryObject(optimizer)) return false;
  if (optimizer instanceof LossScaleOptimizer && !isLibraryOptimizer(optimizer.innerOptimizer)) return false;
  const {schedule} = optimizer;
  return schedule === null || isLibraryObject(schedule);
}
