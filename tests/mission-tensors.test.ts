// What the project must reproduce of tensors, Variables, gradients and devices, each test named by its line
// (`grep -r "000-3" tests examples packages`), with the figures of the notes. examples/tensors-tour.ts prints them.
import {
  backend,
  constant,
  convertToTensor,
  DtypeError,
  GradientTape,
  listPhysicalDevices,
  loadNpy,
  loadNpz,
  Module,
  ops,
  queues,
  ragged,
  random,
  range,
  saveNpy,
  saveNpz,
  sets,
  ShapeError,
  sparse,
  SparseTensor,
  strings,
  tensor,
  TensorArray,
  Variable,
  withDevice,
} from 'keratin';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';

const t = tensor([[1, 2, 3], [4, 5, 6]], 'int32'); // prettier-ignore
const int = (x: number | number[] | number[][]) => tensor(x, 'int32');

describe('000: tensors like those of NumPy', () => {
  test('000-1: shape, dtype and text', () => {
    expect([t.shape, t.dtype]).toEqual([[2, 3], 'int32']);
    expect(String(t)).toBe('Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)');
    const scalar = tensor(42, 'int32');
    expect([scalar.shape, String(scalar)]).toEqual([[], 'Tensor(42, shape=(), dtype=int32)']);
  });

  test('000-2: indices of tensors and Variables', () => {
    for (const x of [t, new Variable(t)]) {
      expect(x.at(0).array()).toEqual([1, 2, 3]);
      expect(x.at(1, 2).item()).toBe(6);
      expect(x.at(':', '1:').array()).toEqual([[2, 3], [5, 6]]); // prettier-ignore
      const column = x.at('...', 1, 'newaxis');
      expect([column.shape, column.array()]).toEqual([[2, 1], [[2], [5]]]); // prettier-ignore
    }
  });

  test('000-3: operations', () => {
    expect(t.add(10).array()).toEqual([[11, 12, 13], [14, 15, 16]]); // prettier-ignore
    expect(ops.square(t).array()).toEqual([[1, 4, 9], [16, 25, 36]]); // prettier-ignore
    expect(t.matmul(ops.transpose(t)).array()).toEqual([[14, 32], [32, 77]]); // prettier-ignore
    expect(ops.reshape(t, [3, 2]).array()).toEqual([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
    expect(ops.sqrt([1, 4, 9]).array()).toEqual([1, 2, 3]);
    expect(ops.exp([0]).array()).toEqual([1]);
    expect(ops.exp(1).item()).toBeCloseTo(Math.E, 6);
    expect(ops.log([1]).array()).toEqual([0]);
    expect(ops.log(8).item()).toBeCloseTo(2.0794415, 7);
    expect(ops.squeeze(t.at('newaxis')).shape).toEqual([2, 3]);
    expect(ops.tile(int([1, 2]), 2).array()).toEqual([1, 2, 1, 2]);
    expect([ops.mean(t).item(), ops.mean(t).dtype]).toEqual([3.5, 'float32']);
    expect(ops.sum(t, 0).array()).toEqual([5, 7, 9]);
    expect(ops.max(t, 1).array()).toEqual([3, 6]);
  });

  test('000-4: the backend namespace calls the same operations', () => {
    for (const name of ['square', 'exp', 'sqrt', 'log', 'abs', 'tanh'] as const) {
      expect(backend[name]([1, 4]).array()).toEqual(ops[name]([1, 4]).array());
    }
    expect(backend.square(t).array()).toEqual([[1, 4, 9], [16, 25, 36]]); // prettier-ignore
  });

  test('000-5: arrays and files keep their dtype', async () => {
    const a = tensor(new BigInt64Array([2n, 4n, 5n]));
    const squares = ops.square(a);
    expect([squares.dtype, squares.array()]).toEqual(['int64', [4n, 16n, 25n]]);
    expect(tensor(new Float64Array([0.5])).dtype).toBe('float64');
    expect(t.square().data()).toEqual(Int32Array.of(1, 4, 9, 16, 25, 36));
    expect(t.numpy()).toMatchObject({shape: [2, 3], dtype: 'int32', data: Int32Array.of(1, 2, 3, 4, 5, 6)});
    const folder = await mkdtemp(join(tmpdir(), 'keratin-'));
    try {
      await saveNpy(join(folder, 't.npy'), t);
      await saveNpz(join(folder, 'both.npz'), {t, a});
      const again = await loadNpy(join(folder, 't.npy'));
      expect([again.dtype, again.array()]).toEqual(['int32', t.array()]);
      const both = await loadNpz(join(folder, 'both.npz'));
      expect([both['a']?.dtype, both['a']?.array()]).toEqual(['int64', [2n, 4n, 5n]]);
      expect(Object.keys(both).sort()).toEqual(['a', 't']);
    } finally {
      await rm(folder, {recursive: true, force: true});
    }
  });

  test('000-6: no automatic conversion', () => {
    for (const dtype of ['int32', 'float64'] as const) {
      const mixed = () => constant(2).add(constant(40, dtype));
      expect(mixed).toThrow(DtypeError);
      expect(mixed).toThrow(
        `add: tensors must have one dtype, got a float32 and b ${dtype}; convert one with cast('float32')`,
      );
    }
    expect(constant(2).add(constant(40, 'float32')).item()).toBe(42);
    const sum = constant(2).add(ops.cast(constant(40, 'float64'), 'float32'));
    expect([sum.dtype, sum.item()]).toEqual(['float32', 42]);
  });

  test('000-7: Variables change in place', () => {
    const v = new Variable([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    v.assign(v.mul(2));
    expect(v.array()).toEqual([[2, 4, 6], [8, 10, 12]]); // prettier-ignore
    v.at(0, 1).assign(42);
    v.at(':', 2).assign([0, 1]);
    expect(v.array()).toEqual([[2, 42, 0], [8, 10, 1]]); // prettier-ignore
    v.scatterNdUpdate([[0, 0], [1, 2]], [100, 200]); // prettier-ignore
    expect(v.array()).toEqual([[100, 42, 0], [8, 10, 200]]); // prettier-ignore
    v.assignAdd(ops.ones([2, 3]));
    v.assignSub(ops.ones([2, 3]).mul(2));
    expect(v.array()).toEqual([[99, 41, -1], [7, 9, 199]]); // prettier-ignore
    v.scatterUpdate([0], [[7, 8, 9]]);
    expect(v.array()).toEqual([[7, 8, 9], [7, 9, 199]]); // prettier-ignore
  });
});

describe('000-8: other structures', () => {
  test('sparse and ragged tensors, arrays of tensors', () => {
    const s = new SparseTensor([[0, 1], [1, 0], [2, 3]], [1, 2, 3], [3, 4]); // prettier-ignore
    expect(sparse.toDense(s).array()).toEqual([[0, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 3]]); // prettier-ignore
    expect(sparse.sparseDenseMatmul(s, ops.ones([4, 1])).array()).toEqual([[1], [2], [3]]);
    const r = ragged.constant([[65, 66], [], [67, 68, 69]], 'int32');
    expect(ragged.sum(r, 1).array()).toEqual([131, 0, 204]);
    expect(ragged.toTensor(r).array()).toEqual([[65, 66, 0], [0, 0, 0], [67, 68, 69]]); // prettier-ignore
    const fixed = new TensorArray('float32', {size: 2}).write(0, [1, 2]).write(1, [3, 10]);
    expect(fixed.stack().array()).toEqual([[1, 2], [3, 10]]); // prettier-ignore
    expect(() => new TensorArray('float32', {size: 2}).write(2, [1])).toThrow('TensorArray.write');
    expect(new TensorArray('float32', {dynamicSize: true}).write(2, 1).size()).toBe(3);
  });

  test('strings, sets and queues', async () => {
    const words = tensor(['Café', 'Coffee', 'caffè', '咖啡']);
    expect(strings.length(words).array()).toEqual([5, 6, 6, 6]);
    expect(strings.length(words, {unit: 'UTF8_CHAR'}).array()).toEqual([4, 6, 5, 2]);
    const codes = strings.unicodeDecode(words, 'UTF-8');
    expect(codes.dtype).toBe('int32');
    expect(strings.unicodeEncode(codes, 'UTF-8').array()).toEqual(words.array());
    const [a, b] = [int([[2, 3, 5, 7, 0]]), int([[4, 5, 6, 3, 0]])];
    expect(sets.union(a, b).values.array()).toEqual([0, 2, 3, 4, 5, 6, 7]);
    expect(sets.intersection(a, b).values.array()).toEqual([0, 3, 5]);
    expect(sets.difference(a, b).values.array()).toEqual([2, 7]);
    const queue = new queues.FIFOQueue(3, ['int32', 'string'], {shapes: [[], []]});
    await queue.enqueue([10, 'windy']);
    await queue.enqueue([15, 'sunny']);
    expect(queue.size()).toBe(2);
    const [degrees, sky] = await queue.dequeue();
    expect([degrees.item(), sky.item()]).toEqual([10, 'windy']);
  });
});

describe('002: operations, Variables, gradients, devices', () => {
  test('002-1: simple operations, of int32 tensors and of plain numbers', () => {
    const results = [
      [ops.add(int(1), int(2)), 3],
      [ops.add(int([1, 2]), int([3, 4])), [4, 6]],
      [ops.square(int(5)), 25],
      [ops.sum(int([1, 2, 3])), 6],
      [ops.square(int(2)).add(ops.square(int(3))), 13],
      [ops.matmul(int([[2], [3]]), int([[3, 7]])), [[6, 14], [9, 21]]], // prettier-ignore
    ] as const;
    for (const [result, expected] of results) expect([result.dtype, result.array()]).toEqual(['int32', expected]);
    const plain = [ops.add(1, 2), ops.add([1, 2], [3, 4]), ops.square(5), ops.sum([1, 2, 3])];
    expect(plain.map((x) => x.array())).toEqual([3, [4, 6], 25, 6]);
    expect(plain.map(({dtype}) => dtype)).toEqual(plain.map(() => 'float32'));
  });

  test('002-2: conversions', () => {
    const x = convertToTensor([[1, 2], [3, 4]], 'float64'); // prettier-ignore
    expect([x.dtype, x.array()]).toEqual(['float64', [[1, 2], [3, 4]]]); // prettier-ignore
    const ones = tensor(new Float64Array(9).fill(1), {shape: [3, 3]});
    expect(convertToTensor(ones.array(), 'int32').dtype).toBe('int32');
    const twos = ops.multiply(ones, 2);
    expect([twos.dtype, twos.data()]).toEqual(['float64', new Float64Array(9).fill(2)]);
    expect(ops.add([[1, 1]], twos.at(0, '1:').array()).array()).toEqual([[3, 3]]);
  });

  test('002-3: Variables and the variables of a Module', () => {
    const v = new Variable([[2, 3], [3, 4]], {dtype: 'int32', name: 'v'}); // prettier-ignore
    expect(String(v)).toBe('Variable(v: 0\n[[2 3]\n [3 4]], shape=(2, 2), dtype=int32)');
    const next = v.add(1);
    expect(next).not.toBeInstanceOf(Variable);
    expect(next.array()).toEqual([[3, 4], [4, 5]]); // prettier-ignore
    expect(v.readValue().array()).toEqual([[2, 3], [3, 4]]); // prettier-ignore
    class MyModule extends Module {
      v0 = new Variable(1);
      vs = [0, 1].map((x) => new Variable(x, {dtype: 'int32'}));
    }
    expect(new MyModule().variables.map((each) => each.item())).toEqual([1, 0, 1]);
  });

  test('002-4: gradients by tape', () => {
    const x = new Variable(3);
    const tape = new GradientTape();
    const y = tape.record(() => x.pow(2));
    expect(tape.gradient(y, x).item()).toBe(6);

    const w = new Variable(random.normal([3, 2]));
    const b = new Variable(ops.zeros([2]));
    const persistent = new GradientTape({persistent: true});
    const loss = persistent.record(() =>
      ops.mean(
        ops.square(
          tensor([[1, 2, 3]])
            .matmul(w)
            .add(b),
        ),
      ),
    );
    const [dw, db] = persistent.gradient(loss, [w, b]);
    expect([dw.shape, db.shape]).toEqual([w.shape, b.shape]);
    const named = persistent.gradient(loss, {w, b});
    expect([named.w.array(), named.b.array()]).toEqual([dw.array(), db.array()]);
    // The row of input 1 is the gradient of b, as in the notes' printout.
    expect(dw.at(0).array()).toEqual(db.array());
  });

  test('002-5: devices', () => {
    expect(listPhysicalDevices('CPU')).toHaveLength(1);
    // 000-9: there is no GPU yet, and whoever asks for one is told so.
    expect(listPhysicalDevices('GPU')).toEqual([]);
    expect(() => withDevice('GPU:0', () => 1)).toThrow(
      "withDevice: 'GPU:0' does not exist: Keratin computes on CPUs so far, use 'CPU:0'",
    );
    const product = withDevice('CPU:0', () => {
      const x = random.uniform([100, 100]);
      expect(x.device.endsWith('CPU:0')).toBe(true);
      return x.matmul(x);
    });
    expect(product.shape).toEqual([100, 100]);
  });
});

test('003-1: range is int32, arrays of int64 stay int64, items are assigned', () => {
  expect([range(10).dtype, range(10).array()]).toEqual(['int32', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  const numbers = BigInt64Array.from({length: 10}, (_, i) => BigInt(i));
  const v = new Variable<bigint>(tensor(numbers));
  expect([v.dtype, v.at(0).item(), tensor(numbers).at(0).item()]).toEqual(['int64', 0n, 0n]);
  v.at(2).assign(10n);
  expect(v.array()).toEqual([0n, 1n, 10n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
});

describe('004: constants and Variables', () => {
  test('004-1: ones, zeros, random numbers; tensors never change', () => {
    for (const [x, shape] of [
      [ops.ones([2, 1]), [2, 1]],
      [ops.zeros([2, 1]), [2, 1]],
      [random.normal([3, 1], {mean: 0, stddev: 1}), [3, 1]],
      [random.uniform([3, 1], {minval: 0, maxval: 1}), [3, 1]],
    ] as const) {
      expect([x.shape, x.dtype]).toEqual([shape, 'float32']);
    }
    expect([ops.ones([2, 1]).array(), ops.zeros([2, 1]).array()]).toEqual([[[1], [1]], [[0], [0]]]); // prettier-ignore
    const x = ops.ones([2]);
    // @ts-expect-error -- tensors have no assign
    const assign: unknown = x.at(0).assign;
    expect(assign).toThrow(/tensors do not change; make a Variable of it: new Variable\(t\)/);
    expect(() => {
      // @ts-expect-error -- nor elements by number
      x[0] = 1;
    }).toThrow('t[0] = ...: tensors do not change; make a Variable of it');
    expect(x.array()).toEqual([1, 1]);
  });

  test('004-2: Variables are replaced whole and by item', () => {
    const v = new Variable(random.normal([3, 1]), {name: 'v'});
    v.assign(ops.ones([3, 1]));
    const wrong = () => v.assign(ops.ones([3, 2]));
    expect(wrong).toThrow(ShapeError);
    expect(wrong).toThrow('assign: variable v has shape (3,1), got a value of shape (3,2)');
    v.at(0, 0).assign(3);
    expect(v.array()).toEqual([[3], [1], [1]]);
    v.assignSub(ops.ones([3, 1]));
    expect(v.array()).toEqual([[2], [0], [0]]);
    v.assignAdd(ops.ones([3, 1]));
    expect(v.array()).toEqual([[3], [1], [1]]);
  });
});
