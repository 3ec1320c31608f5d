import {SeedGenerator, setSeed, type Tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {initializers} from '../index.js';

// What random initializers draw, as distributions: means, deviations and bounds of seeded draws against those that the rules give.
// A mean of n numbers of deviation s has a standard error of s / sqrt(n), a deviation about one of s / sqrt(2 n): five of the larger.

const values = (x: Tensor): number[] => Array.from(x.data(), Number);

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly most: number;
}

/** Mean, standard deviation and greatest distance from `center`. */
function momentsOf(numbers: readonly number[], center = 0): Moments {
  const n = numbers.length;
  const mean = numbers.reduce((sum, x) => sum + x, 0) / n;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
  return {
    mean,
    std: Math.sqrt(variance),
    most: numbers.reduce((far, x) => Math.max(far, Math.abs(x - center)), 0),
  };
}

/** Deviation of a standard normal distribution cut at two deviations: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)). */
const CUT = 0.8796256610342398;

type Kind = 'uniform' | 'truncated_normal' | 'untruncated_normal';

/** The greatest distance from the mean, and how near the draws come to it. */
function expectDistribution(numbers: readonly number[], std: number, kind: Kind, mean = 0): void {
  const got = momentsOf(numbers, mean);
  const tolerance = (5 * std) / Math.sqrt(numbers.length);
  expect(Math.abs(got.mean - mean), 'mean').toBeLessThan(tolerance);
  expect(Math.abs(got.std - std), 'standard deviation').toBeLessThan(tolerance);
  // A uniform distribution ends at sqrt(3) deviations, a cut one at two of those before the cut; normal ones go on.
  const bound = {uniform: Math.sqrt(3) * std, truncated_normal: (2 * std) / CUT, untruncated_normal: 6 * std}[kind];
  expect(got.most, 'bound').toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(got.most, 'reach').toBeGreaterThan(kind === 'untruncated_normal' ? 3 * std : 0.98 * bound);
  // The shares within one deviation tell the three apart: 1 / sqrt(3), (2 Phi(CUT) - 1) / (2 Phi(2) - 1) and 2 Phi(1) - 1.
  const within = numbers.filter((x) => Math.abs(x - mean) < std).length / numbers.length;
  const share = {uniform: 0.5774, truncated_normal: 0.6505, untruncated_normal: 0.6827}[kind];
  expect(Math.abs(within - share), 'share within one deviation').toBeLessThan(0.016);
}

/** Shapes and what Keras takes as their fans. */
const SHAPES: readonly (readonly [shape: readonly number[], fanIn: number, fanOut: number])[] = [
  [[200, 120], 200, 120],
  [[3, 3, 40, 60], 360, 540],
  [[5, 64, 80], 320, 400],
  [[20000], 20000, 20000],
];

type Named = 'GlorotUniform' | 'GlorotNormal' | 'HeUniform' | 'HeNormal' | 'LecunUniform' | 'LecunNormal';

const NAMED: Readonly<Record<Named, readonly [Kind, (fanIn: number, fanOut: number) => number]>> = {
  GlorotUniform: ['uniform', (fanIn, fanOut) => 2 / (fanIn + fanOut)],
  GlorotNormal: ['truncated_normal', (fanIn, fanOut) => 2 / (fanIn + fanOut)],
  HeUniform: ['uniform', (fanIn) => 2 / fanIn],
  HeNormal: ['truncated_normal', (fanIn) => 2 / fanIn],
  LecunUniform: ['uniform', (fanIn) => 1 / fanIn],
  LecunNormal: ['truncated_normal', (fanIn) => 1 / fanIn],
};

describe('fan rules', () => {
  const cases = Object.entries(NAMED).flatMap(([name, rule]) =>
    SHAPES.map((shape) => [name as Named, `(${shape[0].join(',')})`, rule, shape] as const),
  );
  test.each(cases)('%s %s', (name, _, [kind, variance], [shape, fanIn, fanOut]) => {
    const draws = values(new initializers[name]({seed: 11})(shape));
    expectDistribution(draws, Math.sqrt(variance(fanIn, fanOut)), kind);
  });

  const modes = ['fan_in', 'fan_out', 'fan_avg'] as const;
  const kinds = ['uniform', 'truncated_normal', 'untruncated_normal', 'normal'] as const;
  test.each(modes.flatMap((mode) => kinds.map((kind) => [mode, kind] as const)))(
    'VarianceScaling %s %s',
    (mode, distribution) => {
      const scaling = new initializers.VarianceScaling({scale: 3, mode, distribution, seed: 5});
      const fan = {fan_in: 90, fan_out: 270, fan_avg: 180}[mode];
      const kind = distribution === 'normal' ? 'truncated_normal' : distribution;
      expectDistribution(values(scaling([90, 270])), Math.sqrt(3 / fan), kind);
    },
  );

  test('axes that are given count instead', () => {
    const scaling = new initializers.HeNormal({seed: 5, inputAxes: [0], outputAxes: [1, 2]});
    expectDistribution(values(scaling([50, 20, 30])), Math.sqrt(2 / 50), 'truncated_normal');
  });
});

