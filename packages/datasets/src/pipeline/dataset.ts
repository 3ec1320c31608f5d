import {type FilePath, loadNpy, loadNpz, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe, drawSeed, isPlainObject} from '@keratin/core/internal';
import {checkCount, checkFunction} from './checks.js';
import {checkDataset, type DatasetBase} from './dataset-base.js';
import {GroupingDataset, listStage, numberOf} from './dataset-groups.js';
import {layoutOf, layoutOfArrays, rebuild} from './elements/layout.js';
import {NumberRows, type Rows} from './elements/rows.js';
import {commonSpec, type ElementSpec, specOf, stackedSpec} from './elements/spec.js';
import {stackElements} from './elements/stack.js';
import {Table, tensorsOf} from './elements/table.js';
import {type ArrayStructure, type Stacked, type TensorsOf} from './elements/types.js';
import {stageName} from './failure.js';
import {type SeedSource} from './opening.js';
import {checkPaths, jsonLinesOf, textLinesOf} from './sources/bytes.js';
import {type CsvOptions, csvStage} from './sources/csv.js';
import {GeneratorStage, type Start} from './sources/generator.js';
import {CountStage, RandomStage, RowStage} from './sources/rows.js';
import {recordsOf} from './sources/tfrecord.js';
import {type Stage} from './stage.js';
import {ChooseStage, SampleStage} from './stages/choose.js';
import {GroupStage, PackStage} from './stages/group.js';
import {FilterStage, MapStage, ParallelMapStage, type Verdict} from './stages/map.js';
import {ConcatenateStage, RepeatStage, ShardStage, SkipStage, TakeStage} from './stages/order.js';
import {PrefetchStage} from './stages/prefetch.js';
import {ShuffleStage} from './stages/shuffle.js';
import {WorkerMapStage} from './stages/worker-map.js';
import {ZipStage} from './stages/zip.js';
import {jobOf} from './workers/job.js';

/** Options of `Dataset.batch`. */
export interface BatchOptions {
  /** Leaves out a last batch that has fewer elements. Default false. */
  dropRemainder?: boolean | undefined;
}

/** Options of `Dataset.shuffle`. */
export interface ShuffleOptions {
  /** For the same orders in every run. Default: follows `setSeed`. */
  seed?: number | undefined;
  /** Whether each pass has an order of its own. Default true. */
  reshuffleEachIteration?: boolean | undefined;
}

/** Options of `Dataset.map`. */
export interface MapOptions {
  /** How many calls of an asynchronous function may be on their way at a time; results keep their order. Default 1. */
  numParallelCalls?: number | undefined;
  /**
   * Runs the function in so many worker threads; results keep their order. The function must be self-contained, as a thread has only its text, or
   * be the default export of a module whose URL is given instead. Elements are copied to the threads and back: for functions that take
   * longer than that (some 50 us).
   */
  workers?: number | undefined;
  /** With the URL of a module: the name that the function is exported under. Default `'default'`. */
  exportName?: string | undefined;
}

/** Options of `Dataset.sampleFromDatasets`. */
export interface SampleOptions {
  /** How often each dataset is drawn; any scale. */
  weights?: readonly number[] | undefined;
  /** For the same draws in every run. Default: follows `setSeed`. */
  seed?: number | undefined;
  /** Whether all ends with the first that does. Default false. */
  stopOnEmptyDataset?: boolean | undefined;
}

/** Elements by number and the order of the numbers. */
interface Numbered {
  readonly rows: Rows;
  readonly order: Stage<number>;
}

/**
 * A pipeline of data: elements that are read, changed, put into orders and batches one by one while they are asked for, in bounded
 * memory. An element is a tensor, a list (`[x, y]`) or a dictionary of them, or anything that a generator yields. Datasets do not change: each
 * method gives a new one. `fit`, `evaluate` and `predict` take datasets of batches. (After TensorFlow's `tf.data.Dataset`.)
 *
 * @example
 * const dataset = data.Dataset.fromTensorSlices([x, y])
 *   .shuffle(10_000, {seed: 1})
 *   .batch(128)
 *   .map(([images, labels]) => [images.cast('float32').div(255), labels] as const)
 *   .prefetch(2);
 * for await (const [images, labels] of dataset) console.log(images.shape, labels.shape);
 */
export class Dataset<E> extends GroupingDataset<E> {
  readonly #numbered: Numbered | null;

