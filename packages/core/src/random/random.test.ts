import {describe, expect, it} from 'vitest';
import {
  DtypeError,
  getNumThreads,
  GradientTape,
  random,
  SeedGenerator,
  setNumThreads,
  setSeed,
  ShapeError,
  tensor,
  type Tensor,
  UnknownOptionError,
  ValueError,
  Variable,
} from '../index.js';
import {symbolicTensor} from '../internal.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

type Options = {seed?: number | SeedGenerator | null | undefined; dtype?: 'float64' | undefined};

/** Every function with a seed, of 5,000 elements. */
const FUNCTIONS: Readonly<Record<string, (options: Options) => Tensor>> = {
  uniform: (o) => random.uniform([50, 100], o),
  normal: (o) => random.normal([50, 100], o),
  truncatedNormal: (o) => random.truncatedNormal([50, 100], o),
  gamma: (o) => random.gamma([50, 100], 0.7, o),
  beta: (o) => random.beta([50, 100], 0.7, 2, o),
  binomial: (o) => random.binomial([50, 100], 30, 0.4, o),
  bernoulli: (o) => random.bernoulli([50, 100], 0.4, o),
  randint: ({seed}) => random.randint([50, 100], 0, 1000, {seed}),
  categorical: ({seed}) => random.categorical([[0, 1, 2, 3, 4]], 5000, {seed}),
  permutation: ({seed}) => random.permutation(5000, {seed}),
  shuffle: ({seed}) => random.shuffle(random.permutation(5000, {seed: 1}), {seed}),
  dropout: ({seed}) => random.dropout(random.uniform([50, 100], {seed: 1}), 0.5, {seed}),
  multivariateNormal: ({seed}) => random.multivariateNormal([0], [[1]], 5000, {seed}),
};
const all = Object.entries(FUNCTIONS);

const same = (a: Tensor, b: Tensor): boolean => a.equal(b).all().item();

describe('seeds', () => {
  it.each(all)('%s: an integer repeats, other integers and none do not', (_, draw) => {
    expect(same(draw({seed: 4}), draw({seed: 4}))).toBe(true);
    expect(same(draw({seed: 4}), draw({seed: 5}))).toBe(false);
    expect(same(draw({seed: 4}), draw({seed: 2 ** 40 + 4}))).toBe(false);
    expect(same(draw({}), draw({}))).toBe(false);
    expect(same(draw({seed: null}), draw({}))).toBe(false);
  });

  it.each(all)('%s: a SeedGenerator goes on, and repeats from its start', (_, draw) => {
    const a = new SeedGenerator(4);
    const [first, second] = [draw({seed: a}), draw({seed: a})];
    expect(same(first, second)).toBe(false);
    expect(same(first, draw({seed: 4}))).toBe(true);
    const b = new SeedGenerator(4);
    expect(same(first, draw({seed: b})) && same(second, draw({seed: b}))).toBe(true);
  });

  it.each(all)('003-7 %s: setSeed repeats what has no seed', (_, draw) => {
    setSeed(42);
    const [a, b] = [draw({}), draw({})];
    setSeed(42);
    expect(same(a, draw({})) && same(b, draw({}))).toBe(true);
    setSeed(43);
    expect(same(a, draw({}))).toBe(false);
  });

  it.each(all)('%s: the values do not depend on the number of threads', (_, draw) => {
    const before = getNumThreads();
    try {
      const results = [1, 2, 3].map((threads) => {
        setNumThreads(threads);
        return draw({seed: 11});
      });
      for (const result of results) expect(same(result, results[0] ?? result)).toBe(true);
    } finally {
      setNumThreads(before);
    }
  });

  it('a generator counts, goes back, and is made of its config', () => {
    const seed = new SeedGenerator(7, {name: 'noise'});
    expect([seed.name, seed.counter, new SeedGenerator().name]).toEqual(['noise', 0, 'seed_generator']);
    const x = random.normal([3], {seed});
    expect(seed.counter).toBe(1);
    seed.counter = 0;
    expect(same(random.normal([3], {seed}), x)).toBe(true);
    expect(seed.getConfig()).toEqual({seed: 7});
    expect(same(random.normal([3], {seed: SeedGenerator.fromConfig(seed.getConfig())}), x)).toBe(true);
    expect(new SeedGenerator(null).seed).not.toBe(new SeedGenerator().seed);
  });

  it('are integers or generators', () => {
    for (const seed of [-1, 1.5, 2 ** 53, NaN]) {
      expect(() => random.normal([1], {seed})).toThrow('random.normal: a seed is a non-negative integer');
      expect(() => new SeedGenerator(seed)).toThrow('SeedGenerator: a seed is a non-negative integer');
    }
    expect(() => random.gamma([1], 1, {seed: 'x' as never})).toThrow(
      'seed must be an integer or a SeedGenerator, got "x"',
    );
    expect(() => new SeedGenerator(1, {nme: 'x'} as never)).toThrow('did you mean "name"?');
  });
});

