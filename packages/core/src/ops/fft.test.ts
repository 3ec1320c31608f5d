import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Complex} from '../dtype.js';
import {DtypeError, type KeratinError, ShapeError, UnknownOptionError, ValueError} from '../errors.js';
import {symbolicTensor} from '../engine/hidden.js';
import {ops, tensor, type Tensor} from '../index.js';
import {checkGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {uniform} from '../testing/values.js';

checkLeaks();

type Pair = readonly [Float64Array, Float64Array];

/** The sum that defines the transform; jk modulo n keeps the angles exact. */
function naive([re, im]: Pair, sign: number): Pair {
  const n = re.length;
  const y: Pair = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (sign * 2 * Math.PI * ((j * k) % n)) / n;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      y[0][k] = (y[0][k] ?? 0) + (re[j] ?? 0) * cosine - (im[j] ?? 0) * sine;
      y[1][k] = (y[1][k] ?? 0) + (re[j] ?? 0) * sine + (im[j] ?? 0) * cosine;
    }
  }
  return y;
}

const doubles = (x: Tensor): Float64Array => Float64Array.from(x.cast('float64').data() as ArrayLike<number>);

function expectNear(actual: Float64Array, expected: Float64Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const size = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const error = actual.reduce((most, x, i) => Math.max(most, Math.abs(x - (expected[i] ?? NaN))), 0);
  expect(error / size).toBeLessThan(tolerance);
}

/** Lengths of small factors, primes and products of large primes. */
const lengths = fc.oneof(fc.integer({min: 1, max: 64}), fc.integer({min: 65, max: 400}));
const seeds = fc.integer({min: 1, max: 1_000_000});
const options = {numRuns: 60};
const energy = (...parts: readonly Tensor[]): number =>
  parts.reduce((sum, part) => sum + part.cast('float64').square().sum().item(), 0);

