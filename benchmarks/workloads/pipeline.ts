import {data, datasets, type Tensor} from 'keratin';
import {type Row, type Workload} from '../harness.js';

const {Dataset} = data;
const REPETITIONS = 9;

/** Examples a second of a dataset of batches: the passes are short, and the best one counts, since others share the machine. */
async function rate(workload: string, batches: AsyncIterable<readonly [Tensor, Tensor]>): Promise<Row> {
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
  },
};
