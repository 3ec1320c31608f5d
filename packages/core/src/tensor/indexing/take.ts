import {type DType, type Element} from '../../dtype.js';
import {IndexError} from '../../errors.js';
import {apply} from '../../engine/dispatch.js';
import {cast} from '../../primitives/cast.js';
import {gather, gatherNd} from '../../primitives/indexing.js';
import {broadcastTo, concatenate, reshape, slice, transpose} from '../../primitives/movement.js';
import {sameShape, type Shape} from '../../shape.js';
import {valuesOf} from '../read.js';
import {type Tensor} from '../tensor.js';
import {checkEntry, type Plan, type Term} from './plan.js';

/** The elements that a plan chooses. Differentiable: composed of slice, reshape, gather and transpose. */
export function takeAt<E extends Element>(x: Tensor<E>, plan: Plan, where: string): Tensor<E> {
  const {terms, gathered} = plan;
  const axes = terms.filter(({kind}) => kind !== 'new');
  let result = takeRanges(x, axes, where);
  const left = axes.filter(({kind}) => kind !== 'entry');
  const kept = result.shape.filter((_, axis) => axes[axis]?.kind !== 'entry');
  if (gathered === null) return reshapeTo(result, plan.shape, where);
  result = reshapeTo(result, kept, where);
  try {
    result = gatherAxes(result, left, gathered, plan.position, where);
  } catch (error) {
    if (error instanceof IndexError) nameCulprit(plan, where);
    throw error;
  }
  return reshapeTo(result, plan.shape, where);
}

function takeRanges<E extends Element>(x: Tensor<E>, axes: readonly Term[], where: string): Tensor<E> {
  const starts = axes.map((term) => (term.kind === 'range' ? term.start : term.kind === 'entry' ? term.at : 0));
  const steps = axes.map((term) => (term.kind === 'range' ? term.step : 1));
  const sizes: Shape = axes.map((term, axis) =>
    term.kind === 'range' ? term.size : term.kind === 'entry' ? 1 : (x.shape[axis] ?? null),
  );
  const isWhole = sameShape(sizes, x.shape) && steps.every((step) => step === 1);
  // A Variable is read too: what comes out does not follow its later values.
  if (isWhole && !x.mutable) return x;
  return apply<{starts: number[]; sizes: Shape; steps: number[]}, E>(slice, [x], {starts, sizes, steps}, where);
}

function reshapeTo<E extends Element>(x: Tensor<E>, shape: Shape, where: string): Tensor<E> {
  return sameShape(x.shape, shape) ? x : apply<{shape: Shape}, E>(reshape, [x], {shape}, where);
}

/** Index arrays applied to their axes; their own axes end up at `position`. */
function gatherAxes<E extends Element>(
  x: Tensor<E>,
  terms: readonly Term[],
  gathered: Shape,
  position: number,
  where: string,
): Tensor<E> {
  const indexed: number[] = [];
  const rest: number[] = [];
  const arrays: Tensor[] = [];
  terms.forEach((term, axis) => {
    if (term.kind !== 'gather') {
      rest.push(axis);
      return;
    }
    indexed.push(axis);
    arrays.push(term.indices);
  });
  const [axis] = indexed;
  const [indices] = arrays;
  if (axis !== undefined && indices !== undefined && indexed.length === 1) {
    const taken = apply<{axis: number}, E>(gather, [x, indices], {axis}, where);
    return moveGroup(taken, axis, gathered.length, position, where);
  }
  const front = [...indexed, ...rest];
  const isInOrder = front.every((from, to) => from === to);
  const turned = isInOrder ? x : apply<{axes: number[]}, E>(transpose, [x], {axes: front}, where);
  const taken = apply<undefined, E>(gatherNd, [turned, tuples(arrays, gathered, where)], undefined, where);
  return moveGroup(taken, 0, gathered.length, position, where);
}

/** Index arrays of several axes as one array of tuples, in its last axis. */
export function tuples(arrays: readonly Tensor[], gathered: Shape, where: string): Tensor {
  const wide = arrays.some(({dtype}) => dtype === 'int64');
  const columns = arrays.map((array) => {
    const same: Tensor =
      wide && array.dtype !== 'int64' ? apply<{dtype: DType}>(cast, [array], {dtype: 'int64'}, where) : array;
    const full: Tensor = apply<{shape: Shape}>(broadcastTo, [same], {shape: gathered}, where);
    return apply<{shape: Shape}>(reshape, [full], {shape: [...gathered, 1]}, where);
  });
  return apply<{axis: number}>(concatenate, columns, {axis: gathered.length}, where);
}

/** Moves `count` neighbouring axes from one position to another. */
function moveGroup<E extends Element>(x: Tensor<E>, from: number, count: number, to: number, where: string): Tensor<E> {
  if (from === to || count === 0) return x;
  const group = Array.from({length: count}, (_, i) => from + i);
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis < from || axis >= from + count);
  const axes = [...others.slice(0, to), ...group, ...others.slice(to)];
  return apply<{axes: number[]}, E>(transpose, [x], {axes}, where);
}

// The kernel says which index is wrong, not for which axis.
function nameCulprit({terms, input}: Plan, where: string): void {
  terms
    .filter(({kind}) => kind !== 'new')
    .forEach((term, axis) => {
      const n = input[axis];
      if (term.kind !== 'gather' || n === null || n === undefined) return;
      for (const at of valuesOf(term.indices)) checkEntry(Number(at), n, axis, where);
    });
}
