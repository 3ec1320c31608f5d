import {type Element, ops, RaggedTensor, ShapeError, type Tensor, tensor} from '@keratin/core';
import {rowViews, show} from '@keratin/core/internal';
import {type Layout, layoutOfArrays, leafNames, rebuild} from './layout.js';
import {type Rows} from './rows.js';
import {type ElementSpec, TensorSpec} from './spec.js';
import {columnsOf, leafTensor} from './stack.js';

/** Arrays with one number of rows, of which a row is an element. */
export class Table implements Rows {
  readonly layout: Layout;
  readonly columns: readonly Tensor<Element>[];
  readonly length: number;
  readonly spec: ElementSpec;
  readonly #views: readonly ((row: number) => Tensor<Element>)[];

  private constructor(where: string, layout: Layout, columns: readonly Tensor<Element>[]) {
    const names = leafNames(layout);
    const nameOf = (i: number) => (names[i] === undefined || names[i] === '' ? 'the array' : names[i]);
    for (const [i, {ndim}] of columns.entries()) {
      if (ndim === 0) throw new ShapeError(`${where}: ${nameOf(i)} must have at least one axis (rows), got a scalar`);
    }
    const [first] = columns;
    if (first === undefined) throw new ShapeError(`${where}: there are no arrays`);
    const other = columns.findIndex(({length}) => length !== first.length);
    if (other >= 0) {
      const {shape = []} = columns[other] ?? {};
      throw new ShapeError(
        `${where}: arrays must have the same number of rows, got ${nameOf(0)} ${show(first.shape)} and ${nameOf(other)} ${show(shape)}`,
      );
    }
    this.layout = layout;
    this.columns = columns;
    this.length = first.length;
    this.spec = rebuild(layout, (i) => {
      const {shape = [], dtype = 'float32'} = columns[i] ?? {};
      return new TensorSpec(shape.slice(1), dtype);
    }) as ElementSpec;
    this.#views = columns.map((column) => rowViews(column, where));
  }

  /** Of arrays as a user gave them. */
  static of(where: string, arrays: unknown): Table {
    const layout = layoutOfArrays(arrays);
    return new Table(where, layout, tensorsOf(where, layout, arrays));
  }

  /** The element that a row is: views, nothing is copied. */
  row(index: number): unknown {
    const [only] = this.#views;
    if (this.layout.kind === 'leaf' && only !== undefined) return only(index);
    return rebuild(this.layout, (i) => this.#views[i]?.(index));
  }

  /** Some rows as one element with a new first axis; neighbours are a view. */
  rows(indices: readonly number[]): unknown {
    const first = indices[0] ?? 0;
    const count = indices.length;
    if (indices.every((index, i) => index === first + i)) {
      if (count === this.length) return this.#each((column) => column);
      return this.#each((column) => {
        const rest = column.shape.slice(1) as number[];
        return ops.slice(column, [first, ...rest.map(() => 0)], [count, ...rest]);
      });
    }
    const ids = tensor(Int32Array.from(indices));
    return this.#each((column) => ops.take(column, ids, 0));
  }

  #each(fn: (column: Tensor<Element>) => Tensor<Element>): unknown {
    const [only] = this.columns;
    if (this.layout.kind === 'leaf' && only !== undefined) return fn(only);
    return rebuild(this.layout, (i) => {
      const column = this.columns[i];
      return column === undefined ? undefined : fn(column);
    });
  }
}

/** The leaves of a structure of arrays as tensors. */
export function tensorsOf(where: string, layout: Layout, arrays: unknown): Tensor<Element>[] {
  const names = leafNames(layout);
  return columnsOf(where, layout, [arrays]).map(([leaf], i) => leafTensor(where, names[i] ?? '', leaf));
}

/** Whether a structure holds ragged tensors, whose rows differ in size. */
export function hasRagged(value: unknown): boolean {
  const layout = layoutOfArrays(value);
  return columnsOf('', layout, [value]).some(([leaf]) => leaf instanceof RaggedTensor);
}
