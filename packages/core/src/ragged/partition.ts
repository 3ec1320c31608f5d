import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {withoutRecorder} from '../engine/recording.js';
import {arange, zeros} from '../ops/create.js';
import {cumsum} from '../ops/cumulative.js';
import {castTo} from '../ops/convert.js';
import {scatter} from '../ops/indexing.js';
import {concatenate} from '../ops/shape.js';
import {show} from '../shape.js';
import {slice} from '../tensor/indexing/slice.js';
import {type Tensor} from '../tensor/tensor.js';
import {outsideScopes} from '../tensor/storage.js';

// Inside of this folder all positions, lengths and ids are int64 tensors typed as Tensor; what users see is Tensor<bigint>.

/** The one element of an int64 tensor as a number. */
export const whole = (x: Tensor<Element>): number => Number(x.item());

/** The numbers 0 to n - 1 as int64. */
export const counting = (n: number): Tensor => arange(0, n, 1, 'int64');

/** The sums of all before each element, and the sum of all at the end: n + 1 elements. */
export function splitsOf(lengths: Tensor): Tensor {
  return concatenate([castTo(zeros([1], 'int64'), 'int64'), cumsum(lengths, 0)]);
}

/** The largest element of integers that may be empty. */
export const largest = (x: Tensor, ofNone = 0): number => (x.size === 0 ? ofNone : whole(x.max()));

/** How many times each id below `count` occurs. */
export function occurrences(ids: Tensor, count: number): Tensor {
  const one = ids.onesLike();
  return scatter(ids.reshape([-1, 1]), one, [count]);
}

/** How a list of values is cut into rows. */
export class RowPartition {
  /** [nrows + 1], int64: where each row begins, and the end. */
  readonly splits: Tensor;
  readonly nrows: number;
  /** Number of values. */
  readonly nvals: number;
  /** The length that all rows have by construction, or null. */
  readonly uniform: number | null;
  #lengths: Tensor | undefined;
  #rowIds: Tensor | undefined;
  #offsets: Tensor | undefined;

  private constructor(splits: Tensor, nvals: number, uniform: number | null) {
    this.splits = splits;
    this.nrows = splits.dim(0) - 1;
    this.nvals = nvals;
    this.uniform = uniform;
  }

  /** Splits that are known to be right. */
  static fromSplits(splits: Tensor, nvals: number, uniform: number | null = null): RowPartition {
    return new RowPartition(splits, nvals, uniform);
  }

  static fromLengths(lengths: Tensor, uniform: number | null = null): RowPartition {
    const splits = splitsOf(lengths);
    return new RowPartition(splits, whole(splits.at(-1)), uniform);
  }

  /** `nrows` rows of one length. */
  static uniform(length: number, nrows: number): RowPartition {
    return new RowPartition(counting(nrows + 1).mul(length), nrows * length, length);
  }

  /** Ascending row ids. */
  static fromRowIds(ids: Tensor, nrows: number): RowPartition {
    return new RowPartition(splitsOf(occurrences(ids, nrows)), ids.size, null);
  }

  get starts(): Tensor {
    return this.splits.at(slice(0, this.nrows));
  }

  get limits(): Tensor {
    return this.splits.at(slice(1, null));
  }

  /** [nrows] */
  get lengths(): Tensor {
    return (this.#lengths ??= kept(() => this.limits.sub(this.starts)));
  }

  /** [nvals]: the row of each value. */
  get rowIds(): Tensor {
    return (this.#rowIds ??= kept(() => this.spread(counting(this.nrows))));
  }

  /** [nvals]: the position of each value in its row. */
  get offsets(): Tensor {
    return (this.#offsets ??= kept(() => counting(this.nvals).sub(this.spread(this.starts))));
  }

  /** [nvals]: for each value what its row has. Sums of the steps from row to row cost less than looking rows up. */
  spread(ofRows: Tensor): Tensor {
    if (this.nvals === 0) return counting(0);
    const before = concatenate([counting(1), ofRows.at(slice(0, this.nrows - 1))]);
    // Rows without values at the end begin behind the last value.
    const steps = scatter(this.starts.reshape([-1, 1]), ofRows.sub(before), [this.nvals + 1]);
    return cumsum(steps, 0).at(slice(0, this.nvals));
  }

  /** Length of the longest row. */
  get longest(): number {
    return this.uniform !== null && this.nrows > 0 ? this.uniform : largest(this.lengths);
  }

  /** The partition of the rows at `rows`, and where each of its values stands among those of this one. */
  take(rows: Tensor): {readonly partition: RowPartition; readonly positions: Tensor} {
    const partition = RowPartition.fromLengths(this.lengths.take(rows, 0), this.uniform);
    const moved = this.starts.take(rows, 0).sub(partition.starts);
    return {partition, positions: counting(partition.nvals).add(partition.spread(moved))};
  }

  /** Whether both cut in the same way. */
  equals(other: RowPartition): boolean {
    if (this === other || this.splits === other.splits) return true;
    if (this.nrows !== other.nrows || this.nvals !== other.nvals) return false;
    if (this.uniform !== null && this.uniform === other.uniform) return true;
    return this.splits.equal(other.splits).all().item();
  }
}

// What is computed once is used outside of the scope that asked first.
const kept = (fn: () => Tensor): Tensor => outsideScopes(() => withoutRecorder(null, fn));

/** Row splits that a user gave: they begin with 0, never fall, and end at the number of values. */
export function checkedSplits(splits: Tensor, nvals: number, where: string): Tensor {
  if (splits.ndim !== 1 || splits.size === 0) {
    throw new ShapeError(
      `${where}: rowSplits must have rank 1 and at least one element, got shape ${show(splits.shape)}`,
    );
  }
  const first = whole(splits.at(0));
  if (first !== 0) throw new ValueError(`${where}: rowSplits must begin with 0, got ${String(first)}`);
  if (!splits.at('1:').greaterEqual(splits.at(':-1')).all().item()) {
    throw new ValueError(`${where}: rowSplits must not fall, got ${listed(splits)}`);
  }
  const last = whole(splits.at(-1));
  if (last !== nvals) {
    throw new ValueError(
      `${where}: rowSplits must end with the number of values, ${String(nvals)}, got ${String(last)}`,
    );
  }
  return splits;
}

/** Some elements of a list, for messages. */
export function listed(x: Tensor): string {
  const some = Array.from(castTo(x.at(':8'), 'float64').data(), String).join(', ');
  return x.dim(0) > 8 ? `[${some}, ...]` : `[${some}]`;
}
