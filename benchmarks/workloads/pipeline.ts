import {data, datasets, type Tensor} from 'keratin';
import {type Row, type Workload} from '../harness.js';

const {Dataset} = data;
const REPETITIONS = 9;

/** Examples a second of a dataset of batches: the passes are short, and the best one counts, since others share the machine. */
async function rate(workload: string, batches: AsyncIterable<readonly [Tensor, Tensor, ...Tensor[]]>): Promise<Row> {
  const values: number[] = [];
  for (let i = 0; i <= REPETITIONS; i++) {
    const start = performance.now();
    let examples = 0;
    for await (const [x] of batches) examples += x.length;
    const speed = (examples / (performance.now() - start)) * 1000;
    if (i > 0) values.push(speed);
  }
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return {workload, unit: '1/s', value: max, min, max, repetitions: REPETITIONS};
}

/** Some milliseconds of arithmetic for an image; nothing around it, so that threads can run it too. */
const heavy = ([x, y]: readonly [Tensor, Tensor]) => {
  const pixels = Float64Array.from(x.data());
  for (let round = 0; round < 400; round++) {
    for (let i = 1; i < pixels.length; i++) pixels[i] = Math.sqrt((pixels[i] ?? 0) * (pixels[i - 1] ?? 0) + round);
  }
  return [x, y, pixels[0] ?? 0] as const;
};

export const pipeline: Workload = {
  name: 'pipeline',
  description: 'MNIST, shuffled by 10,000, in batches of 128: examples a second',
  async run(report) {
    const {
      train: [images, labels],
    } = await datasets.mnist.loadData();
    const shuffled = Dataset.fromTensorSlices([images, labels]).shuffle(10_000, {seed: 1});
    const map = ([x, y]: readonly [Tensor, Tensor]) => [x.cast('float32').div(255), y] as const;
    const flat = ([x, y]: readonly [Tensor, Tensor]) => [x.reshape([784]).cast('float32').div(255), y] as const;
    report(await rate('pipeline_batch', shuffled.batch(128).prefetch(2)));
    report(await rate('pipeline_batch_then_map', shuffled.batch(128).map(map).prefetch(2)));
    report(await rate('pipeline_map_then_batch', shuffled.map(map).batch(128).prefetch(2)));
    report(await rate('pipeline_map_reshape_then_batch', shuffled.map(flat).batch(128).prefetch(2)));
    const few = Dataset.fromTensorSlices([images.at(':512'), labels.at(':512')]);
    report(await rate('pipeline_heavy_map', few.map(heavy).batch(32)));
    report(await rate('pipeline_heavy_map_2_workers', few.map(heavy, {workers: 2}).batch(32)));
  },
};
