import {poisson} from '../losses/poisson.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of yPred - yTrue log(yPred). */
export class Poisson<const N extends string = 'poisson'> extends FunctionMetric<N> {
  constructor(options: MetricOptions<N> = {}) {
    super(poisson, baseOptions('Poisson', options, 'poisson'));
  }
}
