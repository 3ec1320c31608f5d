import {describe, expect, test} from 'vitest';
import {GradientTape, jit, KeratinError, ops, random, tensor, type Tensor} from '@keratin/core';
import {layers} from '../../index.js';
import * as classes from './classes.js';

const images = random.uniform([4, 12, 10, 3], {minval: 10, maxval: 240, seed: 7});

/** One of each random layer, with a seed. */
const RANDOM: Readonly<Record<string, (seed: number) => layers.Layer>> = {
  AugMix: (seed) => new layers.AugMix({seed, numChains: 2, chainDepth: 2}),
  CutMix: (seed) => new layers.CutMix({seed}),
  MixUp: (seed) => new layers.MixUp({seed, alpha: 2}),
  RandAugment: (seed) => new layers.RandAugment({seed}),
  RandomBrightness: (seed) => new layers.RandomBrightness(0.3, {seed}),
  RandomColorDegeneration: (seed) => new layers.RandomColorDegeneration(0.7, {seed}),
  RandomColorJitter: (seed) => new layers.RandomColorJitter({brightnessFactor: 0.2, hueFactor: 0.3, seed}),
  RandomContrast: (seed) => new layers.RandomContrast(0.6, {seed}),
  RandomCrop: (seed) => new layers.RandomCrop(5, 4, {seed}),
  RandomElasticTransform: (seed) => new layers.RandomElasticTransform({seed}),
  RandomErasing: (seed) => new layers.RandomErasing({seed}),
  RandomFlip: (seed) => new layers.RandomFlip('horizontal', {seed}),
  RandomGaussianBlur: (seed) => new layers.RandomGaussianBlur({seed}),
  RandomGrayscale: (seed) => new layers.RandomGrayscale({seed}),
  RandomHue: (seed) => new layers.RandomHue(0.5, {seed}),
  RandomInvert: (seed) => new layers.RandomInvert({seed}),
  RandomPerspective: (seed) => new layers.RandomPerspective({seed}),
  RandomPosterization: (seed) => new layers.RandomPosterization([1, 6], {seed}),
  RandomRotation: (seed) => new layers.RandomRotation(0.2, {seed}),
  RandomSaturation: (seed) => new layers.RandomSaturation(0.9, {seed}),
  RandomSharpness: (seed) => new layers.RandomSharpness(0.9, {seed}),
  RandomShear: (seed) => new layers.RandomShear({xFactor: 0.5, seed}),
  RandomTranslation: (seed) => new layers.RandomTranslation(0.3, 0.3, {seed}),
  RandomZoom: (seed) => new layers.RandomZoom(0.4, {seed}),
  Solarization: (seed) => new layers.Solarization({thresholdFactor: 1, seed}),
};

test('every random class is here', () => {
  const fixed = [
    'AutoContrast',
    'CenterCrop',
    'ContrastLimitedAdaptiveHistogramEqualization',
    'Equalization',
    'MaxNumBoundingBoxes',
    'Resizing',
  ];
  expect([...Object.keys(RANDOM), ...fixed].sort()).toEqual(Object.keys(classes).sort());
});

const differs = (a: Tensor, b: Tensor) => ops.max(ops.abs(a.sub(b))).item() > 1e-3;

describe.each(Object.entries(RANDOM))('%s', (_, make) => {
  test('gives its inputs at inference', () => {
    expect(differs(make(1)(images, {training: false}), images)).toBe(false);
  });

  test('draws by its seed, and anew at each call', () => {
    const [a, b, c] = [make(1), make(1), make(2)];
    const draws = (layer: layers.Layer) => ops.stack(Array.from({length: 4}, () => layer(images, {training: true})));
    const first = draws(a);
    expect(differs(first, draws(b))).toBe(false);
    expect(differs(first, draws(c))).toBe(true);
    expect([1, 2, 3].some((i) => differs(first.at(0), first.at(i)))).toBe(true);
    expect(ops.all(ops.isfinite(first)).item()).toBe(true);
  });

  test('draws the same compiled', () => {
    const [layer, other] = [make(4), make(4)];
    const compiled = jit((x: Tensor) => other(x, {training: true}));
    for (let call = 0; call < 3; call++) {
      expect(differs(layer(images, {training: true}), compiled(images))).toBe(false);
    }
    // One program: it reads no value, whatever is drawn.
    expect(compiled.ir(images)).toContain('return');
  });

  test('takes a single image and channels first', () => {
    const one = make(3)(images.at(0), {training: true});
    expect(one.ndim).toBe(3);
    const cls = make(3).constructor as typeof layers.RandomFlip;
    const turned = cls.fromConfig<layers.Layer>({...make(3).getConfig(), seed: 3, data_format: 'channels_first'});
    const y = turned(images.transpose([0, 3, 1, 2]), {training: true}).transpose([0, 2, 3, 1]);
    // Both draw the same numbers.
    expect(differs(y, make(3)(images, {training: true}))).toBe(false);
  });
});

