import {type FloatDType, type Tensor} from '@keratin/core';
import {maskOf} from '@keratin/core/internal';
import {maskedWeight} from '../losses/reduction.js';
import {type Labels, toDType, toTensor} from '../losses/shapes.js';
import {checkUpdate, MeanBase} from './mean.js';
import {type MetricOptions, type UpdateOptions} from './metric.js';

/** A value for each sample from targets and predictions, such as `metrics.binaryAccuracy`. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** A metric that is the mean of a function of targets and predictions. */
export abstract class FunctionMetric<const N extends string = string> extends MeanBase<N> {
  readonly #fn: MetricFunction;

  constructor(fn: MetricFunction, options: MetricOptions<N>) {
    super(options);
    this.#fn = fn;
  }

  /**
   * @param yTrue targets
   * @param yPred predictions; a mask that travels with them leaves entries out
   */
  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const given = checkUpdate(this.name, options);
    const prediction = toTensor(yPred, this.name);
    const values = this.#fn(toTensor(yTrue, this.name), prediction);
    const mask = maskOf(prediction);
    if (mask === null) {
      this.addValues(values, given);
      return;
    }
    const dtype = this.dtype as FloatDType;
    const weight = given === null ? null : toDType(given, dtype, this.name);
    this.addValues(values, maskedWeight(weight, mask, dtype, 'sum'));
  }
}
