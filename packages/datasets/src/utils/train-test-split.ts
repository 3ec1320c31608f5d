import {ops, random, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';

export interface TrainTestSplitOptions {
  /** The test part: a share in (0, 1), rounded up to whole entries, or a number of entries. */
  testSize: number;
  /** Whether entries are drawn at random. Default true; false takes the last ones for the test. */
  shuffle?: boolean | undefined;
  /** For the same split at every call. Default: follows `setSeed`. */
  seed?: number | undefined;
}

/**
 * Splits tensors of one length into a training and a test part, by the same random order for all of them.
 *
 * @example
 * const [[xTrain, yTrain], [xTest, yTest]] = utils.trainTestSplit([x, y], {testSize: 0.3, seed: 1});
 * @throws ShapeError where the tensors differ in length, ValueError where a part would be empty
 */
export function trainTestSplit<const T extends readonly Tensor[]>(
  tensors: T,
  options: TrainTestSplitOptions,
): [train: {[K in keyof T]: Tensor}, test: {[K in keyof T]: Tensor}] {
  const op = 'trainTestSplit';
  checkOptions(op, options, ['testSize', 'shuffle', 'seed'], {test_size: 'testSize', randomState: 'seed'});
  const [first] = tensors;
  if (first === undefined) throw new ValueError(`${op}: at least one tensor is needed`);
  const lengths = tensors.map((t) => t.length);
  const n = first.length;
  if (lengths.some((length) => length !== n)) {
    throw new ShapeError(`${op}: tensors must have one length, got ${lengths.join(', ')}`);
  }
  const {testSize, seed} = options;
  const numTest = testSize > 0 && testSize < 1 ? Math.ceil(n * testSize) : testSize;
  if (!Number.isInteger(numTest) || numTest < 1 || numTest >= n) {
    throw new ValueError(
      `${op}: testSize must be a share in (0, 1) or a number of entries below ${String(n)} that leaves both parts some, got ${describe(testSize)}`,
    );
  }
  const order = (options.shuffle ?? true) ? random.permutation(n, {seed}) : ops.arange(n);
  const [trainIds, testIds] = ops.split(order, [n - numTest]);
  if (trainIds === undefined || testIds === undefined) throw new ValueError(`${op}: nothing to split`);
  const part = (ids: Tensor) => tensors.map((t) => ops.take(t, ids, 0)) as {[K in keyof T]: Tensor};
  return [part(trainIds), part(testIds)];
}
