import {
  DtypeError,
  type FilePath,
  isTensor,
  type RaggedTensor,
  ragged,
  type Tensor,
  tensor,
  ValueError,
} from '@keratin/core';
import {checkOptions, describe, flattenStructure, pathText} from '@keratin/core/internal';
import {checkCount, checkFunction} from './checks.js';
import {type Dataset} from './dataset.js';
import {DatasetBase} from './dataset-base.js';
import {type ElementSpec, rowSpec, TensorSpec} from './elements/spec.js';
import {stackElements} from './elements/stack.js';
import {type PerPart, stackPadded} from './elements/pad.js';
import {Table} from './elements/table.js';
import {type Stacked} from './elements/types.js';
import {stageName} from './failure.js';
import {CountStage, RowStage} from './sources/rows.js';
import {type Stage} from './stage.js';
import {FileCacheStage, MemoryCacheStage} from './stages/cache.js';
import {InterleaveStage} from './stages/flat.js';
import {GroupStage, PackStage} from './stages/group.js';
import {MapStage} from './stages/map.js';
import {ScanStage, UniqueStage} from './stages/scan.js';
import {KeyedGroupStage, type WindowLayout, WindowStage} from './stages/window.js';

/** Options of `Dataset.window`. */
export interface WindowOptions {
  /** Elements from the start of a window to that of the next. Default: the size. */
  shift?: number | undefined;
  /** Elements from one of a window to the next. Default 1. */
  stride?: number | undefined;
  /** Leaves out windows that have fewer elements. Default false. */
  dropRemainder?: boolean | undefined;
}

/** Options of `Dataset.paddedBatch`. */
export interface PaddedBatchOptions {
  /** Sizes to fill up to, for all parts or built like the elements; null or -1: the largest of the batch. */
  paddedShapes?: PerPart<readonly (number | null)[]> | undefined;
  /** What to fill with, for all parts or built like the elements. Default 0, false or ''. */
  paddingValues?: PerPart<number | boolean | string> | undefined;
  /** Leaves out a last batch that has fewer elements. Default false. */
  dropRemainder?: boolean | undefined;
}

/** Options of `Dataset.bucketBySequenceLength`. */
export interface BucketOptions extends PaddedBatchOptions {
  /** Fills up to the boundary of the bucket instead of the longest of the batch. Default false. */
  padToBucketBoundary?: boolean | undefined;
}

/** Options of `Dataset.interleave`. */
export interface InterleaveOptions {
  /** Datasets that are open at a time. Default 1. */
  cycleLength?: number | undefined;
  /** Elements that come of one before the next has its turn. Default 1. */
  blockLength?: number | undefined;
}

/** The part of {@link Dataset} that cuts, groups and joins elements. */
export abstract class GroupingDataset<E> extends DatasetBase<E> {
  /** @internal */
  protected abstract derived<R>(stage: Stage<R>, spec?: ElementSpec): Dataset<R>;
  /** @internal Of lists of elements, small datasets of them. */
  protected abstract grouped(make: <T>(stage: Stage<T>) => Stage<T[]>): Stage<Dataset<E>>;
  /** @internal A stage that looks at no element. */
  protected abstract ordered(make: <T>(stage: Stage<T>) => Stage<T>): Dataset<E>;

  /** Each element with its number: `[number, element]`, the number as an int32 scalar. */
  enumerate(start = 0): Dataset<readonly [Tensor, E]> {
    checkCount('enumerate', 'start', start, Number.MIN_SAFE_INTEGER);
    const number = (element: E, index: number) => [tensor(start + index, 'int32'), element] as const;
    return this.derived(new MapStage('enumerate', this.stage, number), [new TensorSpec([], 'int32'), this.elementSpec]);
  }

  /** The elements of the datasets that a function makes of the elements, one dataset after the other. */
  flatMap<R>(fn: (element: E, index: number) => DatasetBase<R> | Promise<DatasetBase<R>>): Dataset<R> {
    checkFunction('flatMap', 'the function', fn);
    return this.derived(new InterleaveStage<E, R>('flatMap', this.stage, fn, 1, Infinity));
  }

  /**
   * The elements of the datasets that a function makes of the elements, `cycleLength` datasets at a time by turns.
   *
   * @example
   * Dataset.fromTensorSlices(files).interleave((file) => Dataset.csv(file.item()), {cycleLength: 4});
   */
  interleave<R>(
    fn: (element: E, index: number) => DatasetBase<R> | Promise<DatasetBase<R>>,
    options: InterleaveOptions = {},
  ): Dataset<R> {
    const name = 'interleave';
    checkFunction(name, 'the function', fn);
    checkOptions(stageName(name), options, ['cycleLength', 'blockLength']);
    const cycle = checkCount(name, 'cycleLength', options.cycleLength ?? 1, 1);
    const block = checkCount(name, 'blockLength', options.blockLength ?? 1, 1);
    return this.derived(new InterleaveStage<E, R>(name, this.stage, fn, cycle, block));
  }

