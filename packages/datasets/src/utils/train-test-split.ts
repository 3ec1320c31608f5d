import {isTensor, ops, random, ShapeError, type Tensor, tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';

/** Options of {@link trainTestSplit}. */
export interface TrainTestSplitOptions {
  /** The test part: a share in (0, 1), rounded up to whole entries, or a number of entries. Default 0.25, or what `trainSize` leaves. */
  testSize?: number | undefined;
  /** The training part: a share in (0, 1), rounded down, or a number of entries. Default: the rest. */
  trainSize?: number | undefined;
  /** Whether entries are drawn at random. Default true; false takes the last ones for the test. */
  shuffle?: boolean | undefined;
  /** For the same split at every call. Default: follows `setSeed`. */
  seed?: number | undefined;
  /** A class for each entry (integers or text): both parts have each class in its share. */
  stratify?: Tensor | Tensor<bigint> | Tensor<string> | readonly (number | string)[] | undefined;
}

/**
 * Splits tensors of one length into a training and a test part, by the same random order for all of them.
 *
 * @example
 * const [[xTrain, yTrain], [xTest, yTest]] = utils.trainTestSplit([x, y], {testSize: 0.3, seed: 1, stratify: y});
 * @throws ShapeError where the tensors differ in length, ValueError where a part would be empty
 */
export function trainTestSplit<const T extends readonly Tensor[]>(
  tensors: T,
  options: TrainTestSplitOptions = {},
): [train: {[K in keyof T]: Tensor}, test: {[K in keyof T]: Tensor}] {
  const op = 'trainTestSplit';
  checkOptions(op, options, ['testSize', 'trainSize', 'shuffle', 'seed', 'stratify'], {
    test_size: 'testSize',
    train_size: 'trainSize',
    randomState: 'seed',
    random_state: 'seed',
  });
  const [first] = tensors;
  if (first === undefined) throw new ValueError(`${op}: at least one tensor is needed`);
  const lengths = tensors.map((t) => t.length);
  const n = first.length;
  if (lengths.some((length) => length !== n)) {
    throw new ShapeError(`${op}: tensors must have one length, got ${lengths.join(', ')}`);
  }
  const [numTrain, numTest] = sizesOf(op, n, options);
  const {seed, shuffle = true, stratify} = options;
  if (stratify !== undefined && !shuffle) {
    throw new ValueError(`${op}: stratify draws entries by class, it cannot be given with shuffle: false`);
  }
  const order = shuffle ? random.permutation(n, {seed}) : ops.arange(n);
  const [trainIds, testIds] =
    stratify === undefined
      ? [ops.slice(order, [0], [numTrain]), ops.slice(order, [n - numTest], [numTest])]
      : stratified(op, order.array(1), classesOf(op, stratify, n), numTrain, numTest);
  const part = (ids: Tensor) => tensors.map((t) => ops.take(t, ids, 0)) as {[K in keyof T]: Tensor};
  return [part(trainIds), part(testIds)];
}

function sizesOf(op: string, n: number, {testSize, trainSize}: TrainTestSplitOptions): [train: number, test: number] {
  const count = (size: number, round: (x: number) => number): number => (size > 0 && size < 1 ? round(n * size) : size);
  const given = trainSize === undefined ? undefined : count(trainSize, Math.floor);
  const numTest =
    testSize !== undefined ? count(testSize, Math.ceil) : given !== undefined ? n - given : Math.ceil(n / 4);
  const numTrain = given ?? n - numTest;
  for (const [name, size, value] of [
    ['testSize', numTest, testSize],
    ['trainSize', numTrain, trainSize],
  ] as const) {
    if (!Number.isInteger(size) || size < 1 || size >= n) {
      throw new ValueError(
        `${op}: ${name} must be a share in (0, 1) or a number of entries below ${String(n)} that leaves both parts some, got ${describe(value)}`,
      );
    }
  }
  if (numTrain + numTest > n) {
    throw new ValueError(
      `${op}: trainSize and testSize must not be more than ${String(n)} entries together, got ${String(numTrain)} and ${String(numTest)}`,
    );
  }
  return [numTrain, numTest];
}

function classesOf(
  op: string,
  stratify: NonNullable<TrainTestSplitOptions['stratify']>,
  n: number,
): readonly unknown[] {
  const classes: readonly unknown[] = isTensor(stratify) ? (stratify as Tensor).reshape([-1]).array(1) : stratify;
  if (classes.length !== n) {
    throw new ShapeError(
      `${op}: stratify must have a class for each of ${String(n)} entries, got ${String(classes.length)}`,
    );
  }
  return classes;
}

/** Numbers of entries in the given order, with each class in its share of both parts. */
function stratified(
  op: string,
  order: readonly number[],
  classes: readonly unknown[],
  numTrain: number,
  numTest: number,
): [train: Tensor, test: Tensor] {
  const counts = new Map<unknown, number>();
  for (const value of classes) counts.set(value, (counts.get(value) ?? 0) + 1);
  const rare = [...counts].find(([, count]) => count < 2);
  if (rare !== undefined) {
    throw new ValueError(`${op}: stratify needs at least two entries of each class, ${describe(rare[0])} has one`);
  }
  if (Math.min(numTrain, numTest) < counts.size) {
    throw new ValueError(
      `${op}: both parts must have room for ${String(counts.size)} classes, got ${String(numTrain)} and ${String(numTest)} entries`,
    );
  }
  const testQuota = quotas(counts, numTest);
  const rest = new Map([...counts].map(([value, count]) => [value, count - (testQuota.get(value) ?? 0)]));
  const trainQuota = quotas(rest, numTrain);
  const [train, test]: [number[], number[]] = [[], []];
  for (const index of order) {
    for (const [quota, part] of [
      [testQuota, test],
      [trainQuota, train],
    ] as const) {
      const left = quota.get(classes[index]) ?? 0;
      if (left === 0) continue;
      quota.set(classes[index], left - 1);
      part.push(index);
      break;
    }
  }
  return [tensor(Int32Array.from(train)), tensor(Int32Array.from(test))];
}

/** `wanted` entries by class in proportion: whole shares, then one more for the largest remainders. */
function quotas(counts: ReadonlyMap<unknown, number>, wanted: number): Map<unknown, number> {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const shares = [...counts].map(([value, count]) => ({value, share: (count * wanted) / total}));
  const quota = new Map(shares.map(({value, share}) => [value, Math.floor(share)]));
  const left = wanted - [...quota.values()].reduce((sum, count) => sum + count, 0);
  const byRemainder = shares.sort((a, b) => (b.share % 1) - (a.share % 1));
  for (const {value} of byRemainder.slice(0, left)) quota.set(value, (quota.get(value) ?? 0) + 1);
  return quota;
}
