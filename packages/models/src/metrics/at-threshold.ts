import {type Config, ops, type Tensor} from '@keratin/core';
import {type Labels} from '../losses/shapes.js';
import {confusion} from './confusion.js';
import {ConfusionState} from './confusion-state.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {checkPart, checkWhole, innerThresholds} from './thresholds.js';

/** Options of {@link AtThreshold}. */
export interface AtThresholdOptions<N extends string = string> extends MetricOptions<N> {
  /** How many thresholds are tried. Default 200. */
  numThresholds?: number | undefined;
  /** Only this class is looked at. Default null: all are. */
  classId?: number | null | undefined;
}

/** The best value of one rate where another is at least what was asked for. */
export abstract class AtThreshold<const N extends string = string> extends Metric<N> {
  override readonly direction = 'up';
  readonly numThresholds: number;
  readonly classId: number | null;
  readonly #thresholds: readonly number[];
  readonly #state: ConfusionState;
  protected readonly least: number;

  constructor(className: string, parameter: string, least: number, options: AtThresholdOptions<N>) {
    super(baseOptions(className, options, undefined, ['numThresholds', 'classId']));
    const {numThresholds = 200, classId = null} = options;
    this.least = checkPart(className, parameter, least);
    this.numThresholds = checkWhole(className, 'numThresholds', numThresholds, 1);
    this.classId = classId === null ? null : checkWhole(className, 'classId', classId, 0);
    this.#thresholds = numThresholds === 1 ? [0.5] : [0, ...innerThresholds(numThresholds), 1];
    this.#state = new ConfusionState(this, [this.#thresholds.length]);
  }

  /** Which rate must reach `least`, and which one is wanted. */
  protected abstract rates(state: ConfusionState): readonly [constrained: Tensor, wanted: Tensor];

  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const {dtype, classId} = this;
    const sampleWeight = checkUpdate(this.name, options);
    const even = this.numThresholds > 1;
    this.#state.add(
      confusion(yTrue, yPred, {thresholds: this.#thresholds, even, dtype, classId, sampleWeight}, this.name),
    );
  }

  result(): Tensor {
    const [constrained, wanted] = this.rates(this.#state);
    return ops.where(constrained.greaterEqual(this.least), wanted, 0).max();
  }

  override getConfig(): Config {
    return {...super.getConfig(), class_id: this.classId, num_thresholds: this.numThresholds};
  }
}
