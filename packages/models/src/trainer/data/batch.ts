import {type Element, type Tensor, type TensorLike, ValueError} from '@keratin/core';
import {type Structured} from '@keratin/core/internal';

/** A tensor, or lists and dictionaries of tensors: what models with several inputs or outputs take and give. */
export type TensorStructure = Structured<Tensor<Element>>;

/** One array of data: a tensor, a typed array or nested arrays, of any dtype. */
export type ArrayLike = TensorLike | TensorLike<bigint> | TensorLike<boolean>;

/**
 * Data in memory: one array; a list of tensors or typed arrays for a model of several inputs or outputs; or a dictionary of them.
 * The first axis counts the samples. A list of numbers or of nested arrays is one array.
 */
export type Arrays = ArrayLike | readonly ArrayLike[] | {readonly [name: string]: ArrayLike};

/** What one step works on. */
export interface Batch<I = unknown> {
  readonly x: I;
  /** Absent where the data has none, as in `predict`. */
  readonly y?: TensorStructure | undefined;
  readonly sampleWeight?: TensorStructure | undefined;
  /** Number of samples. */
  readonly size: number;
}

/** Whole batches that lie in memory, for steps that take many of them at once. */
export interface BatchRows {
  /** All samples. */
  readonly x: TensorStructure;
  readonly y: TensorStructure | undefined;
  readonly sampleWeight: TensorStructure | undefined;
  /** Samples of a batch. */
  readonly size: number;
  /** The place of the next sample. */
  readonly first: number;
  /** Which sample is in which place; null: as they lie. */
  readonly order: Tensor | null;
  /** Whole batches that are left. */
  readonly left: number;
}

/** The batches of one epoch, in order. */
export interface BatchIterator {
  /** The next batch, or null at the end. A promise where the data comes asynchronously. */
  next(): Batch | null | Promise<Batch | null>;
  /** The batches from here on where they lie in memory, to be taken with {@link skip}; null where there is no whole one. */
  rows?(): BatchRows | null;
  /** Goes on as if so many batches had been given, where that takes less than giving them. */
  skip?(batches: number): void;
  /** How far it is, for {@link BatchSource.resume}, where the data can tell; also after the end. */
  save?(): SavedIterator;
  /** Called where the rest is not wanted. */
  close(): Promise<void> | undefined;
}

/** The position of a Dataset's iterator, as its `save` gives it. */
export interface SavedIterator {
  readonly stages: string;
  readonly position: number;
  readonly rounds: readonly (readonly [seed: number, round: number])[];
}

/** Where batches come from. */
export interface BatchSource {
  /** Batches of one round through the data; null where it is not known. */
  readonly batches: number | null;
  /** Whether a round never ends: epochs need a number of steps then. */
  readonly endless?: boolean;
  /** Starts a round. */
  begin(): BatchIterator;
  /** Goes on with a round where another run had it, or gives null where the data cannot. */
  resume?(saved: SavedIterator): Promise<BatchIterator | null>;
}

/** The number of samples of a batch: the first size of its first array. */
export function sizeOfBatch(where: string, tensors: readonly Tensor<Element>[]): number {
  const [first] = tensors;
  if (first === undefined) throw new ValueError(`${where}: a batch has no arrays`);
  if (first.ndim === 0) throw new ValueError(`${where}: a batch must have at least one axis (samples), got a scalar`);
  return first.length;
}
