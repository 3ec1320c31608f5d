import {GradientTape, jit, ops, random, setSeed, type Tensor} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

interface Case {
  /** Inputs and kernel, channels last. */
  readonly x: readonly number[];
  readonly kernel: readonly number[];
  readonly call: (x: Tensor, kernel: Tensor) => Tensor;
}

const conv =
  (options: NonNullable<Parameters<typeof ops.conv>[2]> = {}) =>
  (x: Tensor, kernel: Tensor) =>
    ops.conv(x, kernel, {padding: 'same', ...options});
const depthwise = (strides: number) => (x: Tensor, kernel: Tensor) =>
  ops.depthwiseConv(x, kernel, {padding: 'same', strides});
const transposed = (x: Tensor, kernel: Tensor) => ops.convTranspose(x, kernel, {padding: 'same', strides: 2});
/** A depthwise part of 3 x 3 without weights of its own, then the mixing of channels. */
const separable = (x: Tensor, kernel: Tensor) => {
  const [deep, mixing] = ops.split(kernel, [9]) as [Tensor, Tensor];
  const channels = kernel.dim(1);
  return ops.separableConv(x, deep.reshape([3, 3, channels, 1]), mixing.reshape([1, 1, channels, channels]), {
    padding: 'same',
  });
};

/** One kind of convolution a row, at shapes that models have; `peers/*.py` have the same rows. */
const cases: Readonly<Record<string, Case>> = {
  conv_first_1: {x: [32, 28, 28, 1], kernel: [3, 3, 1, 32], call: conv()},
  conv_first_3: {x: [16, 112, 112, 3], kernel: [7, 7, 3, 64], call: conv({strides: 2})},
  conv_3x3_32: {x: [32, 28, 28, 32], kernel: [3, 3, 32, 64], call: conv()},
  conv_3x3_256: {x: [8, 14, 14, 256], kernel: [3, 3, 256, 256], call: conv()},
  conv_pointwise_64: {x: [8, 56, 56, 64], kernel: [1, 1, 64, 256], call: conv()},
  conv_pointwise_stride: {x: [8, 28, 28, 256], kernel: [1, 1, 256, 128], call: conv({strides: 2})},
  conv_stride2_32: {x: [16, 56, 56, 32], kernel: [3, 3, 32, 64], call: conv({strides: 2})},
  conv_stride2_128: {x: [8, 28, 28, 128], kernel: [3, 3, 128, 256], call: conv({strides: 2})},
  conv_depthwise_32: {x: [8, 112, 112, 32], kernel: [3, 3, 32, 1], call: depthwise(1)},
  conv_depthwise_stride2_96: {x: [8, 56, 56, 96], kernel: [3, 3, 96, 1], call: depthwise(2)},
  conv_depthwise_multiplier2: {x: [8, 56, 56, 32], kernel: [3, 3, 32, 2], call: depthwise(1)},
  conv_separable_64: {x: [8, 56, 56, 64], kernel: [73, 64], call: separable},
  conv_grouped4_128: {x: [8, 28, 28, 128], kernel: [3, 3, 32, 128], call: conv()},
  conv_grouped32_128: {x: [8, 28, 28, 128], kernel: [3, 3, 4, 128], call: conv()},
  conv_dilated2_32: {x: [16, 28, 28, 32], kernel: [3, 3, 32, 64], call: conv({dilationRate: 2})},
  conv_dilated2_128: {x: [4, 28, 28, 128], kernel: [3, 3, 128, 128], call: conv({dilationRate: 2})},
  conv1d_k5: {x: [32, 128, 64], kernel: [5, 64, 128], call: conv()},
  conv1d_long_k9: {x: [8, 4000, 16], kernel: [9, 16, 32], call: conv()},
  conv3d_8: {x: [4, 16, 32, 32, 8], kernel: [3, 3, 3, 8, 16], call: conv()},
  conv3d_32: {x: [2, 8, 28, 28, 32], kernel: [3, 3, 3, 32, 32], call: conv()},
  conv_transposed_64: {x: [16, 14, 14, 64], kernel: [4, 4, 32, 64], call: transposed},
  conv_transposed_128: {x: [8, 28, 28, 128], kernel: [4, 4, 64, 128], call: transposed},
};

export const convolution: Workload = {
  name: 'convolution',
  description: 'kinds of convolution: forward, and forward with the gradients of inputs and weights, compiled',
  async run(report) {
    setSeed(1);
    for (const [name, {x: shape, kernel: window, call}] of Object.entries(cases)) {
      const [x, kernel] = [random.normal(shape), random.normal(window)];
      const dy = random.normal(call(x, kernel).shape.map(Number));
      const forward = jit(call);
      const step = jit((inputs: Tensor, weights: Tensor, gradient: Tensor) => {
        const tape = new GradientTape({persistent: true});
        tape.watch(inputs);
        tape.watch(weights);
        const y = tape.record(() => call(inputs, weights));
        const product = tape.record(() => y.mul(gradient).sum());
        return [y, ...tape.gradient(product, [inputs, weights])];
      });
      const measure = {repetitions: 11, warmup: 2};
      report(timeRow(`${name}_forward`, 'ms', await time(() => forward(x, kernel), measure)));
      report(timeRow(`${name}_gradients`, 'ms', await time(() => step(x, kernel, dy), measure)));
    }
  },
};
