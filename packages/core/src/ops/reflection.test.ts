import {describe, expect, it} from 'vitest';
import {KeratinError, SymbolicTensorError} from '../errors.js';
import {isTensor, ops, type Tensor, tensor} from '../index.js';
import {originOf, symbolicTensor} from '../internal.js';
import {SIGNATURES} from '../graph/signatures.js';
import {signatureOf} from '../graph/signature.js';

// What holds for every function of `ops`: on symbolic tensors it gives the shapes and dtypes that it gives on
// tensors with values, as a node of the graph; or there is a reason why not.

type Call = (x: Tensor) => unknown;

const apart = (x: Tensor) => x.at(':', 0);
const small = (x: Tensor) => x.clip(0, 1).cast('int32');
const images = (x: Tensor) => x.reshape([-1, 4, 4, 1]);
const colors = (x: Tensor) => ops.repeat(images(x), 3, -1);
const parts = (x: Tensor) => [x, ops.zerosLike(x)] as const;
const window = ops.ones([2, 2, 1, 1]);
const eye = ops.eye(4);

/** Arguments, where they are not as many float tensors (2, 4, 4) as the signature has without defaults. */
const CALLS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(
    'bitwiseAnd bitwiseOr bitwiseXor bitwiseLeftShift bitwiseRightShift leftShift rightShift gcd lcm'
      .split(' ')
      .map((name) => [name, (x: Tensor) => binary(name)(small(x), small(x))]),
  ),
  ...Object.fromEntries(
    'concat concatenate stack vstack hstack dstack columnStack addN globalNorm'
      .split(' ')
      .map((name) => [name, (x: Tensor) => binary(name)([x, x])]),
  ),
  ...Object.fromEntries(
    'segmentMax segmentMin segmentProd segmentSum'
      .split(' ')
      .map((name) => [name, (x: Tensor) => binary(name)(ops.ones([3, 4]), small(x.at(0, 0, ':3')), {numSegments: 2})]),
  ),
  arraySplit: (x) => ops.arraySplit(x, 3, 1),
  averagePool: (x) => ops.averagePool(images(x), 2),
  batchNormalization: (x) => ops.batchNormalization(x, [0, 0, 0, 0], [1, 1, 1, 1], -1),
  biasAdd: (x) => ops.biasAdd(x, [1, 2, 3, 4]),
  bitwiseInvert: (x) => ops.bitwiseInvert(small(x)),
  bitwiseNot: (x) => ops.bitwiseNot(small(x)),
  broadcastTo: (x) => ops.broadcastTo(x.at(0), [3, 4, 4]),
  cast: (x) => ops.cast(x, 'int32'),
  clip: (x) => ops.clip(x, 0, 1),
  clipByValue: (x) => ops.clipByValue(x, 0, 1),
  conv: (x) => ops.conv(images(x), window),
  convTranspose: (x) => ops.convTranspose(images(x), window),
  depthwiseConv: (x) => ops.depthwiseConv(images(x), window),
  diag: (x) => ops.diag(x.at(0)),
  digitize: (x) => ops.digitize(x, [0, 1]),
  ...Object.fromEntries('median nanmedian norm'.split(' ').map((name) => [name, (x: Tensor) => binary(name)(x, -1)])),
  ...Object.fromEntries(
    'percentile quantile nanpercentile nanquantile'
      .split(' ')
      .map((name) => [name, (x: Tensor) => binary(name)(x, 0.5, -1)]),
  ),
  adaptiveAveragePool: (x) => ops.adaptiveAveragePool(images(x), 2),
  adaptiveMaxPool: (x) => ops.adaptiveMaxPool(images(x), 2),
  cross: (x) => ops.cross(x.at(':', ':', ':3'), [1, 2, 3]),
  depthToSpace: (x) => ops.depthToSpace(x.reshape([-1, 2, 2, 4]), 2),
  diagflat: (x) => ops.diagflat(x.at(0)),
  diagonal: (x) => ops.diagonal(x, {axis1: 1, axis2: 2}),
  dotProductAttention: (x) => ops.dotProductAttention(images(x), images(x), images(x)),
  inner: (x) => ops.inner(x, eye),
  roll: (x) => ops.roll(x, 1, 1),
  slice: (x) => ops.slice(x.at(0), [1, 1], [2, 2]),
  spaceToDepth: (x) => ops.spaceToDepth(images(x), 2),
  stridedSlice: (x) => ops.stridedSlice(x, [0, 1], [1, 3]),
  tensordot: (x) => ops.tensordot(x, eye, 1),
  trace: (x) => ops.trace(x, {axis1: 1, axis2: 2}),
  truncateDiv: (x) => ops.truncateDiv(x, 2),
  unfold: (x) => ops.unfold(images(x), 2),
  unstack: (x) => ops.unstack(x, 1),
  vsplit: (x) => ops.vsplit(x.at(0), 2),
  'image.extractPatches': (x) => ops.image.extractPatches(images(x), 2),
  'image.ssim': (x) => ops.image.ssim(images(x), images(x), {filterSize: 3}),
  dot: (x) => ops.dot(x, eye),
  dsplit: (x) => ops.dsplit(x, 2),
  einsum: (x) => ops.einsum('bij,bjk->bik', x, x),
  expandDims: (x) => ops.expandDims(x, 1),
  fft: (x) => ops.fft(parts(x)),
  fft2: (x) => ops.fft2(parts(x)),
  hsplit: (x) => ops.hsplit(x, 2),
  ifft: (x) => ops.ifft(parts(x)),
  ifft2: (x) => ops.ifft2(parts(x)),
  inTopK: (x) => ops.inTopK(small(apart(x).at(':', 0)), apart(x), 2),
  irfft: (x) => ops.irfft(parts(x)),
  l2Normalize: (x) => ops.l2Normalize(x, -1),
  map: (x) => ops.map((row: Tensor) => row.mul(2), x.at(0)),
  matrixPower: (x) => ops.matrixPower(x, 2),
  maxPool: (x) => ops.maxPool(images(x), 2),
  moments: (x) => ops.moments(x, {axes: -1}),
  moveaxis: (x) => ops.moveaxis(x, 1, 2),
  multiHot: (x) => ops.multiHot(small(apart(x)), 3),
  oneHot: (x) => ops.oneHot(small(x), 3),
  pad: (x) => ops.pad(x, [[0, 0], [1, 1], [0, 2]]), // prettier-ignore
  rearrange: (x) => ops.rearrange(x, 'b i j -> b (i j)'),
  repeat: (x) => ops.repeat(x, 2, 1),
  reshape: (x) => ops.reshape(x, [-1, 16]),
  saturateCast: (x) => ops.saturateCast(x, 'uint8'),
  searchsorted: (x) => ops.searchsorted([0, 1], apart(x).at(0)),
  separableConv: (x) => ops.separableConv(images(x), window, ops.ones([1, 1, 1, 2])),
  solve: (x) => ops.solve(x, x),
  split: (x) => ops.split(x, 2, 1),
  swapaxes: (x) => ops.swapaxes(x, 1, 2),
  take: (x) => ops.take(x, [0, 2], 1),
  takeAlongAxis: (x) => ops.takeAlongAxis(x, small(x), 1),
  threshold: (x) => ops.threshold(x, 0.5, 0),
  tile: (x) => ops.tile(x, [1, 2, 1]),
  topK: (x) => ops.topK(x, 2),
  transpose: (x) => ops.transpose(x, [0, 2, 1]),
  view: (x) => ops.view(x, 'int32'),
  viewAsComplex: (x) => ops.viewAsComplex(x.at(':', ':', ':2')),
  'image.affineTransform': (x) => ops.image.affineTransform(images(x), [1, 0, 0, 0, 1, 0, 0, 0]),
  'image.cropImages': (x) =>
    ops.image.cropImages(images(x), {topCropping: 1, leftCropping: 1, targetHeight: 2, targetWidth: 2}),
  'image.gaussianBlur': (x) => ops.image.gaussianBlur(images(x)),
  'image.hsvToRgb': (x) => ops.image.hsvToRgb(colors(x)),
  'image.padImages': (x) =>
    ops.image.padImages(images(x), {topPadding: 1, leftPadding: 1, targetHeight: 6, targetWidth: 6}),
  'image.resize': (x) => ops.image.resize(images(x), [2, 3]),
  'image.rgbToGrayscale': (x) => ops.image.rgbToGrayscale(colors(x)),
  'image.rgbToHsv': (x) => ops.image.rgbToHsv(colors(x)),
  'image.sobelEdges': (x) => ops.image.sobelEdges(images(x)),
};

