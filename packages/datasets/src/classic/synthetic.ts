import {ops, random, SeedGenerator, ShapeError, type Tensor, tensor, ValueError} from '@keratin/core';
import {checkOptions, describe, show} from '@keratin/core/internal';
import {type PairOf} from './train-and-test.js';

/** Options of the data sets that are drawn. */
export interface SyntheticOptions {
  /** Number of rows, of all classes together. Default 100. */
  samples?: number | undefined;
  /** Standard deviation of what is added to each coordinate. Default 0. */
  noise?: number | undefined;
  /** Whether rows come in random order, not by class. Default true. */
  shuffle?: boolean | undefined;
  /** For the same rows in every run. Default: follows `setSeed`. */
  seed?: number | undefined;
}

/** Options of {@link makeBlobs}. */
export interface BlobsOptions extends Omit<SyntheticOptions, 'noise'> {
  /** Number of clouds, or their centers. Default 3. */
  centers?: number | readonly (readonly number[])[] | undefined;
  /** Coordinates of a row where centers are drawn. Default 2. */
  features?: number | undefined;
  /** Standard deviation of the clouds: one, or one each. Default 1. */
  std?: number | readonly number[] | undefined;
  /** Where centers are drawn. Default [-10, 10]. */
  centerBox?: readonly [low: number, high: number] | undefined;
}

type Drawn = PairOf<Tensor, Tensor>;

const KEYS = ['samples', 'noise', 'shuffle', 'seed'] as const;
const RENAMED = {
  n_samples: 'samples',
  nSamples: 'samples',
  n_features: 'features',
  cluster_std: 'std',
  center_box: 'centerBox',
  random_state: 'seed',
  randomState: 'seed',
};

function checkAmount(op: string, name: string, value: number, least: number, whole = true): number {
  if (Number.isFinite(value) && value >= least && (!whole || Number.isInteger(value))) return value;
  throw new ValueError(
    `${op}: ${name} must be ${whole ? 'an integer' : 'a number'} of at least ${String(least)}, got ${describe(value)}`,
  );
}

/** Rows of each class: as many as can be alike, the first classes have one more. */
const sharesOf = (samples: number, classes: number): number[] =>
  Array.from({length: classes}, (_, i) => Math.floor(samples / classes) + (i < samples % classes ? 1 : 0));

function finished(parts: readonly Tensor[], {shuffle = true}: SyntheticOptions, generator: SeedGenerator): Drawn {
  const x = ops.concatenate([...parts], 0);
  const y = tensor(Int32Array.from(parts.flatMap((part, label) => Array.from({length: part.dim(0)}, () => label))));
  if (!shuffle) return [x, y];
  const order = random.permutation(x.dim(0), {seed: generator});
  return [ops.take(x, order, 0), ops.take(y, order, 0)];
}

/** Curves of points by a parameter from 0 to 1, with noise. */
function curves(
  op: string,
  options: SyntheticOptions,
  fns: readonly ((t: number) => readonly [number, number])[],
): Drawn {
  const {samples = 100, noise = 0} = options;
  checkAmount(op, 'samples', samples, fns.length);
  checkAmount(op, 'noise', noise, 0, false);
  const generator = new SeedGenerator(options.seed);
  const parts = sharesOf(samples, fns.length).map((count, i) => {
    const points = Array.from({length: count}, (_, k) => fns[i]?.(count === 1 ? 0 : k / (count - 1)) ?? [0, 0]);
    const exact = tensor(points.flat(), {shape: [count, 2]});
    return noise === 0 ? exact : exact.add(random.normal([count, 2], {stddev: noise, seed: generator}));
  });
  return finished(parts, options, generator);
}

/**
 * Round clouds around centers, one class each: float32 (samples, features) and int32 (samples,). (scikit-learn's `make_blobs`.)
 *
 * @example
 * const [x, y] = datasets.makeBlobs({samples: 300, centers: [[0, 0], [5, 5]], seed: 1});
 */
export function makeBlobs(options: BlobsOptions = {}): Drawn {
  const op = 'makeBlobs';
  checkOptions(op, options, ['samples', 'shuffle', 'seed', 'centers', 'features', 'std', 'centerBox'], RENAMED);
  const {samples = 100, centers = 3, features = 2, std = 1, centerBox: [low, high] = [-10, 10]} = options;
  const generator = new SeedGenerator(options.seed);
  const count = typeof centers === 'number' ? checkAmount(op, 'centers', centers, 1) : centers.length;
  checkAmount(op, 'samples', samples, count);
  checkAmount(op, 'features', features, 1);
  const places =
    typeof centers === 'number'
      ? random.uniform([count, features], {minval: low, maxval: high, seed: generator})
      : tensor(centers as number[][]);
  if (places.ndim !== 2)
    throw new ShapeError(`${op}: centers must be rows of coordinates, got shape ${show(places.shape)}`);
  const widths = typeof std === 'number' ? places.array(2).map(() => std) : std;
  if (widths.length !== count) {
    throw new ValueError(
      `${op}: std must be one number or one for each of ${String(count)} centers, got ${describe(std)}`,
    );
  }
  const parts = sharesOf(samples, count).map((rows, i) => {
    const stddev = checkAmount(op, 'std', widths[i] ?? 1, 0, false);
    return places.at(i).add(random.normal([rows, places.dim(1)], {stddev, seed: generator}));
  });
  return finished(parts, options, generator);
}

