import {type Element} from '../dtype.js';
import {concatenate, stack} from '../ops/shape.js';
import {zeros} from '../ops/create.js';
import {concrete, type Shape} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {Components, type DTypes} from './components.js';
import {type Item, Queue} from './queue.js';

export interface PaddingQueueOptions<N extends readonly string[] | undefined = undefined> {
  /** Names of the components: elements are objects then. */
  names?: N | undefined;
}

/**
 * First in, first out, for elements whose shapes differ in the axes given as null: what is dequeued together is padded with zeros (empty
 * strings, false) to the largest.
 *
 * @example
 * const q = new queues.PaddingFIFOQueue(5, 'int32', [[null]]);
 */
export class PaddingFIFOQueue<
  const D extends DTypes,
  const N extends readonly string[] | undefined = undefined,
> extends Queue<D, N> {
  #items: Item[] = [];

  constructor(capacity: number, dtypes: D, shapes: readonly Shape[], options: PaddingQueueOptions<N> = {}) {
    checkOptions('PaddingFIFOQueue', options, ['names']);
    super(capacity, new Components('PaddingFIFOQueue', dtypes, shapes, options.names, true));
  }

  override size(): number {
    return this.#items.length;
  }

  protected override put(item: Item): void {
    this.#items.push(item);
  }

  protected override take(): Item {
    return this.#items.shift() ?? [];
  }

  protected override restore(items: readonly Item[]): void {
    this.#items.unshift(...items);
  }

  protected override batch(parts: readonly Tensor<Element>[]): Tensor<Element> {
    const shapes = parts.map(({shape}) => concrete(shape));
    const [first = []] = shapes;
    const largest = first.map((_, axis) => Math.max(...shapes.map((shape) => shape[axis] ?? 0)));
    return stack(parts.map((part) => largest.reduce<Tensor>(extended, part as Tensor)));
  }
}

/** The tensor with zeros behind along an axis, up to a size. */
function extended(x: Tensor, size: number, axis: number): Tensor {
  const missing = x.shape.map((n, i) => (i === axis ? size - (n ?? 0) : (n ?? 0)));
  if (missing[axis] === 0) return x;
  const filler = zeros(missing, x.dtype) as Tensor<Element> as Tensor;
  return concatenate([x, filler], axis);
}