describe('Fourier transforms', () => {
  it('are the sums that define them, of any length', () => {
    fc.assert(
      fc.property(lengths, seeds, fc.constantFrom('float32' as const, 'float64' as const), (n, seed, dtype) => {
        const part = (from: number) => uniform([n], -1, 1, from).cast(dtype);
        const [re, im] = [part(seed), part(seed + 7)];
        const tolerance = dtype === 'float32' ? 1e-5 : 1e-12;
        const pair: Pair = [doubles(re), doubles(im)];
        const forward = ops.fft([re, im]);
        expect(forward[0].dtype).toBe(dtype);
        naive(pair, -1).forEach((part, i) => {
          expectNear(doubles(forward[i] as Tensor), part, tolerance);
        });
        const backward = ops.ifft([re, im]);
        naive(pair, 1).forEach((part, i) => {
          expectNear(doubles((backward[i] as Tensor).mul(n)), part, tolerance);
        });
      }),
      options,
    );
  });

  it('come back, and keep the energy (Parseval)', () => {
    fc.assert(
      fc.property(lengths, fc.integer({min: 1, max: 20}), seeds, (n, rows, seed) => {
        const parts = [uniform([rows, n], -1, 1, seed), uniform([rows, n], -1, 1, seed + 7)] as const;
        const spectrum = ops.fft(parts);
        ops.ifft(spectrum).forEach((part, i) => {
          expectNear(doubles(part), doubles(parts[i] as Tensor), 1e-13);
        });
        expect(energy(...spectrum) / n / energy(...parts)).toBeCloseTo(1, 11);
      }),
      options,
    );
  });

  it('of real numbers are half of a whole spectrum, and come back', () => {
    fc.assert(
      fc.property(lengths, fc.integer({min: 1, max: 20}), seeds, (n, rows, seed) => {
        const x = uniform([rows, n], -1, 1, seed);
        const half = ops.rfft(x);
        const whole = ops.fft([x, x.zerosLike()]);
        const size = Math.floor(n / 2) + 1;
        half.forEach((part, i) => {
          expect(part.shape).toEqual([rows, size]);
          const left = ops.slice(whole[i] as Tensor, [0, 0], [rows, size]);
          expectNear(doubles(part), doubles(left), 1e-13);
        });
        expectNear(doubles(ops.irfft(half, {fftLength: n})), doubles(x), 1e-13);
      }),
      options,
    );
  });

  it('turn convolutions into products', () => {
    const [x, y] = [uniform([30], -1, 1, 3), uniform([30], -1, 1, 5)];
    const [a, b] = [x, y].map((signal) => ops.complex(...ops.rfft(signal))) as [Tensor<Complex>, Tensor<Complex>];
    const found = doubles(ops.irfft(a.mul(b)));
    const [p, q] = [doubles(x), doubles(y)];
    const expected = Float64Array.from(p, (_, k) =>
      p.reduce((sum, value, j) => sum + value * (q[(k - j + 30) % 30] ?? 0), 0),
    );
    expectNear(found, expected, 1e-13);
  });

  it('take and give complex tensors too', () => {
    const parts = [uniform([2, 6, 5], -1, 1, 3), uniform([2, 6, 5], -1, 1, 4)] as const;
    const z = ops.complex(...parts);
    for (const name of ['fft', 'ifft', 'fft2', 'ifft2'] as const) {
      const y: Tensor<Complex> = ops[name](z);
      const [re, im] = ops[name](parts);
      expect([y.dtype, y.shape]).toEqual(['complex128', [2, 6, 5]]);
      expectNear(doubles(y.real()), doubles(re), 1e-15);
      expectNear(doubles(y.imag()), doubles(im), 1e-15);
    }
    const [back] = ops.ifft2(ops.fft2(parts));
    expectNear(doubles(back), doubles(parts[0]), 1e-14);
    expectNear(doubles(ops.irfft(z)), doubles(ops.irfft(parts)), 1e-15);
  });

  it('read views as their copies', () => {
    const [re, im] = [uniform([6, 4], -1, 1, 3), uniform([6, 4], -1, 1, 4)];
    const [views, copies] = [
      ops.fft([re.transpose(), im.transpose()]),
      ops.fft([tensor(re.transpose().array(), 'float64'), tensor(im.transpose().array(), 'float64')]),
    ];
    views.forEach((part, i) => {
      expect(part.array()).toEqual(copies[i]?.array());
    });
  });

  it('cut off and pad with zeros', () => {
    const x = tensor([1, 2, 3, 4, 5]);
    const array = (pair: readonly Tensor[]) => pair.map((part) => part.array());
    expect(array(ops.rfft(x, {fftLength: 3}))).toEqual(array(ops.rfft(tensor([1, 2, 3]))));
    expect(array(ops.rfft(x, {fftLength: 8}))).toEqual(array(ops.rfft(tensor([1, 2, 3, 4, 5, 0, 0, 0]))));
    expect(ops.irfft([tensor([6]), tensor([0])], {fftLength: 3}).array()).toEqual([2, 2, 2]);
  });

  it('infer shapes of symbolic tensors', () => {
    const x: Tensor = symbolicTensor({shape: [null, 12], dtype: 'float32'});
    const shapes = (pair: readonly Tensor[]) => pair.map(({shape}) => shape);
    expect(shapes(ops.fft([x, x]))).toEqual([
      [null, 12],
      [null, 12],
    ]);
    expect(shapes(ops.rfft(x, {fftLength: 8}))).toEqual([
      [null, 5],
      [null, 5],
    ]);
    expect(ops.irfft([x, x]).shape).toEqual([null, 22]);
    const frames = ops.stft(x, 4, 2, 4);
    expect(shapes(frames)).toEqual([
      [null, 7, 3],
      [null, 7, 3],
    ]);
    expect(ops.istft(frames, 4, 2, 4).shape).toEqual([null, 12]);
  });
});

