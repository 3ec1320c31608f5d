import {isInteger} from '../../dtype.js';
import {type Tensor} from '../../tensor/tensor.js';
import {castTo} from '../convert.js';
import {clip, floor, where} from '../elementwise.js';

// Elements at positions between the elements: what coordinates, warps and elastic deformations share.

/** What is beyond the borders. */
export type CoordinateMode = 'constant' | 'nearest' | 'wrap' | 'mirror' | 'reflect';

/** One of the elements that a position is made of. */
export interface Node {
  /** int32 positions on one axis, inside of it */
  readonly index: Tensor;
  /** Where the position was inside; null: everywhere. */
  readonly valid: Tensor<boolean> | null;
  /** null: 1 */
  readonly weight: Tensor | null;
}

/** Whole positions brought into an axis, as Keras does on TensorFlow. */
function inside(index: Tensor, size: number, mode: CoordinateMode): Pick<Node, 'index' | 'valid'> {
  switch (mode) {
    case 'constant':
      return {
        index: clip(index, 0, size - 1),
        valid: index.greaterEqual(0).logicalAnd(index.less(size)),
      };
    case 'nearest':
      return {index: clip(index, 0, size - 1), valid: null};
    case 'wrap':
      return {index: index.mod(size), valid: null};
    case 'reflect': {
      const turn = index.abs().mod(2 * size);
      return {index: where(turn.less(size), turn, turn.neg().add(2 * size - 1)), valid: null};
    }
    case 'mirror': {
      // The first and the last element once: a b c d c b a b ...
      const turn = index.abs().mod(Math.max(2 * size - 2, 1));
      return {index: where(turn.less(size), turn, turn.neg().add(2 * size - 2)), valid: null};
    }
    default:
      return mode satisfies never;
  }
}

/** The nearest element (order 0) or both neighbours by distance (order 1). */
export function nodesAt(positions: Tensor, size: number, order: 0 | 1, mode: CoordinateMode): Node[] {
  if (order === 0) {
    const whole = isInteger(positions.dtype) ? positions : positions.round();
    return [{...inside(castTo(whole, 'int32'), size, mode), weight: null}];
  }
  const low = floor(positions);
  const share = positions.sub(low);
  const index: Tensor = castTo(low, 'int32');
  return [
    {...inside(index, size, mode), weight: share.neg().add(1)},
    {...inside(index.add(1), size, mode), weight: share},
  ];
}

/** Sums of weighted elements: one list of nodes for each axis of `input`, whose shapes broadcast to the result's. */
export function atNodes(
  input: Tensor,
  axes: readonly (readonly Node[])[],
  fillValue: number,
  dtype: Tensor['dtype'],
): Tensor {
  const sizes = input.shape.map((n) => n ?? 1);
  const flat = input.reshape([-1]);
  const combinations = axes.reduce<Node[][]>(
    (list, nodes) => list.flatMap((head) => nodes.map((node) => [...head, node])),
    [[]],
  );
  const terms = combinations.map((nodes) => {
    const place = nodes.reduce<Tensor | null>(
      (sum, {index}, axis) => (sum === null ? index : sum.mul(sizes[axis] ?? 1).add(index)),
      null,
    );
    const found = castTo(flat.take(place ?? 0, 0), dtype);
    const valid = nodes.reduce<Tensor<boolean> | null>(
      (all, node) => (all === null || node.valid === null ? (node.valid ?? all) : all.logicalAnd(node.valid)),
      null,
    );
    const filled = valid === null ? found : where(valid, found, castTo(found.zerosLike().add(fillValue), dtype));
    return nodes.reduce((product, {weight}) => (weight === null ? product : product.mul(weight)), filled);
  });
  return terms.reduce((sum, term) => sum.add(term));
}
