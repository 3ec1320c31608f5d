import {ops, type Tensor, tensor} from '@keratin/core';
import {Dataset} from '../pipeline/dataset.js';
import {type FileList, type FolderIndex, type FolderOptions} from './index-folder.js';

/** What a data set from a folder also has. */
export interface FolderDataset {
  /** Names of the classes by number; null without labels. */
  readonly classNames: readonly string[] | null;
  /** The files in the order in which they are shuffled first. */
  readonly filePaths: readonly string[];
}

/** What options give: pairs or single inputs, one data set or two. */
export type FromFolder<X, O> = O extends {readonly subset: 'both'}
  ? readonly [training: OfFolder<X, O>, validation: OfFolder<X, O>]
  : OfFolder<X, O>;

type OfFolder<X, O> = Dataset<
  O extends {readonly labels: null} | {readonly labelMode: null} ? X : readonly [X, Tensor]
> &
  FolderDataset;

/** How files are on their way at a time. */
const CALLS = 4;

/**
 * Data sets of the files of an index.
 *
 * @param load makes an input of a path
 * @param batched stacks elements; default: `batch`
 */
export function folderDatasets<X>(
  index: FolderIndex,
  options: FolderOptions,
  load: (path: string) => Promise<X> | X,
  batched: (dataset: Dataset<unknown>, batchSize: number) => Dataset<unknown> = (dataset, size) => dataset.batch(size),
): (Dataset<unknown> & FolderDataset)[] {
  const {batchSize = 32, shuffle = true} = options;
  return index.parts.map((part, i) => {
    const labels = labelsOf(part, index);
    const element = async (number: Tensor): Promise<unknown> => {
      const at = number.item();
      const x = await load(part.paths[at] ?? '');
      return labels === null ? x : [x, labels.at(at)];
    };
    const numbers = Dataset.range(part.paths.length);
    // Keras shuffles the training part again, by a buffer of some batches.
    const isShuffled = shuffle && !(options.subset === 'both' && i === 1);
    const buffer = batchSize === null ? 1024 : batchSize * 8;
    const ordered = isShuffled ? numbers.shuffle(buffer, {seed: index.seed}) : numbers;
    const elements: Dataset<unknown> = ordered.map(element, {numParallelCalls: CALLS});
    const dataset = (batchSize === null ? elements : batched(elements, batchSize)).prefetch();
    return Object.assign(dataset, {classNames: index.classNames, filePaths: part.paths});
  });
}

function labelsOf({labels}: FileList, {labelMode, classNames}: FolderIndex): Tensor | null {
  if (labels === null) return null;
  const numbers = tensor(Int32Array.from(labels));
  if (labelMode === 'categorical') return ops.oneHot(numbers, classNames?.length ?? 0);
  return labelMode === 'binary' ? numbers.cast('float32').reshape([-1, 1]) : numbers;
}

/** One data set, or both: a `FromFolder` of the options. */
export function fromFolder(datasets: readonly unknown[], options: FolderOptions): unknown {
  return options.subset === 'both' ? datasets : datasets[0];
}