  private constructor(stage: Stage<E>, spec: ElementSpec, numbered: Numbered | null = null) {
    super(stage, spec);
    this.#numbered = numbered;
  }

  /** @internal Of a stage. */
  static of<E>(stage: Stage<E>, spec: ElementSpec = null): Dataset<E> {
    return new Dataset(stage, spec);
  }

  /** @internal Of elements by number. */
  static ofRows<E>(rows: Rows, order: Stage<number>): Dataset<E> {
    return new Dataset(new RowStage<E>(rows, order), rows.spec, {rows, order});
  }

  /**
   * One element for each row of the arrays, which all have the same number of rows. Rows are views, and `shuffle`, `take`, `repeat` and the
   * like work on row numbers until `batch` gathers rows at once.
   *
   * @example
   * Dataset.fromTensorSlices([x, y]); // elements [x[i], y[i]]
   * Dataset.fromTensorSlices({image: x, label: y}); // elements {image, label}
   * @throws ShapeError where numbers of rows differ, or an array is a scalar
   */
  static fromTensorSlices<const T extends ArrayStructure>(arrays: T): Dataset<TensorsOf<T>> {
    return Dataset.#ofTable('fromTensorSlices', arrays);
  }

  /** A dataset of one element: the arrays as tensors. */
  static fromTensors<const T extends ArrayStructure>(arrays: T): Dataset<TensorsOf<T>> {
    const name = 'fromTensors';
    const layout = layoutOfArrays(arrays);
    const tensors = tensorsOf(stageName(name), layout, arrays);
    const element = rebuild(layout, (i) => tensors[i]) as TensorsOf<T>;
    return new Dataset(new GeneratorStage(name, () => [element], 1), specOf(element));
  }

  /**
   * The elements that a generator yields, sync or async; each pass calls the function again. They stay as they are until `batch` makes
   * tensors of them.
   *
   * @example
   * Dataset.fromGenerator(function* () {
   *   for (let i = 0; i < 3; i++) yield {x: i, y: i * i};
   * });
   */
  static fromGenerator<T>(start: Start<T>): Dataset<T> {
    checkFunction('fromGenerator', 'the generator', start);
    return new Dataset<T>(new GeneratorStage('fromGenerator', start), null);
  }

  /**
   * The integers from 0 to `stop`, or from `start` to `stop` by `step`, as scalars of int32.
   *
   * @example
   * Dataset.range(5); // 0, 1, 2, 3, 4
   * Dataset.range(5, 0, -2); // 5, 3, 1
   */
  static range(startOrStop: number, stop?: number, step = 1): Dataset<Tensor> {
    const [from, to] = stop === undefined ? [0, startOrStop] : [startOrStop, stop];
    for (const [what, value] of Object.entries({start: from, stop: to, step})) {
      checkCount('range', what, value, Number.MIN_SAFE_INTEGER);
    }
    if (step === 0) throw new ValueError(`${stageName('range')}: step must not be 0`);
    const size = Math.max(Math.ceil((to - from) / step), 0);
    return Dataset.ofRows(new NumberRows('int32'), new CountStage('range', from, step, size));
  }

  /**
   * The rows of CSV files (RFC 4180), of which `.gz` are decompressed: dictionaries by the names in the first line.
   *
   * @example
   * Dataset.csv('iris.csv').map(({sepalLength, species}) => ...);
   * @throws PipelineError, while iterating, with the file and the line that is wrong
   */
  static csv(
    paths: FilePath | readonly FilePath[],
    options: CsvOptions = {},
  ): Dataset<Record<string, string | number>> {
    return new Dataset(csvStage<Record<string, string | number>>(paths, options), null);
  }

  /** The values of files with a JSON value in each line; type them with the type parameter. */
  static jsonl<T = unknown>(paths: FilePath | readonly FilePath[]): Dataset<T> {
    const list = checkPaths('jsonl', paths);
    return new Dataset<T>(new GeneratorStage('jsonl', () => jsonLinesOf(list) as AsyncGenerator<T>), null);
  }

  /** The lines of text files (UTF-8). */
  static textLines(paths: FilePath | readonly FilePath[]): Dataset<string> {
    const list = checkPaths('textLines', paths);
    return new Dataset(new GeneratorStage('textLines', () => textLinesOf(list)), null);
  }

