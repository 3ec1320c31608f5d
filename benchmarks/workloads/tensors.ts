import {ops, random} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

/** What NumPy users do with tensors, one operation a row; `peers/pytorch.py` and `peers/keras_tensorflow.py` have the same rows. */
export const tensors: Workload = {
  name: 'tensors',
  description: 'operations of tensors, one by one',
  async run(report) {
    const cube = random.normal([128, 64, 128]);
    const square = random.normal([1024, 1024]);
    const large = random.normal([2048, 2048]);
    const long = random.normal([1_000_000]);
    const rows = random.normal([16, 65_536]);
    const table = random.normal([100_000, 64]);
    const ids = random.randint([50_000], 0, 100_000);
    const signal = random.normal([65_536]);
    const silence = ops.zeros([65_536]);
    const pictures = random.normal([32, 64, 64, 3]);
    const calls: Readonly<Record<string, () => unknown>> = {
      ...Object.fromEntries(
        [0, 1, 2].flatMap((axis) => [
          [`sum_axis${String(axis)}_128x64x128`, () => ops.sum(cube, axis)],
          [`mean_axis${String(axis)}_128x64x128`, () => ops.mean(cube, axis)],
          [`max_axis${String(axis)}_128x64x128`, () => ops.max(cube, axis)],
        ]),
      ),
      softmax_16x65536: () => ops.softmax(rows),
      sort_1e6: () => ops.sort(long),
      argsort_1e6: () => ops.argsort(long),
      topk10_1024x1024: () => ops.topK(square, 10),
      gather_50000_of_100000x64: () => ops.take(table, ids, 0),
      // Added to zeros, so that every library has to move the elements.
      transpose_1024x1024: () => ops.transpose(square).add(0),
      transpose_2048x2048: () => ops.transpose(large).add(0),
      transpose_021_128x64x128: () => ops.transpose(cube, [0, 2, 1]).add(0),
      cumsum_1e6: () => ops.cumsum(long, 0),
      cumsum_axis0_1024x1024: () => ops.cumsum(square, 0),
      fft_65536: () => ops.fft([signal, silence]),
      maxpool2_32x64x64x3: () => ops.maxPool(pictures, 2),
    };
    for (const [name, call] of Object.entries(calls)) {
      report(timeRow(name, 'ms', await time(call, {repetitions: 7, warmup: 2, inner: name.includes('sort') ? 1 : 5})));
    }
  },
};