describe('plain distributions', () => {
  const shape = [150, 200];

  test('RandomNormal and RandomUniform', () => {
    const normal = new initializers.RandomNormal({mean: 2, stddev: 0.3, seed: 1});
    expectDistribution(values(normal(shape)), 0.3, 'untruncated_normal', 2);
    const uniform = values(new initializers.RandomUniform({minval: -1, maxval: 3, seed: 1})(shape));
    expectDistribution(uniform, 4 / Math.sqrt(12), 'uniform', 1);
    expect(uniform.every((x) => x >= -1 && x < 3)).toBe(true);
  });

  test('TruncatedNormal is cut at two deviations and, as in Keras, not widened; VarianceScaling widens', () => {
    const cut = values(new initializers.TruncatedNormal({mean: -1, stddev: 0.5, seed: 1})(shape));
    expectDistribution(cut, 0.5 * CUT, 'truncated_normal', -1);
    expect(momentsOf(cut, -1).most).toBeLessThanOrEqual(1);
    const widened = values(new initializers.VarianceScaling({scale: 0.25 * 150, seed: 1})(shape));
    expect(momentsOf(widened).std).toBeCloseTo(0.5, 2);
    expect(momentsOf(widened).most).toBeGreaterThan(1);
  });

  test('float64 and half types draw the same distribution', () => {
    for (const dtype of ['float64', 'float16', 'bfloat16'] as const) {
      const drawn = new initializers.GlorotUniform({seed: 3})([100, 200], {dtype});
      expect(drawn.dtype).toBe(dtype);
      const {mean, std} = momentsOf(values(drawn.cast('float64')));
      expect(Math.abs(mean)).toBeLessThan(0.004);
      expect(Math.abs(std - Math.sqrt(2 / 300))).toBeLessThan(0.003);
    }
  });
});

describe('matrices', () => {
  test.each([
    ['tall', [30, 12]],
    ['wide', [12, 30]],
    ['square', [17, 17]],
    ['a 4-D kernel', [3, 3, 4, 10]],
    ['a wide 4-D kernel', [1, 2, 3, 20]],
    ['one column', [9, 1]],
  ] as const)('Orthogonal, %s: the shorter side is orthonormal, times gain', (_, shape) => {
    const drawn = new initializers.Orthogonal({gain: 1.7, seed: 2})(shape, {dtype: 'float64'});
    expect(drawn.shape).toEqual(shape);
    const columns = shape[shape.length - 1] ?? 1;
    const matrix = drawn.reshape([-1, columns]);
    const narrow = matrix.dim(0) >= columns ? matrix : matrix.transpose();
    const gram = narrow.transpose().matmul(narrow).array(2);
    gram.forEach((row, i) => {
      row.forEach((x, j) => {
        expect(Math.abs(x - (i === j ? 1.7 ** 2 : 0))).toBeLessThan(1e-12);
      });
    });
  });

  test('Orthogonal matrices are spread evenly: either sign of each element is as likely', () => {
    const drawn = Array.from({length: 300}, (_, seed) => values(new initializers.Orthogonal({seed})([3, 3])));
    for (let i = 0; i < 9; i++) {
      const {mean, std} = momentsOf(drawn.map((matrix) => matrix[i] ?? 0));
      // An element of a random rotation has the deviation 1 / sqrt(3).
      expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(3 * 300));
      expect(Math.abs(std - 1 / Math.sqrt(3))).toBeLessThan(0.1);
    }
    expect(() => new initializers.Orthogonal()([3])).toThrow('needs a shape of rank 2 or more, got (3,)');
  });

  test('Identity has its gain on the diagonal, of tall and wide matrices too', () => {
    expect(new initializers.Identity({gain: 2.5})([2, 3]).array(2)).toEqual([
      [2.5, 0, 0],
      [0, 2.5, 0],
    ]);
    expect(new initializers.Identity({gain: 0.5})([3, 2]).array(2)).toEqual([
      [0.5, 0],
      [0, 0.5],
      [0, 0],
    ]);
    expect(() => new initializers.Identity()([2, 2, 2])).toThrow('needs a shape of rank 2, got (2,2,2)');
  });
});

type Seeded = Named | 'Orthogonal' | 'RandomNormal' | 'RandomUniform' | 'TruncatedNormal' | 'VarianceScaling';

describe('seeds', () => {
  const all = [
    ...(Object.keys(NAMED) as Named[]),
    ...(['Orthogonal', 'RandomNormal', 'RandomUniform', 'TruncatedNormal', 'VarianceScaling'] as const),
  ] satisfies readonly Seeded[];
  const shape = [4, 5];

  test.each(all)('%s', (name) => {
    const draw = (seed?: number | SeedGenerator) => {
      const initializer = new initializers[name](seed === undefined ? {} : {seed});
      return [initializer(shape), initializer(shape)].map(values);
    };
    const [first, again] = draw(7);
    expect(again).toEqual(first);
    expect(draw(7)[0]).toEqual(first);
    expect(draw(8)[0]).not.toEqual(first);
    // A generator moves on: other values at the next call, the same ones from a new generator of this seed.
    const [one, two] = draw(new SeedGenerator(7));
    expect(two).not.toEqual(one);
    expect(draw(new SeedGenerator(7))).toEqual([one, two]);
    // Without a seed, one is drawn when the initializer is made, from the global one.
    setSeed(3);
    const [mine, same] = draw();
    const [other] = draw();
    expect(same).toEqual(mine);
    expect(other).not.toEqual(mine);
    setSeed(3);
    expect(draw()[0]).toEqual(mine);
  });
});