// What an affine transform with fill value 0 gives is linear in the images: <dy, T x> = <T' dy, x>.
test('the gradient of a transform to the nearest pixels is its transpose', () => {
  const layer = new layers.RandomRotation([0.15, 0.15], {fillMode: 'wrap', interpolation: 'nearest'});
  const [x, dy] = [1, 2].map((seed) => random.normal([2, 6, 7, 3], {seed}));
  if (x === undefined || dy === undefined) expect.fail();
  const tape = new GradientTape();
  tape.watch(x);
  const product = tape.record(() => ops.sum(layer(x, {training: true}).mul(dy)));
  const gradient = tape.gradient(product, x);
  expect(ops.sum(gradient.mul(x)).item()).toBeCloseTo(product.item(), 4);
  expect(differs(gradient, dy)).toBe(true);
});

describe('statistics', () => {
  const many = ops.ones([2000, 1, 2, 1]).mul(tensor([0, 1]).reshape([1, 1, 2, 1]));
  test('half of the images are flipped', () => {
    const flipped = new layers.RandomFlip('horizontal', {seed: 1})(many, {training: true}).at(':', 0, 0, 0);
    expect(Math.abs(ops.mean(flipped).item() - 0.5)).toBeLessThan(0.05);
  });
  test('brightness is uniform', () => {
    const layer = new layers.RandomBrightness([-0.1, 0.3], {seed: 1, valueRange: [-1, 1]});
    const amount = layer(ops.zeros([4000, 1, 1, 1]), {training: true});
    expect(Math.abs(ops.mean(amount).item() - 0.2)).toBeLessThan(0.02);
    expect(ops.min(amount).item()).toBeGreaterThanOrEqual(-0.2);
    expect(ops.max(amount).item()).toBeLessThanOrEqual(0.6);
    expect(Math.abs(ops.std(amount).item() - 0.8 / Math.sqrt(12))).toBeLessThan(0.02);
  });
  test('crops begin anywhere', () => {
    const layer = new layers.RandomCrop(1, 1, {seed: 1});
    const places = ops.arange(9).reshape([1, 3, 3, 1]);
    const seen = new Set(Array.from({length: 200}, () => layer(ops.cast(places, 'float32'), {training: true}).item()));
    expect(seen.size).toBe(9);
  });
});

describe('what belongs to images moves along', () => {
  const one = ops.pad(ops.ones([1, 2, 3, 1]), [
    [0, 0],
    [1, 5],
    [2, 3],
    [0, 0],
  ]);
  const boxes = tensor([
    [
      [2, 1, 5, 3],
      [0, 0, 0, 0],
    ],
  ]);
  const batch = {
    images: one,
    labels: tensor([[1, 0]]),
    boundingBoxes: {boxes, labels: tensor([[4, -1]], 'int32')},
    segmentationMasks: ops.cast(one, 'int32'),
  };
  type Batch = layers.ImageBatch;
  const boundingBoxFormat = 'xyxy' as const;
  const CASES: Readonly<Record<string, (input: Batch) => Batch>> = {
    flip: (x) =>
      new layers.RandomFlip<Batch>('horizontal_and_vertical', {boundingBoxFormat, seed: 3})(x, {training: true}),
    translation: (x) =>
      new layers.RandomTranslation<Batch>([0.25, 0.25], [-0.25, -0.25], {boundingBoxFormat, fillMode: 'constant'})(x, {
        training: true,
      }),
    rotation: (x) =>
      new layers.RandomRotation<Batch>([0.5, 0.5], {boundingBoxFormat, fillMode: 'constant'})(x, {training: true}),
    crop: (x) => new layers.CenterCrop<Batch>(6, 6, {boundingBoxFormat})(x),
    resizing: (x) => new layers.Resizing<Batch>(16, 16, {boundingBoxFormat, interpolation: 'nearest'})(x),
  };
  test.each(Object.entries(CASES))('%s', (_, run) => {
    const done = run(batch);
    const mask = done.segmentationMasks;
    expect(mask?.dtype).toBe('int32');
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = (done.boundingBoxes?.boxes.array(3) ?? [])[0]?.[0] ?? [];
    // The box is around the pixels that are set, to a pixel where positions are between pixels.
    const set = ops.cast(done.images.greater(0.5), 'float32').squeeze([0, 3]);
    const span = (axis: number) => {
      const found = ops
        .max(set, axis)
        .array(1)
        .flatMap((value, i) => (value > 0 ? [i] : []));
      return [found[0] ?? NaN, (found.at(-1) ?? NaN) + 1] as const;
    };
    const [left, right] = span(0);
    const [top, bottom] = span(1);
    [x1 - left, x2 - right, y1 - top, y2 - bottom].forEach((gap) => {
      expect(Math.abs(gap)).toBeLessThan(1.01);
    });
    expect(done.boundingBoxes?.labels.array()).toEqual([[4, -1]]);
    expect(done.labels?.array()).toEqual([[1, 0]]);
    expect(differs(ops.cast(mask ?? one, 'float32'), ops.cast(done.images.greater(0.5), 'float32'))).toBe(false);
  });

  test('labels are mixed with those of other images', () => {
    const pair = {images: ops.stack([ops.zeros([4, 4, 1]), ops.ones([4, 4, 1])]), labels: ops.eye(2)};
    for (const layer of [new layers.MixUp<Batch>({seed: 1, alpha: 3}), new layers.CutMix<Batch>({seed: 1})]) {
      const {labels} = layer(pair, {training: true});
      expect(ops.max(ops.abs(ops.sum(labels ?? 0, 1).sub(1))).item()).toBeLessThan(1e-5);
    }
  });

  test('every image has the same number of boxes', () => {
    const layer = new layers.MaxNumBoundingBoxes<Batch>(3, {boundingBoxFormat});
    expect(layer(batch).boundingBoxes?.labels.array()).toEqual([[4, -1, -1]]);
    expect(layer(batch).boundingBoxes?.boxes.shape).toEqual([1, 3, 4]);
  });
});

