import {type Config, type Tensor} from '@keratin/core';
import {type Labels} from '../losses/shapes.js';
import {type Confusion, confusion} from './confusion.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {areEven, thresholdList, type Thresholds} from './thresholds.js';

/** Options of {@link ConfusionCount}. */
export interface ConfusionCountOptions<N extends string = string> extends MetricOptions<N> {
  /** Predictions above it are positive; several give one result each. Default 0.5. */
  thresholds?: Thresholds | undefined;
}

/** A count of right or wrong predictions. */
export abstract class ConfusionCount<const N extends string = string> extends Metric<N> {
  readonly thresholds: readonly number[];
  readonly accumulator;
  readonly #given: Thresholds;
  readonly #kind: keyof Confusion;

  constructor(className: string, kind: keyof Confusion, options: ConfusionCountOptions<N>) {
    super(baseOptions(className, options, undefined, ['thresholds']));
    this.thresholds = thresholdList(className, options.thresholds, 0.5);
    this.#given = options.thresholds ?? null;
    this.#kind = kind;
    this.accumulator = this.addVariable({name: 'accumulator', shape: [this.thresholds.length]});
  }

  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const {thresholds, dtype} = this;
    const sampleWeight = checkUpdate(this.name, options);
    const counts = confusion(yTrue, yPred, {thresholds, even: areEven(thresholds), dtype, sampleWeight}, this.name);
    this.accumulator.assignAdd(counts[this.#kind]);
  }

  result(): Tensor {
    const value = this.accumulator.readValue();
    return this.thresholds.length === 1 ? value.reshape([]) : value;
  }

  override getConfig(): Config {
    return {...super.getConfig(), thresholds: this.#given};
  }
}
