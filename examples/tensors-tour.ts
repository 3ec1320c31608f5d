// Tensors, Variables, gradients and devices, line by line of the notes (000-1 to 000-8, 002-1 to 002-5, 003-1, 004-1, 004-2): each value
// is printed as the notes print it, and checked.
import {
  backend,
  constant,
  convertToTensor,
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
  setSeed,
  sets,
  sparse,
  SparseTensor,
  strings,
  tensor,
  TensorArray,
  type Tensor,
  Variable,
  withDevice,
} from 'keratin';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {budget, check, checkText} from './support/check.js';

/** The message of what `fn` throws. */
function messageOf(fn: () => unknown): string {
  try {
    return `nothing thrown, got ${String(fn())}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const section = (line: string, title: string) => console.log(`\n${line}: ${title}`);
setSeed(42);

section('000-1', 'a tensor has a shape and a dtype, and prints as NumPy prints');
const t = tensor([[1, 2, 3], [4, 5, 6]], 'int32'); // prettier-ignore
checkText('t', t, 'Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)');
checkText('a scalar', tensor(42, 'int32'), 'Tensor(42, shape=(), dtype=int32)');
checkText('t.shape', t.shape, '2,3');
checkText('t.dtype', t.dtype, 'int32');

section('000-2', 'indices');
checkText('t[0]', t.at(0), 'Tensor([1 2 3], shape=(3,), dtype=int32)');
checkText('t[:, 1:]', t.at(':', '1:'), 'Tensor(\n[[2 3]\n [5 6]], shape=(2, 2), dtype=int32)');
checkText('t[..., 1, newaxis]', t.at('...', 1, 'newaxis'), 'Tensor(\n[[2]\n [5]], shape=(2, 1), dtype=int32)');

section('000-3', 'operations');
checkText('t + 10', t.add(10), 'Tensor(\n[[11 12 13]\n [14 15 16]], shape=(2, 3), dtype=int32)');
checkText('square(t)', ops.square(t), 'Tensor(\n[[ 1  4  9]\n [16 25 36]], shape=(2, 3), dtype=int32)');
checkText('t @ transpose(t)', t.matmul(ops.transpose(t)), 'Tensor(\n[[14 32]\n [32 77]], shape=(2, 2), dtype=int32)');
checkText('reshape', ops.reshape(t, [3, 2]), 'Tensor(\n[[1 2]\n [3 4]\n [5 6]], shape=(3, 2), dtype=int32)');
checkText('sqrt', ops.sqrt([1, 4, 9]), 'Tensor([1. 2. 3.], shape=(3,), dtype=float32)');
checkText('exp', ops.exp([0, 1]), 'Tensor([1.        2.7182817], shape=(2,), dtype=float32)');
checkText('log', ops.log([1, 8]), 'Tensor([0.        2.0794415], shape=(2,), dtype=float32)');
checkText('squeeze', ops.squeeze(t.at('newaxis', 0)), 'Tensor([1 2 3], shape=(3,), dtype=int32)');
checkText('tile', ops.tile(t, [1, 2]), 'Tensor(\n[[1 2 3 1 2 3]\n [4 5 6 4 5 6]], shape=(2, 6), dtype=int32)');
checkText('mean of t', ops.mean(t), 'Tensor(3.5, shape=(), dtype=float32)');
checkText('sum along axis 0', ops.sum(t, 0), 'Tensor([5 7 9], shape=(3,), dtype=int32)');
checkText('max along axis 1', ops.max(t, 1), 'Tensor([3 6], shape=(2,), dtype=int32)');

section('000-4', 'the functions of backend call the same operations');
checkText('square', backend.square(t), String(ops.square(t)));
checkText('exp', backend.exp([0, 1]), String(ops.exp([0, 1])));
checkText('sqrt', backend.sqrt([1, 4, 9]), String(ops.sqrt([1, 4, 9])));

section('000-5', 'arrays in and out keep their dtype');
const a = tensor(new BigInt64Array([2n, 4n, 5n]));
checkText('an int64 array', a, 'Tensor([2 4 5], shape=(3,), dtype=int64)');
checkText('its squares', ops.square(a), 'Tensor([ 4 16 25], shape=(3,), dtype=int64)');
checkText('a Float64Array', tensor(new Float64Array([0.5])), 'Tensor([0.5], shape=(1,), dtype=float64)');
checkText('nested arrays', JSON.stringify(t.array()), '[[1,2,3],[4,5,6]]');
checkText('typed arrays', t.square().data().join(), '1,4,9,16,25,36');
const folder = await mkdtemp(join(tmpdir(), 'keratin-tour-'));
try {
  await saveNpy(join(folder, 't.npy'), t);
  await saveNpz(join(folder, 'both.npz'), {t, a});
  checkText('t from its .npy file', await loadNpy(join(folder, 't.npy')), String(t));
  checkText('a from the .npz file', (await loadNpz(join(folder, 'both.npz')))['a'], String(a));
} finally {
  await rm(folder, {recursive: true, force: true});
}

section('000-6', 'dtypes never change unasked');
checkText(
  'float32 + int32',
  messageOf(() => constant(2).add(constant(40, 'int32'))),
  "add: tensors must have one dtype, got a float32 and b int32; convert one with cast('float32')",
);
checkText(
  'float32 + float64',
  messageOf(() => constant(2).add(constant(40, 'float64'))),
  "add: tensors must have one dtype, got a float32 and b float64; convert one with cast('float32')",
);
checkText('float32 + float32', constant(2).add(constant(40, 'float32')), 'Tensor(42.0, shape=(), dtype=float32)');
const t2 = constant(40, 'float64');
checkText('with cast', constant(2).add(ops.cast(t2, 'float32')), 'Tensor(42.0, shape=(), dtype=float32)');

section('000-7', 'Variables change in place');
const v = new Variable([[1, 2, 3], [4, 5, 6]], {name: 'v'}); // prettier-ignore
const shown = (rows: string) => `Variable(v: 0\n${rows}, shape=(2, 3), dtype=float32)`;
v.assign(v.mul(2));
checkText('v.assign(2v)', v, shown('[[ 2.  4.  6.]\n [ 8. 10. 12.]]'));
v.at(0, 1).assign(42);
checkText('v[0, 1].assign(42)', v, shown('[[ 2. 42.  6.]\n [ 8. 10. 12.]]'));
v.at(':', 2).assign([0, 1]);
checkText('v[:, 2].assign([0, 1])', v, shown('[[ 2. 42.  0.]\n [ 8. 10.  1.]]'));
v.scatterNdUpdate([[0, 0], [1, 2]], [100, 200]); // prettier-ignore
checkText('scatterNdUpdate', v, shown('[[100.  42.   0.]\n [  8.  10. 200.]]'));
v.assignAdd(ops.ones([2, 3]));
v.assignSub(ops.ones([2, 3]).mul(2));
checkText('assignAdd, assignSub', v, shown('[[ 99.  41.  -1.]\n [  7.   9. 199.]]'));
v.scatterUpdate([0], [[7, 8, 9]]);
checkText('scatterUpdate', v, shown('[[  7.   8.   9.]\n [  7.   9. 199.]]'));

section('000-8', 'other structures');
const s = new SparseTensor([[0, 1], [1, 0], [2, 3]], [1, 2, 3], [3, 4]); // prettier-ignore
checkText(
  'a sparse tensor, dense',
  sparse.toDense(s),
  'Tensor(\n[[0. 1. 0. 0.]\n [2. 0. 0. 0.]\n [0. 0. 0. 3.]], shape=(3, 4), dtype=float32)',
);
checkText(
  'sparse @ dense',
  sparse.sparseDenseMatmul(s, ops.ones([4, 1])),
  'Tensor(\n[[1.]\n [2.]\n [3.]], shape=(3, 1), dtype=float32)',
);
const array = new TensorArray('float32', {size: 3, clearAfterRead: false})
  .write(0, [1, 2])
  .write(1, [3, 10])
  .write(2, [5, 7]);
checkText('an array of tensors', array.read(1), 'Tensor([ 3. 10.], shape=(2,), dtype=float32)');
checkText('stacked', array.stack().shape, '3,2');
const r = ragged.constant([[65, 66], [], [67, 68, 69]], 'int32'); // prettier-ignore
checkText('lists of lists', JSON.stringify(r.array()), '[[65,66],[],[67,68,69]]');
checkText('their sums', ragged.sum(r, 1), 'Tensor([131   0 204], shape=(3,), dtype=int32)');
checkText('padded', ragged.toTensor(r).shape, '3,3');
const words = tensor(['Café', 'Coffee', 'caffè', '咖啡']);
checkText('bytes of strings', strings.length(words), 'Tensor([5 6 6 6], shape=(4,), dtype=int32)');
checkText('their characters', strings.length(words, {unit: 'UTF8_CHAR'}), 'Tensor([4 6 5 2], shape=(4,), dtype=int32)');
const codes = strings.unicodeDecode(words, 'UTF-8');
checkText('code points', codes.at(3), 'Tensor([21654 21857], shape=(2,), dtype=int32)');
checkText('and back', String(strings.unicodeEncode(codes, 'UTF-8').array()), 'Café,Coffee,caffè,咖啡');
const [set1, set2] = [tensor([[2, 3, 5, 7]], 'int32'), tensor([[7, 9, 10, 3]], 'int32')];
const elements = (set: SparseTensor) => `{${String(set.values.array())}}`;
checkText('union', elements(sets.union(set1, set2)), '{2,3,5,7,9,10}');
checkText('intersection', elements(sets.intersection(set1, set2)), '{3,7}');
checkText('difference', elements(sets.difference(set1, set2)), '{2,5}');
const queue = new queues.FIFOQueue(3, ['int32', 'string'], {shapes: [[], []]});
await queue.enqueue([10, 'windy']);
await queue.enqueue([15, 'sunny']);
checkText('queued', queue.size(), '2');
checkText('first in, first out', (await queue.dequeue())[1].item(), 'windy');

section('002-1', 'simple operations');
const int = (x: number | number[] | number[][]) => tensor(x, 'int32');
checkText('add(1, 2)', ops.add(int(1), int(2)), 'Tensor(3, shape=(), dtype=int32)');
checkText('add([1, 2], [3, 4])', ops.add(int([1, 2]), int([3, 4])), 'Tensor([4 6], shape=(2,), dtype=int32)');
checkText('square(5)', ops.square(5), 'Tensor(25.0, shape=(), dtype=float32)');
checkText('sum([1, 2, 3])', ops.sum(int([1, 2, 3])), 'Tensor(6, shape=(), dtype=int32)');
checkText('square(2) + square(3)', ops.square(int(2)).add(ops.square(int(3))), 'Tensor(13, shape=(), dtype=int32)');
checkText('plain numbers', ops.add([1, 2], [3, 4]), 'Tensor([4. 6.], shape=(2,), dtype=float32)');
const product = ops.matmul(int([[2], [3]]), int([[3, 7]]));
checkText('matmul', product, 'Tensor(\n[[ 6 14]\n [ 9 21]], shape=(2, 2), dtype=int32)');

section('002-2', 'conversions');
const nested = [[1, 2], [3, 4]]; // prettier-ignore
checkText(
  'to float64',
  convertToTensor(nested, 'float64'),
  'Tensor(\n[[1. 2.]\n [3. 4.]], shape=(2, 2), dtype=float64)',
);
const ones = tensor(new Float64Array(9).fill(1), {shape: [3, 3]});
checkText(
  'ones of float64 to int32',
  convertToTensor(ones.array(), 'int32'),
  'Tensor(\n[[1 1 1]\n [1 1 1]\n [1 1 1]], shape=(3, 3), dtype=int32)',
);
const twos = ops.multiply(ones, 2);
checkText('times 2', twos, 'Tensor(\n[[2. 2. 2.]\n [2. 2. 2.]\n [2. 2. 2.]], shape=(3, 3), dtype=float64)');
checkText('numpy()', [...twos.numpy().data].join(), '2,2,2,2,2,2,2,2,2');

section('002-3', 'Variables and modules');
const zeros = new Variable(ops.zeros([2, 3]), {name: 'zeros'});
checkText('zeros', zeros, 'Variable(zeros: 0\n[[0. 0. 0.]\n [0. 0. 0.]], shape=(2, 3), dtype=float32)');
const whole = new Variable([[2, 3], [3, 4]], {dtype: 'int32', name: 'whole'}); // prettier-ignore
const before = 'Variable(whole: 0\n[[2 3]\n [3 4]], shape=(2, 2), dtype=int32)';
checkText('a whole Variable', whole, before);
checkText('plus 1 is a tensor', whole.add(1), 'Tensor(\n[[3 4]\n [4 5]], shape=(2, 2), dtype=int32)');
checkText('the Variable is as it was', whole, before);
checkText('readValue', whole.readValue(), 'Tensor(\n[[2 3]\n [3 4]], shape=(2, 2), dtype=int32)');
class MyModule extends Module {
  v0 = new Variable(1);
  vs = [0, 1].map((x) => new Variable(x, {dtype: 'int32'}));
}
checkText('variables of the module', new MyModule().variables.length, '3');

section('002-4', 'gradients');
const x = new Variable(3);
const tape = new GradientTape();
const y = tape.record(() => x.pow(2));
checkText('d(x²)/dx at 3', tape.gradient(y, x), 'Tensor(6.0, shape=(), dtype=float32)');
const w = new Variable(random.normal([3, 2]), {name: 'w'});
const b = new Variable(ops.zeros([2]), {name: 'b'});
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
checkText('shapes of a list', [dw.shape, db.shape].join(' '), '3,2 2');
const byName = persistent.gradient(loss, {w, b});
checkText('names of an object', Object.keys(byName).join(), 'w,b');
checkText('the same gradients', byName.w, String(dw));
// loss = (y0² + y1²) / 2: the gradient of w is x times that of b.
check('rows of dw over db', ops.max(ops.abs(dw.sub(ops.outer([1, 2, 3], db)))).item(), {below: 1e-5});

section('002-5', 'devices');
checkText('CPUs', listPhysicalDevices('CPU').map(({name}) => name).join(), 'CPU:0'); // prettier-ignore
checkText('GPUs', listPhysicalDevices('GPU').length, '0');
checkText(
  'asking for one',
  messageOf(() => withDevice('GPU:0', () => 1)),
  "withDevice: 'GPU:0' does not exist: Keratin computes on CPUs so far, use 'CPU:0'",
);
const loops = budget(100, 10);
withDevice('CPU:0', () => {
  const large = random.uniform([1000, 1000]);
  checkText('device', large.device, 'CPU:0');
  const start = performance.now();
  let last: Tensor = large;
  for (let i = 0; i < loops; i++) last = large.matmul(large);
  const mean = ops.mean(last).item();
  console.log(`${String(loops)} loops: ${(performance.now() - start).toFixed(2)}ms`);
  // A sum of 1,000 products of two independent uniform numbers.
  check('mean of the product', mean, {above: 245, below: 255});
});

section('003-1', 'range');
checkText('range(10)', range(10), 'Tensor([0 1 2 3 4 5 6 7 8 9], shape=(10,), dtype=int32)');
const numbers = BigInt64Array.from({length: 10}, (_, i) => BigInt(i));
const variable = new Variable<bigint>(tensor(numbers), {name: 'var'});
const fixed = tensor(numbers);
checkText('an int64 array', fixed, 'Tensor([0 1 2 3 4 5 6 7 8 9], shape=(10,), dtype=int64)');
checkText('items', `${String(variable.at(0))} ${String(fixed.at(0))}`, 'Tensor(0, shape=(), dtype=int64) '.repeat(2).trim()); // prettier-ignore
variable.at(2).assign(10n);
checkText('var[2].assign(10)', variable, 'Variable(var: 0\n[ 0  1 10  3  4  5  6  7  8  9], shape=(10,), dtype=int64)');

section('004-1', 'constants and random numbers');
checkText('ones', ops.ones([2, 1]), 'Tensor(\n[[1.]\n [1.]], shape=(2, 1), dtype=float32)');
checkText('zeros', ops.zeros([2, 1]), 'Tensor(\n[[0.]\n [0.]], shape=(2, 1), dtype=float32)');
for (const [name, drawn] of [
  ['normal', random.normal([3, 1], {mean: 0, stddev: 1})],
  ['uniform', random.uniform([3, 1], {minval: 0, maxval: 1})],
] as const) {
  console.log(drawn);
  checkText(`random.${name}`, `${String(drawn.shape)} ${drawn.dtype}`, '3,1 float32');
}
// TypeScript refuses to compile both; JavaScript gets an answer.
const still: {at(index: number): object} = ops.ones([2, 1]);
checkText(
  'still[0].assign(1)',
  messageOf(() => Reflect.apply(Reflect.get(still.at(0), 'assign') as () => unknown, still.at(0), [1])),
  'tensor.assign: there is no such method; tensors do not change; make a Variable of it: new Variable(t), then v.at(...).assign(x)',
);
checkText(
  'still[0] = 1',
  messageOf(() => Reflect.set(still, 0, 1)),
  't[0] = ...: tensors do not change; make a Variable of it: new Variable(t), then v.at(...).assign(x)',
);

section('004-2', 'Variables are replaced, whole and by item');
const column = new Variable(random.normal([3, 1]), {name: 'column'});
column.assign(ops.ones([3, 1]));
checkText('assign', column.readValue(), 'Tensor(\n[[1.]\n [1.]\n [1.]], shape=(3, 1), dtype=float32)');
checkText(
  'another shape',
  messageOf(() => column.assign(ops.ones([3, 2]))),
  'assign: variable column has shape (3,1), got a value of shape (3,2)',
);
column.at(0, 0).assign(3);
checkText('column[0, 0].assign(3)', column.readValue(), 'Tensor(\n[[3.]\n [1.]\n [1.]], shape=(3, 1), dtype=float32)');
column.assignSub(ops.ones([3, 1]));
checkText('assignSub', column.readValue(), 'Tensor(\n[[2.]\n [0.]\n [0.]], shape=(3, 1), dtype=float32)');
column.assignAdd(ops.ones([3, 1]));
checkText('assignAdd', column.readValue(), 'Tensor(\n[[3.]\n [1.]\n [1.]], shape=(3, 1), dtype=float32)');
