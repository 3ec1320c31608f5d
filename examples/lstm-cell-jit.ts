// Eager against compiled (001-2): LSTMCell(100) on [100, 100], called a hundred times op by op and as a compiled function. TensorFlow's
// eager calls take 2.13 times as long as its compiled ones in the notes (0.0971 s against 0.0457 s), since each operation costs it tens
// of microseconds before a kernel begins. Here an eager operation costs about one, so that both are near the time of the kernels
// themselves: what compiling can still win is what passes over memory and calls cost.
//
//   npx --yes pnpm@10 exec tsx examples/lstm-cell-jit.ts
import {jit, layers, ops, random, setSeed, type Tensor} from 'keratin';
import {budget, check} from './support/check.js';

setSeed(42);
const CALLS = budget(100, 20);
const ROUNDS = budget(30, 5);

const cell = new layers.LSTMCell(100);
const compiled = jit((x: Tensor, states: Tensor[]) => cell(x, states));

// The notes' arguments are zeros; random ones show that both compute the same.
const zeros = ops.zeros([100, 100]);
cell(zeros, [zeros, zeros]);
const x = random.normal([100, 100]);
const states = [random.normal([100, 100]), random.normal([100, 100])];
const [output, [h, c]] = cell(x, states);
const [outputJit, [hJit, cJit]] = compiled(x, states);
const apart = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
const difference = Math.max(apart(output, outputJit), apart(h, hJit), apart(c, cJit));

// The products alone, [100, 100] by [100, 400] twice: no way of calling the cell takes less.
const [kernel, recurrent] = [random.normal([100, 400]), random.normal([100, 400])];
const products = () => [x.matmul(kernel), x.matmul(recurrent)];

const timed = (fn: () => unknown): number => {
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) fn();
  return performance.now() - start;
};
// What else the machine does hits all of them, so that they take turns and the best run of each counts.
const best = {eager: Infinity, compiled: Infinity, products: Infinity};
for (let round = 0; round < ROUNDS; round++) {
  best.eager = Math.min(
    best.eager,
    timed(() => cell(x, states)),
  );
  best.compiled = Math.min(
    best.compiled,
    timed(() => compiled(x, states)),
  );
  best.products = Math.min(best.products, timed(products));
}

const ratio = best.eager / best.compiled;
const {flops, bytes, kernels} = compiled.cost(x, states);
const ms = (value: number) => `${value.toFixed(2)} ms`;
console.log(
  `${CALLS} calls: eager ${ms(best.eager)}, compiled ${ms(best.compiled)}, its products alone ${ms(best.products)}`,
);
console.log(
  `eager takes ${ratio.toFixed(2)} times as long as compiled (TensorFlow in the notes: 2.13), and ${(best.eager / best.products).toFixed(2)}` +
    ` times as long as its products alone, which bound both: compiled, ${(best.compiled / best.products).toFixed(2)} times`,
);
console.log(
  `one call: ${(flops / 1e6).toFixed(1)} MFLOP, ${(bytes / 1e6).toFixed(2)} MB, ${String(kernels)} kernels,` +
    ` ${(((flops / 1e6) * CALLS) / best.compiled).toFixed(0)} GFLOP/s compiled`,
);

check('largest difference between eager and compiled', difference, {below: 1e-5});
check('operations of a call, MFLOP', flops / 1e6, {above: 16, below: 20});
check('kernels of the compiled call', kernels, {above: 0, below: 20});
