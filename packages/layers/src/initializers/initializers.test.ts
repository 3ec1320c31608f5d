import {describe, expect, test} from 'vitest';
import {type ConfigNode, ops, SeedGenerator, type Tensor, tensor} from '@keratin/core';
import {expectClose, Golden} from '../../../../tests/golden.js';
import {initializers} from '../index.js';

interface Expect {
  readonly mean?: number;
  readonly std?: number;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly orthogonal?: boolean;
  readonly gain?: number;
}

interface Case {
  readonly id: string;
  readonly deterministic: boolean;
  readonly config: ConfigNode;
  readonly shape: readonly number[];
  readonly value?: string;
  readonly expect?: Expect;
  readonly fans?: readonly [number, number];
}

const golden = new Golden<Case>('initializers');

/** Keras leaves the gain out of Identity's config, so the case cannot say it. */
const GAINS: Readonly<Record<string, number>> = {identity_wide_gain: 2.5, identity_tall: 0.5};

function initializerOf({id, config}: Case): initializers.Initializer {
  const gain = GAINS[id];
  return initializers.deserialize(gain === undefined ? config : {...config, config: {gain}});
}

const flat = (value: Tensor): number[] => Array.from(value.data() as Float32Array);

describe('initializers as Keras computes them', () => {
  test.each(golden.cases.map((one) => [one.id, one] as const))('%s', (_, one) => {
    const initializer = initializerOf(one);
    if (one.id in GAINS) expect(initializers.serialize(initializer)).toMatchObject({config: {gain: GAINS[one.id]}});
    else expect(initializers.serialize(initializer)).toEqual(one.config);
    const value = initializer(one.shape, {dtype: 'float32'});
    expect(value.shape).toEqual(one.shape);
    expect(value.dtype).toBe('float32');
    if (one.value !== undefined) {
      expectClose(value, golden.tensor(one.value), 'value');
      return;
    }
    const wanted = one.expect ?? {};
    if (one.fans !== undefined && initializer instanceof initializers.VarianceScaling) {
      expect(initializers.computeFans(one.shape, initializer.inputAxes, initializer.outputAxes)).toEqual(one.fans);
    }
    if (wanted.orthogonal === true) checkOrthogonal(value, wanted.gain ?? 1);
    else checkMoments(flat(value), wanted);
  });
});

function checkOrthogonal(value: Tensor, gain: number): void {
  const matrix = value.reshape([-1, value.dim(-1)]);
  const tall = matrix.dim(0) >= matrix.dim(1) ? matrix : matrix.transpose();
  const gram = tall.transpose().matmul(tall);
  expectClose(gram, ops.eye(gram.dim(0)).mul(gain * gain), 'Gram matrix');
}

function checkMoments(values: readonly number[], {mean = 0, std = 1, min, max}: Expect): void {
  const n = values.length;
  const average = values.reduce((a, b) => a + b, 0) / n;
  const spread = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / n);
  // Five standard errors.
  expect(Math.abs(average - mean)).toBeLessThan((5 * std) / Math.sqrt(n));
  expect(Math.abs(spread - std)).toBeLessThan((5 * std) / Math.sqrt(n));
  if (min !== undefined && min !== null) expect(Math.min(...values)).toBeGreaterThanOrEqual(min - 1e-6);
  if (max !== undefined && max !== null) expect(Math.max(...values)).toBeLessThanOrEqual(max + 1e-6);
}

describe('initializers', () => {
  test('the same seed or none: the same values at each call; a SeedGenerator: others', () => {
    const same = new initializers.GlorotUniform();
    expect(flat(same([4, 4]))).toEqual(flat(same([4, 4])));
    expect(flat(same([4, 4]))).not.toEqual(flat(new initializers.GlorotUniform()([4, 4])));
    expect(flat(new initializers.HeNormal({seed: 3})([9]))).toEqual(flat(new initializers.HeNormal({seed: 3})([9])));
    const varying = new initializers.RandomNormal({seed: new SeedGenerator(1)});
    expect(flat(varying([4, 4]))).not.toEqual(flat(varying([4, 4])));
  });

  test('are looked up by id, function, class, value and config', () => {
    expect(initializers.get('uniform')).toBeInstanceOf(initializers.RandomUniform);
    expect(
      initializers
        .get((shape) => ops.full(shape, 2))([2])
        .array(1),
    ).toEqual([2, 2]);
    expect(
      initializers
        .get(tensor([1, 2]))([2])
        .array(1),
    ).toEqual([1, 2]);
    expect(() => initializers.get(tensor([1, 2]))([3])).toThrow(
      'the value given has shape (2,), but the weight has (3,)',
    );
    expect(initializers.get({class_name: 'Ones', config: {}})).toBeInstanceOf(initializers.Ones);
    expect(() => initializers.get('glorot_unifrom' as 'zeros')).toThrow(
      'unknown initializer "glorot_unifrom"; did you mean "glorot_uniform"?',
    );
    expect(() => initializers.get(3 as never)).toThrow(
      'initializer: a string id, an object, a function or a config node is needed, got 3',
    );
  });

  test('configs from outside are not trusted', () => {
    const hostile = JSON.parse('{"class_name": "Ones", "config": {"__proto__": {"polluted": true}}}') as ConfigNode;
    expect(() => initializers.deserialize(hostile)).toThrow('the config key "__proto__" is not allowed');
    expect(() => initializers.deserialize({class_name: 'Dense', module: 'keras.layers', config: {}})).toThrow();
    expect(() => initializers.deserialize({class_name: 'RandomNormal', config: {stddev: 'wide'}})).toThrow(
      'RandomNormal: stddev must be a finite number, got "wide"',
    );
  });
});