describe('values that other versions of this library gave too', () => {
  // Initializers and saved seeds rely on them.
  it.each([
    ['uniform', random.uniform([3], {seed: 42}), [0.61296, 0.987719, 0.825867]],
    ['normal', random.normal([3], {seed: 42}), [-0.97019, -0.073181, -0.336962]],
    ['truncatedNormal', random.truncatedNormal([3], {seed: 42}), [-0.97019, -0.073181, -0.336962]],
    ['randint', random.randint([3], 0, 1000, {seed: 42}), [468, 327, 658]],
    ['permutation', random.permutation(5, {seed: 42}), [2, 0, 3, 4, 1]],
    ['gamma', random.gamma([3], 2, {seed: 42}), [0.946795, 0.416292, 1.847108]],
    ['beta', random.beta([3], 2, 3, {seed: 42}), [0.364984, 0.179873, 0.407921]],
    ['binomial', random.binomial([3], 100, 0.3, {seed: 42}), [30, 28, 32]],
    ['categorical', random.categorical([[0, 1, 2, 3]], 5, {seed: 42}), [3, 2, 3, 3, 3]],
  ])('%s', (_, x, expected) => {
    const values = x.reshape([-1]).array(1);
    values.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 5));
  });
});

describe('shapes and dtypes', () => {
  const floats = ['float16', 'bfloat16', 'float32', 'float64'] as const;
  it.each(floats)('%s', (dtype) => {
    for (const x of [
      random.uniform([2, 0, 3], {dtype}),
      random.normal([2, 0, 3], {dtype}),
      random.truncatedNormal([2, 0, 3], {dtype}),
      random.gamma([2, 0, 3], 1, {dtype}),
      random.beta([2, 0, 3], 1, 2, {dtype}),
      random.binomial([2, 0, 3], 4, 0.5, {dtype}),
    ]) {
      expect([x.shape, x.dtype]).toEqual([[2, 0, 3], dtype]);
    }
    expect(random.gamma([], 3, {dtype}).item()).toBeGreaterThan(0);
    expect(random.dropout(tensor([1, 2], dtype), 0.5).dtype).toBe(dtype);
    expect(random.categorical(tensor([[0, 1]], dtype), 4).shape).toEqual([1, 4]);
  });

  it('004-1 the defaults are float32 and int32', () => {
    expect(random.normal([3, 1], {mean: 0, stddev: 1}).dtype).toBe('float32');
    expect(random.uniform([3, 1], {minval: 0, maxval: 1}).shape).toEqual([3, 1]);
    expect(random.randint([2], 0, 5).dtype).toBe('int32');
    expect(random.categorical([[0, 1]], 2).dtype).toBe('int32');
    expect(random.permutation(3).dtype).toBe('int32');
    expect(random.binomial([2], 3, 0.5).dtype).toBe('float32');
    expect(random.bernoulli([2], 0.5, {dtype: 'bool'}).dtype).toBe('bool');
    expect(random.categorical([[0, 1]], 2, {dtype: 'uint8'}).dtype).toBe('uint8');
    expect(random.categorical([[0, 1]], 2, {dtype: 'int64'}).dtype).toBe('int64');
  });

  it('parameters broadcast to the shape', () => {
    const wide = random.gamma([4, 3], [1, 100, 10_000], {seed: 1}).array(2);
    for (const [a = 0, b = 0, c = 0] of wide) expect(a < b && b < c).toBe(true);
    const tall = random
      .gamma([3, 4], [[1], [100], [10_000]], {seed: 1})
      .max(1)
      .array(1);
    expect((tall[0] ?? 0) < (tall[1] ?? 0) && (tall[1] ?? 0) < (tall[2] ?? 0)).toBe(true);
    expect(random.binomial([2, 3], tensor([0, 5, 9], 'int32'), [[0], [1]]).array()).toEqual([
      [0, 0, 0],
      [0, 5, 9],
    ]);
    expect(
      random
        .beta([2, 2], [[1e6], [1e-6]], [1e-6, 1e-6], {seed: 2})
        .at(0)
        .array(),
    ).toEqual([1, 1]);
    expect(random.bernoulli([2, 2], [0, 1]).array()).toEqual([
      [0, 1],
      [0, 1],
    ]);
    // Shifted and scaled from the same draws.
    const plain = random.normal([2, 2], {seed: 3});
    const moved = random.normal([2, 2], {seed: 3, mean: tensor([5, 6]), stddev: tensor([[0], [2]])});
    expect(moved.at(0).array()).toEqual([5, 6]);
    expect(moved.at(1).sub([5, 6]).div(2).sub(plain.at(1)).abs().max().item()).toBeLessThan(1e-6);
    const bounded = random.uniform([3, 2], {minval: tensor([0, 10]), maxval: tensor([1, 20])}).array(2);
    for (const [a = -1, b = -1] of bounded) expect(a >= 0 && a < 1 && b >= 10 && b < 20).toBe(true);
  });

  it('mean and deviation have gradients, as everything that is added and multiplied', () => {
    const [mean, stddev] = [new Variable([1, 2]), new Variable(3)];
    const tape = new GradientTape();
    const y = tape.record(() => random.normal([4, 2], {seed: 1, mean, stddev}).sum());
    const [dm, ds] = tape.gradient(y, [mean, stddev]);
    expect(dm.array()).toEqual([4, 4]);
    expect(ds.item()).toBeCloseTo(random.normal([4, 2], {seed: 1}).sum().item(), 5);
  });

  it('small shapes of beta stay inside, also where both gamma numbers would be zero', () => {
    const x = random.beta([1000], 1e-4, 1e-4, {seed: 3}).array(1);
    expect(x.every((v) => v >= 0 && v <= 1)).toBe(true);
    const ones = x.filter((v) => v > 0.5).length;
    expect(ones).toBeGreaterThan(430);
    expect(ones).toBeLessThan(570);
  });

  it('dropout shares decisions along axes of size 1, has a gradient, and leaves infinity out', () => {
    const x = new Variable(new Array(6).fill(0).map(() => [1, 1, 1, 1]));
    const tape = new GradientTape();
    const y = tape.record(() => random.dropout(x, 0.5, {noiseShape: [null, 1], seed: 1}));
    const rows = y.array() as number[][];
    for (const row of rows) expect(new Set(row).size).toBe(1);
    expect(new Set(rows.flat())).toEqual(new Set([0, 2]));
    expect(tape.gradient(y, x).array()).toEqual(rows);
    const infinite = random.dropout([Infinity, Infinity, Infinity, Infinity, Infinity, Infinity], 0.5, {seed: 1});
    expect(new Set(infinite.array(1))).toEqual(new Set([0, Infinity]));
    expect(random.dropout([3, 4], 0).array()).toEqual([3, 4]);
    expect(random.dropout([3, 4], 1).array()).toEqual([0, 0]);
    expect(random.dropout(symbolicTensor({shape: [null, 3], dtype: 'float32'}), 0.5).shape).toEqual([null, 3]);
  });

  it('shuffle keeps the entries of an axis together', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const columns = random.shuffle(x, {axis: 1, seed: 2}).transpose().array() as number[][];
    expect(columns.map(([a = 0, b = 0]) => b - a)).toEqual([3, 3, 3]);
    expect(random.shuffle(x, {axis: -1, seed: 2}).array()).toEqual(random.shuffle(x, {axis: 1, seed: 2}).array());
    expect(random.permutation(0).array()).toEqual([]);
    expect(random.permutation(x, {seed: 1}).shape).toEqual([2, 3]);
  });

  it('extreme integers', () => {
    const big = random.randint([1000], Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, {dtype: 'int64', seed: 1});
    expect(
      big
        .greater(0n as never)
        .cast('float32')
        .mean()
        .item(),
    ).toBeCloseTo(0.5, 1);
    expect(new Set(random.randint([500], -128, 128, {dtype: 'int8', seed: 1}).array(1)).size).toBeGreaterThan(200);
  });
});

