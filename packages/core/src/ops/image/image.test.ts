import {describe, expect, it} from 'vitest';
import {KeratinError} from '../../errors.js';
import {isSymbolic, symbolicTensor} from '../../engine/hidden.js';
import {ops, setSeed, tensor, type Tensor} from '../../index.js';
import {checkGradients} from '../../testing/gradients.js';
import {checkLeaks} from '../../testing/leaks.js';
import {spread, uniform} from '../../testing/values.js';

// What the recorded cases of Keras do not have: finite differences, borders, randomness, errors.

checkLeaks();

const {image} = ops;
const random = (...shape: number[]) => uniform(shape, 0, 1);

describe('gradients, to second order', () => {
  const square = (x: Tensor) => x.square();
  it.each<[string, (x: Tensor) => Tensor, Tensor]>([
    ['resize', (x) => square(image.resize(x, [4, 2])), random(3, 4, 1)],
    ['resize bicubic', (x) => square(image.resize(x, [2, 5], {interpolation: 'bicubic'})), random(3, 4, 1)],
    ['resize area', (x) => square(image.resize(x, [2, 2], {interpolation: 'area'})), random(3, 3, 1)],
    ['affineTransform', (x) => square(image.affineTransform(x, [0.9, 0.2, 0.3, -0.1, 1.1, 0, 0, 0])), random(3, 3, 1)],
    ['rgbToHsv', (x) => image.rgbToHsv(x), spread([2, 1, 3])],
    ['hsvToRgb', (x) => image.hsvToRgb(x), uniform([2, 1, 3], 0.2, 0.3)],
    ['gaussianBlur', (x) => square(image.gaussianBlur(x, {kernelSize: [3, 5], sigma: [0.8, 1.2]})), random(3, 3, 2)],
    ['ssim', (x) => image.ssim(x, random(4, 4, 1).add(0.5), {filterSize: 3}), random(4, 4, 1)],
    ['extractPatches', (x) => square(image.extractPatches(x, 2, {strides: 1, padding: 'same'})), random(3, 3, 1)],
    ['sobelEdges', (x) => square(image.sobelEdges(x)), random(1, 3, 3, 1)],
  ])('%s', (_, fn, x) => {
    checkGradients((y) => fn(y), [x], {order: 2});
  });

  it('of positions, scale and translation', () => {
    const inputs = random(4, 5);
    const places = tensor(Float64Array.of(0.3, 1.4, 2.6, 0.2, 3.3, 1.7), {shape: [2, 3]});
    checkGradients((x, at) => image.mapCoordinates(x, at, 1), [inputs, places], {order: 2});
    const [scale, translation] = [tensor(Float64Array.of(1.3, 0.63)), tensor(Float64Array.of(0.21, -0.37))];
    const scaled = (x: Tensor, s: Tensor, t: Tensor) => image.scaleAndTranslate(x, [3, 4], s, t, [0, 1], 'cubic');
    checkGradients((x, s, t) => scaled(x, s, t), [inputs, scale, translation]);
  });
});

