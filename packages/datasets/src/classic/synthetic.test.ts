import {type Tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {makeBlobs, makeCircles, makeGaussians, makeMoons, makeSpirals} from './synthetic.js';

const rows = ([x, y]: readonly [Tensor, Tensor]): (readonly [number, number, number])[] =>
  x.array(2).map(([a = NaN, b = NaN], i) => [a, b, y.array(1)[i] ?? NaN]);

describe('shapes', () => {
  test('moons, circles and spirals lie on their curves', () => {
    for (const [a, b, label] of rows(makeMoons({samples: 21}))) {
      const distance = label === 0 ? Math.hypot(a, b) : Math.hypot(a - 1, b - 0.5);
      expect(distance).toBeCloseTo(1, 5);
      expect(label === 0 ? b >= -1e-6 : b <= 0.5 + 1e-6).toBe(true);
    }
    const circles = rows(makeCircles({samples: 20, factor: 0.5, shuffle: false}));
    for (const [a, b, label] of circles) expect(Math.hypot(a, b)).toBeCloseTo(label === 0 ? 1 : 0.5, 5);
    expect(circles[9]?.[0]).toBeCloseTo(Math.cos((2 * Math.PI * 9) / 10), 5);
    for (const [a, b, label] of rows(makeSpirals({samples: 30, classes: 3, turns: 0.5}))) {
      const t = Math.hypot(a, b);
      const angle = 2 * Math.PI * (0.5 * t + label / 3);
      expect(a).toBeCloseTo(t * Math.cos(angle), 4);
      expect(b).toBeCloseTo(t * Math.sin(angle), 4);
    }
  });

  test('clouds have their centers and widths', () => {
    const [x, y] = makeBlobs({
      samples: 3000,
      centers: [
        [0, 0],
        [8, -8],
      ],
      std: [1, 2],
      seed: 1,
    });
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[3000, 2], 'float32', [3000], 'int32']);
    const second = x.at(y.equal(1));
    expect(second.mean(0).array(1).map(Math.round)).toEqual([8, -8]);
    expect(second.std(0).mean().item()).toBeCloseTo(2, 0);
    expect(makeBlobs({centers: 4, features: 3, samples: 10})[0].shape).toEqual([10, 3]);
    const [points] = makeGaussians(
      [
        [0, 3],
        [3, 0],
      ],
      [
        [1, 0.5],
        [0.5, 1],
      ],
      {samples: 2001, shuffle: false, seed: 3},
    );
    const first = points.at(':1001');
    expect(first.mean(0).sub([0, 3]).abs().max().item()).toBeLessThan(0.2);
    const centered = first.sub(first.mean(0));
    expect(centered.transpose().matmul(centered).div(1000).at(0, 1).item()).toBeCloseTo(0.5, 0);
  });

  test('one seed, one result; shuffled by default', () => {
    const draw = (seed?: number) => rows(makeMoons({samples: 50, noise: 0.1, seed}));
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
    expect(draw()).not.toEqual(draw());
    const labels = draw(4).map(([, , label]) => label);
    expect(labels).not.toEqual([...labels].sort());
  });
});

describe('mistakes, a sentence each', () => {
  test.each<[string, () => unknown]>([
    ['makeMoons: samples must be an integer of at least 2, got 1', () => makeMoons({samples: 1})],
    ['makeMoons: noise must be a number of at least 0, got -1', () => makeMoons({noise: -1})],
    ['makeMoons: unknown option "n_samples"; here it is called "samples"', () => makeMoons({n_samples: 1} as object)],
    ['makeCircles: factor must be at least 0 and below 1, got 1', () => makeCircles({factor: 1})],
    ['makeSpirals: classes must be an integer of at least 1, got 0', () => makeSpirals({classes: 0})],
    ['makeBlobs: std must be one number or one for each of 3 centers, got [1]', () => makeBlobs({std: [1]})],
    ['makeGaussians: there must be one covariance for each mean', () => makeGaussians([[0, 0]], [[[1]], [[1]]])],
  ])('%s', (message, fn) => {
    expect(fn).toThrow(message);
  });
});