describe('short-time Fourier transforms', () => {
  it.each([
    [8, 2, 8, {}],
    [7, 3, 9, {}],
    [6, 3, 6, {window: 'hamming'}],
    [4, 4, 4, {window: null}],
    [5, 2, 8, {window: [1, 2, 3, 2, 1]}],
  ] as const)('come back: %i, %i, %i, %o', (sequence, stride, transform, given) => {
    const x = uniform([2, 48], -1, 1, 9);
    const spectra = ops.stft(x, sequence, stride, transform, given);
    const back = ops.istft(spectra, sequence, stride, transform, {...given, length: 40});
    expect(back.shape).toEqual([2, 40]);
    // At the ends fewer windows overlap than the sum of squares counts, in TensorFlow too.
    const inner = (signal: Tensor) => doubles(ops.slice(signal, [0, sequence], [2, 40 - sequence]));
    expectNear(inner(back), inner(x), 1e-12);
  });

  it('weight with the windows that TensorFlow has', () => {
    // tf.signal.hann_window of 5 and 4 points, hamming_window of 3.
    const impulses = ops.eye(8).cast('float64');
    const window = (points: number, name: 'hann' | 'hamming') =>
      ops.stft(impulses, points, 1, 8, {window: name, center: false})[0].at(':', 0, 0);
    const low = (8 - 5) >> 1;
    expectNear(
      doubles(window(5, 'hann')),
      Float64Array.of(...Array<number>(low).fill(0), 0, 0.5, 1, 0.5, 0, 0, 0),
      1e-15,
    );
    expectNear(doubles(window(4, 'hann')), Float64Array.of(0, 0, 0, 0.5, 1, 0.5, 0, 0), 1e-15);
    expectNear(doubles(window(3, 'hamming')), Float64Array.of(0, 0, 0.08, 1, 0.08, 0, 0, 0), 1e-15);
  });

  it('have gradients, to second order', () => {
    checkGradients((x) => ops.stft(x, 4, 2, 5), [uniform([2, 9], -1, 1, 3)], {order: 2});
    const frames = [uniform([3, 4, 3], -1, 1, 3), uniform([3, 4, 3], -1, 1, 4)];
    // Hamming windows are nowhere zero.
    const back = (re?: Tensor, im?: Tensor) => ops.istft([re as Tensor, im as Tensor], 4, 2, 4, {window: 'hamming'});
    checkGradients(back, frames, {order: 2});
    checkGradients((re, im) => ops.fft2([re, im]), frames, {order: 2});
  });

  it('extract sequences', () => {
    const x = tensor([
      [1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10],
    ]);
    expect(ops.extractSequences(x, 3, 2).array()).toEqual([
      [
        [1, 2, 3],
        [3, 4, 5],
      ],
      [
        [6, 7, 8],
        [8, 9, 10],
      ],
    ]);
    expect(ops.extractSequences(x, 6, 1).shape).toEqual([2, 0, 6]);
  });
});

