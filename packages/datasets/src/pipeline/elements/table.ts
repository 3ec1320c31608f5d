import {type Element, ops, ragged, RaggedTensor, ShapeError, type Tensor, tensor} from '@keratin/core';
import {rowViews, show} from '@keratin/core/internal';
import {type Layout, layoutOf, layoutOfArrays, leafNames, rebuild} from './layout.js';
import {type Rows} from './rows.js';
import {type ElementSpec, TensorSpec} from './spec.js';
import {columnsOf, leafTensor} from './stack.js';

type Array_ = Tensor<Element> | RaggedTensor;

/** One array of a table. */
interface Column {
  readonly array: Array_;
  row(index: number): Array_;
  neighbours(first: number, count: number): Array_;
  gathered(indices: Tensor): Array_;
}

function columnOf(where: string, name: string, array: Array_): Column {
  if (array instanceof RaggedTensor) {
    const gathered = (indices: Tensor): Array_ => ragged.gather(array, indices);
    return {
      array,
      row: (index) => array.at(index),
      neighbours: (first, count) =>
        gathered(
          tensor(
            Array.from({length: count}, (_, i) => first + i),
            'int32',
          ),
        ),
      gathered,
    };
  }
  const {shape} = array;
  if (shape.length === 0) {
    throw new ShapeError(`${where}: ${name} must have at least one axis (rows), got a scalar`);
  }
  const rest = shape.slice(1) as number[];
  const zeros = rest.map(() => 0);
  return {
    array,
    row: rowViews(array, where),
    neighbours: (first, count) => ops.slice(array, [first, ...zeros], [count, ...rest]),
    gathered: (indices) => ops.take(array, indices, 0),
  };
}

/** Arrays with one number of rows, of which a row is an element. */
export class Table implements Rows {
  readonly spec: ElementSpec;
  readonly length: number;
  readonly #layout: Layout;
  readonly #columns: readonly Column[];

  private constructor(where: string, layout: Layout, arrays: readonly Array_[]) {
    const names = leafNames(layout);
    const nameOf = (i: number): string => (names[i] === undefined || names[i] === '' ? 'the array' : names[i]);
    const columns = arrays.map((array, i) => columnOf(where, nameOf(i), array));
    const [first] = arrays;
    if (first === undefined) throw new ShapeError(`${where}: there are no arrays`);
    const other = arrays.findIndex(({length}) => length !== first.length);
    if (other >= 0) {
      const {shape = []} = arrays[other] ?? {};
      throw new ShapeError(
        `${where}: arrays must have the same number of rows, got ${nameOf(0)} ${show(first.shape)} and ${nameOf(other)} ${show(shape)}`,
      );
    }
    this.#layout = layout;
    this.#columns = columns;
    this.length = first.length;
    this.spec = rebuild(layout, (i) => {
      const {shape = [], dtype = 'float32'} = arrays[i] ?? {};
      return new TensorSpec(shape.slice(1), dtype);
    }) as ElementSpec;
  }

  /** Of arrays as a user gave them: a list of plain values is one array. */
  static of(where: string, arrays: unknown): Table {
    return Table.#of(where, layoutOfArrays(arrays), arrays);
  }

  /** Of an element, whose outermost list is a tuple. */
  static ofElement(where: string, element: unknown): Table {
    return Table.#of(where, layoutOf(element), element);
  }

  static #of(where: string, layout: Layout, arrays: unknown): Table {
    const names = leafNames(layout);
    const leaves = columnsOf(where, layout, [arrays]).map(([leaf], i) =>
      leaf instanceof RaggedTensor ? (leaf as RaggedTensor) : leafTensor(where, names[i] ?? '', leaf),
    );
    return new Table(where, layout, leaves);
  }

  /** The element that a row is: views, nothing is copied. */
  row(index: number): unknown {
    return this.#each((column) => column.row(index));
  }

  /** Some rows as one element with a new first axis; neighbours are a view. */
  rows(indices: readonly number[]): unknown {
    const first = indices[0] ?? 0;
    const count = indices.length;
    if (indices.every((index, i) => index === first + i)) {
      if (count === this.length) return this.#each(({array}) => array);
      return this.#each((column) => column.neighbours(first, count));
    }
    const ids = tensor(Int32Array.from(indices));
    return this.#each((column) => column.gathered(ids));
  }

  #each(fn: (column: Column) => Array_): unknown {
    const [only] = this.#columns;
    if (this.#layout.kind === 'leaf' && only !== undefined) return fn(only);
    return rebuild(this.#layout, (i) => {
      const column = this.#columns[i];
      return column === undefined ? undefined : fn(column);
    });
  }
}

/** The leaves of a structure of arrays as tensors. */
export function tensorsOf(where: string, layout: Layout, arrays: unknown): Tensor<Element>[] {
  const names = leafNames(layout);
  return columnsOf(where, layout, [arrays]).map(([leaf], i) => leafTensor(where, names[i] ?? '', leaf));
}
