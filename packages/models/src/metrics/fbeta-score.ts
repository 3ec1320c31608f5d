import {type Config, config, ops, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {describe, show} from '@keratin/core/internal';
import {type Labels, toDType} from '../losses/shapes.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';

/** How the classes' scores become one: not at all (null), over all entries, their mean, or their mean by frequency. */
export type Average = 'micro' | 'macro' | 'weighted' | null;

/** Options of {@link FBetaScore} but `beta`. */
export interface F1ScoreOptions<N extends string = string> extends MetricOptions<N> {
  /** Default null: one score a class. */
  average?: Average | undefined;
  /** Predictions above it are positive, in (0, 1]. Default null: the largest one of a sample is. */
  threshold?: number | null | undefined;
}

/** Options of {@link FBetaScore}. */
export interface FBetaScoreOptions<N extends string = string> extends F1ScoreOptions<N> {
  /** How much more recall counts than precision. Default 1. */
  beta?: number | undefined;
}

interface Counts {
  readonly truePositives: Variable;
  readonly falsePositives: Variable;
  readonly falseNegatives: Variable;
  readonly intermediateWeights: Variable;
}

/** Precision and recall of one-hot targets in one: `(1 + beta^2) precision recall / (beta^2 precision + recall)`. */
export class FBetaScore<const N extends string = 'fbeta_score'> extends Metric<N> {
  override readonly direction = 'up';
  readonly average: Average;
  readonly beta: number;
  readonly threshold: number | null;
  #counts: Counts | null = null;

  constructor(options: FBetaScoreOptions<N> = {}) {
    super(baseOptions('FBetaScore', options, 'fbeta_score', ['average', 'beta', 'threshold']));
    const {average = null, beta = 1, threshold = null} = options;
    if (![null, 'micro', 'macro', 'weighted'].includes(average)) {
      throw new ValueError(
        `FBetaScore: average must be null, 'micro', 'macro' or 'weighted', got ${describe(average)}`,
      );
    }
    if (!(beta > 0)) throw new ValueError(`FBetaScore: beta must be above 0, got ${describe(beta)}`);
    if (threshold !== null && !(threshold > 0 && threshold <= 1)) {
      throw new ValueError(`FBetaScore: threshold must be in (0, 1], got ${describe(threshold)}`);
    }
    this.average = average;
    this.beta = beta;
    this.threshold = threshold;
  }

  /**
   * @param yTrue one-hot or several labels a sample (samples, classes)
   * @param yPred (samples, classes)
   */
  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const given = checkUpdate(this.name, options);
    const t = toDType(yTrue, this.dtype, this.name);
    const p = toDType(yPred, this.dtype, this.name);
    if (t.ndim !== 2 || p.ndim !== 2 || t.shape[1] !== p.shape[1]) {
      throw new ShapeError(
        `${this.name}: yTrue and yPred must be (samples, classes), got yTrue ${show(t.shape)} and yPred ${show(p.shape)}`,
      );
    }
    const counts = (this.#counts ??= this.#makeCounts(p.dim(1)));
    const weight = given === null ? null : toDType(given, this.dtype, this.name).expandDims(1);
    const sum = (x: Tensor): Tensor => (weight === null ? x : x.mul(weight)).sum(this.average === 'micro' ? null : 0);
    const found = this.#positive(p);
    counts.truePositives.assignAdd(sum(found.mul(t)));
    counts.falsePositives.assignAdd(sum(found.mul(t.neg().add(1))));
    counts.falseNegatives.assignAdd(sum(found.neg().add(1).mul(t)));
    counts.intermediateWeights.assignAdd(sum(t));
  }

  #makeCounts(classes: number): Counts {
    const shape = this.average === 'micro' ? [] : [classes];
    return {
      truePositives: this.addVariable({name: 'true_positives', shape}),
      falsePositives: this.addVariable({name: 'false_positives', shape}),
      falseNegatives: this.addVariable({name: 'false_negatives', shape}),
      intermediateWeights: this.addVariable({name: 'intermediate_weights', shape}),
    };
  }

  #positive(p: Tensor): Tensor {
    if (this.threshold !== null) return ops.cast(p.greater(this.threshold), this.dtype);
    const largest = p.greaterEqual(p.max({axis: -1, keepdims: true}));
    return ops.cast(largest.logicalAnd(p.abs().greater(1e-9)), this.dtype);
  }

  result(): Tensor {
    const counts = this.#counts;
    if (counts === null) return ops.zeros([], this.dtype) as Tensor;
    const epsilon = config.epsilon();
    const found = counts.truePositives.readValue();
    const precision = found.div(found.add(counts.falsePositives).add(epsilon));
    const recall = found.div(found.add(counts.falseNegatives).add(epsilon));
    const square = this.beta ** 2;
    const score = precision
      .mul(recall)
      .div(precision.mul(square).add(recall).add(epsilon))
      .mul(1 + square);
    if (this.average === null) return score;
    if (this.average !== 'weighted') return score.mean();
    const weights = counts.intermediateWeights.readValue();
    return score.mul(weights.div(weights.sum().add(epsilon))).sum();
  }

  override getConfig(): Config {
    return {...super.getConfig(), average: this.average, beta: this.beta, threshold: this.threshold};
  }
}
