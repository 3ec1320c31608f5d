import {describe, expect, it} from 'vitest';
import {random, range, SeedGenerator, tensor, type Tensor} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';
import {
  betaCumulative,
  binomialChances,
  chiSquareDeviate,
  countsOf,
  covariance,
  DEVIATE_LIMIT,
  gammaCumulative,
  kolmogorov,
  KOLMOGOROV_LIMIT,
  mean,
  normalCumulative,
} from '../testing/statistics.js';

checkLeaks();

// The seeds are fixed: what holds once holds always. Limits are those of one sample in ten thousand.

const N = 20_000;
const numbers = (x: Tensor): Float64Array => x.cast('float64').data() as Float64Array;

describe('the functions that samples are held against', () => {
  it.each([
    ['normal', normalCumulative(1.96), 0.9750021048517795],
    ['normal below', normalCumulative(-3), 0.0013498980316301],
    ['gamma by series', gammaCumulative(2, 1), 1 - 2 / Math.E],
    ['gamma by fraction', gammaCumulative(1, 5), 1 - Math.exp(-5)],
    ['gamma of 1/2', gammaCumulative(0.5, 2), 0.9544997361036416],
    ['beta', betaCumulative(2, 3, 0.4), 0.5248],
    ['beta of 1/2', betaCumulative(0.5, 0.5, 0.9), (2 / Math.PI) * Math.asin(Math.sqrt(0.9))],
    ['binomial', binomialChances(5, 0.25)[2] ?? NaN, 10 * 0.25 ** 2 * 0.75 ** 3],
  ])('%s', (_, found, expected) => {
    expect(found).toBeCloseTo(expected, 12);
  });

  it('see a wrong sample', () => {
    const values = numbers(random.normal([N], {seed: 1}));
    expect(kolmogorov(values, (x) => normalCumulative(x * 1.1))).toBeGreaterThan(KOLMOGOROV_LIMIT);
    expect(kolmogorov(values, (x) => normalCumulative(x - 0.05))).toBeGreaterThan(KOLMOGOROV_LIMIT);
    const dice = countsOf(numbers(random.randint([N], 0, 6, {seed: 1})), 6);
    expect(
      chiSquareDeviate(
        dice,
        [1.1, 0.9, 1, 1, 1, 1].map((p) => (p * N) / 6),
      ),
    ).toBeGreaterThan(DEVIATE_LIMIT);
  });
});

// Distribution function, mean and variance.
type Case = readonly [string, (shape: number[], seed: number) => Tensor, (x: number) => number, number, number];

const truncated = normalCumulative(2) - normalCumulative(-2);
const density = Math.exp(-2) / Math.sqrt(2 * Math.PI);
const continuous: readonly Case[] = [
  ['uniform', (shape, seed) => random.uniform(shape, {seed}), (x) => x, 1 / 2, 1 / 12],
  [
    'uniform of bounds',
    (shape, seed) => random.uniform(shape, {minval: -3, maxval: 5, seed, dtype: 'float64'}),
    (x) => (x + 3) / 8,
    1,
    64 / 12,
  ],
  ['normal', (shape, seed) => random.normal(shape, {seed}), normalCumulative, 0, 1],
  [
    'normal of mean and deviation',
    (shape, seed) => random.normal(shape, {mean: 2, stddev: 3, seed, dtype: 'float64'}),
    (x) => normalCumulative((x - 2) / 3),
    2,
    9,
  ],
  [
    'truncatedNormal',
    (shape, seed) => random.truncatedNormal(shape, {seed}),
    (x) => (normalCumulative(x) - normalCumulative(-2)) / truncated,
    0,
    1 - (4 * density) / truncated,
  ],
  ...[0.3, 1, 2.5, 60].map((alpha): Case => [
    `gamma ${String(alpha)}`,
    (shape, seed) => random.gamma(shape, alpha, {seed}),
    (x) => gammaCumulative(alpha, x),
    alpha,
    alpha,
  ]),
  ...(
    [
      [1, 1],
      [0.5, 0.5],
      [2, 5],
      [30, 0.7],
    ] as const
  ).map(([a, b]): Case => [
    `beta ${String(a)}, ${String(b)}`,
    (shape, seed) => random.beta(shape, a, b, {seed, dtype: 'float64'}),
    (x) => betaCumulative(a, b, x),
    a / (a + b),
    (a * b) / ((a + b) ** 2 * (a + b + 1)),
  ]),
];

describe.each(continuous)('%s', (_, draw, cumulative, center, variance) => {
  it.each([1, 2, 3])('has its distribution and moments (seed %i)', (seed) => {
    const values = numbers(draw([N], seed));
    expect(kolmogorov(values, cumulative)).toBeLessThan(KOLMOGOROV_LIMIT);
    expect(Math.abs(mean(values) - center)).toBeLessThan(DEVIATE_LIMIT * Math.sqrt(variance / N));
    // The fourth moment from the sample: that of a gamma distribution of a small shape is large.
    const squares = values.map((x) => (x - center) ** 2);
    const error = Math.sqrt(covariance(squares, squares) / N);
    expect(Math.abs(mean(squares) - variance)).toBeLessThan(DEVIATE_LIMIT * error);
  });

  it('has neighbours, seeds and calls that do not depend on each other', () => {
    const a = numbers(draw([N], 1));
    const limit = (DEVIATE_LIMIT * variance) / Math.sqrt(N);
    for (const lag of [1, 2, 16, 64]) {
      expect(Math.abs(covariance(a.subarray(lag), a.subarray(0, -lag)))).toBeLessThan(limit);
    }
    expect(Math.abs(covariance(a, numbers(draw([N], 2))))).toBeLessThan(limit);
    // The first values of many seeds are a sample too.
    const firsts = Float64Array.from({length: 2000}, (_unused, seed) => draw([1], seed).item());
    expect(kolmogorov(firsts, cumulative)).toBeLessThan(KOLMOGOROV_LIMIT);
  });
});