/**
 * Two half circles that reach into each other: float32 (samples, 2) and int32 (samples,). (scikit-learn's `make_moons`.)
 *
 * @example
 * const [x, y] = datasets.makeMoons({samples: 200, noise: 0.1, seed: 1});
 */
export function makeMoons(options: SyntheticOptions = {}): Drawn {
  const op = 'makeMoons';
  checkOptions(op, options, KEYS, RENAMED);
  const outer = (t: number) => [Math.cos(Math.PI * t), Math.sin(Math.PI * t)] as const;
  const inner = (t: number) => [1 - Math.cos(Math.PI * t), 0.5 - Math.sin(Math.PI * t)] as const;
  return curves(op, options, [outer, inner]);
}

/**
 * A large circle with a small one in it: float32 (samples, 2) and int32 (samples,). (scikit-learn's `make_circles`.)
 *
 * @param options.factor radius of the inner circle; the outer one has 1; default 0.8
 */
export function makeCircles(options: SyntheticOptions & {factor?: number | undefined} = {}): Drawn {
  const op = 'makeCircles';
  checkOptions(op, options, [...KEYS, 'factor'], RENAMED);
  const {factor = 0.8, samples = 100} = options;
  if (!(factor >= 0 && factor < 1)) {
    throw new ValueError(`${op}: factor must be at least 0 and below 1, got ${describe(factor)}`);
  }
  // The last point must not fall on the first.
  const counts = sharesOf(samples, 2);
  const circle = (radius: number, count: number) => (t: number) => {
    const angle = (2 * Math.PI * t * (count - 1)) / Math.max(count, 1);
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  };
  return curves(op, options, [circle(1, counts[0] ?? 1), circle(factor, counts[1] ?? 1)]);
}

/**
 * Arms of a spiral around the origin, one class each: float32 (samples, 2) and int32 (samples,).
 *
 * @param options.classes number of arms; default 2
 * @param options.turns how often an arm goes around; default 1
 */
export function makeSpirals(
  options: SyntheticOptions & {classes?: number | undefined; turns?: number | undefined} = {},
): Drawn {
  const op = 'makeSpirals';
  checkOptions(op, options, [...KEYS, 'classes', 'turns'], RENAMED);
  const {classes = 2, turns = 1} = options;
  checkAmount(op, 'classes', classes, 1);
  checkAmount(op, 'turns', turns, 0, false);
  const arm = (i: number) => (t: number) => {
    const angle = 2 * Math.PI * (turns * t + i / classes);
    return [t * Math.cos(angle), t * Math.sin(angle)] as const;
  };
  return curves(
    op,
    options,
    Array.from({length: classes}, (_, i) => arm(i)),
  );
}

/**
 * Clouds of normal distributions, one class each: float32 (samples, features) and int32 (samples,).
 *
 * @param means one mean each
 * @param covariances one matrix each, or one for all
 *
 * @example
 * const [x, y] = datasets.makeGaussians([[0, 3], [3, 0]], [[1, 0.5], [0.5, 1]], {samples: 2000, seed: 1});
 */
export function makeGaussians(
  means: readonly (readonly number[])[],
  covariances: readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[],
  options: Omit<SyntheticOptions, 'noise'> = {},
): Drawn {
  const op = 'makeGaussians';
  checkOptions(op, options, ['samples', 'shuffle', 'seed'], RENAMED);
  const {samples = 100} = options;
  checkAmount(op, 'samples', samples, means.length);
  const isOne = typeof covariances[0]?.[0] === 'number';
  const all = (isOne ? means.map(() => covariances) : covariances) as readonly (readonly (readonly number[])[])[];
  if (means.length === 0 || all.length !== means.length) {
    throw new ValueError(
      `${op}: there must be one covariance for each mean, or one for all, got ${String(means.length)} means and ${String(all.length)}`,
    );
  }
  const generator = new SeedGenerator(options.seed);
  const parts = sharesOf(samples, means.length).map((rows, i) =>
    random.multivariateNormal(
      [...(means[i] ?? [])],
      (all[i] ?? []).map((row) => [...row]),
      rows,
      {seed: generator},
    ),
  );
  return finished(parts, options, generator);
}
