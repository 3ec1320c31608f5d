import {type Tensor} from '@keratin/core';
import {divideNoNan} from '../losses/reduction.js';
import {type Confusion} from './confusion.js';
import {type Metric} from './metric.js';

/** The four counts as state of a metric. */
export class ConfusionState {
  readonly truePositives;
  readonly falsePositives;
  readonly trueNegatives;
  readonly falseNegatives;

  constructor(metric: Metric, shape: readonly number[]) {
    this.truePositives = metric.addVariable({name: 'true_positives', shape});
    this.falsePositives = metric.addVariable({name: 'false_positives', shape});
    this.trueNegatives = metric.addVariable({name: 'true_negatives', shape});
    this.falseNegatives = metric.addVariable({name: 'false_negatives', shape});
  }

  add(counts: Confusion): void {
    this.truePositives.assignAdd(counts.truePositives);
    this.falsePositives.assignAdd(counts.falsePositives);
    this.trueNegatives.assignAdd(counts.trueNegatives);
    this.falseNegatives.assignAdd(counts.falseNegatives);
  }

  /** Also called sensitivity. */
  get recall(): Tensor {
    return divideNoNan(this.truePositives, this.truePositives.add(this.falseNegatives));
  }

  get precision(): Tensor {
    return divideNoNan(this.truePositives, this.truePositives.add(this.falsePositives));
  }

  get specificity(): Tensor {
    return divideNoNan(this.trueNegatives, this.trueNegatives.add(this.falsePositives));
  }

  get falsePositiveRate(): Tensor {
    return divideNoNan(this.falsePositives, this.falsePositives.add(this.trueNegatives));
  }
}
