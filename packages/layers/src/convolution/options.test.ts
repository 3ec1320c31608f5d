import {KeratinError, ops} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {layers} from '../index.js';

// What cannot be asked of a convolution, class by class: each has one sentence. Bad inputs are in wrong-shapes.test.ts.

interface Kind {
  readonly rank: 1 | 2 | 3;
  /** The paddings, as the sentence lists them. */
  readonly paddings?: string;
  /** Arguments before the options; default `[4, 3]`. */
  readonly args?: readonly unknown[];
  readonly filters?: false;
  readonly groups?: true;
  readonly transposed?: true;
  readonly multiplier?: true;
}

const KINDS = {
  Conv1D: {rank: 1, groups: true, paddings: 'valid, same, causal'},
  Conv2D: {rank: 2, groups: true},
  Conv3D: {rank: 3, groups: true},
  Conv1DTranspose: {rank: 1, transposed: true},
  Conv2DTranspose: {rank: 2, transposed: true},
  Conv3DTranspose: {rank: 3, transposed: true},
  DepthwiseConv1D: {rank: 1, args: [3], filters: false, multiplier: true},
  DepthwiseConv2D: {rank: 2, args: [3], filters: false, multiplier: true},
  SeparableConv1D: {rank: 1, multiplier: true},
  SeparableConv2D: {rank: 2, multiplier: true},
  ConvLSTM1D: {rank: 1},
  ConvLSTM2D: {rank: 2},
  ConvLSTM3D: {rank: 3},
} as const satisfies Readonly<Record<string, Kind>>;

type Name = keyof typeof KINDS;
const each = Object.entries(KINDS) as [Name, Kind][];

const classes: Readonly<Record<Name, unknown>> = layers;

/** A layer as plain JavaScript makes it. */
type Loose = (...args: readonly unknown[]) => unknown;
const make = (name: Name, args: readonly unknown[], options: object = {}): Loose =>
  Reflect.construct(classes[name] as new () => Loose, [...args, options]) as Loose;