  /**
   * Small datasets of `size` neighbours each.
   *
   * @example
   * Dataset.range(5).window(3, {shift: 1, dropRemainder: true}).flatMap((w) => w.batch(3)); // [0 1 2], [1 2 3], [2 3 4]
   */
  window(size: number, options: WindowOptions = {}): Dataset<Dataset<E>> {
    const name = 'window';
    checkCount(name, 'size', size, 1);
    checkOptions(stageName(name), options, ['shift', 'stride', 'dropRemainder'], {drop_remainder: 'dropRemainder'});
    const layout: WindowLayout = {
      size,
      shift: checkCount(name, 'shift', options.shift ?? size, 1),
      stride: checkCount(name, 'stride', options.stride ?? 1, 1),
      dropRemainder: options.dropRemainder ?? false,
    };
    return this.derived(this.grouped((stage) => new WindowStage(stage, layout)));
  }

  /**
   * Batches of elements whose sizes differ, filled up at the end of their axes.
   *
   * @throws ShapeError, while iterating, where ranks differ or an element is larger than `paddedShapes`
   */
  paddedBatch(batchSize: number, options: PaddedBatchOptions = {}): Dataset<Stacked<E>> {
    const name = 'paddedBatch';
    checkCount(name, 'batchSize', batchSize, 1);
    checkOptions(stageName(name), options, ['paddedShapes', 'paddingValues', 'dropRemainder']);
    const {paddedShapes: shapes, paddingValues: values, dropRemainder = false} = options;
    const groups = new GroupStage(name, this.stage, [batchSize], dropRemainder);
    const pad = (elements: E[]) => stackPadded(stageName(name), elements, {shapes, values}) as Stacked<E>;
    return this.derived(new PackStage(groups, pad));
  }

  /** Batches of tensors whose sizes differ, as ragged tensors. */
  raggedBatch(batchSize: number, options: {dropRemainder?: boolean | undefined} = {}): Dataset<RaggedTensor> {
    const name = 'raggedBatch';
    checkCount(name, 'batchSize', batchSize, 1);
    checkOptions(stageName(name), options, ['dropRemainder']);
    const groups = new GroupStage(name, this.stage, [batchSize], options.dropRemainder ?? false);
    const join = (elements: unknown[]): RaggedTensor => {
      const odd = elements.find((element) => !isTensor(element));
      if (odd !== undefined) {
        throw new ValueError(`${stageName(name)}: elements must be tensors, got ${describe(odd)}; map picks a part`);
      }
      return ragged.stack(elements as Tensor[]) as RaggedTensor;
    };
    return this.derived(new PackStage(groups, join));
  }

  /** Batches of other sizes: one, or several by turns. */
  rebatch(batchSize: number | readonly number[], options: {dropRemainder?: boolean | undefined} = {}): Dataset<E> {
    const name = 'rebatch';
    const sizes = typeof batchSize === 'number' ? [batchSize] : batchSize;
    if (!Array.isArray(sizes) || sizes.length === 0) {
      throw new ValueError(
        `${stageName(name)}: batchSize must be an integer or a list of them, got ${describe(sizes)}`,
      );
    }
    for (const size of sizes) checkCount(name, 'batchSize', size, 1);
    checkOptions(stageName(name), options, ['dropRemainder']);
    const groups = new GroupStage(name, this.#rows(name), sizes, options.dropRemainder ?? false);
    const stack = (rows: unknown[]) => stackElements(stageName(name), rows) as E;
    return this.derived(new PackStage(groups, stack));
  }

  /** The rows of the elements, which are batches: the opposite of `batch`. */
  unbatch(): Dataset<E> {
    return this.derived(this.#rows('unbatch') as Stage<E>, rowSpec(this.elementSpec));
  }

  #rows(name: string): Stage<unknown> {
    const rows = (element: E) => {
      const table = Table.ofElement(stageName(name), element);
      return this.derived(new RowStage(table, new CountStage(name, 0, 1, table.length)));
    };
    return new InterleaveStage(name, this.stage, rows, 1, Infinity);
  }

  /**
   * Elements of one key together: when `windowSize` of a key are there, and at the end, `reduceFn` makes a dataset of them.
   *
   * @param keyFn an integer for an element
   */
  groupByWindow<R>(
    keyFn: (element: E) => number | Tensor,
    reduceFn: (key: number, group: Dataset<E>) => DatasetBase<R>,
    windowSize: number | ((key: number) => number),
  ): Dataset<R> {
    return this.#groupedBy('groupByWindow', keyFn, reduceFn, windowSize);
  }

  #groupedBy<R>(
    name: string,
    keyFn: (element: E) => number | Tensor,
    reduceFn: (key: number, group: Dataset<E>) => DatasetBase<R>,
    windowSize: number | ((key: number) => number),
  ): Dataset<R> {
    checkFunction(name, 'keyFn', keyFn);
    checkFunction(name, 'reduceFn', reduceFn);
    if (typeof windowSize !== 'function') checkCount(name, 'windowSize', windowSize, 1);
    const sizeOf = (key: number): number =>
      typeof windowSize === 'function' ? checkCount(name, 'windowSize', windowSize(key), 1) : windowSize;
    const keyOf = (element: E): number => {
      const key = numberOf(keyFn(element));
      if (!Number.isSafeInteger(key))
        throw new ValueError(`${stageName(name)}: keys are integers, got ${describe(key)}`);
      return key;
    };
    const groups = new KeyedGroupStage(name, this.stage, keyOf, sizeOf);
    const small = ([key, group]: readonly [number, E[]]) => reduceFn(key, this.derived(listStage(name, group)));
    return this.derived(new InterleaveStage<readonly [number, E[]], R>(name, groups, small, 1, Infinity));
  }

