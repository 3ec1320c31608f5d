import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {type Complex, type DType, type Element} from '../dtype.js';
import {DtypeError, KeratinError, ShapeError} from '../errors.js';
import {isSymbolic, symbolicTensor} from '../engine/hidden.js';
import {decodeNpy, encodeNpy} from '../files/npy.js';
import {GradientTape, ops, tensor, type Tensor, Variable} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

const c = (re: number, im: number): Complex => ({re, im});

interface Recorded {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly re: readonly number[];
  readonly im: readonly number[];
}
interface Case {
  readonly op: string;
  readonly axis?: number;
  readonly condition?: readonly boolean[];
  readonly inputs: readonly Recorded[];
  readonly output: Recorded;
  readonly cotangent: Recorded | null;
  readonly gradients: readonly Recorded[] | null;
}

const golden = JSON.parse(readFileSync(new URL('../../../../tests/golden/complex.json', import.meta.url), 'utf8')) as {
  source: string;
  cases: Case[];
};

function made({shape, dtype, re, im}: Recorded): Tensor {
  const part = (values: readonly number[]) => tensor(Float32Array.from(values), {shape});
  return (dtype.startsWith('complex') ? ops.complex(part(re), part(im)) : part(re)) as Tensor<Element> as Tensor;
}

function expectNear(actual: Tensor, expected: Recorded, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  expect(actual.dtype, what).toBe(expected.dtype);
  const [re, im] = [ops.real(actual).cast('float64').data(), ops.imag(actual).cast('float64').data()];
  const check = (found: number | undefined, value = NaN, part: string) => {
    expect(
      Math.abs((found ?? NaN) - value),
      `${what}: ${part}, ${String(found)} against ${String(value)}`,
    ).toBeLessThan(2e-5 * (1 + Math.abs(value)));
  };
  expected.re.forEach((value, i) => {
    check(re[i], value, `real part ${String(i)}`);
    check(im[i], expected.im[i], `imaginary part ${String(i)}`);
  });
}

describe(`complex numbers as in ${golden.source}`, () => {
  it.each(golden.cases.map((found, i) => [`${found.op} ${String(i)}`, found] as const))('%s', (_, recorded) => {
    const inputs = recorded.inputs.map(made);
    const fn = (ops as Readonly<Record<string, unknown>>)[recorded.op] as (...xs: readonly unknown[]) => Tensor;
    const condition = recorded.condition === undefined ? [] : [tensor(recorded.condition)];
    const tape = new GradientTape();
    for (const input of inputs) tape.watch(input);
    const {y, loss} = tape.record(() => {
      const y = fn(...condition, ...inputs, ...(recorded.axis === undefined ? [] : [recorded.axis]));
      return {y, loss: recorded.cotangent === null ? null : y.mul(made(recorded.cotangent)).sum()};
    });
    const bool = recorded.output.dtype === 'bool';
    if (bool) expect(y.array()).toEqual(recorded.output.re.map(Boolean));
    else expectNear(y, recorded.output, 'output');
    if (loss === null) return;
    const gradients = tape.gradient(loss, inputs);
    recorded.gradients?.forEach((expected, i) => {
      expectNear(gradients[i] as Tensor, expected, `gradient ${String(i)}`);
    });
  });
});

