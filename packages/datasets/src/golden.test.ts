import {isTensor, KeratinError, ops, ragged, RaggedTensor, tensor, type Tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {Golden} from '../../../tests/golden.js';
import {data, utils} from './index.js';

// Each case is a Python expression that real TensorFlow or Keras evaluated; the translations stand here by id.

const {Dataset} = data;

interface Case {
  readonly id: string;
  readonly kind?: 'dataset' | 'value';
  readonly result?: unknown;
  readonly expect?: 'error';
  readonly python: string;
  readonly compare?: 'multiset';
}

const ints = (values: number[]) => tensor(values, 'int32');
const ds = Dataset.fromTensorSlices(ints([7, 2, 6, 8, 1, 2, 5]));
const ds2 = Dataset.fromTensorSlices(ints([5, 3, 3, 1]));
const xValues = [
  [2.07, 1.47],
  [-4.92, 0.18],
  [-2.89, 2.27],
  [-6.1, -2.74],
  [2.13, 3.47],
];
const xy = Dataset.fromTensorSlices([tensor(xValues, 'float64'), ints([6, 9, 6, 9, 6])]);
const dd = Dataset.fromTensorSlices({
  a: ints([5, 9, 6]),
  b: [
    [0.98, -1.83],
    [4.77, -3.57],
    [1.06, -3.15],
  ],
});
const rows = [[1], [2, 3, 4], [], [5, 6]];
const rag = Dataset.fromGenerator(() => rows.map((row) => tensor(row, 'int32')));
const rags = Dataset.fromTensorSlices(ragged.constant(rows, {dtype: 'int32'}));
const {range} = Dataset;
const listOf = async (dataset: AsyncIterable<unknown>): Promise<unknown[]> => {
  const list: unknown[] = [];
  for await (const element of dataset) list.push(element);
  return list;
};
const sum = (s: Tensor, x: Tensor): Tensor => s.add(x);
const arange = (n: number) => tensor(Array.from({length: n}, (_, i) => i));
const series = (targets: boolean, length: number, options: object = {}) =>
  targets
    ? utils.timeseriesDatasetFromArray(arange(12).reshape([-1, 1]), arange(12).mul(10), length, options)
    : utils.timeseriesDatasetFromArray(arange(12), null, length, options);
const slices = (x: number[]) => Dataset.fromTensorSlices(ints(x));
const sequences = [[1, 2, 3, 4, 5], [6], [], [7, 8]];

const TRANSLATIONS: Readonly<Record<string, () => unknown>> = {
  'tf.data/ds': () => ds,
  'tf.data/xy': () => xy,
  'tf.data/dd': () => dd,
  'tf.data/rag': () => rag,
  'tf.data/rags': () => rags,
  'tf.data/rags.batch(2)': () => rags.batch(2),
  'tf.data/from_tensors([[1,2],[3,4]])': () =>
    Dataset.fromTensors([
      [1, 2],
      [3, 4],
    ]),
  "tf.data/from_tensors((1,'a'))": () => Dataset.fromTensors([tensor(1), tensor('a', 'string')]),
  "tf.data/from_tensor_slices(['a','bb'])": () => Dataset.fromTensorSlices(['a', 'bb']),
  'tf.data/from_tensor_slices(np.zeros((0,2)))': () => Dataset.fromTensorSlices(ops.zeros([0, 2])),
  'tf.data/from_tensor_slices([[1,2],[3,4]])': () =>
    Dataset.fromTensorSlices([
      [1, 2],
      [3, 4],
    ]),
  'tf.data/ds.batch(3)': () => ds.batch(3),
  'tf.data/ds.batch(3,drop_remainder=True)': () => ds.batch(3, {dropRemainder: true}),
  'tf.data/ds.batch(10)': () => ds.batch(10),
  'tf.data/ds.batch(1)': () => ds.batch(1),
  'tf.data/xy.batch(2)': () => xy.batch(2),
  'tf.data/dd.batch(2)': () => dd.batch(2),
  'tf.data/ds.take(4).batch(2).batch(2)': () => ds.take(4).batch(2).batch(2),
  'tf.data/ds.repeat(2)': () => ds.repeat(2),
  'tf.data/ds.repeat(0)': () => ds.repeat(0),
  'tf.data/ds.repeat().take(10)': () => ds.repeat().take(10),
  'tf.data/ds.batch(3).repeat(2)': () => ds.batch(3).repeat(2),
  'tf.data/ds.repeat(2).batch(4)': () => ds.repeat(2).batch(4),
  'tf.data/ds.map(lambdax:x*2)': () => ds.map((x) => x.mul(2)),
  'tf.data/xy.map(lambdax,y:(tf.reduce_sum(x),y+1))': () => xy.map(([x, y]) => [x.sum(), y.add(1)]),
  "tf.data/ds.map(lambdax:{'v':x})": () => ds.map((v) => ({v})),
  'tf.data/ds.map(lambdax:(x,x*x))': () => ds.map((x) => [x, x.mul(x)]),
  "tf.data/dd.map(lambdad:d['a'])": () => dd.map(({a}) => a),
  'tf.data/ds.filter(lambdax:x%2==0)': () => ds.filter((x) => x.mod(2).equal(0)),
  'tf.data/ds.filter(lambdax:x>100)': () => ds.filter((x) => x.greater(100)),
  'tf.data/ds.take(3)': () => ds.take(3),
  'tf.data/ds.take(0)': () => ds.take(0),
  'tf.data/ds.take(100)': () => ds.take(100),
  'tf.data/ds.take(-1)': () => ds.take(-1),
  'tf.data/ds.take(2)': () => ds.take(2),
  'tf.data/ds.skip(2)': () => ds.skip(2),
  'tf.data/ds.skip(100)': () => ds.skip(100),
  'tf.data/ds.skip(-1)': () => ds.skip(-1),
  'tf.data/ds.skip(2).take(2)': () => ds.skip(2).take(2),
  'tf.data/ds.take_while(lambdax:x<5)': () => ds.takeWhile((x) => x.less(5)),
  'tf.data/zip((ds,ds2))': () => Dataset.zip([ds, ds2]),
  'tf.data/zip(ds,ds2)': () => Dataset.zip([ds, ds2]),
  "tf.data/zip({'x':ds,'y':ds2})": () => Dataset.zip({x: ds, y: ds2}),
  'tf.data/zip((xy,ds2))': () => Dataset.zip([xy, ds2]),
  'tf.data/ds.concatenate(ds2)': () => ds.concatenate(ds2),
  'tf.data/[list(w.as_numpy_iterator())forwinds.window(3)]': () => ds.window(3).map(listOf),
  'tf.data/[list(w.as_numpy_iterator())forwinds.window(3,shift=1,drop_remainder=True)]': () =>
    ds.window(3, {shift: 1, dropRemainder: true}).map(listOf),
  'tf.data/[list(w.as_numpy_iterator())forwinds.window(3,shift=2,stride=2)]': () =>
    ds.window(3, {shift: 2, stride: 2}).map(listOf),
  'tf.data/[list(w.as_numpy_iterator())forwinds.window(2,3)]': () => ds.window(2, {shift: 3}).map(listOf),
  'tf.data/ds.window(3,1,drop_remainder=True).flat_map(lambdaw:w.batch(3))': () =>
    ds.window(3, {shift: 1, dropRemainder: true}).flatMap((w) => w.batch(3)),
  'tf.data/range(3).interleave(lambdax:from_tensor_slices([x,x*10]),cycle_length=2)': () =>
    range(3).interleave((x) => slices([x.item(), x.item() * 10]), {cycleLength: 2}),
  'tf.data/range(4).interleave(lambdax:from_tensors(x).repeat(3),cycle_length=2,block_length=2)': () =>
    range(4).interleave((x) => Dataset.fromTensors(x).repeat(3), {cycleLength: 2, blockLength: 2}),
  'tf.data/range(3).interleave(lambdax:range(x+1),cycle_length=3,block_length=1)': () =>
    range(3).interleave((x) => range(x.item() + 1), {cycleLength: 3, blockLength: 1}),
  'tf.data/range(3).flat_map(lambdax:range(x))': () => range(3).flatMap((x) => range(x.item())),
  'tf.data/ds.prefetch(2)': () => ds.prefetch(2),
  'tf.data/ds.prefetch(tf.data.AUTOTUNE)': () => ds.prefetch(-1),
  'tf.data/ds.cache()': () => ds.cache(),
  'tf.data/rag.padded_batch(2)': () => rag.paddedBatch(2),
  'tf.data/rag.padded_batch(4,padding_values=-1)': () => rag.paddedBatch(4, {paddingValues: -1}),
  'tf.data/rag.padded_batch(2,padded_shapes=[5])': () => rag.paddedBatch(2, {paddedShapes: [5]}),
  'tf.data/rag.padded_batch(3,drop_remainder=True)': () => rag.paddedBatch(3, {dropRemainder: true}),
  'tf.data/ds.enumerate()': () => ds.enumerate(),
  'tf.data/ds.enumerate(start=5)': () => ds.enumerate(5),
  'tf.data/xy.enumerate()': () => xy.enumerate(),
  'tf.data/ds.reduce(tf.constant(0),lambdas,x:s+x)': () => ds.reduce<Tensor>(tensor(0, 'int32'), sum),
  'tf.data/range(5).reduce(np.int64(1),lambdas,x:s*(x+1))': () =>
    range(5).reduce<Tensor>(tensor(1, 'int32'), (s, x) => s.mul(x.add(1))),
  'tf.data/ds.batch(3).unbatch()': () => ds.batch(3).unbatch(),
  'tf.data/xy.batch(2).unbatch()': () => xy.batch(2).unbatch(),
  'tf.data/from_tensor_slices([[1,2],[3,4]]).unbatch()': () =>
    Dataset.fromTensorSlices([
      [1, 2],
      [3, 4],
    ]).unbatch(),
  'tf.data/ds.shard(3,0)': () => ds.shard(3, 0),
  'tf.data/ds.shard(3,2)': () => ds.shard(3, 2),
  'tf.data/ds.shard(1,0)': () => ds.shard(1, 0),
  'tf.data/ds.cardinality()': () => ds.cardinality(),
  'tf.data/ds.batch(3).cardinality()': () => ds.batch(3).cardinality(),
  'tf.data/ds.batch(3,drop_remainder=True).cardinality()': () => ds.batch(3, {dropRemainder: true}).cardinality(),
  'tf.data/ds.repeat().cardinality()': () => ds.repeat().cardinality(),
  'tf.data/ds.filter(lambdax:x>2).cardinality()': () => ds.filter((x) => x.greater(2)).cardinality(),
  'tf.data/len(ds)': () => ds.length,
  'tf.data/ds.take(3).cardinality()': () => ds.take(3).cardinality(),
  'tf.data/ds.concatenate(ds2).cardinality()': () => ds.concatenate(ds2).cardinality(),
  'tf.data/ds.repeat(3).batch(2).cardinality()': () => ds.repeat(3).batch(2).cardinality(),
  'tf.data/ds.element_spec': () => specText(ds.elementSpec),
  'tf.data/xy.batch(2).element_spec': () => {
    const [x = null, y = null] = xy.batch(2).elementSpec as readonly data.ElementSpec[];
    // y is int64 there, where plain Python integers are.
    return {tuple: [specText(x), specText(y).replace('int32', 'int64')]};
  },
  'tf.data/ds.take(1).get_single_element()': () => ds.take(1).getSingleElement(),
  'tf.data/list(ds.as_numpy_iterator())': () => ds.toArray(),
  'tf.data/next(iter(ds))': () => ds.iterator().getNext(),
  'tf.data/range(5)': () => range(5),
  'tf.data/range(2,10,3)': () => range(2, 10, 3),
  'tf.data/range(5,0,-2)': () => range(5, 0, -2),
  'tf.data/range(3,output_type=tf.int32)': () => range(3),
  'tf.data/ds.unique()': () => ds.unique(),
  'tf.data/from_tensor_slices([1,1,2,1]).unique()': () => slices([1, 1, 2, 1]).unique(),
  'tf.data/ds.batch(4).rebatch(3)': () => ds.batch(4).rebatch(3),
  'tf.data/ds.batch(2).rebatch([1,2])': () => ds.batch(2).rebatch([1, 2]),
  'tf.data/ds.scan(tf.constant(0),lambdas,x:(s+x,s+x))': () =>
    ds.scan<Tensor, Tensor>(tensor(0, 'int32'), (s, x) => [sum(s, x), sum(s, x)]),
  'tf.data/rag.ragged_batch(2)': () => rag.raggedBatch(2),
  'tf.data/rag.bucket_by_sequence_length(lambdax:tf.size(x),[2,4],[2,2,2])': () =>
    rag.bucketBySequenceLength((x) => x.size, [2, 4], [2, 2, 2]),
  'tf.data/ds.group_by_window(lambdax:tf.cast(x%2,tf.int64),lambdak,w:w.batch(10),window_size=10)': () =>
    ds.groupByWindow(
      (x) => x.mod(2),
      (_, w) => w.batch(10),
      10,
    ),
  'tf.data/sample_from_datasets([ds.take(2)],seed=1)': () => Dataset.sampleFromDatasets([ds.take(2)], {seed: 1}),
  'tf.data/choose_from_datasets([ds,ds2],from_tensor_slices(tf.constant([0,1,1,0],tf.int64)))': () =>
    Dataset.chooseFromDatasets([ds, ds2], slices([0, 1, 1, 0])),
  'tf.data/ds.apply(lambdad:d.take(2))': () => ds.apply((d) => d.take(2)),
  'tf.data/ds.map(lambdax:x,num_parallel_calls=2)': () => ds.map((x) => x, {numParallelCalls: 2}),
  'tf.data/ds.map(lambdax:10//tf.maximum(x,1))': () => ds.map((x) => ops.floorDivide(10, ops.maximum(x, 1))),
  'tf.data/random(seed=1).take(0)': () => Dataset.random({seed: 1}).take(0),
  'tf.data/from_generator': () => Dataset.fromGenerator(() => [7, 6, 8, 4].map((k) => k * k)),
  'tf.data/from_generator-tuple': () =>
    Dataset.fromGenerator(function* () {
      yield [[1], 'a'];
      yield [[2, 3], 'b'];
    }).map(([x, name]) => [tensor(x as number[]), name]),
  'tf.data/from_generator-reiterated': async () => {
    const twice = Dataset.fromGenerator(() => [1, 2]);
    return [await twice.toArray(), await twice.toArray()];
  },
  'tf.data/shuffle(buffer_size=7)': () => sorted(ds.shuffle(7)),
  'tf.data/shuffle-repeat(buffer_size=7)': async () => [await sorted(ds.shuffle(7).repeat(2).take(7))],
  'tf.data/shuffle(buffer_size=1)': () => sorted(ds.shuffle(1)),
  'tf.data/shuffle-repeat(buffer_size=1)': async () => [await sorted(ds.shuffle(1).repeat(2).take(7))],
  'tf.data/shuffle(buffer_size=3,seed=1)': () => sorted(ds.shuffle(3, {seed: 1})),
  'tf.data/shuffle-repeat(buffer_size=3,seed=1)': async () => [
    await sorted(ds.shuffle(3, {seed: 1}).repeat(2).take(7)),
  ],
  'tf.data/shuffle-buffer-1-is-identity': () => ds.shuffle(1),
  'tf.data/shuffle-no-reshuffle': async () => {
    const s = ds.shuffle(10, {seed: 3, reshuffleEachIteration: false});
    return String(await s.toArray()) === String(await s.toArray());
  },
  'tf.data/cache-source-read-once': async () => {
    const n: number[] = [];
    const cached = Dataset.fromGenerator(function* () {
      n.push(1);
      yield 4;
      yield 5;
    }).cache();
    return [await cached.toArray(), await cached.toArray(), n];
  },
  'tf.data/error-slices-length': () => Dataset.fromTensorSlices([tensor([1, 2]), tensor([1, 2, 3])]),
  'tf.data/error-batch-shapes': () => rag.map((x) => x).batch(2),
  'tf.data/error-batch-zero': () => ds.batch(0),
  'tf.data/error-len-unknown': () => ds.filter((x) => x.greater(1)).length,
  'tf.data/error-scalar-slices': () => Dataset.fromTensorSlices(5),
  'tf.data/error-infinite-len': () => ds.repeat().length,
  'tf.data/error-unbatch-scalar': () => ds.unbatch(),
  'timeseries/shuffled': async () => {
    const dataset = utils.timeseriesDatasetFromArray(arange(8), null, 2, {shuffle: true, seed: 1});
    const list = (await dataset.toArray()).flatMap((batch) => batch.array(2));
    return list.sort(([a = 0], [b = 0]) => a - b);
  },
  'timeseries/shift-by-one': () => {
    const d = arange(10);
    return utils.timeseriesDatasetFromArray(d.at(':-3'), d.at('3:'), 3, {batchSize: 4});
  },
  'split_dataset/left': () => parts(utils.splitDataset(ints([1, 0, 2, 4, 4, 3, 8, 5]), {leftSize: 0.6})),
  'split_dataset/right': () => parts(utils.splitDataset(ints([9, 9, 7, 0, 2, 7, 5, 9]), {rightSize: 0.25})),
  pack_x_y_sample_weight: () => ({
    tuple: utils.unpackXYSampleWeight(utils.packXYSampleWeight([1, 2], [3, 4])),
  }),
  'pad_sequences/value-dtype': () => utils.padSequences(sequences, {dtype: 'float32', value: -1.5}),
  'pad_sequences/nested': () =>
    utils.padSequences(
      [
        [
          [1, 2],
          [3, 4],
        ],
        [[5, 6]],
      ],
      {maxlen: 3},
    ),
  'pad_sequences/object': () => utils.padSequences([['a', 'b'], ['c']], {dtype: 'string', value: '-', padding: 'post'}),
  'pad_sequences/floats-in-int': () => utils.padSequences([[1.7, -2.7]], {maxlen: 3}),
  // @ts-expect-error sequences are lists
  'pad_sequences/not-nested': () => utils.padSequences([1, 2, 3]),
  // @ts-expect-error a misspelt choice
  'pad_sequences/bad-padding': () => utils.padSequences([[1]], {padding: 'middle'}),
  'to_categorical/[0, 2, 1]': () => utils.toCategorical([0, 2, 1]),
  'to_categorical/[0, 2, 1], num_classes=4': () => utils.toCategorical([0, 2, 1], 4),
  'to_categorical/[[0, 1], [2, 0]]': () =>
    utils.toCategorical([
      [0, 1],
      [2, 0],
    ]),
  'to_categorical/[[1], [0], [2]]': () => utils.toCategorical([[1], [0], [2]]),
  "to_categorical/np.array([1, 0], 'uint8'), 3": () => utils.toCategorical(tensor([1, 0], 'uint8'), 3),
  'to_categorical/3': () => utils.toCategorical(3),
  'to_categorical/tf.constant([1, 2]), 3': () => utils.toCategorical(ints([1, 2]), 3),
  'to_categorical/[1.0, 2.0]': () => utils.toCategorical([1, 2]),
  'to_categorical/too-few': () => utils.toCategorical([0, 5], 3),
};

/** What differs on purpose. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'normalize/axis0-not-square': 'Keras fails to broadcast norms along axis 0; here they are computed',
};

for (const padding of ['pre', 'post'] as const) {
  for (const truncating of ['pre', 'post'] as const) {
    for (const maxlen of [null, 3, 6]) {
      Object.assign(TRANSLATIONS, {
        [`pad_sequences/${padding}-${truncating}-${maxlen === null ? 'None' : String(maxlen)}`]: () =>
          utils.padSequences(sequences, {maxlen, padding, truncating}),
      });
    }
  }
}

const golden = new Golden<Case>('data');
const OURS = /^(tf\.data|timeseries|split_dataset|pack_x_y|pad_sequences|to_categorical|normalize)/;
const cases = golden.cases.filter(({id}) => OURS.test(id));

/** Families whose ids hold their arguments. */
function translationOf({id, python}: Case): (() => unknown) | undefined {
  const known = TRANSLATIONS[id];
  if (known !== undefined) return known;
  if (id.startsWith('timeseries/')) {
    const options: Record<string, number | null> = {};
    for (const [, name = '', value = ''] of id.matchAll(/(\w+)=(\w+)/g)) {
      const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      options[camel] = value === 'None' ? null : Number(value);
    }
    const {sequenceLength, ...rest} = options;
    return () => series(id.startsWith('timeseries/targets'), sequenceLength ?? 0, rest);
  }
  if (id.startsWith('normalize')) {
    const [, text = '', axis, order] =
      /normalize\((?:np\.array\()?(\[.*\])\)?(?:, axis=(-?\d+))?(?:, order=(\d+))?\)$/.exec(python) ?? [];
    if (python.includes('np.zeros')) return () => utils.normalize(ops.zeros([2, 2]));
    if (text === '') return undefined;
    return () => utils.normalize(JSON.parse(text) as number[], Number(axis ?? -1), Number(order ?? 2));
  }
  return undefined;
}

const specText = (spec: data.ElementSpec): string => {
  if (!(spec instanceof data.TensorSpec)) return '?';
  const sizes = spec.shape.map((size) => (size === null ? 'None' : String(size))).join(', ');
  return `TensorSpec(shape=(${sizes}${spec.shape.length === 1 ? ',' : ''}), dtype=tf.${spec.dtype}, name=None)`;
};
const sorted = async (dataset: AsyncIterable<Tensor>): Promise<number[]> =>
  ((await listOf(dataset)) as Tensor[]).map((x) => x.item()).sort((a, b) => a - b);
const parts = async (datasets: readonly AsyncIterable<unknown>[]): Promise<unknown[]> =>
  Promise.all(datasets.map(listOf));

/** A value as the fixtures write it; tuples are lists. */
async function recorded(value: unknown): Promise<unknown> {
  if (value instanceof Dataset) return Promise.all((await value.toArray()).map(recorded));
  if (isTensor(value)) return value.toJSON();
  if (value instanceof RaggedTensor) return {ragged: value.array()};
  if (Array.isArray(value)) return Promise.all(value.map(recorded));
  if (typeof value !== 'object' || value === null || 'tuple' in value) return value;
  const entries = Object.entries(value).map(async ([key, part]) => [key, await recorded(part)] as const);
  return {dict: Object.fromEntries(await Promise.all(entries))};
}

/** Removes what tells tuples from lists, and compares numbers with tolerance. */
function expectAlike(actual: unknown, expected: unknown, where: string): void {
  const plain = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && 'tuple' in value ? value.tuple : value;
  const [a, b] = [plain(actual), plain(expected)];
  if (Array.isArray(b)) {
    expect(Array.isArray(a) && a.length, `${where}: length`).toBe(b.length);
    b.forEach((entry, i) => expectAlike((a as unknown[])[i], entry, `${where}[${String(i)}]`));
  } else if (typeof b === 'object' && b !== null) {
    expect(Object.keys(a as object), where).toEqual(Object.keys(b));
    for (const [key, entry] of Object.entries(b)) expectAlike(Reflect.get(a as object, key), entry, `${where}.${key}`);
  } else if (typeof b === 'number') {
    expect(typeof a, where).toBe('number');
    expect(Math.abs((a as number) - b), `${where}: ${String(a)} and ${String(b)}`).toBeLessThanOrEqual(
      1e-5 * (1 + Math.abs(b)),
    );
  } else {
    expect(a, where).toEqual(b);
  }
}

describe(`data, as ${golden.source}`, () => {
  test('every case has a translation', () => {
    const without = cases.filter((entry) => translationOf(entry) === undefined && OTHERWISE[entry.id] === undefined);
    expect(without.map(({id}) => id)).toEqual([]);
    expect(cases.length).toBeGreaterThan(170);
  });

  const known = cases.filter(({id}) => OTHERWISE[id] === undefined);
  test.each(known.map((entry) => [entry.id, entry] as const))('%s', async (_, entry) => {
    const translation = translationOf(entry);
    if (translation === undefined) throw new Error('no translation');
    const run = async () => recorded(await translation());
    if (entry.expect === 'error') await expect(run()).rejects.toThrow(KeratinError);
    else expectAlike(await run(), entry.result, 'result');
  });
});

test('normalize along the first axis, where Keras fails', () => {
  expectAlike(
    utils
      .normalize(
        [
          [3, 0, 1],
          [4, 2, 0],
        ],
        0,
      )
      .array(),
    [
      [0.6, 0, 1],
      [0.8, 1, 0],
    ],
    'normalize',
  );
});
