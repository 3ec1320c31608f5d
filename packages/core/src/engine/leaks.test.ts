import {memoryStats} from '@keratin/native';
import {describe, expect, it} from 'vitest';
import {
  DisposedError,
  GradientTape,
  ops,
  ragged,
  random,
  range,
  sets,
  sparse,
  SparseTensor,
  strings,
  tensor,
  type Tensor,
  TensorArray,
  Variable,
} from '../index.js';
import {liveBuffers, liveBuffersUpTo} from '../testing/leaks.js';

/** The most live buffers and bytes that a synchronous loop reaches, looked at every 100 rounds. */
function peakOf(rounds: number, step: (i: number) => void): {buffers: number; bytes: number} {
  let buffers = 0;
  let bytes = 0;
  for (let i = 0; i < rounds; i++) {
    step(i);
    if (i % 100 === 99) {
      const stats = memoryStats();
      buffers = Math.max(buffers, stats.numBuffers);
      bytes = Math.max(bytes, stats.numBytes);
    }
  }
  return {buffers, bytes};
}

describe('a synchronous loop', () => {
  it('of a million operations keeps memory bounded, and leaves none', async () => {
    const before = liveBuffers();
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const {buffers} = peakOf(500_000, () => x.add(1).mul(2));
    expect(buffers).toBeLessThan(before + 40_000);
    expect(await liveBuffersUpTo(before + 1)).toBeLessThanOrEqual(before + 1);
    expect(x.sum().item()).toBe(55);
  }, 120_000);

  const structures: Readonly<Record<string, () => unknown>> = {
    'complex numbers': () => ops.fft([signal, signal]),
    strings: () => strings.length(words),
    'sparse tensors': () => sparse.toDense(places),
    'ragged tensors': () => ragged.sum(lists, 1),
    factorizations: () => ops.cholesky(matrix),
  };
  const signal = ops.ones([8]);
  const words = tensor(['a', 'bc']);
  const places = new SparseTensor([[0, 1]], [1], [2, 2]);
  const lists = ragged.constant([[1, 2], [3]]);
  const matrix = ops.eye(3);
  it.each(Object.entries(structures))('of %s keeps memory bounded', async (_, step) => {
    const before = liveBuffers();
    const {buffers} = peakOf(5000, step);
    expect(buffers).toBeLessThan(before + 60_000);
    expect(await liveBuffersUpTo(before + 2)).toBeLessThanOrEqual(before + 2);
  });

  it('of tensors of 1 MB holds little more than it uses', () => {
    const x = ops.zeros([512, 512]).add(1);
    const start = memoryStats().numBytes;
    const {bytes} = peakOf(2000, () => x.mul(2));
    expect(bytes - start).toBeLessThan(256 * 2 ** 20);
  });

  it('of tapes and views releases what they saved', async () => {
    const before = liveBuffers();
    const w = new Variable(random.normal([20, 10]));
    const x = random.normal([8, 20]);
    const {buffers} = peakOf(3000, () => {
      const tape = new GradientTape();
      const loss = tape.record(() => x.matmul(w).tanh().at(':', '1:').square().mean());
      w.assignSub(tape.gradient(loss, w).mul(0.01));
    });
    expect(buffers).toBeLessThan(before + 60_000);
    expect(await liveBuffersUpTo(before + 2)).toBeLessThanOrEqual(before + 2);
    expect(w.size).toBe(200);
    expect(x.size).toBe(160);
  });

  it('of assignments needs no memory', () => {
    const v = new Variable(ops.zeros([100]));
    const one = ops.ones([100]).add(0);
    const before = memoryStats().numBuffers;
    for (let i = 0; i < 1000; i++) {
      v.assignAdd(one);
      v.at(i % 100).assign(i);
      v.scatterUpdate([0], [1]);
    }
    // Index lists are tensors; the variable stays where it is.
    expect(memoryStats().numBuffers).toBeLessThan(before + 4000);
    expect(v.at(0).item()).toBe(1);
  });
});