describe('tensors of complex numbers', () => {
  it('are made of {re, im} and numbers, and read as {re, im}', () => {
    const z = tensor([
      [c(1, 2), 3],
      [c(0, -1), c(0.5, 0)],
    ]);
    expect([z.dtype, z.shape]).toEqual(['complex64', [2, 2]]);
    const nested: unknown = z.array();
    expect(nested).toEqual([
      [c(1, 2), c(3, 0)],
      [c(0, -1), c(0.5, 0)],
    ]);
    expect(z.at(1, 0).item()).toEqual(c(0, -1));
    expect([...z.data()]).toEqual([1, 2, 3, 0, 0, -1, 0.5, 0]);
    expect(JSON.stringify(tensor([c(1, 2)]))).toBe('[{"re":1,"im":2}]');
    expect(tensor(c(1, 2), 'complex128').item()).toEqual(c(1, 2));
    expect(tensor([1, 2], 'complex128').array()).toEqual([c(1, 0), c(2, 0)]);
    expect(tensor([tensor(c(1, 2)), tensor(c(3, 4))] as never).array()).toEqual([c(1, 2), c(3, 4)]);
    expect(ops.ones([2], 'complex64').array()).toEqual([c(1, 0), c(1, 0)]);
    expect(ops.full([], 0.1, 'complex64').item()).toEqual(c(Math.fround(0.1), 0));
  });

  it('have element types', () => {
    const z: Tensor<Complex> = tensor([c(1, 2)], 'complex64');
    const size: Tensor = z.abs();
    const root: Tensor<Complex> = z.sqrt();
    const part: number = z.real().at(0).item();
    const all: Tensor<Complex> = z
      .add(1)
      .mul([c(0, 1)])
      .sub(z);
    expect([size.dtype, root.dtype, part, all.dtype]).toEqual(['float32', 'complex64', 1, 'complex64']);
  });

  it('are written as NumPy writes them', () => {
    const z = tensor(
      [
        [c(1, 2), c(-0.5, 0.25)],
        [c(100, -3), c(0, 0)],
      ],
      'complex64',
    );
    expect(String(z)).toBe(
      'Tensor(\n[[  1. +2.j    -0.5+0.25j]\n [100. -3.j     0. +0.j  ]], shape=(2, 2), dtype=complex64)',
    );
    expect(String(tensor(c(1.5, -2), 'complex128'))).toBe('Tensor((1.5-2j), shape=(), dtype=complex128)');
    expect(String(ops.ones([1000, 2], 'complex64'))).toContain('...');
  });

  it('move as other elements do', () => {
    const z = tensor(
      [
        [c(1, 2), c(3, 4), c(5, 6)],
        [c(7, 8), c(9, 10), c(11, 12)],
      ],
      'complex128',
    );
    expect(z.transpose().array()).toEqual([
      [c(1, 2), c(7, 8)],
      [c(3, 4), c(9, 10)],
      [c(5, 6), c(11, 12)],
    ]);
    expect(z.reshape([6]).at('::-2').array()).toEqual([c(11, 12), c(7, 8), c(3, 4)]);
    expect(z.take([1, 1], 0).at(':', 0).array()).toEqual([c(7, 8), c(7, 8)]);
    const [first, second] = [z.at(0), z.at(1)];
    expect(
      ops
        .stack([first, second])
        .equal(z as never)
        .all()
        .item(),
    ).toBe(true);
    expect(ops.concatenate([z, z], 1).shape).toEqual([2, 6]);
    expect(ops.pad(first, [[1, 0]]).array()).toEqual([c(0, 0), c(1, 2), c(3, 4), c(5, 6)]);
    expect(ops.tile(first.at(':1'), [2]).array()).toEqual([c(1, 2), c(1, 2)]);
    expect(z.flip(1).at(0, 0).item()).toEqual(c(5, 6));
    expect(z.zerosLike().array()).toEqual([
      [c(0, 0), c(0, 0), c(0, 0)],
      [c(0, 0), c(0, 0), c(0, 0)],
    ]);
    const rows = ops.einsum('ij,kj->ik', z, z.conj());
    expect(ops.real(rows).array()).toEqual([
      [91, 217],
      [217, 559],
    ]);
    expect(ops.imag(rows).add(0).array()).toEqual([
      [0, 18],
      [-18, 0],
    ]);
  });

  it('are Variables', () => {
    const v = new Variable<Complex>([c(1, 1), c(2, 0)], {dtype: 'complex64'});
    v.assignAdd([c(0, 1), 1]);
    v.at(0).assign(c(5, 5));
    expect(v.array()).toEqual([c(5, 5), c(3, 0)]);
    expect(v.trainable).toBe(true);
  });

  it('are cast: complex numbers lose their imaginary part, real ones get none', () => {
    const z = tensor([c(1.75, 2), c(-3, 0)], 'complex64');
    expect(z.cast('float32').array()).toEqual([1.75, -3]);
    expect(z.cast('int32').array()).toEqual([1, -3]);
    expect(z.cast('complex128').array()).toEqual(z.array());
    expect(
      tensor([c(0, 0), c(0, 1)])
        .cast('bool')
        .array(),
    ).toEqual([false, true]);
    expect(tensor([1, 2], 'int32').cast('complex128').array()).toEqual([c(1, 0), c(2, 0)]);
    const x = tensor([1, 2], 'float64');
    const tape = new GradientTape();
    tape.watch(x);
    const y = tape.record(() => x.cast('complex128').mul(c(2, 5)).cast('float64').sum());
    expect(tape.gradient(y, x).array()).toEqual([2, 2]);
  });

  it('are kept by .npy files', () => {
    for (const dtype of ['complex64', 'complex128'] as const) {
      const z = tensor(
        [
          [c(1, 2), c(3, -4)],
          [c(0.5, 0), c(0, 7)],
        ],
        dtype,
      );
      for (const layout of [z, z.transpose()]) {
        const back = decodeNpy(encodeNpy(layout, 'test'), 'test');
        expect([back.dtype, back.array()]).toEqual([dtype, layout.array()]);
      }
    }
  });
});

