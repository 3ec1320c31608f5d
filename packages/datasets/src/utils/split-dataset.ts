import {ValueError} from '@keratin/core';
import {checkOptions, describe, drawSeed} from '@keratin/core/internal';
import {Dataset} from '../pipeline/dataset.js';
import {type ArrayStructure, type TensorsOf} from '../pipeline/elements/types.js';

/** Options of {@link splitDataset}. */
export interface SplitDatasetOptions {
  /** Of the first part: a share in (0, 1) or a number of elements. Default: the rest. */
  leftSize?: number | undefined;
  /** Of the second part. Default: the rest. */
  rightSize?: number | undefined;
  /** Whether elements are drawn at random. Default false. */
  shuffle?: boolean | undefined;
  /** For the same split in every run. Default: follows `setSeed`. */
  seed?: number | undefined;
}

/**
 * Two datasets with the first and the last elements of a dataset, or of the rows of arrays.
 *
 * @example
 * const [train, validation] = utils.splitDataset(dataset, {leftSize: 0.8});
 * @throws ValueError where sizes do not fit, or nobody knows the number of elements
 */
export function splitDataset<E>(
  dataset: Dataset<E>,
  options: SplitDatasetOptions,
): [left: Dataset<E>, right: Dataset<E>];
export function splitDataset<const T extends ArrayStructure>(
  arrays: T,
  options: SplitDatasetOptions,
): [left: Dataset<TensorsOf<T>>, right: Dataset<TensorsOf<T>>];
export function splitDataset(data: unknown, options: SplitDatasetOptions): [Dataset<unknown>, Dataset<unknown>] {
  const op = 'splitDataset';
  checkOptions(op, options, ['leftSize', 'rightSize', 'shuffle', 'seed'], {
    left_size: 'leftSize',
    right_size: 'rightSize',
  });
  const dataset: Dataset<unknown> =
    data instanceof Dataset ? (data as Dataset<unknown>) : Dataset.fromTensorSlices(data as ArrayStructure);
  const total = dataset.cardinality();
  if (total < 0) {
    throw new ValueError(
      `${op}: the number of elements must be known, that of ${String(dataset)} is ${total === -1 ? 'infinite' : 'not'}; use take() and skip()`,
    );
  }
  const {leftSize, rightSize} = options;
  if (leftSize === undefined && rightSize === undefined) {
    throw new ValueError(`${op}: leftSize or rightSize must be given`);
  }
  const count = (name: string, size: number | undefined): number | undefined => {
    if (size === undefined) return undefined;
    const whole = size > 0 && size < 1 ? Math.round(size * total) : size;
    if (Number.isInteger(whole) && whole > 0 && whole <= total) return whole;
    throw new ValueError(
      `${op}: ${name} must be a share in (0, 1) or a number of elements up to ${String(total)}, got ${describe(size)}`,
    );
  };
  const right = count('rightSize', rightSize);
  const left = count('leftSize', leftSize) ?? total - (right ?? 0);
  const rest = right ?? total - left;
  if (left + rest > total || left === 0 || rest === 0) {
    throw new ValueError(
      `${op}: both parts need elements and ${String(total)} are there, got ${String(left)} and ${String(rest)}`,
    );
  }
  // One order for both parts, in every pass.
  const seed = options.seed ?? drawSeed();
  const ordered = options.shuffle === true ? dataset.shuffle(total, {seed, reshuffleEachIteration: false}) : dataset;
  return [ordered.take(left), ordered.skip(total - rest)];
}