test('resizing keeps integers', () => {
  const x = tensor(Uint8Array.of(0, 255, 10, 20), {shape: [2, 2, 1]});
  const y = new layers.Resizing(1, 2)(x);
  expect([y.dtype, y.shape]).toEqual(['uint8', [1, 2, 1]]);
});

test('layers called alone transform as while training, in a pipeline too', () => {
  const flip = () => new layers.RandomInvert({seed: 1, factor: [1, 1]});
  expect(differs(flip()(images), images)).toBe(true);
  const pipeline = new layers.Pipeline([flip(), new layers.Rescaling(1 / 255)]);
  expect(differs(pipeline(images).mul(255), images)).toBe(true);
  expect(differs(pipeline(images, {training: false}).mul(255), images)).toBe(false);
});

const MISTAKES: readonly (readonly [what: string, mistake: () => unknown, message: string])[] = [
  [
    'rank',
    () => new layers.RandomFlip('vertical', {name: 'f'})(ops.ones([2, 3])),
    'f: images must have rank 3, or 4 for a batch, got inputs (2,3)',
  ],
  [
    'mode',
    () => new layers.RandomFlip('both' as never),
    'RandomFlip: mode must be one of horizontal, vertical, horizontal_and_vertical, got "both"',
  ],
  [
    'factor',
    () => new layers.RandomRotation(2),
    'RandomRotation: factor must be a number, or a list of two numbers, in [-1, 1], got 2',
  ],
  [
    'value range',
    () => new layers.AutoContrast({valueRange: [1, 1]}),
    'AutoContrast: valueRange must be a list of two different numbers, got [1, 1]',
  ],
  ['size', () => new layers.Resizing(0, 3), 'Resizing: height must be a positive integer, got 0'],
  [
    'channels',
    () => new layers.RandomHue(0.1, {name: 'h'})(ops.ones([2, 4, 4, 1])),
    'h: images must have 3 channels, got (n,height,width,channels) (2,4,4,1)',
  ],
  ['seed', () => new layers.RandomZoom(0.1, {seed: -1}), 'RandomZoom: seed must be a non-negative integer, got -1'],
  [
    'option',
    () => new layers.CenterCrop(2, 2, {seed: 1} as never),
    'CenterCrop: unknown option "seed"; it takes name, trainable, dtype, activityRegularizer, inputShape, dataFormat, boundingBoxFormat',
  ],
  [
    'kernel',
    () => new layers.RandomGaussianBlur({kernelSize: 2}),
    'RandomGaussianBlur: kernelSize must be an odd number or two of them, got 2',
  ],
  [
    'format',
    () => new layers.RandomFlip('vertical', {boundingBoxFormat: 'x' as never}),
    'RandomFlip: boundingBoxFormat must be one of xyxy, yxyx, xywh, center_xywh, center_yxhw, rel_xyxy, rel_yxyx, rel_xywh, rel_center_xywh, got "x"',
  ],
  [
    'no format',
    () =>
      new layers.RandomFlip<layers.ImageBatch>('vertical', {name: 'f'})({
        images,
        boundingBoxes: {boxes: ops.ones([4, 1, 4]), labels: ops.ones([4, 1])},
      }),
    'f: boundingBoxFormat must say how the bounding boxes are written',
  ],
  [
    'key',
    () => new layers.RandomFlip<layers.ImageBatch>('vertical', {name: 'f'})({images, masks: images} as never),
    'f: inputs are images or a dictionary of images, labels, boundingBoxes, segmentationMasks, got "masks"',
  ],
  ['pipeline', () => new layers.Pipeline([]), 'Pipeline: layers must be a list of at least one layer, got []'],
];

describe('mistakes with images', () => {
  test.each(MISTAKES)('%s', (_, mistake, message) => {
    let caught: unknown;
    try {
      mistake();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(KeratinError);
    expect((caught as Error).message).toBe(message);
  });
});