describe('parts of complex numbers', () => {
  it('of real tensors', () => {
    const x = tensor([1, -2]);
    expect(ops.real(x)).toBe(x);
    expect(ops.conj(x)).toBe(x);
    expect(ops.imag(x).array()).toEqual([0, 0]);
    expect(ops.viewAsReal(x).array()).toEqual([
      [1, 0],
      [-2, 0],
    ]);
    expect(ops.isreal(x).array()).toEqual([true, true]);
    expect(ops.isreal(tensor([c(1, 0), c(1, 2)])).array()).toEqual([true, false]);
  });

  it('make and take apart, with broadcasting', () => {
    const z = ops.complex(tensor([[1], [2]]), tensor([3, 4]));
    expect(z.array()).toEqual([
      [c(1, 3), c(1, 4)],
      [c(2, 3), c(2, 4)],
    ]);
    expect(ops.viewAsComplex(ops.viewAsReal(z)).array()).toEqual(z.array());
    expect(ops.complex(tensor([1], 'float64'), [2]).dtype).toBe('complex128');
    expect(ops.polar(2, Math.PI / 2).item().im).toBeCloseTo(2, 6);
  });

  it('infer shapes of symbolic tensors', () => {
    const x: Tensor = symbolicTensor({shape: [null, 2], dtype: 'float32'});
    const z = ops.viewAsComplex(x);
    expect([isSymbolic(z), z.shape, z.dtype]).toEqual([true, [null], 'complex64']);
    expect([ops.abs(z).dtype, ops.viewAsReal(z).shape]).toEqual(['float32', [null, 2]]);
  });
});

describe('gradients of complex numbers', () => {
  // |z^2|^2 = |z|^4, whose gradient in the plane is 4 |z|^2 z.
  it('of a real loss point uphill, to second order', () => {
    const z = tensor([c(1, 2), c(-0.5, 0.3)], 'complex128') as Tensor<Element> as Tensor;
    const outer = new GradientTape();
    outer.watch(z);
    const {first, length} = outer.record(() => {
      const inner = new GradientTape();
      inner.watch(z);
      const loss = inner.record(() => z.square().abs().square().sum());
      const first = inner.gradient(loss, z);
      return {first, length: first.abs().square().sum()};
    });
    const near = (actual: Tensor, factors: readonly number[]) => {
      const [re, im] = [ops.real(actual).data(), ops.imag(actual).data()];
      [
        [1, 2],
        [-0.5, 0.3],
      ].forEach(([a = 0, b = 0], i) => {
        expect(re[i]).toBeCloseTo((factors[i] ?? 0) * a, 9);
        expect(im[i]).toBeCloseTo((factors[i] ?? 0) * b, 9);
      });
    };
    near(
      first,
      [5, 0.34].map((square) => 4 * square),
    );
    // |4 |z|^2 z|^2 = 16 |z|^6: 96 |z|^4 z
    near(
      outer.gradient(length, z),
      [5, 0.34].map((square) => 96 * square ** 2),
    );
  });

  it('of numbers at zero are zero or none, and never of wrong dtypes', () => {
    const z = tensor([c(0, 0)], 'complex64') as Tensor<Element> as Tensor;
    const tape = new GradientTape();
    tape.watch(z);
    const y = tape.record(() => z.abs().sum());
    const gradient = tape.gradient(y, z);
    expect([gradient.dtype, gradient.array()]).toEqual(['complex64', [c(0, 0)]]);
  });
});