function binary(name: string): (...args: readonly unknown[]) => unknown {
  const fn: unknown = Reflect.get(ops, name);
  if (typeof fn !== 'function') throw new Error(`no ops.${name}`);
  return (...args) => (fn as (...list: readonly unknown[]) => unknown)(...args);
}

/** Functions that look at shapes or values only, or make tensors from numbers: nothing flows through them. */
const NO_FLOW = new Set(
  (
    'array arange bartlett blackman convertToNumpy convertToTensor dtype empty eye full geomspace hamming hanning identity ' +
    'isTensor kaiser linspace logspace ndim ones range shape size tri zeros'
  ).split(' '),
);
/** The result follows from values that are read: a SymbolicTensorError says so. */
const BY_VALUE = new Set(
  'booleanMask histogram nonzero segmentMax segmentMin segmentProd segmentSum unique view where'.split(' '),
);
/** They need to know every size: an open batch is refused. */
const CLOSED = new Set(
  (
    'inTopK isin median nanmedian nanpercentile nanquantile percentile quantile rearrange image.affineTransform ' +
    'image.sobelEdges image.ssim'
  ).split(' '),
);

const all = [
  ...Object.keys(ops).filter((name) => typeof Reflect.get(ops, name) === 'function'),
  ...Object.keys(ops.image).map((name) => `image.${name}`),
];