  /**
   * Padded batches of elements of similar length: those with a length below `bucketBoundaries[0]`, those below the next, and so on.
   *
   * @param elementLength the length of an element
   * @param bucketBatchSizes one more than boundaries
   */
  bucketBySequenceLength(
    elementLength: (element: E) => number | Tensor,
    bucketBoundaries: readonly number[],
    bucketBatchSizes: readonly number[],
    options: BucketOptions = {},
  ): Dataset<Stacked<E>> {
    const name = 'bucketBySequenceLength';
    checkOptions(stageName(name), options, ['paddedShapes', 'paddingValues', 'dropRemainder', 'padToBucketBoundary']);
    if (bucketBatchSizes.length !== bucketBoundaries.length + 1) {
      throw new ValueError(
        `${stageName(name)}: there must be one batch size more than boundaries, got ${String(bucketBatchSizes.length)} and ${String(bucketBoundaries.length)}`,
      );
    }
    bucketBoundaries.forEach((boundary, i) =>
      checkCount(name, 'bucketBoundaries', boundary, (bucketBoundaries[i - 1] ?? 0) + 1),
    );
    for (const size of bucketBatchSizes) checkCount(name, 'bucketBatchSizes', size, 1);
    const {padToBucketBoundary = false, ...padding} = options;
    const bucketOf = (element: E): number => {
      const length = numberOf(elementLength(element));
      const at = bucketBoundaries.findIndex((boundary) => length < boundary);
      return at === -1 ? bucketBoundaries.length : at;
    };
    const sizeOf = (bucket: number): number => bucketBatchSizes[bucket] ?? 1;
    const batchOf = (bucket: number, group: Dataset<E>): Dataset<Stacked<E>> => {
      const boundary = bucketBoundaries[bucket];
      if (!padToBucketBoundary) return group.paddedBatch(sizeOf(bucket), padding);
      if (boundary === undefined) {
        throw new ValueError(
          `${stageName(name)}: with padToBucketBoundary all lengths must be below the last boundary ${String(bucketBoundaries.at(-1))}`,
        );
      }
      return group.paddedBatch(sizeOf(bucket), {...padding, paddedShapes: [boundary - 1]});
    };
    return this.#groupedBy(name, bucketOf, batchOf, sizeOf);
  }

  /**
   * Elements made of a state that goes along: `fn` gives the next state and an element.
   *
   * @example
   * dataset.scan(0, (sum, x) => [sum + x.item(), sum + x.item()]); // running sums
   */
  scan<S, R>(initialState: S, fn: (state: S, element: E) => readonly [S, R] | Promise<readonly [S, R]>): Dataset<R> {
    checkFunction('scan', 'the function', fn);
    return this.derived(new ScanStage<E, S, R>(this.stage, initialState, fn));
  }

  /** Each element once, where it comes first. What came is remembered, so that memory grows with the number of different elements. */
  unique(): Dataset<E> {
    return this.derived(new UniqueStage(this.stage, keyOfElement), this.elementSpec);
  }

  /**
   * Keeps the elements of the first complete pass, in memory or in a file, for the passes after it; without end is no pass complete. A
   * file serves later runs as well: delete it when the pipeline before it changes.
   *
   * @param path of a file that is written when the pass is complete
   */
  cache(path?: FilePath): Dataset<E> {
    if (path === undefined || path === '') return this.ordered((stage) => new MemoryCacheStage(stage));
    return this.derived(new FileCacheStage(this.stage, pathText(path)), this.elementSpec);
  }

  /** What a function makes of the dataset: for steps of one's own within a chain of methods. */
  apply<R>(fn: (dataset: this) => R): R {
    checkFunction('apply', 'the function', fn);
    return fn(this);
  }
}

/** Elements of a list. */
export function listStage<T>(name: string, list: readonly T[]): Stage<T> {
  return new MapStage(name, new CountStage(name, 0, 1, list.length), (index) => list[index] as T);
}

/** A number, or that of a tensor of one element. */
export function numberOf(value: unknown): number {
  const plain: unknown = isTensor(value) ? value.item() : value;
  if (typeof plain === 'number') return plain;
  if (typeof plain === 'bigint') return Number(plain);
  throw new DtypeError(`a number is needed, got ${describe(value)}`);
}

function keyOfElement(element: unknown): string {
  const keys = flattenStructure(element).map((leaf) => {
    if (isTensor(leaf)) return [leaf.dtype, leaf.shape, leaf.toJSON()];
    return typeof leaf === 'bigint' ? ['bigint', String(leaf)] : [typeof leaf, leaf];
  });
  return JSON.stringify(keys);
}
