import {GradientTape, jit, ops, optimizers, random, setSeed, type Tensor, Variable} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

type Call = () => unknown;

/** A function of one tensor, and the same with its gradient, compiled. */
function withGradient(name: string, shape: readonly number[], call: (x: Tensor) => Tensor): Record<string, Call> {
  const x = random.normal(shape);
  const dy = random.normal(call(x).shape.map(Number));
  const forward = jit(call);
  const step = jit((inputs: Tensor, gradient: Tensor) => {
    const tape = new GradientTape();
    tape.watch(inputs);
    const [y, product] = tape.record(() => {
      const result = call(inputs);
      return [result, result.mul(gradient).sum()] as const;
    });
    return [y, tape.gradient(product, inputs)];
  });
  return {[`${name}_forward`]: () => forward(x), [`${name}_gradient`]: () => step(x, dy)};
}

function pools(): Record<string, Call> {
  return {
    ...withGradient('max_pool_2_32x64x64x32', [32, 64, 64, 32], (x) => ops.maxPool(x, 2)),
    ...withGradient('max_pool_3_stride2_8x112x112x64', [8, 112, 112, 64], (x) => ops.maxPool(x, 3, {strides: 2})),
    ...withGradient('max_pool_1d_32x1000x64', [32, 1000, 64], (x) => ops.maxPool(x, 2)),
    ...withGradient('max_pool_3d_4x16x32x32x16', [4, 16, 32, 32, 16], (x) => ops.maxPool(x, 2)),
    ...withGradient('average_pool_2_32x64x64x32', [32, 64, 64, 32], (x) => ops.averagePool(x, 2)),
    ...withGradient('average_pool_3_stride2_8x55x55x64', [8, 55, 55, 64], (x) => ops.averagePool(x, 3, {strides: 2})),
    ...withGradient('global_average_32x14x14x256', [32, 14, 14, 256], (x) => ops.mean(x, [1, 2])),
    ...withGradient('global_max_32x14x14x256', [32, 14, 14, 256], (x) => ops.max(x, [1, 2])),
    ...withGradient('adaptive_average_7_16x28x28x64', [16, 28, 28, 64], (x) => ops.adaptiveAveragePool(x, 7)),
    ...withGradient('adaptive_max_7_16x28x28x64', [16, 28, 28, 64], (x) => ops.adaptiveMaxPool(x, 7)),
  };
}

/** A table of 50,000 words and a batch of sentences: what a step of training does with them. */
function embedding(): Record<string, Call> {
  const table = new Variable(random.normal([50_000, 128]));
  const ids = random.randint([32, 100], 0, 50_000);
  const dy = random.normal([32, 100, 128]);
  const optimizer = new optimizers.Adam();
  const gradient = (words: Tensor, weights: Tensor) => {
    const tape = new GradientTape();
    return tape.gradient(
      tape.record(() => ops.take(table, words, 0).mul(weights).sum()),
      table,
    );
  };
  const lookUp = jit((words: Tensor) => ops.take(table, words, 0));
  const scatter = jit(gradient);
  const step = jit((words: Tensor, weights: Tensor) => {
    optimizer.applyGradients([[gradient(words, weights), table]]);
  });
  optimizer.build([table]);
  return {
    embedding_50000x128_forward: () => lookUp(ids),
    embedding_50000x128_gradient: () => scatter(ids, dy),
    embedding_50000x128_adam: () => step(ids, dy),
  };
}

function elements(): Record<string, Call> {
  const long = random.normal([1_000_000]);
  const square = random.normal([1024, 1024]);
  const wide = random.normal([64, 50_000]);
  const signals = random.normal([64, 4096]);
  const images = random.normal([32, 56, 56, 64]);
  const bytes = random.randint([1_000_000], 0, 256).cast('uint8');
  const labels = random.randint([4096], 0, 1000);
  const halves = long.cast('float16');
  const whole = random.randint([1_000_000], 0, 1000);
  const isPositive = ops.greater(long, 0);
  const other = random.normal([1_000_000]);
  const columns = random.randint([1024, 64], 0, 1024);
  return {
    random_normal_1e6: () => random.normal([1_000_000]),
    random_uniform_1e6: () => random.uniform([1_000_000]),
    cast_float32_to_float16_1e6: () => long.cast('float16'),
    cast_float16_to_float32_1e6: () => halves.cast('float32'),
    cast_float32_to_int32_1e6: () => long.cast('int32'),
    cast_int32_to_float32_1e6: () => whole.cast('float32'),
    cast_uint8_to_float32_1e6: () => bytes.cast('float32'),
    cast_float32_to_float64_1e6: () => long.cast('float64'),
    cast_boolean_to_float32_1e6: () => isPositive.cast('float32'),
    one_hot_4096x1000: () => ops.oneHot(labels, 1000),
    concatenate_axis0_1024x1024: () => ops.concatenate([square, square], 0),
    concatenate_axis1_1024x1024: () => ops.concatenate([square, square], 1),
    stack_last_1e6: () => ops.stack([long, other], -1),
    pad_32x56x56x64: () => ops.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]]), // prettier-ignore
    where_1e6: () => ops.where(isPositive, long, other),
    tile_1024x1024: () => ops.tile(square, [2, 2]),
    roll_1024x1024: () => ops.roll(square, 100, 1),
    cumulative_axis1_1024x1024: () => ops.cumsum(square, 1),
    cumulative_product_1e6: () => ops.cumprod(long, 0),
    argmax_axis0_1024x1024: () => ops.argmax(square, 0),
    argmax_axis1_1024x1024: () => ops.argmax(square, 1),
    top_5_64x50000: () => ops.topK(wide, 5),
    top_100_64x50000: () => ops.topK(wide, 100),
    sort_axis1_1024x1024: () => ops.sort(square),
    take_along_axis_1024x64: () => ops.takeAlongAxis(square, columns, 1),
    matrix_fft_64x4096: () => ops.rfft(signals),
  };
}

export const kernels: Workload = {
  name: 'kernels',
  description: 'pooling, embeddings, and functions that move, make or convert elements',
  async run(report) {
    setSeed(1);
    for (const [name, call] of Object.entries({...pools(), ...embedding(), ...elements()})) {
      report(timeRow(name, 'ms', await time(call, {repetitions: 15, warmup: 2, inner: 3})));
    }
  },
};
