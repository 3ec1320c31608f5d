import {klDivergence} from '../losses/kl-divergence.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean Kullback-Leibler divergence sum(yTrue log(yTrue / yPred)). */
export class KLDivergence<const N extends string = 'kl_divergence'> extends FunctionMetric<N> {
  constructor(options: MetricOptions<N> = {}) {
    super(klDivergence, baseOptions('KLDivergence', options, 'kl_divergence'));
  }
}