const arity = (name: string) =>
  Object.hasOwn(SIGNATURES, name) ? signatureOf(name).call.filter((one) => one.default === undefined).length : 1;

const tensorsOf = (value: unknown): Tensor[] =>
  isTensor(value)
    ? [value as Tensor]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(tensorsOf)
      : [];

const values: Tensor = ops.add(eye.mul(2), ops.ones([2, 4, 4]).mul(0.25));
const symbolic: Tensor = symbolicTensor({shape: [null, 4, 4], dtype: 'float32'});
const closed: Tensor = symbolicTensor({shape: [2, 4, 4], dtype: 'float32'});

/** What runs on tensors with values, by the table or by the signature. */
const runnable = all.flatMap((name): (readonly [string, Call])[] => {
  if (NO_FLOW.has(name)) return [];
  const call = CALLS[name] ?? ((x: Tensor) => binary(name)(...new Array<Tensor>(arity(name)).fill(x)));
  try {
    return tensorsOf(call(values)).length > 0 ? [[name, call]] : [];
  } catch {
    return [];
  }
});

describe('symbolic tensors flow through', () => {
  it.each(runnable)('%s', (name, call) => {
    const expected = tensorsOf(call(values));
    if (BY_VALUE.has(name)) {
      expect(() => call(closed)).toThrow(SymbolicTensorError);
      return;
    }
    if (CLOSED.has(name)) expect(() => call(symbolic)).toThrow(KeratinError);
    const found = tensorsOf(call(CLOSED.has(name) ? closed : symbolic));
    expect(found.map(({dtype}) => dtype)).toEqual(expected.map(({dtype}) => dtype));
    found.forEach(({shape}, i) => {
      const known = expected[i]?.shape.map((n, axis) => (shape[axis] === null ? null : n));
      expect(shape).toEqual(known);
    });
    for (const each of found) expect(originOf(each), 'a node').toBeDefined();
  });
});

it('says what is not called on symbolic tensors here', () => {
  const called = new Set(runnable.map(([name]) => name));
  expect(all.filter((name) => !called.has(name) && !NO_FLOW.has(name)).join(' ')).toMatchInlineSnapshot(
    `"extractSequences gatherNd getItem invertPermutation scatter scatterNd scatterUpdate select sliceUpdate sparseCategoricalCrossentropy unravelIndex bincount corrcoef correlate meshgrid vander associativeScan cond switchOp switch whileLoop foriLoop scan vectorizedMap unfold fold ctcLoss ctcDecode jvp customGradient clipByGlobalNorm lstsq argpartition sequenceMask histogramFixedWidth uniqueWithCounts setdiff1d dynamicPartition dynamicStitch reverseSequence confusionMatrix vectorize stft istft image.extractPatches3d image.scaleAndTranslate image.elasticTransform image.mapCoordinates image.perspectiveTransform"`,
  );
});

it('every signature is of a function', () => {
  expect(Object.keys(SIGNATURES).filter((name) => !all.includes(name) && !all.includes(`image.${name}`))).toEqual([]);
  expect(tensor(1).ndim).toBe(0);
});
