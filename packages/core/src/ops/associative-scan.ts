import {flattenStructure} from '../structure.js';
import {checkOptions} from '../suggest.js';
import {slice} from '../tensor/indexing/slice.js';
import {type Tensor} from '../tensor/tensor.js';
import {type TensorStructure} from './control.js';
import {concatenate, flip, stack} from './shape.js';
import {checkFunction, commonSize, like, packLike, tensorsOf} from './structures.js';

/** A part of an axis of every leaf. */
function along<T>(value: T, axis: number, start: number, stop: number | null, step = 1): T {
  const leaves = (flattenStructure(value) as Tensor[]).map((leaf) =>
    leaf.at(...new Array<':'>(axis).fill(':'), slice(start, stop, step)),
  );
  return packLike(value, leaves) as T;
}

/** Leaves of two structures side by side. */
function together<T>(a: T, b: T, fn: (x: Tensor, y: Tensor) => Tensor): T {
  const others = flattenStructure(b) as Tensor[];
  const leaves = (flattenStructure(a) as Tensor[]).map((leaf, i) => fn(leaf, others[i] ?? leaf));
  return packLike(a, leaves) as T;
}

/** a0 b0 a1 b1 ...; `a` may have one more. */
function interleaved(a: Tensor, b: Tensor, axis: number): Tensor {
  const count = b.dim(axis);
  const head = along(a, axis, 0, count);
  const shape = a.shape.map((n, i) => (i === axis ? 2 * count : (n ?? -1)));
  const pairs = stack([head, b], axis + 1).reshape(shape);
  return a.dim(axis) === count ? pairs : concatenate([pairs, along(a, axis, count, null)], axis);
}

/**
 * Running results of an associative function along an axis: x0, f(x0, x1), f(f(x0, x1), x2), ... in a logarithmic number of calls on
 * many entries at once (Blelloch, 1990).
 *
 * @example
 * associativeScan((a: Tensor, b: Tensor) => a.add(b), tensor([1, 2, 3])); // [1, 3, 6]
 */
export function associativeScan<T extends TensorStructure>(
  f: (a: T, b: T) => T,
  elems: T,
  options: {reverse?: boolean | undefined; axis?: number | undefined} = {},
): T {
  const op = 'associativeScan';
  checkOptions(op, options, ['reverse', 'axis']);
  checkFunction(op, 'f', f);
  const given: T = tensorsOf(op, elems);
  const {reverse = false, axis = 0} = options;
  commonSize(op, 'elems', given, axis);
  const rank = (flattenStructure(given) as Tensor[])[0]?.ndim ?? 0;
  const at = axis < 0 ? axis + rank : axis;
  const turned = (value: T): T =>
    packLike(
      value,
      (flattenStructure(value) as Tensor[]).map((leaf) => flip(leaf, at)),
    ) as T;
  const combine = (a: T, b: T): T => like(op, 'what f gives', f(a, b), a);
  const running = (value: T): T => {
    const count = commonSize(op, 'elems', value, at);
    if (count < 2) return value;
    // Pairs first; their running results are those of the odd places, and the even ones follow from their left neighbours.
    const pairs = combine(along(value, at, 0, count - 1, 2), along(value, at, 1, null, 2));
    const odd = running(pairs);
    const first = along(value, at, 0, 1);
    const before = count % 2 === 0 ? along(odd, at, 0, count / 2 - 1) : odd;
    const even =
      count === 2
        ? first
        : together(first, combine(before, along(value, at, 2, null, 2)), (a, b) => concatenate([a, b], at));
    return together(even, odd, (a, b) => interleaved(a, b, at));
  };
  return reverse ? turned(running(turned(given))) : running(given);
}