  /** The records of TFRecord files, as bytes; their checksums are compared. */
  static tfrecord(paths: FilePath | readonly FilePath[]): Dataset<Uint8Array> {
    const list = checkPaths('tfrecord', paths);
    return new Dataset(new GeneratorStage('tfrecord', () => recordsOf(list)), null);
  }

  /** The rows of the array in an `.npy` file. */
  static async npy(path: FilePath): Promise<Dataset<Tensor>> {
    return Dataset.#ofTable('npy', await loadNpy(path));
  }

  /**
   * The rows of the arrays in an `.npz` file, as dictionaries by name.
   *
   * @throws ShapeError where numbers of rows differ
   */
  static async npz(path: FilePath): Promise<Dataset<Record<string, Tensor>>> {
    return Dataset.#ofTable('npz', await loadNpz(path));
  }

  static #ofTable<E>(name: string, arrays: unknown): Dataset<E> {
    const table = Table.of(stageName(name), arrays);
    return Dataset.ofRows(table, new CountStage(name, 0, 1, table.length));
  }

  /** Random integers from 0 to 2^31 - 1, without end, as scalars of int32. */
  static random(options: {seed?: number | undefined} = {}): Dataset<Tensor> {
    const name = 'random';
    checkOptions(stageName(name), options, ['seed']);
    const source = seedSource(name, options.seed);
    return Dataset.ofRows(new NumberRows('int32'), new RandomStage(name, source, 2 ** 31));
  }

  /**
   * Elements of several datasets; the next one is of the dataset whose number `choice` gives.
   *
   * @param options.stopOnEmptyDataset whether all ends where a dataset does that is chosen; default true
   */
  static chooseFromDatasets<E>(
    datasets: readonly DatasetBase<E>[],
    choice: DatasetBase<Tensor> | DatasetBase<Tensor<bigint>> | DatasetBase<number>,
    options: {stopOnEmptyDataset?: boolean | undefined} = {},
  ): Dataset<E> {
    const name = 'chooseFromDatasets';
    checkOptions(stageName(name), options, ['stopOnEmptyDataset']);
    const stages = stagesOf(name, datasets);
    checkDataset(name, choice);
    return new Dataset(new ChooseStage(stages, choice.stage, numberOf, options.stopOnEmptyDataset ?? true), null);
  }

  /**
   * Elements of several datasets, drawn at random by weight.
   *
   * @param options.weights default: all the same
   * @param options.stopOnEmptyDataset whether all ends with the first that does; default false
   */
  static sampleFromDatasets<E>(datasets: readonly DatasetBase<E>[], options: SampleOptions = {}): Dataset<E> {
    const name = 'sampleFromDatasets';
    checkOptions(stageName(name), options, ['weights', 'seed', 'stopOnEmptyDataset']);
    const stages = stagesOf(name, datasets);
    const weights = options.weights ?? stages.map(() => 1);
    if (weights.length !== stages.length || weights.some((weight) => !(weight >= 0 && weight < Infinity))) {
      throw new ValueError(
        `${stageName(name)}: weights must be ${String(stages.length)} numbers that are not negative, got ${describe(weights)}`,
      );
    }
    const source = seedSource(name, options.seed);
    return new Dataset(new SampleStage(stages, weights, source, options.stopOnEmptyDataset ?? false), null);
  }

  /**
   * The elements of several datasets together, to the end of the shortest.
   *
   * @example
   * Dataset.zip([images, labels]); // elements [image, label]
   * Dataset.zip({x: images, y: labels}); // elements {x, y}
   */
  static zip<const D extends readonly DatasetBase<unknown>[] | {readonly [key: string]: DatasetBase<unknown>}>(
    datasets: D,
  ): Dataset<{-readonly [K in keyof D]: D[K] extends DatasetBase<infer E> ? E : never}> {
    if (!Array.isArray(datasets) && !isPlainObject(datasets)) {
      throw new ValueError(`${stageName('zip')}: a list or an object of Datasets is needed, got ${describe(datasets)}`);
    }
    const list = Object.values<DatasetBase<unknown>>(datasets as Readonly<Record<string, DatasetBase<unknown>>>);
    if (list.length === 0) throw new ValueError(`${stageName('zip')}: at least one Dataset is needed, got none`);
    for (const dataset of list) checkDataset('zip', dataset);
    const layout = layoutOf(datasets);
    const spec = rebuild(layout, (i) => list[i]?.elementSpec ?? null) as ElementSpec;
    return Dataset.of(
      new ZipStage(
        list.map(({stage}) => stage),
        layout,
      ),
      spec,
    );
  }

  /** @internal */
  protected override derived<R>(stage: Stage<R>, spec: ElementSpec = null): Dataset<R> {
    return new Dataset(stage, spec);
  }

  /** @internal */
  protected override grouped(make: <T>(stage: Stage<T>) => Stage<T[]>): Stage<Dataset<E>> {
    const numbered = this.#numbered;
    const spec = this.elementSpec;
    if (numbered === null) {
      return new PackStage(make(this.stage), (list) => new Dataset(listStage('window', list), spec));
    }
    const {rows, order} = numbered;
    return new PackStage(make(order), (list) => Dataset.ofRows<E>(rows, listStage('window', list)));
  }

  /** @internal */
  protected override ordered(make: <T>(stage: Stage<T>) => Stage<T>): Dataset<E> {
    const numbered = this.#numbered;
    if (numbered === null) return new Dataset(make(this.stage), this.elementSpec);
    return Dataset.ofRows(numbered.rows, make(numbered.order));
  }

  /** The first `count` elements; all where it is -1. */
  take(count: number): Dataset<E> {
    checkCount('take', 'count', count, -1);
    return this.ordered((stage) => new TakeStage(stage, count === -1 ? Infinity : count));
  }

  /** All but the first `count` elements; none where it is -1. */
  skip(count: number): Dataset<E> {
    checkCount('skip', 'count', count, -1);
    return this.ordered((stage) => (count === -1 ? new TakeStage(stage, 0) : new SkipStage(stage, count)));
  }

  /** The elements `count` times over; without end where it is not given, or -1. A `shuffle` before it orders each pass anew. */
  repeat(count?: number | null): Dataset<E> {
    const times = count ?? -1;
    checkCount('repeat', 'count', times, -1);
    return this.ordered((stage) => new RepeatStage(stage, times === -1 ? Infinity : times));
  }

  /**
   * The elements in random order: always a random one of `bufferSize` that wait, so that a buffer as large as the dataset gives every
   * order with equal chance.
   *
   * @throws ValueError for a buffer size or seed that is none
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<E> {
    checkOptions(stageName('shuffle'), options, ['seed', 'reshuffleEachIteration'], {
      reshuffle_each_iteration: 'reshuffleEachIteration',
    });
    checkCount('shuffle', 'bufferSize', bufferSize, 1);
    const {seed, reshuffleEachIteration} = options;
    const source = seedSource('shuffle', seed);
    return this.ordered((stage) => new ShuffleStage(stage, bufferSize, source, reshuffleEachIteration ?? true));
  }

  /** Every `numShards`-th element, from the one of number `index` on: a part of the data for one of several workers. */
  shard(numShards: number, index: number): Dataset<E> {
    checkCount('shard', 'numShards', numShards, 1);
    checkCount('shard', 'index', index, 0);
    if (index >= numShards) {
      throw new ValueError(
        `${stageName('shard')}: index must be below numShards = ${String(numShards)}, got ${String(index)}`,
      );
    }
    return this.ordered((stage) => new ShardStage(stage, numShards, index));
  }

  /** The elements of this dataset, then those of another. */
  concatenate(other: DatasetBase<E>): Dataset<E> {
    checkDataset('concatenate', other);
    const spec = commonSpec(this.elementSpec, other.elementSpec);
    return new Dataset(new ConcatenateStage([this.stage, other.stage]), spec);
  }

  /** Keeps up to `bufferSize` elements ready while the consumer works on others. Default 2, also for -1 (TensorFlow's AUTOTUNE). */
  prefetch(bufferSize = -1): Dataset<E> {
    checkCount('prefetch', 'bufferSize', bufferSize, -1);
    if (bufferSize === 0) return this;
    return new Dataset(new PrefetchStage(this.stage, bufferSize === -1 ? 2 : bufferSize), this.elementSpec);
  }

  /**
   * A function applied to each element, sync or async. It gets one element, which may be taken apart: `([x, y]) => ...`.
   *
   * @example
   * dataset.map(([image, label]) => [image.cast('float32').div(255), label] as const);
   *
   * // In two threads: a function that needs nothing around it, or the default export of a module.
   * dataset.map(([image, label]) => [image.flip(1), label] as const, {workers: 2});
   * dataset.map<Augmented>(new URL('./augment.js', import.meta.url), {workers: 2});
   * @throws ValueError for a function for worker threads that uses what is around it
   */
  map<const R>(fn: (element: E, index: number) => R | Promise<R>, options?: MapOptions): Dataset<R>;
  map<R = unknown>(module: URL, options: MapOptions): Dataset<R>;
  map<R>(fn: URL | ((element: E, index: number) => R | Promise<R>), options: MapOptions = {}): Dataset<R> {
    const name = 'map';
    const {numParallelCalls, workers, exportName} = options;
    checkOptions(stageName(name), options, ['numParallelCalls', 'workers', 'exportName'], {
      num_parallel_calls: 'numParallelCalls',
      numWorkers: 'workers',
    });
    const count = checkCount(name, 'workers', workers ?? 0, 0);
    const calls = checkCount(name, 'numParallelCalls', numParallelCalls ?? (count > 0 ? 2 * count : 1), 1);
    if (count > 0) {
      const job = jobOf(name, fn, exportName ?? 'default');
      return new Dataset<R>(new WorkerMapStage(this.stage, job, count, Math.max(calls, count)), null);
    }
    if (fn instanceof URL) {
      throw new ValueError(`${stageName(name)}: a module is for worker threads; give their number: {workers: 2}`);
    }
    checkFunction(name, 'the function', fn);
    if (exportName !== undefined) {
      throw new ValueError(`${stageName(name)}: exportName belongs to the URL of a module, with workers`);
    }
    return new Dataset<R>(
      calls === 1 ? new MapStage(name, this.stage, fn) : new ParallelMapStage(this.stage, fn, calls),
      null,
    );
  }

  /** The elements for which a function gives true, or a bool tensor that is. */
  filter(fn: (element: E) => Verdict | Promise<Verdict>): Dataset<E> {
    return this.#filtered('filter', fn);
  }

  /** The elements up to the first for which a function does not give true. */
  takeWhile(fn: (element: E) => Verdict | Promise<Verdict>): Dataset<E> {
    return this.#filtered('takeWhile', fn);
  }

  #filtered(name: 'filter' | 'takeWhile', fn: (element: E) => Verdict | Promise<Verdict>): Dataset<E> {
    checkFunction(name, 'the function', fn);
    const numbered = this.#numbered;
    if (numbered === null) return new Dataset(new FilterStage(name, this.stage, fn), this.elementSpec);
    const {rows, order} = numbered;
    return Dataset.ofRows(rows, new FilterStage(name, order, (index) => fn(rows.row(index) as E)));
  }

  /**
   * Stacks `batchSize` elements at a time along a new first axis, part by part. Elements of one batch have one shape: `paddedBatch` takes
   * others.
   *
   * @throws ShapeError, while iterating, where shapes differ within a batch
   */
  batch(batchSize: number, options: BatchOptions = {}): Dataset<Stacked<E>> {
    const name = 'batch';
    checkCount(name, 'batchSize', batchSize, 1);
    checkOptions(stageName(name), options, ['dropRemainder'], {drop_remainder: 'dropRemainder'});
    const drop = options.dropRemainder ?? false;
    const spec = stackedSpec(this.elementSpec, drop ? batchSize : null);
    const numbered = this.#numbered;
    if (numbered !== null) {
      const {rows, order} = numbered;
      const groups = new GroupStage(name, order, [batchSize], drop);
      return new Dataset(new PackStage(groups, (numbers) => rows.rows(numbers) as Stacked<E>), spec);
    }
    const groups = new GroupStage(name, this.stage, [batchSize], drop);
    return new Dataset(new PackStage(groups, stacked), spec);

    function stacked(elements: E[]): Stacked<E> {
      return stackElements(stageName(name), elements) as Stacked<E>;
    }
  }
}

function seedSource(name: string, seed: number | undefined): SeedSource {
  return {seed: seed === undefined ? drawSeed() : checkCount(name, 'seed', seed, 0), rounds: 0};
}

function stagesOf<E>(name: string, datasets: readonly DatasetBase<E>[]): Stage<E>[] {
  if (!Array.isArray(datasets) || datasets.length === 0) {
    throw new ValueError(`${stageName(name)}: a list of Datasets is needed, got ${describe(datasets)}`);
  }
  for (const dataset of datasets) checkDataset(name, dataset);
  return datasets.map(({stage}: DatasetBase<E>) => stage);
}
