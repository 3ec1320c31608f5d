import {type Config, type Tensor} from '@keratin/core';
import {divideNoNan} from '../losses/reduction.js';
import {type Labels} from '../losses/shapes.js';
import {BELOW_ALL, type Confusion, confusion} from './confusion.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {areEven, checkWhole, thresholdList, type Thresholds} from './thresholds.js';

/** Options of precision and recall. */
export interface PrecisionRecallOptions<N extends string = string> extends MetricOptions<N> {
  /** Predictions above it are positive; several give one result each. Default 0.5; with `topK`, all of the top k. */
  thresholds?: Thresholds | undefined;
  /** Only the k largest predictions of a sample can be positive. Default null: all can. */
  topK?: number | null | undefined;
  /** Only this class is looked at. Default null: all are. */
  classId?: number | null | undefined;
}

/** True positives over true positives and one kind of mistake. */
export abstract class TruePositiveRatio<const N extends string = string> extends Metric<N> {
  override readonly direction = 'up';
  readonly thresholds: readonly number[];
  readonly topK: number | null;
  readonly classId: number | null;
  readonly truePositives;
  protected readonly mistakes;
  readonly #given: Thresholds;
  readonly #kind: keyof Confusion;

  constructor(
    className: string,
    kind: 'falsePositives' | 'falseNegatives',
    variable: string,
    options: PrecisionRecallOptions<N>,
  ) {
    super(baseOptions(className, options, undefined, ['thresholds', 'topK', 'classId']));
    const {topK = null, classId = null} = options;
    this.topK = topK === null ? null : checkWhole(className, 'topK', topK, 1);
    this.classId = classId === null ? null : checkWhole(className, 'classId', classId, 0);
    this.thresholds = thresholdList(className, options.thresholds, topK === null ? 0.5 : BELOW_ALL);
    this.#given = options.thresholds ?? null;
    this.#kind = kind;
    const shape = [this.thresholds.length];
    this.truePositives = this.addVariable({name: 'true_positives', shape});
    this.mistakes = this.addVariable({name: variable, shape});
  }

  /** @param yPred predictions in [0, 1] */
  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const {thresholds, dtype, topK, classId} = this;
    const sampleWeight = checkUpdate(this.name, options);
    const rules = {thresholds, even: areEven(thresholds), dtype, topK, classId, sampleWeight};
    const counts = confusion(yTrue, yPred, rules, this.name);
    this.truePositives.assignAdd(counts.truePositives);
    this.mistakes.assignAdd(counts[this.#kind]);
  }

  result(): Tensor {
    const found = this.truePositives.readValue();
    const ratio = divideNoNan(found, found.add(this.mistakes));
    return this.thresholds.length === 1 ? ratio.reshape([]) : ratio;
  }

  override getConfig(): Config {
    return {...super.getConfig(), thresholds: this.#given, top_k: this.topK, class_id: this.classId};
  }
}