it('a NaN stays where it is', () => {
  const x = tensor([1, 2, NaN, 4, 5, 6]).reshape([1, 6, 1]);
  const wide = image.resize(x, [1, 12]).reshape([-1]);
  // Four of the twelve new pixels lie between it and a neighbour.
  expect(ops.isnan(wide).cast('int32').array()).toEqual([0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
});

it('mirrors with and without the border', () => {
  const x = tensor([0, 1, 2, 3]);
  const places = [[-2, -1, 4, 5, 6, 7]];
  const seen = (fillMode: 'mirror' | 'wrap' | 'nearest') => image.mapCoordinates(x, places, 0, {fillMode}).array();
  expect(seen('mirror')).toEqual([2, 1, 2, 1, 0, 1]);
  expect(seen('wrap')).toEqual([2, 3, 0, 1, 2, 3]);
  expect(seen('nearest')).toEqual([0, 0, 3, 3, 3, 3]);
});

it('looks behind the horizon and far away without harm', () => {
  const x = random(3, 3, 1);
  const horizon = image.affineTransform(x, [1, 0, 0, 0, 1, 0, -1, 0], {fillValue: 7});
  // c0 x + 1 is 0 in column 1.
  expect(horizon.at(':', 1).array()).toEqual([[7], [7], [7]]);
  for (const fillMode of ['constant', 'nearest', 'wrap', 'reflect'] as const) {
    const far = image.affineTransform(x, [1e30, 0, -1e38, 0, 1e30, NaN, 0, 0], {fillMode});
    expect(far.shape).toEqual([3, 3, 1]);
  }
});

it('deforms elastically: reproducible, each image and axis in its own way', () => {
  setSeed(1);
  const x = random(12, 11, 1);
  const two = ops.stack([x, x]);
  const y = image.elasticTransform(two, {alpha: 3, sigma: 2, seed: 5});
  expect(y.shape).toEqual([2, 12, 11, 1]);
  expect(y.array()).toEqual(image.elasticTransform(two, {alpha: 3, sigma: 2, seed: 5}).array());
  expect(y.at(0).array()).not.toEqual(y.at(1).array());
  expect(image.elasticTransform(two, {alpha: 0, seed: 5}).sub(two).abs().max().item()).toBeLessThan(1e-6);
  const bytes: Tensor = two.mul(255).cast('uint8');
  expect(image.elasticTransform(bytes, {interpolation: 'nearest', fillMode: 'constant', seed: 5}).dtype).toBe('uint8');
  const first = image.elasticTransform(two.transpose([0, 3, 1, 2]), {
    alpha: 3,
    sigma: 2,
    seed: 5,
    dataFormat: 'channels_first',
  });
  expect(first.transpose([0, 2, 3, 1]).array()).toEqual(y.array());
});

it('open sizes go through resize', () => {
  const x: Tensor = symbolicTensor({shape: [null, null, null, 3], dtype: 'float32'});
  const y = image.resize(x, [4, 5]);
  expect([isSymbolic(y), y.shape]).toEqual([true, [null, 4, 5, 3]]);
});

describe('mistakes', () => {
  const x = tensor([1, 2, 3, 4, 5, 6]).reshape([2, 3, 1]);
  const flat = tensor([1, 2]);
  it.each<[() => unknown, string]>([
    [
      () => image.resize(flat, [2, 2]),
      'image.resize: images must have rank 3 (one image) or 4 (a batch of images), got shape (2,)',
    ],
    // @ts-expect-error two numbers are needed
    [() => image.resize(x, 3), 'image.resize: size must be [height, width], two positive integers, got 3'],
    [() => image.resize(x, [0, 2]), 'image.resize: size must be [height, width], two positive integers, got [0, 2]'],
    [
      // @ts-expect-error a misspelt word
      () => image.resize(x, [2, 2], {interpolation: 'bilinaer'}),
      "image.resize: interpolation must be one of 'bilinear', 'nearest', 'lanczos3', 'lanczos5', 'bicubic', 'area', got \"bilinaer\"; did you mean 'bilinear'?",
    ],
    [
      // @ts-expect-error a misspelt word
      () => image.resize(x, [2, 2], {antiAliasing: true}),
      'image.resize: unknown option "antiAliasing"; did you mean "antialias"?',
    ],
    [
      // @ts-expect-error an option that only Keras's torch back end has
      () => image.resize(x, [2, 2], {fillMode: 'reflect'}),
      'image.resize: fillMode must be one of \'constant\', got "reflect"',
    ],
    [
      // @ts-expect-error a misspelt word
      () => image.resize(x, [2, 2], {dataFormat: 'channelsLast'}),
      "image.resize: dataFormat must be one of 'channels_last', 'channels_first', got \"channelsLast\"; did you mean 'channels_last'?",
    ],
    [
      () => image.resize(x, [2, 2], {cropToAspectRatio: true, padToAspectRatio: true}),
      'image.resize: one of cropToAspectRatio and padToAspectRatio can be true, got both',
    ],
    [() => image.resize(ops.zeros([0, 3, 1]), [2, 2]), 'image.resize: images must have pixels, got shape (1,0,3,1)'],
    [
      () => image.rgbToGrayscale(ops.zeros([2, 3, 2])),
      'image.rgbToGrayscale: images must have 3 channels (or 1), got shape (2,3,2)',
    ],
    [() => image.rgbToHsv(x), 'image.rgbToHsv: images must have 3 channels, got shape (2,3,1)'],
    [
      () => image.hsvToRgb(ops.zeros([2, 2, 3], 'uint8')),
      "image.hsvToRgb: images must be floating numbers, got uint8; convert them with cast('float32')",
    ],
    [
      () => image.gaussianBlur(x, {sigma: [1, 0]}),
      'image.gaussianBlur: sigma must be two positive numbers, got [1, 0]',
    ],
    [
      () => image.gaussianBlur(x, {kernelSize: [3, 0]}),
      'image.gaussianBlur: kernelSize must be [height, width], two positive integers, got [3, 0]',
    ],
    [
      () => image.gaussianBlur(x.cast('int32')),
      "image.gaussianBlur: images must be floating numbers, got int32; convert them with cast('float32')",
    ],
    [() => image.sobelEdges(x), 'image.sobelEdges: a batch of images (rank 4) is needed, got shape (2,3,1)'],
    [() => image.ssim(x, ops.zeros([2, 2, 1])), 'image.ssim: images must have one shape, got (2,3,1) and (2,2,1)'],
    [() => image.ssim(x, x), 'image.ssim: images of shape (2,3,1) are smaller than filterSize 11'],
    [() => image.ssim(x, x, {filterSize: 0}), 'image.ssim: filterSize must be a positive integer, got 0'],
    [() => image.extractPatches(x, 4), 'image.extractPatches: patches of size 4 do not fit into shape (2,3,1)'],
    [
      () => image.extractPatches(x, [2, 2, 2, 2]),
      'image.extractPatches: size must be a positive integer or 2 of them, got [2, 2, 2, 2]',
    ],
    [
      () => image.extractPatches3d(x, 2),
      'image.extractPatches3d: rank 4 (one) or 5 (a batch) is needed, got shape (2,3,1)',
    ],
    [
      () => image.padImages(x, {topPadding: 1, leftPadding: 1, rightPadding: 1}),
      'image.padImages: exactly two of topPadding, bottomPadding, targetHeight are needed, got topPadding 1, bottomPadding undefined, targetHeight undefined',
    ],
    [
      () => image.padImages(x, {topPadding: 1, targetHeight: 2, leftPadding: 1, rightPadding: 1}),
      'image.padImages: the target height 2 is less than the height 2 and the padding 1',
    ],
    [
      () => image.padImages(x, {topPadding: -1, targetHeight: 2, leftPadding: 1, rightPadding: 1}),
      'image.padImages: topPadding must be an integer of at least 0, got -1',
    ],
    [
      () => image.cropImages(x, {topCropping: 1, bottomCropping: 2, leftCropping: 0, rightCropping: 0}),
      'image.cropImages: 1 and 2 do not fit into the height 2',
    ],
    [
      () => image.cropImages(x, {topCropping: 1, targetHeight: 2, leftCropping: 0, rightCropping: 0}),
      'image.cropImages: 1 and 2 do not fit into the height 2',
    ],
    [
      () => image.affineTransform(x, [1, 2, 3]),
      'image.affineTransform: transform must be 8 numbers, or (1,8) for the batch, got shape (3,)',
    ],
    [
      // @ts-expect-error an interpolation of resize
      () => image.affineTransform(x, [1, 0, 0, 0, 1, 0, 0, 0], {interpolation: 'bicubic'}),
      "image.affineTransform: interpolation must be one of 'nearest', 'bilinear', got \"bicubic\"",
    ],
    [
      () => image.perspectiveTransform(x, [[0, 0]], [[0, 0]]),
      'image.perspectiveTransform: startPoints must have shape (4,2), or (n,4,2) for a batch, got (1,2)',
    ],
    [
      () => image.perspectiveTransform(x, ops.zeros([4, 2]), ops.zeros([1, 4, 2])),
      'image.perspectiveTransform: startPoints and endPoints must have one shape, got (4,2) and (1,4,2)',
    ],
    [
      () => image.perspectiveTransform(x, ops.zeros([3, 4, 2]), ops.zeros([3, 4, 2])),
      'image.perspectiveTransform: points for 1 or 1 images are needed, got shape (3,4,2)',
    ],
    [
      () => image.mapCoordinates(x, [[0], [0]], 1),
      'image.mapCoordinates: coordinates must be (3,...), a list for each axis of inputs (2,3,1), got shape (2,1)',
    ],
    [() => image.mapCoordinates(x, [[0], [0], [0]], 3), 'image.mapCoordinates: order must be 0 or 1, got 3'],
    [() => image.elasticTransform(x, {sigma: 0}), 'image.elasticTransform: sigma must be a positive number, got 0'],
    [() => image.elasticTransform(x, {alpha: NaN}), 'image.elasticTransform: alpha must be a number, got NaN'],
    [
      () => image.scaleAndTranslate(x, [2, 2], [1], [1], [0], 'linear'),
      'image.scaleAndTranslate: outputShape must have a size for each axis of images (2,3,1), got [2, 2]',
    ],
    [
      () => image.scaleAndTranslate(x, [2, 2, 1], [1], [1, 2], [0], 'linear'),
      'image.scaleAndTranslate: scale and translation must have a number for each of spatialDims [0], got shapes (1,) and (2,)',
    ],
  ])('%s', (fn, message) => {
    expect(fn).toThrow(KeratinError);
    expect(fn).toThrow(message);
  });
});
