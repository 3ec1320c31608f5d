// Compiled functions that branch, loop and print (001-1, 000-9): what the notes show of AutoGraph in Python, in JavaScript. `jit` needs no
// other source: it follows the function as it runs, and where the value of a tensor decides, that value says which program comes next.
//
//   npx --yes pnpm@10 exec tsx examples/control-flow.ts
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  cond,
  GradientTape,
  jit,
  loadProgram,
  ops,
  print,
  scan,
  type Tensor,
  tensor,
  vectorizedMap,
  whileLoop,
} from 'keratin';
import {check, checkText} from './support/check.js';

const text = (value: Tensor | readonly Tensor[]): string =>
  JSON.stringify(Array.isArray(value) ? value.map((t: Tensor) => t.array()) : (value as Tensor).array());

// Calls of other functions are compiled with it: relu(3x + 2).
const linearLayer = (x: Tensor) => x.mul(3).add(2);
const simpleNn = jit((x: Tensor) => ops.relu(linearLayer(x)));
checkText('relu(3x + 2)', text(simpleNn(tensor([-2, -1, 0, 1]))), '[0,0,2,5]');
console.log(simpleNn.ir(tensor([-2, -1, 0, 1])));

// if: the value that is read says which way; each way is compiled when it is first taken. (A bare `if (tensor)` is always true.)
let compilations = 0;
const absolute = jit((x: Tensor) => {
  compilations += 1;
  if (x.sum().greater(0).item()) return x;
  return x.neg();
});
checkText('if', text([1, -1, 2, -2].map((sign) => absolute(tensor([sign, 2 * sign])))), '[[1,2],[1,2],[2,4],[2,4]]');
const compiledSoFar = compilations;
for (let i = 0; i < 100; i++) absolute(tensor([i - 50, i - 50]));
check('times that its source ran for 100 further calls', compilations - compiledSoFar, {below: 1});

// while, break, continue, early return.
const collatz = jit((n: Tensor) => {
  let [x, steps] = [n, 0];
  while (x.greater(1).item()) {
    steps += 1;
    if (steps > 200) return 'too long';
    x = ops.equal(ops.mod(x, 2), 0).item() ? x.div(2) : x.mul(3).add(1);
  }
  return steps;
});
checkText('while: steps of 6, 7, 27', JSON.stringify([6, 7, 27].map((n) => collatz(tensor(n)))), '[8,16,111]');

const oddSum = jit((x: Tensor) => {
  let sum = tensor(0);
  for (const row of x) {
    if (ops.equal(ops.mod(row, 2), 0).item()) continue;
    if (row.greater(6).item()) break;
    sum = sum.add(row);
  }
  return sum;
});
checkText('for, continue, break', text(oddSum(tensor([1, 2, 3, 4, 5, 6, 7, 8]))), '9');

// print(...) writes at every run, console.log while compiling only.
const noisy = jit((x: Tensor) => {
  console.log('  compiling');
  print('  the mean is', x.mean());
  return x.mul(2);
});
for (const values of [[1, 2], [3, 4], [5, 6]]) noisy(tensor(values)); // prettier-ignore

// The same as operations, with gradients: branches and loops that need no value in JavaScript.
const clipped = jit((x: Tensor) => cond(x.sum().greater(10), () => x.div(x.sum()), () => x)); // prettier-ignore
checkText('cond', text([clipped(tensor([5, 15])), clipped(tensor([1, 2]))]), '[[0.25,0.75],[1,2]]');
const powers = jit((x: Tensor, n: Tensor) => {
  const tape = new GradientTape();
  tape.watch(x);
  const y = tape.record(() => whileLoop((i) => i.less(n), (i, z) => [i.add(1), z.mul(x)], [tensor(0), tensor(1)])[1]); // prettier-ignore
  return [y, tape.gradient(y, x)];
});
checkText('whileLoop: 2^10 and its derivative', text(powers(tensor(2), tensor(10))), '[1024,5120]');
const running = jit((xs: Tensor) => scan((sum: Tensor, x: Tensor) => [sum.add(x), sum.add(x)], tensor(0), xs)[1]);
checkText('scan', text(running(tensor([1, 2, 3, 4]))), '[1,3,6,10]');
const norms = jit((xs: Tensor) => vectorizedMap((row: Tensor) => row.square().sum().sqrt(), xs));
checkText('vectorizedMap', text(norms(tensor([[3, 4], [6, 8]]))), '[5,10]'); // prettier-ignore

// Loops are single operations of a program, with their gradients: their length changes neither its size nor the number of compilations.
const rnn = (xs: Tensor, w: Tensor) =>
  scan((h: Tensor, x: Tensor): [Tensor, Tensor] => {
    const next = h.matmul(w).add(x).tanh();
    return [next, next];
  }, ops.zeros([1, 8]), xs)[1].square().mean(); // prettier-ignore
const slope = (xs: Tensor, w: Tensor) => {
  const tape = new GradientTape();
  tape.watch(w);
  const y = tape.record(() => rnn(xs, w));
  return tape.gradient(y, w);
};
const compiledSlope = jit(slope);
const [xs, w] = [ops.sin(ops.arange(1600, undefined, 1, 'float32')).reshape([200, 1, 8]), ops.eye(8).mul(0.5)];
check('the gradient of a loop, compiled and not', compiledSlope(xs, w).sub(slope(xs, w)).abs().max().item(), {below: 1e-6}); // prettier-ignore
check('kernels for 200 trips in its program', (compiledSlope.ir(xs, w).match(/ = /g) ?? []).length, {below: 25});

const best = (runs: number, fn: () => unknown): number =>
  Math.min(...Array.from({length: runs}, () => {
    const start = performance.now();
    fn();
    return performance.now() - start;
  })); // prettier-ignore
const counter = (n: Tensor) => whileLoop((i) => i.less(n), (i) => i.add(1), tensor(0)); // prettier-ignore
const compiledCounter = jit(counter);
const trips = tensor(2000);
const [eagerTrips, compiledTrips] = [best(5, () => counter(trips)), best(20, () => compiledCounter(trips))];
const ratios = {
  'a trip of a compiled loop, in us': compiledTrips / 2,
  'a counting loop: op by op / compiled': eagerTrips / compiledTrips,
  'forward and backward through 200 steps: op by op / compiled':
    best(5, () => slope(xs, w)) / best(10, () => compiledSlope(xs, w)),
};
for (const [what, ratio] of Object.entries(ratios)) console.log(`${what}: ${ratio.toPrecision(3)}`);

// A compiled function in a file runs without this code.
const folder = await mkdtemp(join(tmpdir(), 'keratin-'));
await absolute.export(join(folder, 'absolute.keratin'));
const loaded = await loadProgram<[Tensor], Tensor>(join(folder, 'absolute.keratin'));
checkText('loaded from a file', text([loaded(tensor([1, 2])), loaded(tensor([-1, -2]))]), '[[1,2],[1,2]]');
await rm(folder, {recursive: true});