describe('mistakes with Fourier transforms', () => {
  const x = () => tensor([1, 2, 3, 4]);
  it.each<[string, () => unknown, typeof KeratinError, string]>([
    [
      'one real tensor',
      () => ops.fft(x() as never),
      DtypeError,
      'fft: x must be a pair of tensors [real, imaginary] or a complex tensor, got one of float32 and shape (4,)',
    ],
    [
      'three parts',
      () => ops.fft([x(), x(), x()] as never),
      ValueError,
      'fft: x must be a pair of tensors [real, imaginary] or a complex tensor, got [',
    ],
    [
      'two shapes',
      () => ops.ifft([x(), tensor([1])]),
      ShapeError,
      'ifft: real and imaginary part must have one shape, got (4,) and (1,)',
    ],
    [
      'two dtypes',
      () => ops.fft([x(), x().cast('float64')]),
      DtypeError,
      'fft: tensors must have one dtype, got a float32 and b float64',
    ],
    [
      'integers',
      () => ops.fft([tensor([1], 'int32'), tensor([1], 'int32')]),
      DtypeError,
      'fft: a must have float32 or float64, got int32',
    ],
    ['a scalar', () => ops.fft([tensor(1), tensor(1)]), ShapeError, 'fft: x must have rank 1 or more, got shape ()'],
    [
      'no points',
      () => ops.fft([ops.zeros([2, 0]), ops.zeros([2, 0])]),
      ShapeError,
      'fft: the last axis has no points, got shape (2,0)',
    ],
    [
      'a vector in two dimensions',
      () => ops.ifft2([x(), x()]),
      ShapeError,
      'ifft2: x must have rank 2 or more, got shape (4,)',
    ],
    [
      'real transform of integers',
      () => ops.rfft(tensor([1, 2], 'int32')),
      DtypeError,
      'rfft: x must have float32 or float64, got int32 of shape (2,)',
    ],
    [
      'real transform of complex numbers',
      () => ops.rfft(ops.complex(x(), x())),
      DtypeError,
      'rfft: x must have float32 or float64, got complex64',
    ],
    ['no length', () => ops.rfft(x(), {fftLength: 0}), ValueError, 'rfft: fftLength must be a positive integer, got 0'],
    [
      'half a point',
      () => ops.irfft([x(), x()], {fftLength: 2.5}),
      ValueError,
      'irfft: fftLength must be a positive integer, got 2.5',
    ],
    [
      'one point without a length',
      () => ops.irfft([tensor([1]), tensor([1])]),
      ValueError,
      'irfft: fftLength must be a positive integer, got 0',
    ],
    [
      "NumPy's name",
      () => ops.rfft(x(), {n: 4} as never),
      UnknownOptionError,
      'rfft: unknown option "n"; here it is called "fftLength"',
    ],
    [
      'a transform shorter than its sequences',
      () => ops.stft(x(), 4, 1, 2),
      ValueError,
      'stft: fftLength must be at least sequenceLength, got fftLength 2 and sequenceLength 4',
    ],
    ['no stride', () => ops.stft(x(), 2, 0, 2), ValueError, 'stft: sequenceStride must be a positive integer, got 0'],
    ['a window by another name', () => ops.stft(x(), 2, 1, 2, {window: 'hamm' as never}), ValueError, "'hann'"],
    [
      'a window of another length',
      () => ops.stft(x(), 2, 1, 2, {window: [1, 2, 3]}),
      ShapeError,
      'stft: the window must have shape (2,), as sequenceLength says, got (3,)',
    ],
    [
      'too few points to mirror',
      () => ops.stft(x(), 8, 1, 8),
      ShapeError,
      'stft: with center, the last axis must have more than fftLength / 2 = 4 points to be mirrored, got shape (4,)',
    ],
    [
      'a signal of integers',
      () => ops.stft(tensor([1, 2, 3], 'int32'), 2, 1, 2),
      DtypeError,
      'stft: x must have float32 or float64, got int32 of shape (3,)',
    ],
    [
      'spectra without sequences',
      () => ops.istft([x(), x()], 4, 2, 4),
      ShapeError,
      'istft: x must have rank 2 or more, got shape (4,)',
    ],
    [
      'a negative length',
      () => ops.istft([ops.ones([2, 3]), ops.ones([2, 3])], 4, 2, 4, {length: -1}),
      ValueError,
      'istft: length must be a non-negative integer, got -1',
    ],
    [
      'sequences of no length',
      () => ops.extractSequences(x(), 0, 1),
      ValueError,
      'extractSequences: sequenceLength must be a positive integer, got 0',
    ],
    [
      'sequences with a broken stride',
      () => ops.extractSequences(x(), 1, 1.5),
      ValueError,
      'extractSequences: sequenceStride must be a positive integer, got 1.5',
    ],
  ])('%s', (_, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
