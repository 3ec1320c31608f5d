import {type Config, ops, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {describe, show} from '@keratin/core/internal';
import {type Labels, toPair} from '../losses/shapes.js';
import {toDType} from '../losses/shapes.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {checkWhole} from './thresholds.js';

/** How the columns' scores become one: not at all (null), their mean, or their mean by variance. */
export type ClassAggregation = 'uniform_average' | 'variance_weighted_average' | null;

/** Options of {@link R2Score}. */
export interface R2ScoreOptions<N extends string = string> extends MetricOptions<N> {
  /** Default `'uniform_average'`. */
  classAggregation?: ClassAggregation | undefined;
  /** For the adjusted score: how many independent regressors were used. Default 0: not adjusted. */
  numRegressors?: number | undefined;
}

interface Sums {
  readonly squaredSum: Variable;
  readonly sum: Variable;
  readonly residual: Variable;
  readonly count: Variable;
}

/** How much of the targets' variance predictions explain: `1 - sum((yTrue - yPred)^2) / sum((yTrue - mean)^2)` for each column. */
export class R2Score<const N extends string = 'r2_score'> extends Metric<N> {
  override readonly direction = 'up';
  readonly classAggregation: ClassAggregation;
  readonly numRegressors: number;
  readonly numSamples: Variable;
  #sums: Sums | null = null;

  constructor(options: R2ScoreOptions<N> = {}) {
    super(baseOptions('R2Score', options, 'r2_score', ['classAggregation', 'numRegressors']));
    const {classAggregation = 'uniform_average', numRegressors = 0} = options;
    if (![null, 'uniform_average', 'variance_weighted_average'].includes(classAggregation)) {
      throw new ValueError(
        `R2Score: classAggregation must be null, 'uniform_average' or 'variance_weighted_average', got ${describe(classAggregation)}`,
      );
    }
    this.classAggregation = classAggregation;
    this.numRegressors = checkWhole('R2Score', 'numRegressors', numRegressors, 0);
    this.numSamples = this.addVariable({name: 'num_samples'});
  }

  /**
   * @param yTrue (samples, columns)
   * @param yPred (samples, columns)
   */
  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const given = checkUpdate(this.name, options);
    const [t, p] = toPair(toDType(yTrue, this.dtype, this.name), toDType(yPred, this.dtype, this.name), this.name);
    if (t.ndim !== 2) {
      throw new ShapeError(`${this.name}: yTrue and yPred must be (samples, columns), got ${show(t.shape)}`);
    }
    const sums = (this.#sums ??= this.#makeSums(t.dim(1)));
    const weight = given === null ? (ops.ones([], this.dtype) as Tensor) : toDType(given, this.dtype, this.name);
    const weights = ops.broadcastTo(weight.ndim === 1 ? weight.expandDims(1) : weight, t.shape);
    const weighted = t.mul(weights);
    sums.sum.assignAdd(weighted.sum(0));
    sums.squaredSum.assignAdd(t.mul(weighted).sum(0));
    sums.residual.assignAdd(t.sub(p).square().mul(weights).sum(0));
    sums.count.assignAdd(weights.sum(0));
    this.numSamples.assignAdd(t.size);
  }

  #makeSums(columns: number): Sums {
    const shape = [columns];
    return {
      squaredSum: this.addVariable({name: 'squared_sum', shape}),
      sum: this.addVariable({name: 'sum', shape}),
      residual: this.addVariable({name: 'residual', shape}),
      count: this.addVariable({name: 'count', shape}),
    };
  }

  result(): Tensor {
    const sums = this.#sums;
    if (sums === null) return ops.zeros([], this.dtype) as Tensor;
    const sum = sums.sum.readValue();
    const total = sums.squaredSum.sub(sum.mul(sum.div(sums.count)));
    const raw = sums.residual.div(total).neg().add(1);
    const scores = ops.where(ops.isinf(raw), 0, raw);
    return this.#adjusted(this.#aggregate(scores, total));
  }

  #aggregate(scores: Tensor, total: Tensor): Tensor {
    if (this.classAggregation === 'uniform_average') return scores.mean();
    if (this.classAggregation === null) return scores;
    return total.mul(scores).sum().div(total.sum());
  }

  #adjusted(score: Tensor): Tensor {
    const {numRegressors} = this;
    if (numRegressors === 0) return score;
    const samples = this.numSamples.item();
    if (numRegressors >= samples - 1) {
      console.warn(
        `${this.name}: ${String(numRegressors)} regressors are too many for ${String(samples)} samples; the score is not adjusted`,
      );
      return score;
    }
    return score
      .neg()
      .add(1)
      .mul(samples - 1)
      .div(samples - numRegressors - 1)
      .neg()
      .add(1);
  }

  override getConfig(): Config {
    const {classAggregation, numRegressors} = this;
    return {...super.getConfig(), class_aggregation: classAggregation, num_regressors: numRegressors};
  }
}
