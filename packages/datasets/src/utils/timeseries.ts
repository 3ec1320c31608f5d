import {type Element, ops, ShapeError, type Tensor, tensor, type TensorLike, ValueError} from '@keratin/core';
import {checkOptions, describe, show} from '@keratin/core/internal';
import {Dataset} from '../pipeline/dataset.js';
import {type Rows} from '../pipeline/elements/rows.js';
import {CountStage} from '../pipeline/sources/rows.js';

/** Options of {@link timeseriesDatasetFromArray}. */
export interface TimeseriesOptions {
  /** From the start of a sequence to that of the next. Default 1. */
  sequenceStride?: number | undefined;
  /** From one entry of a sequence to the next. Default 1. */
  samplingRate?: number | undefined;
  /** Sequences of a batch; null for single sequences. Default 128. */
  batchSize?: number | null | undefined;
  /** Whether sequences come in random order. Default false. */
  shuffle?: boolean | undefined;
  /** For the same order in every run. Default: follows `setSeed`. */
  seed?: number | undefined;
  /** The first entry that is used. Default 0. */
  startIndex?: number | undefined;
  /** The entry before which the used ones end. Default: all. */
  endIndex?: number | undefined;
}

/** Sequences of an array by the number of their first entry, alone or with a target each. */
class SequenceRows implements Rows {
  readonly spec = null;

  constructor(
    private readonly data: Tensor<Element>,
    private readonly targets: Tensor<Element> | null,
    private readonly steps: readonly number[],
    private readonly start: number,
  ) {}

  row(index: number): unknown {
    const at = this.start + index;
    const sequence = ops.take(
      this.data,
      tensor(
        this.steps.map((step) => at + step),
        'int32',
      ),
      0,
    );
    return this.targets === null ? sequence : [sequence, this.targets.at(at)];
  }

  rows(indices: readonly number[]): unknown {
    const {steps, start} = this;
    const each = tensor(Int32Array.from(indices.flatMap((index) => steps.map((step) => start + index + step))));
    const sequences = ops.take(this.data, each.reshape([indices.length, steps.length]), 0);
    if (this.targets === null) return sequences;
    return [sequences, ops.take(this.targets, tensor(Int32Array.from(indices, (index) => start + index)), 0)];
  }
}

/**
 * Sequences of neighbouring entries of an array (time steps on the first axis), with the target of the same number as their first entry,
 * in batches: elements `[sequences, targets]`, or `sequences` without targets.
 *
 * @param targets one per time step, or null
 * @param sequenceLength entries of a sequence
 *
 * @example
 * // Five steps, to foretell the one after them.
 * utils.timeseriesDatasetFromArray(data.at(':-5'), data.at('5:'), 5);
 */
export function timeseriesDatasetFromArray(
  data: TensorLike | Tensor<Element>,
  targets: null | undefined,
  sequenceLength: number,
  options?: TimeseriesOptions,
): Dataset<Tensor>;
export function timeseriesDatasetFromArray(
  data: TensorLike | Tensor<Element>,
  targets: TensorLike | Tensor<Element>,
  sequenceLength: number,
  options?: TimeseriesOptions,
): Dataset<readonly [Tensor, Tensor]>;
export function timeseriesDatasetFromArray(
  data: TensorLike | Tensor<Element>,
  targets: TensorLike | Tensor<Element> | null | undefined,
  sequenceLength: number,
  options: TimeseriesOptions = {},
): Dataset<Tensor> | Dataset<readonly [Tensor, Tensor]> {
  const op = 'timeseriesDatasetFromArray';
  checkOptions(op, options, [
    'sequenceStride',
    'samplingRate',
    'batchSize',
    'shuffle',
    'seed',
    'startIndex',
    'endIndex',
  ]);
  const values: Tensor<Element> = tensor(data as TensorLike);
  const wanted: Tensor<Element> | null =
    targets === null || targets === undefined ? null : tensor(targets as TensorLike);
  for (const [name, array] of Object.entries({data: values, targets: wanted})) {
    if (array?.ndim === 0)
      throw new ShapeError(`${op}: ${name} must have a first axis of time steps, got ${show(array.shape)}`);
  }
  const {sequenceStride = 1, samplingRate = 1, startIndex = 0, endIndex = values.length, batchSize = 128} = options;
  const positive = {sequenceLength, sequenceStride, samplingRate, batchSize: batchSize ?? 1};
  for (const [name, value] of Object.entries(positive)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ValueError(`${op}: ${name} must be a positive integer, got ${describe(value)}`);
    }
  }
  if (
    !Number.isInteger(startIndex) ||
    !Number.isInteger(endIndex) ||
    startIndex < 0 ||
    endIndex > values.length ||
    startIndex >= endIndex
  ) {
    throw new ValueError(
      `${op}: startIndex and endIndex must be a range within the ${String(values.length)} time steps, got ${describe(startIndex)} and ${describe(endIndex)}`,
    );
  }
  const possible = endIndex - startIndex - (sequenceLength - 1) * samplingRate;
  const starts = Math.max(Math.min(possible, wanted === null ? possible : wanted.length - startIndex), 0);
  const count = Math.ceil(starts / sequenceStride);
  const steps = Array.from({length: sequenceLength}, (_, i) => i * samplingRate);
  const rows = new SequenceRows(values, wanted, steps, startIndex);
  const sequences = Dataset.ofRows<Tensor>(rows, new CountStage(op, 0, sequenceStride, count));
  const ordered = options.shuffle === true ? sequences.shuffle(Math.max(count, 1), {seed: options.seed}) : sequences;
  return batchSize === null ? ordered : ordered.batch(batchSize);
}
