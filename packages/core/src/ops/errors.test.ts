import {describe, expect, it} from 'vitest';
import {DtypeError, IndexError, KeratinError, ShapeError} from '../errors.js';
import {ops, tensor} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';
import {IMAGE_MISTAKES, MISTAKES} from '../testing/mistakes.js';

// Bad input to every function of `ops`: one sentence that names it.

checkLeaks();

const list = (words: string) => words.trim().split(/\s+/);

/** Two tensors of one dtype, broadcast. */
const PAIRS = list(`
  cdist threshold complex polar linspace logspace add arctan2 divide equal floorDivide greater greaterEqual less
  lessEqual maximum minimum mod multiply notEqual power squaredDifference subtract trueDivide allclose divideNoNan fmax
  fmin fmod heaviside hypot isclose logaddexp logaddexp2 nextafter psnr clipByNorm truncateDiv
`);

/** An axis. */
const AXES = list(`
  all amax amin any argmax argmin average countNonzero cumprod cumsum logSoftmax logsumexp max mean median min prod ptp
  softmax std sum var variance glu sparsemax nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin
  nanprod nanstd nansum nanvar norm expandDims flip moveaxis squeeze swapaxes unstack argsort sort crelu l2Normalize
`);

/** No text. */
const NO_TEXT = list(`
  bincount corrcoef diff fft fft2 histogram ifft ifft2 irfft nonzero rfft trapezoid celu hardShrink hardSigmoid
  hardSilu hardSwish hardTanh softShrink sparsePlus sparseSigmoid squareplus tanhShrink diag diagflat tri vander
  convertToNumpy saturateCast view bitwiseInvert bitwiseNot angle viewAsComplex adaptiveAveragePool adaptiveMaxPool
  onesLike range ctcDecode abs absolute arccos arccosh arcsin arcsinh arctan arctanh ceil cos cosh elu erf exp expm1
  floor gelu leakyRelu log log1p logSigmoid logicalAnd logicalNot logicalOr logicalXor negative reciprocal relu relu6
  round rsqrt selu sigmoid sign silu sin sinh softplus softsign sqrt square swish tan tanh choleskyInverse eig eigh
  luFactor qr svd cbrt deg2rad erfc erfinv exp2 fabs i0 ldexp log10 log2 rad2deg sinc trunc batchNormalization
  layerNormalization normalize rmsNormalization det logdet matrixRank pinv slogdet unique l2Loss sequenceMask
  uniqueWithCounts
`);

/** Any tensor, so that only what is none is refused. */
const ANY = list(`
  copy dtype ndim shape size conj conjugate imag isreal real viewAsReal isfinite isinf isnan stopGradient isneginf
  isposinf signbit flatten ravel
`);

/** What takes every value. */
const NEVER: ReadonlySet<string> = new Set(['isTensor']);

const x = tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore

function call(name: string, ...args: readonly unknown[]): () => unknown {
  const fn: unknown = Reflect.get(ops, name);
  if (typeof fn !== 'function') throw new Error(`no ops.${name}`);
  return () => (fn as (...list: readonly unknown[]) => unknown)(...args);
}

/** The message of a KeratinError: one line. */
function sentence(fn: () => unknown, kind: new () => KeratinError = KeratinError): string {
  try {
    fn();
  } catch (error) {
    expect(error).toBeInstanceOf(kind);
    const {message} = error as KeratinError;
    expect(message).not.toContain('\n');
    expect(message).not.toContain('internal:');
    return message;
  }
  throw new Error('nothing was thrown');
}

describe('tensors that do not go together', () => {
  it.each(PAIRS)('%s', (name) => {
    expect(sentence(call(name, x, tensor([[1, 2], [3, 4]])))).toMatch(nameFirst(name)); // prettier-ignore
    const mixed = sentence(call(name, x, x.cast('int32')), DtypeError);
    expect(mixed).toMatch(nameFirst(name));
    expect(mixed).toMatch(
      /tensors must have one dtype, got \w+ float32 and \w+ int32; convert one with cast\('float32'\)$/,
    );
  });
});

describe('axes that do not exist', () => {
  it.each(AXES)('%s', (name) => {
    const message = sentence(call(name, x, 7));
    expect(message).toMatch(nameFirst(name));
    expect(message).toMatch(/axis 7 does not exist in a tensor of rank \d$/);
  });
});

describe('text', () => {
  it.each(NO_TEXT)('%s', (name) => {
    const message = sentence(call(name, tensor(['a'])));
    expect(message).toMatch(nameFirst(name));
    expect(message).toMatch(/string|dtype/);
  });
});

describe('no tensor', () => {
  it.each(ANY)('%s', (name) => {
    expect(sentence(call(name, {}))).toMatch(nameFirst(name));
  });
});

const nameFirst = (name: string) => new RegExp(`^${name}: `);

describe('mistakes', () => {
  it.each(MISTAKES)('%s', (name, fn, expected) => {
    const message = sentence(fn);
    expect(message).toContain(`${name === 'switchOp' ? 'switch' : name}: ${expected}`);
  });
  it.each(IMAGE_MISTAKES)('%s', (name, fn, expected) => {
    expect(sentence(fn)).toContain(`${name}: ${expected}`);
  });

  it('indices out of range are IndexErrors, shapes ShapeErrors', () => {
    sentence(() => ops.take(x, 6), IndexError);
    sentence(() => ops.gatherNd(x, tensor([[2, 0]], 'int32')), IndexError);
    sentence(() => ops.reshape(x, [4, 2]), ShapeError);
    sentence(() => ops.matmul(x, x), ShapeError);
  });
});

it('every function has a case', () => {
  const known = new Set([
    ...PAIRS,
    ...AXES,
    ...NO_TEXT,
    ...ANY,
    ...NEVER,
    ...[...MISTAKES, ...IMAGE_MISTAKES].map(([name]) => name),
  ]);
  const functions = (module: object, prefix: string) =>
    Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [`${prefix}${name}`] : []));
  const all = [...functions(ops, ''), ...functions(ops.image, 'image.')];
  expect(all.filter((name) => !known.has(name))).toEqual([]);
  expect([...known].filter((name) => !all.includes(name))).toEqual([]);
});
