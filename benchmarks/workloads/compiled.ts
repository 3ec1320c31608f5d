import {activations, GradientTape, jit, layers, ops, optimizers, random, type Tensor, tensor, Variable} from 'keratin';
import {type Row, time, timeRow, type Workload} from '../harness.js';

/** How much less time the second row took, as a row's ratio. */
const faster = (eager: Row, row: Row): Row => ({
  ...row,
  ratio: {of: `${eager.workload} (time)`, value: row.value / eager.value},
});

const PARAMETERS = 10_000_000;

/** One step of an optimizer for these gradients, compiled. */
function stepOf(optimizer: optimizers.Optimizer, shapes: readonly (readonly number[])[]) {
  const variables = shapes.map((shape) => new Variable(random.normal(shape)));
  const gradients = shapes.map((shape) => random.normal(shape));
  const step = jit((given: readonly Tensor[]) => {
    optimizer.apply(given, variables);
  });
  return () => {
    step(gradients);
  };
}

const softmax = (x: Tensor): Tensor => {
  const exp = x.sub(x.max({axis: -1, keepdims: true})).exp();
  return exp.div(exp.sum({axis: -1, keepdims: true}));
};

/** The mean cross-entropy of a softmax written with single operations, and its gradient. */
function crossEntropy(x: Tensor, wanted: Tensor): Tensor[] {
  const tape = new GradientTape();
  tape.watch(x);
  const loss = tape.record(() => wanted.mul(softmax(x).log()).sum(-1).neg().mean());
  return [loss, tape.gradient(loss, x)];
}

/** A layer normalization written with single operations. */
function normalized(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const centered = x.sub(x.mean({axis: -1, keepdims: true}));
  const variance = centered.square().mean({axis: -1, keepdims: true});
  return centered.mul(variance.add(1e-3).rsqrt()).mul(scale).add(shift);
}

export const compiled: Workload = {
  name: 'compiled',
  description: 'jitted functions, beside the same functions run op by op',
  async run(report) {
    const pair = async (
      name: string,
      unit: 'us' | 'ms',
      functions: {readonly eager: () => unknown; readonly jit: () => unknown},
      measure: {readonly warmup: number; readonly inner: number},
      flops?: number,
    ) => {
      const eager = timeRow(`${name}_eager`, unit, await time(functions.eager, {repetitions: 7, ...measure}), flops);
      report(eager);
      report(
        faster(eager, timeRow(`${name}_jit`, unit, await time(functions.jit, {repetitions: 7, ...measure}), flops)),
      );
    };

    const big = random.normal([1_000_000]);
    const chain = (x: Tensor) => {
      let y = x;
      for (let i = 0; i < 5; i++) y = y.mul(1.01).add(0.1);
      return y;
    };
    const chainJit = jit(chain);
    await pair('chain10_1e6', 'ms', {eager: () => chain(big), jit: () => chainJit(big)}, {warmup: 20, inner: 20}, 1e7);

    // Whole rows in one pass: what is written with single operations is one kernel.
    const released = (fn: () => Tensor | readonly Tensor[]) => () => {
      for (const tensor of [fn()].flat()) tensor.dispose();
    };
    const logits = random.normal([4096, 512]);
    const wantedRows = softmax(random.normal([4096, 512]));
    const [scale, shift] = [random.normal([512]), random.normal([512])];
    const rows = {
      softmax_4096x512: [softmax, [logits]],
      cross_entropy_with_gradient_4096x512: [crossEntropy, [logits, wantedRows]],
      layer_norm_4096x512: [normalized, [logits, scale, shift]],
    } as const;
    for (const [name, [fn, args]] of Object.entries(rows)) {
      const call = fn as (...args: readonly Tensor[]) => Tensor | readonly Tensor[];
      const callJit = jit(call);
      await pair(
        name,
        'ms',
        {eager: released(() => call(...args)), jit: released(() => callJit(...args))},
        {warmup: 3, inner: 5},
      );
    }

    const steps = {
      sgd: new optimizers.SGD(0.001),
      momentum: new optimizers.SGD(0.001, {momentum: 0.9}),
      adam: new optimizers.Adam(0.001),
      adamw: new optimizers.AdamW(0.001),
    };
    for (const [name, optimizer] of Object.entries(steps)) {
      const step = stepOf(optimizer, [[PARAMETERS]]);
      report(timeRow(`${name}_1e7`, 'ms', await time(step, {repetitions: 15, warmup: 3})));
    }
    const many = Array.from({length: 200}, () => [1000]);
    const manyStep = stepOf(new optimizers.Adam(0.001), many);
    report(timeRow('adam_200_weights_of_1000', 'us', await time(manyStep, {repetitions: 9, warmup: 20, inner: 50})));

    const cell = new layers.LSTMCell(100);
    const x = random.normal([100, 100]);
    const state = [random.normal([100, 100]), random.normal([100, 100])];
    const cellJit = jit((input: Tensor, states: Tensor[]) => cell(input, states));
    const hundred = (fn: () => unknown) => () => {
      for (let i = 0; i < 100; i++) fn();
    };
    await pair(
      'lstm_cell_100_calls',
      'ms',
      {eager: hundred(() => cell(x, state)), jit: hundred(() => cellJit(x, state))},
      {warmup: 2, inner: 1},
    );

    const inputs = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const wanted = tensor([[0], [1], [1], [0]]);
    const [w1, b1] = [new Variable(random.normal([2, 8])), new Variable(ops.zeros([8]))];
    const [w2, b2] = [new Variable(random.normal([8, 1])), new Variable(ops.zeros([1]))];
    const variables = [w1, b1, w2, b2];
    const network = (t: Tensor) => activations.sigmoid(t.matmul(w1).add(b1).tanh().matmul(w2).add(b2));
    const optimizer = new optimizers.RMSprop(0.01);
    const step = (t: Tensor, y: Tensor) => {
      const tape = new GradientTape();
      const loss = tape.record(() => network(t).sub(y).square().mean());
      optimizer.apply(tape.gradient(loss, variables), variables);
      return loss;
    };
    const stepJit = jit(step);
    await pair(
      'xor_step_rmsprop',
      'us',
      {eager: () => step(inputs, wanted), jit: () => stepJit(inputs, wanted)},
      {warmup: 300, inner: 300},
    );
    const networkJit = jit(network);
    const one = tensor([[0, 1]]);
    await pair(
      'xor_forward_1',
      'us',
      {eager: () => network(one), jit: () => networkJit(one)},
      {warmup: 500, inner: 1000},
    );

    const small = random.normal([2, 2]);
    const deep = (length: number) =>
      jit((t: Tensor) => {
        let y = t;
        for (let i = 0; i < length; i++) y = y.matmul(t).tanh();
        return y;
      });
    for (const length of [50, 500, 5000]) {
      const program = deep(length);
      const perOp = (seconds: readonly number[]) => seconds.map((each) => each / (2 * length));
      const repetitions = 5000 / length;
      const first = await time(() => deep(length)(small), {repetitions: Math.max(5, Math.min(40, repetitions))});
      report(timeRow(`compile_per_op_of_${String(2 * length)}`, 'us', perOp(first)));
      const run = await time(() => program(small), {repetitions: 7, warmup: 10, inner: Math.max(10, repetitions)});
      report(timeRow(`run_per_op_of_${String(2 * length)}`, 'us', perOp(run)));
    }
  },
};