function sentence(mistake: () => unknown): string {
  try {
    mistake();
  } catch (error) {
    expect(error).toBeInstanceOf(KeratinError);
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

/** `(2,)`, `(2,2)` or `(2,2,2)`. */
const shown = (n: number, rank: number): string =>
  `(${new Array<number>(rank).fill(n).join(',')}${rank === 1 ? ',' : ''})`;

test('every convolution is here', () => {
  const convolutions = Object.keys(layers).filter((name) =>
    /^(Depthwise|Separable)?Conv(LSTM)?\dD(Transpose)?$/.test(name),
  );
  expect(Object.keys(KINDS).sort()).toEqual(convolutions.sort());
});

describe.each(each)('%s', (name, kind) => {
  const {rank, paddings = 'valid, same', args = [4, 3]} = kind;
  const said = (options: object) => sentence(() => make(name, args, options));
  const count = `a positive integer or ${String(rank)} of them`;
  const both = 'strides above 1 and dilationRate above 1 cannot be combined, got';

  test('strides with dilation, on one axis or on two', () => {
    if (kind.multiplier === true) {
      expect(said({strides: 2, dilationRate: 2})).toBe('nothing was thrown');
      return;
    }
    expect(said({strides: 2, dilationRate: 2})).toBe(`${name}: ${both} ${shown(2, rank)} and ${shown(2, rank)}`);
    if (rank === 1) return;
    const ones = new Array<number>(rank - 1).fill(1);
    expect(said({strides: [2, ...ones], dilationRate: [...ones, 2]})).toBe(
      `${name}: ${both} (${[2, ...ones].join(',')}) and (${[...ones, 2].join(',')})`,
    );
  });

  test('paddings', () => {
    for (const padding of ['full', ...(kind.paddings === undefined ? ['causal'] : [])]) {
      expect(said({padding})).toBe(`${name}: padding must be one of ${paddings}, got "${padding}"`);
    }
  });

  test('sizes of the window', () => {
    const tooMany = new Array<number>(rank + 1).fill(2);
    for (const [option, value, got] of [
      ['strides', 0, '0'],
      ['strides', 1.5, '1.5'],
      ['strides', tooMany, `[${tooMany.join(', ')}]`],
      ['dilationRate', -1, '-1'],
      ['dilationRate', '2', '"2"'],
    ] as const) {
      expect(said({[option]: value})).toBe(`${name}: ${option} must be ${count}, got ${got}`);
    }
    const window = sentence(() => make(name, [...args.slice(0, -1), 0]));
    expect(window).toBe(`${name}: kernelSize must be ${count}, got 0`);
    if (kind.filters === false) return;
    for (const [filters, got] of [
      [0, '0'],
      [2.5, '2.5'],
      [undefined, 'undefined'],
      ['8', '"8"'],
    ] as const) {
      expect(sentence(() => make(name, [filters, 3]))).toBe(`${name}: filters must be a positive integer, got ${got}`);
    }
  });

  test('other choices', () => {
    expect(said({dataFormat: 'NHWC'})).toBe(
      `${name}: dataFormat must be one of channels_last, channels_first, got "NHWC"`,
    );
    expect(said({useBias: 1})).toBe(`${name}: useBias must be a boolean, got 1`);
    expect(said({activation: 'rleu'})).toBe('unknown activation "rleu"; did you mean "relu"?');
  });

  test.runIf(kind.groups)('groups divide filters and channels', () => {
    expect(said({groups: 3})).toBe(`${name}: filters must divide into groups, got filters 4 and groups 3`);
    expect(said({groups: 0})).toBe(`${name}: groups must be a positive integer, got 0`);
    const sizes = [2, ...new Array<number>(rank).fill(5), 3];
    expect(sentence(() => make(name, args, {name: 'c', groups: 2})(ops.ones(sizes)))).toBe(
      `c: the channels (axis ${String(rank + 1)}) must be known and divide into 2 groups, got inputs (${sizes.join(',')})`,
    );
    const first = [2, 3, ...new Array<number>(rank).fill(5)];
    expect(
      sentence(() => make(name, args, {name: 'c', groups: 2, dataFormat: 'channels_first'})(ops.ones(first))),
    ).toBe(`c: the channels (axis 1) must be known and divide into 2 groups, got inputs (${first.join(',')})`);
  });

  test.runIf(kind.transposed)('outputPadding is below strides on every axis', () => {
    const rule = (strides: string) =>
      `${name}: outputPadding must be non-negative integers below strides ${strides}, got`;
    expect(said({outputPadding: 1})).toBe(`${rule(shown(1, rank))} 1`);
    expect(said({strides: 2, outputPadding: 2})).toBe(`${rule(shown(2, rank))} 2`);
    expect(said({strides: 2, outputPadding: -1})).toBe(`${rule(shown(2, rank))} -1`);
    const list = [...new Array<number>(rank - 1).fill(0), 3];
    expect(said({strides: 3, outputPadding: list})).toBe(`${rule(shown(3, rank))} [${list.join(',')}]`);
    const fits = make(name, args, {strides: 3, outputPadding: 2});
    expect(Reflect.get(fits, 'outputPadding')).toEqual(new Array<number>(rank).fill(2));
  });

  test.runIf(kind.multiplier)('depthMultiplier', () => {
    for (const [value, got] of [
      [0, '0'],
      [1.5, '1.5'],
      ['2', '"2"'],
    ] as const) {
      expect(said({depthMultiplier: value})).toBe(`${name}: depthMultiplier must be a positive integer, got ${got}`);
    }
  });
});

test('convolutions of each channel by itself take strides with dilation: sums of outputs, weighted by a wave, as Keras 3.15.1 has them', () => {
  const x = ops.sin(ops.arange(540).cast('float32')).reshape([2, 9, 10, 3]);
  const options = {strides: 2, dilationRate: 2, useBias: false, depthwiseInitializer: 'ones'} as const;
  const deep = (padding: 'valid' | 'same') => new layers.DepthwiseConv2D([3, 2], {...options, padding})(x);
  const mixed = (padding: 'valid' | 'same') =>
    new layers.SeparableConv2D(2, [3, 2], {...options, padding, pointwiseInitializer: 'ones'})(x);
  const line = (padding: 'valid' | 'same') =>
    new layers.DepthwiseConv1D(3, {...options, dilationRate: 3, padding})(x.at(0));
  for (const [y, shape, sum] of [
    [deep('valid'), [2, 3, 4, 3], 0.11364916832612026],
    [mixed('valid'), [2, 3, 4, 2], -0.09355908966224113],
    [line('valid'), [9, 2, 3], -0.06812783003140804],
    [deep('same'), [2, 5, 5, 3], -6.664443526993463],
    [mixed('same'), [2, 5, 5, 2], 8.927452087402344],
    [line('same'), [9, 5, 3], -0.7461041212081909],
  ] as const) {
    expect(y.shape).toEqual(shape);
    const wave = ops.cos(ops.arange(y.size).cast('float32')).reshape(shape);
    expect(y.mul(wave).sum().item()).toBeCloseTo(sum, 4);
  }
});