describe('mistakes with complex numbers', () => {
  const z = () => tensor([c(1, 2), c(3, 4)], 'complex64') as Tensor<Element> as Tensor;
  it.each<[string, () => unknown, typeof KeratinError, string]>([
    ['order', () => z().less(z()), DtypeError, 'less: a must have a number dtype or bool, got complex64 of shape (2,)'],
    ['maximum', () => z().maximum(z()), DtypeError, 'maximum: a must have a number dtype, got complex64'],
    [
      'a real function',
      () => ops.erf(z()),
      DtypeError,
      'erf: x must have a floating dtype, got complex64 of shape (2,)',
    ],
    ['max', () => z().max(), DtypeError, 'max: x must have a number dtype, got complex64 of shape (2,)'],
    ['sort', () => ops.sort(z()), DtypeError, 'must have a number dtype or bool, got complex64'],
    [
      'mixed dtypes',
      () => z().add(tensor([1, 2])),
      DtypeError,
      'add: tensors must have one dtype, got a complex64 and b float32; convert one with cast',
    ],
    [
      'two complex dtypes',
      () => z().mul(z().cast('complex128') as never),
      DtypeError,
      'got a complex64 and b complex128',
    ],
    [
      'a literal that is complex',
      () => tensor([1, 2]).add(c(1, 2) as never),
      DtypeError,
      'add: an object is complex and the tensor is float32; cast the tensor to complex64 or complex128 first',
    ],
    [
      'a list that is complex',
      () => tensor([c(1, 2)] as never, 'float32'),
      KeratinError,
      'tensor: elements of a float32 tensor are numbers, got',
    ],
    [
      'a half complex number',
      () => tensor([{re: 1}] as never),
      KeratinError,
      'tensor: a tensor is made of numbers, bigints, booleans, strings or complex {re, im}, got',
    ],
    [
      'text among complex numbers',
      () => tensor(['1', c(1, 2)] as never),
      DtypeError,
      'tensor: elements must be of one kind',
    ],
    [
      'text as a complex number',
      () => tensor(['1'] as never, 'complex64'),
      KeratinError,
      'tensor: elements of a complex64 tensor are numbers or {re, im}, got "1"',
    ],
    [
      'parts of two dtypes',
      () => ops.complex(tensor([1]), tensor([1], 'float64')),
      DtypeError,
      'complex: tensors must have one dtype, got a float32 and b float64',
    ],
    [
      'parts of half precision',
      () => ops.complex(tensor([1], 'float16'), tensor([1], 'float16')),
      DtypeError,
      'complex: a must have float32 or float64, got float16',
    ],
    [
      'parts of two shapes',
      () => ops.complex(tensor([1, 2]), tensor([1, 2, 3])),
      ShapeError,
      'complex: shapes must broadcast, got a (2,) and b (3,)',
    ],
    [
      'a last axis of 3',
      () => ops.viewAsComplex(ops.ones([2, 3])),
      ShapeError,
      'viewAsComplex: the last axis must have size 2 (real and imaginary part), got shape (2,3)',
    ],
    [
      'a conversion to a number',
      () => Number(z().at(0)),
      DtypeError,
      'a complex tensor does not convert to a number; take ops.real(t) or ops.abs(t)',
    ],
    ['a complex dtype for random numbers', () => ops.arange(0, 3, 1, 'complex64'), KeratinError, 'complex64'],
  ])('%s', (_, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });

  it('never reach a kernel that cannot take them', () => {
    const unknown: readonly DType[] = ['complex64', 'complex128'];
    for (const dtype of unknown) {
      const x = ops.ones([2, 2], dtype) as Tensor<Element> as Tensor;
      for (const call of [
        () => ops.relu(x),
        () => ops.softmax(x),
        () => ops.floor(x),
        () => ops.mod(x, x),
        () => ops.argmax(x),
        () => ops.any(x),
      ]) {
        let message = '';
        try {
          call();
        } catch (error) {
          expect(error).toBeInstanceOf(KeratinError);
          message = String(error);
        }
        expect(message).not.toContain('internal');
      }
    }
  });
});
