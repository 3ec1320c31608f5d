import {
  type Config,
  config,
  deserializeKerasObject,
  ops,
  serializeKerasObject,
  ShapeError,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {constructFrom, describe, show} from '@keratin/core/internal';
import {divideNoNan} from '../losses/reduction.js';
import {type Labels, toDType, toFloat} from '../losses/shapes.js';
import {confusion} from './confusion.js';
import {ConfusionState} from './confusion-state.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {areEven, checkWhole, innerThresholds, thresholdList} from './thresholds.js';

const CURVES = ['ROC', 'PR', 'PRGAIN'] as const;
const METHODS = ['interpolation', 'minoring', 'majoring'] as const;

/** Options of {@link AUC}. */
export interface AUCOptions<N extends string = string> extends MetricOptions<N> {
  /** How many points the curve has. Default 200. */
  numThresholds?: number | undefined;
  /**
   * `'ROC'` (the default): true over false positive rate; `'PR'`: precision over recall; `'PRGAIN'`: their gains. Lower case is fine.
   */
  curve?: 'ROC' | 'PR' | 'PRGAIN' | 'roc' | 'pr' | 'prgain' | undefined;
  /** Between points: the mean (`'interpolation'`, the default), the lower or the higher value. */
  summationMethod?: 'interpolation' | 'minoring' | 'majoring' | undefined;
  /** The points of the curve, each in [0, 1], in place of `numThresholds`. */
  thresholds?: readonly number[] | null | undefined;
  /** Whether columns are labels of their own, whose areas are averaged. Default false. */
  multiLabel?: boolean | undefined;
  /** How many labels there are; only with `multiLabel`. Default: from the first update. */
  numLabels?: number | null | undefined;
  /** A weight for each label. */
  labelWeights?: Labels | null | undefined;
  /** Whether predictions are logits. Default false. */
  fromLogits?: boolean | undefined;
}

const KEYS = [
  'numThresholds',
  'curve',
  'summationMethod',
  'thresholds',
  'multiLabel',
  'numLabels',
  'labelWeights',
  'fromLogits',
] as const;

const head = (x: Tensor): Tensor => ops.slice(x, zeros(x), [x.dim(0) - 1, ...sizes(x)]);
const tail = (x: Tensor): Tensor => ops.slice(x, [1, ...zeros(x).slice(1)], [x.dim(0) - 1, ...sizes(x)]);
const zeros = (x: Tensor): number[] => x.shape.map(() => 0);
const sizes = (x: Tensor): number[] => x.shape.slice(1).map((n) => n ?? 1);

/**
 * The area under the ROC or precision-recall curve, from counts at many thresholds.
 *
 * @example
 * const auc = new metrics.AUC();
 * auc.updateState([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]);
 * auc.result().item(); // 0.75
 */
export class AUC<const N extends string = string> extends Metric<N> {
  override readonly direction = 'up';
  readonly numThresholds: number;
  readonly curve: (typeof CURVES)[number];
  readonly summationMethod: (typeof METHODS)[number];
  readonly thresholds: readonly number[];
  readonly multiLabel: boolean;
  readonly numLabels: number | null;
  readonly labelWeights: Tensor | null;
  readonly fromLogits: boolean;
  readonly #even: boolean;
  readonly #given: boolean;
  #state: ConfusionState | null = null;

  constructor(options: AUCOptions<N> = {}) {
    super(baseOptions('AUC', options, undefined, KEYS));
    const {thresholds = null, multiLabel = false, numLabels = null, labelWeights = null} = options;
    this.curve = oneOf('curve', (options.curve ?? 'ROC').toUpperCase(), CURVES);
    this.summationMethod = oneOf(
      'summationMethod',
      (options.summationMethod ?? 'interpolation').toLowerCase(),
      METHODS,
    );
    this.#given = thresholds !== null;
    const inner =
      thresholds === null
        ? innerThresholds(checkWhole('AUC', 'numThresholds', options.numThresholds ?? 200, 2))
        : [...thresholdList('AUC', thresholds, 0.5)].sort((a, b) => a - b);
    this.numThresholds = inner.length + 2;
    this.#even = thresholds === null || areEven([0, ...inner, 1]);
    this.thresholds = [-config.epsilon(), ...inner, 1 + config.epsilon()];
    this.multiLabel = multiLabel;
    if (!multiLabel && numLabels !== null) {
      throw new ValueError(`AUC: numLabels goes with multiLabel, got ${describe(numLabels)}`);
    }
    this.numLabels = numLabels === null ? null : checkWhole('AUC', 'numLabels', numLabels, 1);
    this.labelWeights = labelWeights === null ? null : toDType(labelWeights, this.dtype, 'AUC: labelWeights');
    this.fromLogits = options.fromLogits ?? false;
    if (!multiLabel) this.#state = new ConfusionState(this, [this.numThresholds]);
    else if (numLabels !== null) this.#state = new ConfusionState(this, [this.numThresholds, numLabels]);
  }

  /**
   * @param yTrue labels 0 and 1
   * @param yPred predictions in [0, 1], of any shape; with `multiLabel` (samples, labels)
   */
  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const sampleWeight = checkUpdate(this.name, options);
    const given = toFloat(yPred, this.name);
    if (this.multiLabel && given.ndim !== 2) {
      throw new ShapeError(
        `${this.name}: with multiLabel predictions must be (samples, labels), got ${show(given.shape)}`,
      );
    }
    const prediction = this.fromLogits ? given.sigmoid() : given;
    this.#state ??= new ConfusionState(this, [this.numThresholds, given.dim(-1)]);
    const {thresholds, dtype, multiLabel} = this;
    const labelWeights = multiLabel ? null : this.labelWeights;
    const rules = {thresholds, even: this.#even, dtype, sampleWeight, multiLabel, labelWeights};
    this.#state.add(confusion(yTrue, prediction, rules, this.name));
  }

  result(): Tensor {
    const state = this.#state;
    if (state === null) return ops.zeros([], this.dtype) as Tensor;
    if (this.curve === 'PR' && this.summationMethod === 'interpolation') return this.#total(precisionRecallArea(state));
    const [x, y] = this.#curve(state);
    return this.#total(
      head(x)
        .sub(tail(x))
        .mul(this.#height(head(y), tail(y))),
    );
  }

  #height(a: Tensor, b: Tensor): Tensor {
    if (this.summationMethod === 'interpolation') return a.add(b).div(2);
    return this.summationMethod === 'minoring' ? a.minimum(b) : a.maximum(b);
  }

  #curve(state: ConfusionState): readonly [x: Tensor, y: Tensor] {
    if (this.curve === 'ROC') return [state.falsePositiveRate, state.recall];
    if (this.curve === 'PR') return [state.recall, state.precision];
    const {truePositives, falsePositives, trueNegatives, falseNegatives} = state;
    const found = truePositives.readValue();
    const scale = divideNoNan(found.add(falseNegatives), trueNegatives.add(falsePositives));
    const gain = (mistakes: Tensor): Tensor => scale.mul(divideNoNan(mistakes, found)).neg().add(1);
    const none = found.equal(0);
    const recall = ops.where(none, 0, gain(falseNegatives.readValue()));
    return [recall.maximum(0), ops.where(none, 1, gain(falsePositives.readValue()))];
  }

  // The area from its pieces between thresholds; labels are averaged.
  #total(pieces: Tensor): Tensor {
    if (!this.multiLabel) return pieces.sum();
    const areas = pieces.sum(0);
    const weights = this.labelWeights;
    return weights === null ? areas.mean() : divideNoNan(areas.mul(weights).sum(), weights.sum());
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_thresholds: this.numThresholds,
      curve: this.curve,
      summation_method: this.summationMethod,
      multi_label: this.multiLabel,
      num_labels: this.numLabels,
      label_weights: serializeKerasObject(this.labelWeights),
      from_logits: this.fromLogits,
      ...(this.#given ? {thresholds: this.thresholds.slice(1, -1)} : {}),
    };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    return constructFrom(this, [], {...config, label_weights: deserializeKerasObject(config['label_weights'])}) as T;
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined)
    throw new ValueError(`AUC: ${name} must be one of ${allowed.join(', ')}, got ${describe(value)}`);
  return found;
}

// Davis and Goadrich, "The relationship between precision-recall and ROC curves", 2006: true positives are interpolated, not
// precision. With slope s = dTP / dP and intercept i = TP - s P, a piece is s (dTP + i log(P_a / P_b)) / positives.
function precisionRecallArea(state: ConfusionState): Tensor {
  const found = state.truePositives.readValue();
  const all = found.add(state.falsePositives);
  const dFound = head(found).sub(tail(found));
  const slope = divideNoNan(dFound, head(all).sub(tail(all)).maximum(0));
  const intercept = tail(found).sub(slope.mul(tail(all)));
  const both = head(all).greater(0).logicalAnd(tail(all).greater(0));
  const ratio = ops.where(both, divideNoNan(head(all), tail(all).maximum(0)), 1);
  const positives = tail(found).add(tail(state.falseNegatives)).maximum(0);
  return divideNoNan(slope.mul(dFound.add(intercept.mul(ratio.log()))), positives);
}