describe('whole numbers', () => {
  it.each([
    [1, 0.3],
    [7, 0.5],
    [20, 0.9],
    [40, 0.4],
    [500, 0.01],
    [500, 0.8],
  ])('binomial of %d and %d', (n, p) => {
    const counts = countsOf(numbers(random.binomial([N], n, p, {seed: 5, dtype: 'float64'})), n + 1);
    const expected = binomialChances(n, p).map((chance) => chance * N);
    expect(Math.abs(chiSquareDeviate(counts, expected))).toBeLessThan(DEVIATE_LIMIT);
  });

  it.each(['int8', 'int32', 'int64', 'uint8', 'uint64'] as const)('randint of %s', (dtype) => {
    const counts = countsOf(numbers(random.randint([N], 3, 40, {seed: 6, dtype}).cast('float64').sub(3)), 37);
    expect(
      Math.abs(
        chiSquareDeviate(
          counts,
          counts.map(() => N / 37),
        ),
      ),
    ).toBeLessThan(DEVIATE_LIMIT);
  });

  it('bernoulli', () => {
    for (const p of [0.03, 0.5, 0.9]) {
      const share = mean(numbers(random.bernoulli([N], p, {seed: 7})));
      expect(Math.abs(share - p)).toBeLessThan(DEVIATE_LIMIT * Math.sqrt((p * (1 - p)) / N));
    }
  });

  it('categorical, row by row', () => {
    const logits = tensor([
      [0, 1, 2, -1],
      [-Infinity, 5, 5, 5 + Math.log(2)],
    ]);
    const drawn = random.categorical(logits, N, {seed: 8}).array(2);
    logits.array(2).forEach((row, i) => {
      const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
      const expected = row.map((x) => (Math.exp(x) / total) * N);
      expect(Math.abs(chiSquareDeviate(countsOf(drawn[i] ?? [], 4), expected))).toBeLessThan(DEVIATE_LIMIT);
    });
    expect(drawn[1]).not.toContain(0);
  });
});

describe('orders', () => {
  it('all 24 of four entries are equally likely', () => {
    const seed = new SeedGenerator(3);
    const seen = new Map<string, number>();
    const rounds = 4800;
    for (let i = 0; i < rounds; i++) {
      const key = random.shuffle(range(4), {seed}).array(1).join('');
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    const counts = [...seen.values()];
    expect(
      Math.abs(
        chiSquareDeviate(
          counts,
          counts.map(() => rounds / 24),
        ),
      ),
    ).toBeLessThan(DEVIATE_LIMIT);
  });

  it('every entry is everywhere equally often', () => {
    const [n, rounds] = [10, 3000];
    const places = Array.from({length: n}, () => new Array<number>(n).fill(0));
    for (let seed = 0; seed < rounds; seed++) {
      random
        .permutation(n, {seed})
        .array(1)
        .forEach((entry, place) => {
          const row = places[place] ?? [];
          row[entry] = (row[entry] ?? 0) + 1;
        });
    }
    for (const counts of places) {
      expect(
        Math.abs(
          chiSquareDeviate(
            counts,
            counts.map(() => rounds / n),
          ),
        ),
      ).toBeLessThan(DEVIATE_LIMIT);
    }
  });
});

describe('dropout and points', () => {
  it.each([
    ['float32', 0.1],
    ['float16', 0.25],
    ['bfloat16', 0.3],
    ['float64', 0.5],
  ] as const)('dropout of %s keeps 1 - %d and the sum', (dtype, rate) => {
    const y = numbers(random.dropout(tensor(new Float32Array(N).fill(1)).cast(dtype), rate, {seed: 9}));
    const kept = y.filter((v) => v !== 0).length / N;
    expect(Math.abs(kept - (1 - rate))).toBeLessThan(DEVIATE_LIMIT * Math.sqrt((rate * (1 - rate)) / N));
    expect(Math.max(...y)).toBeCloseTo(1 / (1 - rate), dtype === 'bfloat16' ? 1 : 2);
  });

  it('004-3 multivariateNormal has its means and covariance', () => {
    const points = random.multivariateNormal(
      [0, 3],
      [
        [1, 0.5],
        [0.5, 2],
      ],
      N,
      {seed: 10, dtype: 'float64'},
    );
    const [x, y] = [numbers(points.at(':', 0)), numbers(points.at(':', 1))];
    const limit = DEVIATE_LIMIT / Math.sqrt(N);
    expect(Math.abs(mean(x))).toBeLessThan(limit);
    expect(Math.abs(mean(y) - 3)).toBeLessThan(limit * Math.SQRT2);
    expect(Math.abs(covariance(x, x) - 1)).toBeLessThan(limit * Math.SQRT2);
    expect(Math.abs(covariance(y, y) - 2)).toBeLessThan(limit * 2 * Math.SQRT2);
    expect(Math.abs(covariance(x, y) - 0.5)).toBeLessThan(limit * Math.sqrt(2.25));
    expect(kolmogorov(x, normalCumulative)).toBeLessThan(KOLMOGOROV_LIMIT);
  });
});