describe('mistakes', () => {
  const some = [2, 2];
  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'uniform dtype',
      () => random.uniform(some, {dtype: 'int32'}),
      DtypeError,
      'random.uniform: dtype must be floating, got int32; random.randint draws integers',
    ],
    [
      'uniform bounds',
      () => random.uniform(some, {minval: 2, maxval: 1}),
      ValueError,
      'random.uniform: minval must not be above maxval, got 2 and 1',
    ],
    [
      'uniform infinity',
      () => random.uniform(some, {maxval: Infinity}),
      ValueError,
      'random.uniform: maxval must be a finite number, got Infinity',
    ],
    [
      'uniform tensor',
      () => random.uniform(some, {maxval: tensor([1, 2, 3])}),
      ShapeError,
      'random.uniform: maxval must broadcast to the shape (2,2), got one of shape (3,)',
    ],
    ['uniform option', () => random.uniform(some, {low: 1} as never), UnknownOptionError, 'here it is called "minval"'],
    [
      'shape',
      () => random.normal([2, -1]),
      ShapeError,
      'random.normal: a shape is a list of non-negative integers, got [2, -1]',
    ],
    ['shape of one number', () => random.normal(3 as never), ShapeError, 'random.normal: a shape is a list'],
    [
      'normal stddev',
      () => random.normal(some, {stddev: -1}),
      ValueError,
      'random.normal: stddev must not be negative, got -1',
    ],
    [
      'normal mean dtype',
      () => random.normal(some, {mean: tensor(1, 'float64')}),
      DtypeError,
      "add: tensors must have one dtype, got a float32 and b float64; convert one with cast('float32')",
    ],
    [
      'truncated dtype',
      () => random.truncatedNormal(some, {dtype: 'bool'}),
      DtypeError,
      'random.truncatedNormal: dtype must be floating, got bool',
    ],
    [
      'randint order',
      () => random.randint(some, 5, 5),
      ValueError,
      'random.randint: integers minval < maxval are needed, got 5 and 5',
    ],
    ['randint fraction', () => random.randint(some, 0, 1.5), ValueError, 'got 0 and 1.5'],
    [
      'randint dtype',
      () => random.randint(some, 0, 5, {dtype: 'float32'}),
      DtypeError,
      'random.randint: dtype must be an integer one, got float32',
    ],
    [
      'randint bool',
      () => random.randint(some, 0, 2, {dtype: 'bool'}),
      DtypeError,
      'dtype must be an integer one, got bool',
    ],
    [
      'randint range',
      () => random.randint(some, 0, 300, {dtype: 'uint8'}),
      DtypeError,
      'random.randint: 299 is outside of 0 to 255, which uint8 holds',
    ],
    [
      'gamma alpha',
      () => random.gamma(some, -1),
      ValueError,
      'random.gamma: alpha must be positive and finite, got -1',
    ],
    [
      'gamma NaN',
      () => random.gamma(some, [1, NaN]),
      ValueError,
      'random.gamma: alpha must be positive and finite, got nan',
    ],
    [
      'gamma shape',
      () => random.gamma(some, [1, 2, 3]),
      ShapeError,
      'random.gamma: alpha must broadcast to the shape (2,2), got one of shape (3,)',
    ],
    ['gamma larger', () => random.gamma([2], [[1, 1]]), ShapeError, 'got one of shape (1,2)'],
    [
      'gamma dtype',
      () => random.gamma(some, tensor(1, 'float64')),
      DtypeError,
      'random.gamma: alpha must have float32, got float64',
    ],
    [
      'beta beta',
      () => random.beta(some, 1, 0),
      ValueError,
      'random.beta: alpha and beta must be positive and finite, got 1 and 0',
    ],
    [
      'binomial counts',
      () => random.binomial(some, 2.5, 0.5),
      ValueError,
      'random.binomial: counts must be whole numbers from 0 to 2^53 and probabilities lie in [0, 1], got 2.5 and 0.5',
    ],
    ['binomial p', () => random.binomial(some, 2, 1.5), ValueError, 'got 2 and 1.5'],
    [
      'binomial name',
      () => random.binomial(some, 2, 0.5, {probs: 1} as never),
      UnknownOptionError,
      'here it is called "probabilities"',
    ],
    [
      'bernoulli',
      () => random.bernoulli(some, 1.5),
      ValueError,
      'random.bernoulli: the probability must lie in [0, 1], got 1.5',
    ],
    ['bernoulli shape', () => random.bernoulli(some, [0, 1, 0]), ShapeError, 'got one of shape (3,)'],
    [
      'categorical rank',
      () => random.categorical([1, 2], 3),
      ShapeError,
      'random.categorical: logits must have rank 2, got shape (2,)',
    ],
    [
      'categorical count',
      () => random.categorical([[1, 2]], -1),
      ValueError,
      'random.categorical: numSamples must be a non-negative integer, got -1',
    ],
    [
      'categorical dtype',
      () => random.categorical([[1, 2]], 1, {dtype: 'float32'}),
      DtypeError,
      'random.categorical: dtype must be an integer one',
    ],
    [
      'categorical NaN',
      () =>
        random.categorical(
          [
            [1, 2],
            [NaN, 1],
          ],
          1,
        ),
      ValueError,
      'at least one of a row finite; row 1 is not so',
    ],
    [
      'categorical no class',
      () => random.categorical(tensor([], {shape: [2, 0]}), 1),
      ValueError,
      'logits need at least one class',
    ],
    ['dropout rate', () => random.dropout([1], 1.5), ValueError, 'random.dropout: rate must lie in [0, 1], got 1.5'],
    [
      'dropout noise',
      () => random.dropout([[1, 2]], 0.5, {noiseShape: [1, 3]}),
      ShapeError,
      'noiseShape must have the sizes of the inputs or 1, got (1,3) for inputs of shape (1,2)',
    ],
    ['dropout noise rank', () => random.dropout([[1, 2]], 0.5, {noiseShape: [2]}), ShapeError, 'got (2,) for inputs'],
    [
      'permutation',
      () => random.permutation(-1),
      ValueError,
      'random.permutation: a non-negative integer or a tensor is needed, got -1',
    ],
    [
      'permutation dtype',
      () => random.permutation(3, {dtype: 'float32'}),
      DtypeError,
      'random.permutation: dtype must be int32 or int64, got float32',
    ],
    ['shuffle axis', () => random.shuffle([1, 2], {axis: 1}), ShapeError, 'axis 1'],
    [
      'covariance',
      () =>
        random.multivariateNormal(
          [0, 0],
          [
            [1, 2],
            [2, 1],
          ],
          3,
        ),
      ValueError,
      'the covariance must be positive semi-definite',
    ],
    [
      'covariance symmetry',
      () =>
        random.multivariateNormal(
          [0, 0],
          [
            [1, 0.5],
            [0, 1],
          ],
          3,
        ),
      ValueError,
      'the covariance must be symmetric, got elements that differ by 0.5',
    ],
    [
      'covariance',
      () => random.multivariateNormal([0], [[NaN]], 3),
      ValueError,
      'the covariance must be finite, got NaN',
    ],
    ['covariance shape', () => random.multivariateNormal([0, 0], [[1]], 3), ShapeError, 'got (2,) and (1,1)'],
  ])('%s', (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});
