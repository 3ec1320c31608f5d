import {type Config, config, ops, type Tensor, ValueError} from '@keratin/core';
import {apply, describe, scatterAdd} from '@keratin/core/internal';
import {type Labels, toDType, toTensor} from '../losses/shapes.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {checkWhole} from './thresholds.js';

/** Options of {@link IoU}. */
export interface IoUOptions<N extends string = string> extends MetricOptions<N> {
  /** A label whose entries do not count. Default null. */
  ignoreClass?: number | null | undefined;
  /** Whether targets are class numbers, not one-hot. Default true. */
  sparseYTrue?: boolean | undefined;
  /** Whether predictions are class numbers, not scores of each class. Default true. */
  sparseYPred?: boolean | undefined;
  /** Where the classes are, if not sparse. Default -1. */
  axis?: number | undefined;
}

const KEYS = ['ignoreClass', 'sparseYTrue', 'sparseYPred', 'axis'] as const;

/**
 * How well regions overlap: `true positives / (true positives + false positives + false negatives)` of some classes, averaged over
 * those that occur. Counts are int64 by default, as in Keras; then weights are whole numbers too.
 *
 * @example
 * new metrics.IoU(2, [0])([0, 0, 1, 1], [0, 1, 0, 1]); // 1/3
 */
export class IoU<const N extends string = string> extends Metric<N> {
  static override readonly positional: readonly string[] = ['numClasses', 'targetClassIds'];
  override readonly direction = 'up';
  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly ignoreClass: number | null;
  readonly sparseYTrue: boolean;
  readonly sparseYPred: boolean;
  readonly axis: number;
  readonly totalConfusionMatrix;

  constructor(numClasses: number, targetClassIds: readonly number[], options: IoUOptions<N> = {}) {
    const where = new.target.name;
    super(baseOptions(where, {...options, dtype: options.dtype ?? 'int64'}, undefined, KEYS));
    this.numClasses = checkWhole(where, 'numClasses', numClasses, 1);
    if (!Array.isArray(targetClassIds) || targetClassIds.some((id) => !(id >= 0 && id < numClasses))) {
      throw new ValueError(
        `${where}: targetClassIds must be class numbers below ${String(numClasses)}, got ${describe(targetClassIds)}`,
      );
    }
    this.targetClassIds = [...(targetClassIds as readonly number[])];
    this.ignoreClass = options.ignoreClass ?? null;
    this.sparseYTrue = options.sparseYTrue ?? true;
    this.sparseYPred = options.sparseYPred ?? true;
    this.axis = options.axis ?? -1;
    this.totalConfusionMatrix = this.addVariable({
      name: 'total_confusion_matrix',
      shape: [numClasses, numClasses],
    });
  }

  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const given = checkUpdate(this.name, options);
    const {axis, numClasses, ignoreClass, dtype, name} = this;
    const numbers = (x: Labels, sparse: boolean): Tensor =>
      toDType(sparse ? x : toTensor(x, name).argmax(axis), 'int32', name).reshape([-1]);
    const t = numbers(yTrue, this.sparseYTrue);
    const p = numbers(yPred, this.sparseYPred);
    const weight = given === null ? (ops.ones([], dtype) as Tensor) : toDType(given, dtype, name);
    const weights = ops.broadcastTo(weight.ndim > 1 ? weight.reshape([-1]) : weight, t.shape);
    const inside = (x: Tensor): Tensor<boolean> => x.greaterEqual(0).logicalAnd(x.less(numClasses));
    let valid = inside(t).logicalAnd(inside(p));
    if (ignoreClass !== null) valid = valid.logicalAnd(t.notEqual(ignoreClass));
    const indices = ops.stack([ops.where(valid, t, 0), ops.where(valid, p, 0)], 1);
    const counted = ops.where(valid, weights, ops.zerosLike(weights));
    this.totalConfusionMatrix.assignAdd(apply(scatterAdd, [indices, counted], {shape: [numClasses, numClasses]}, name));
  }

  result(): Tensor {
    const matrix: Tensor = ops.cast(this.totalConfusionMatrix, 'float32');
    const hits = matrix.mul(ops.eye(this.numClasses)).sum(0);
    const union = matrix.sum(0).add(matrix.sum(1)).sub(hits);
    const chosen = (x: Tensor): Tensor => ops.take(x, [...this.targetClassIds], 0);
    const occurring = chosen(union).greater(1e-9);
    const scores = ops.where(occurring, chosen(hits).div(chosen(union).add(config.epsilon())), 0);
    return scores.sum().div(ops.cast(occurring, 'float32').sum().add(config.epsilon()));
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_classes: this.numClasses,
      target_class_ids: [...this.targetClassIds],
      ignore_class: this.ignoreClass,
      sparse_y_true: this.sparseYTrue,
      sparse_y_pred: this.sparseYPred,
      axis: this.axis,
    };
  }
}