describe('buffers go back', () => {
  const cases: Readonly<Record<string, () => unknown>> = {
    'of a constant that got memory': () => ops.zeros([10]).reshape([2, 5]).array(),
    'of a gradient': () => {
      const x = new Variable([1, 2, 3]);
      const tape = new GradientTape({persistent: true});
      const y = tape.record(() => x.exp().softmax().mul(x).sum());
      tape.gradient(y, x);
      tape.jacobian(
        tape.record(() => x.square()),
        x,
      );
    },
    'of an error in a kernel': () => {
      expect(() => range(5).at(tensor([7], 'int32'))).toThrow('out of range');
    },
    'of an error inside a tape': () => {
      const x = new Variable([1, 2, 3]);
      expect(() => new GradientTape().record(() => x.square().reshape([2, 2]))).toThrow('do not fit');
    },
    'of an iteration that stops early': () => {
      for (const row of random.uniform([10, 3])) if (row.ndim === 1) break;
    },
    'of complex numbers and Fourier transforms': () => {
      const x = new Variable(random.normal([16]));
      const tape = new GradientTape();
      const y = tape.record(() => ops.abs(ops.complex(...ops.fft([x, x]))).sum());
      tape.gradient(y, x);
      return ops.istft(ops.stft(random.normal([64]), 16, 8, 16), 16, 8, 16).array();
    },
    'of factorizations': () => {
      const x = new Variable(ops.eye(5).add(random.uniform([5, 5])));
      const tape = new GradientTape();
      tape.gradient(
        tape.record(() =>
          ops
            .solve(x, ops.ones([5, 2]))
            .sum()
            .add(ops.det(x))
            .add(ops.svd(x)[1].sum()),
        ),
        x,
      );
      return [ops.qr(x), ops.eigh(ops.matmul(x, x.transpose())), ops.eig(x), ops.lstsq(x, [1, 2, 3, 4, 5])];
    },
    'of strings': () => strings.upper(strings.join([tensor(['a', 'b']), 'c'], {separator: '-'})).array(),
    'of sparse tensors': () => {
      const values = new Variable([1, 2]);
      const tape = new GradientTape();
      const y = tape.record(
        () =>
        sparse.sparseDenseMatmul(new SparseTensor([[0, 1], [1, 0]], values, [2, 2]), ops.ones([2, 3])).sum(), // prettier-ignore
      );
      tape.gradient(y, values);
      return sets.union(tensor([[1, 2]], 'int32'), tensor([[2, 3]], 'int32')).values.array();
    },
    'of ragged tensors': () => {
      const rows = ragged.constant([[1, 2], [], [3]]);
      return [ragged.sum(rows, 1).array(), ragged.toTensor(rows).array(), ragged.concat([rows, rows], 1).array()];
    },
    'of arrays of tensors': () => new TensorArray('float32', {size: 2}).write(0, 1).write(1, 2).stack().array(),
    'of a tensor printed': () => String(random.normal([100, 100])),
    'of Variables and their views': () => {
      const v = new Variable(random.normal([4, 4]));
      v.at(0).assign(v.at(1));
      v.at([0, 1]).assignAdd(1);
      return v.readValue().at('::-1').array();
    },
  };
  it.each(Object.entries(cases))('%s', async (_, run) => {
    const before = liveBuffers();
    run();
    expect(await liveBuffersUpTo(before)).toBeLessThanOrEqual(before);
  });
});

describe('a tensor after dispose', () => {
  const uses: Readonly<Record<string, (t: Tensor) => unknown>> = {
    add: (t) => t.add(1),
    'add to another': (t) => tensor([1, 2]).add(t),
    matmul: (t) => t.reshape([1, 2]).matmul(t.reshape([2, 1])),
    sum: (t) => t.sum(),
    at: (t) => t.at(0),
    array: (t) => t.array(),
    data: (t) => t.data(),
    item: (t) => t.sum().item(),
    transpose: (t) => t.reshape([1, 2]).transpose(),
    'new Variable': (t) => new Variable(t),
    assign: (t) => new Variable([1, 2]).assign(t),
  };
  it.each(Object.entries(uses))('throws in %s', (_, use) => {
    const t = tensor([3, 4]);
    t.dispose();
    expect(() => use(t)).toThrow(DisposedError);
  });

  it('has given its memory back at once, also with using', () => {
    const before = memoryStats().numBuffers;
    {
      using t = tensor([3, 4]);
      expect(memoryStats().numBuffers).toBe(before + 1);
      expect(t.size).toBe(2);
    }
    expect(memoryStats().numBuffers).toBe(before);
  });

  it('a disposed Variable says so', () => {
    const v = new Variable([1, 2]);
    v.dispose();
    expect(() => v.add(1)).toThrow(DisposedError);
    expect(() => v.assign([3, 4])).toThrow(DisposedError);
  });
});
