import {type Config, ops, ShapeError, type Tensor} from '@keratin/core';
import {checkAxis, show, withMask} from '@keratin/core/internal';
import {fromActivation} from './logits.js';
import {baseOptions, Loss, type LossOptions} from './loss.js';
import {type Labels, squeezeOrExpand, toFloat, toTensor} from './shapes.js';

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyFunctionOptions {
  /** Whether predictions are logits instead of probabilities. Default false. */
  fromLogits?: boolean | undefined;
  /** A label whose samples do not count, such as 255 for "no class". */
  ignoreClass?: number | null | undefined;
  /** Where the classes are. Default -1. */
  axis?: number | undefined;
}

/**
 * `-log(yPred[yTrue])`: the loss of each sample from class numbers.
 *
 * Probabilities that a softmax activation made are not used: its input is, which is exact. Others are clipped to
 * [1e-7, 1 - 1e-7] and normalized.
 * @param yTrue class numbers of any dtype: yPred's shape without the classes, or with 1 in their place
 * @param yPred [..., classes]
 */
export function sparseCategoricalCrossentropy(
  yTrue: Labels,
  yPred: Labels,
  options: SparseCategoricalCrossentropyFunctionOptions = {},
): Tensor {
  const where = 'sparseCategoricalCrossentropy';
  const {ignoreClass = null} = options;
  const prediction = toFloat(yPred, where);
  const axis = checkAxis(where, options.axis ?? -1, prediction.ndim);
  let labels = classNumbers(yTrue, prediction, axis, where);
  if (ignoreClass === null) return crossentropy(labels, prediction, axis, options.fromLogits ?? false, where);
  const valid = labels.notEqual(ignoreClass);
  labels = ops.where(valid, labels, 0);
  const kept = ops.where(valid.expandDims(axis), prediction, 0);
  const losses = crossentropy(labels, kept, axis, options.fromLogits ?? false, where);
  return withMask(ops.where(valid, losses, 0), valid);
}

function crossentropy(labels: Tensor, prediction: Tensor, axis: number, fromLogits: boolean, where: string): Tensor {
  const [output, logits] = fromActivation(prediction, fromLogits, 'softmax', where);
  return ops.sparseCategoricalCrossentropy(labels, output, {fromLogits: logits, axis});
}

// Integers of the predictions' shape without the classes.
function classNumbers(yTrue: Labels, prediction: Tensor, axis: number, where: string): Tensor {
  const given = toTensor(yTrue, where);
  let labels = given;
  if (labels.dtype !== 'int32' && labels.dtype !== 'int64') labels = ops.cast(labels, 'int32');
  if (labels.ndim === prediction.ndim && labels.shape[axis] === 1) labels = labels.squeeze(axis);
  const outer = prediction.shape.filter((_, i) => i !== axis);
  const fits =
    labels.ndim === outer.length && labels.shape.every((n, i) => n === outer[i] || n === null || outer[i] === null);
  if (!fits) {
    const oneHot = labels.ndim === prediction.ndim && labels.shape[axis] === prediction.shape[axis];
    const tail = oneHot ? '; one-hot targets go with categorical_crossentropy' : '';
    throw new ShapeError(
      `${where}: yTrue must hold one class number for each sample of yPred, got yTrue ${show(given.shape)} and yPred ${show(prediction.shape)}${tail}`,
    );
  }
  return labels;
}

/** Options of {@link SparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions
  extends LossOptions, SparseCategoricalCrossentropyFunctionOptions {}

/**
 * Cross-entropy of class numbers against probabilities or logits, reduced.
 *
 * @example
 * new losses.SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]); // 1.177
 */
export class SparseCategoricalCrossentropy extends Loss {
  readonly fromLogits: boolean;
  readonly ignoreClass: number | null;
  readonly axis: number;

  constructor(options: SparseCategoricalCrossentropyOptions = {}) {
    super(
      baseOptions('SparseCategoricalCrossentropy', options, 'sparse_categorical_crossentropy', [
        'fromLogits',
        'ignoreClass',
        'axis',
      ]),
    );
    this.fromLogits = options.fromLogits ?? false;
    this.ignoreClass = options.ignoreClass ?? null;
    this.axis = options.axis ?? -1;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [labels, prediction] = squeezeOrExpand(yTrue, yPred);
    return sparseCategoricalCrossentropy(labels, prediction, {
      fromLogits: this.fromLogits,
      ignoreClass: this.ignoreClass,
      axis: this.axis,
    });
  }

  // Class numbers stay integers: they would be rounded as floats beyond 2^24.
  protected override toTarget(yTrue: Labels): Tensor {
    return toTensor(yTrue, this.name);
  }

  /** As Keras's, which leaves `axis` out; here it is written where it is not the default, so that it is not lost. */
  override getConfig(): Config {
    const config = {...super.getConfig(), from_logits: this.fromLogits, ignore_class: this.ignoreClass};
    return this.axis === -1 ? config : {...config, axis: this.axis};
  }
}
