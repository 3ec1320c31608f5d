import {type DType, type Element} from '../../dtype.js';
import {DtypeError, IndexError, ShapeError} from '../../errors.js';
import {apply, broadcastView} from '../../engine/dispatch.js';
import {contiguous, copyOf, opcodeOf, runInto} from '../../engine/execute.js';
import {withoutRecorder} from '../../engine/recording.js';
import {tracing} from '../../engine/tracing.js';
import {add, subtract} from '../../primitives/binary.js';
import {gatherNd, scatterUpdate, type ScatterUpdateAttributes} from '../../primitives/indexing.js';
import {range, type RangeAttributes, reshape} from '../../primitives/movement.js';
import {broadcastShapes, concrete, contiguousStrides, sameShape, type Shape, show, sizeOf} from '../../shape.js';
import {type TensorLike} from '../convert.js';
import {valuesOf} from '../read.js';
import {Tensor} from '../tensor.js';
import {textOf} from '../text.js';
import {type Variable} from '../variable.js';
import {indexTensor, type Plan, type Term} from './plan.js';
import {takeAt, tuples} from './take.js';

/** What happens to the elements that are there. */
export type PutMode = 'set' | 'add' | 'subtract' | 'max' | 'min';

const SCATTER_MODES: Readonly<Record<PutMode, number>> = {add: 0, set: 1, max: 2, min: 3, subtract: 4};

/** Writes `value`, broadcast to the plan's shape, where the plan points. */
export function putAt<E extends Element>(
  variable: Variable<E>,
  plan: Plan,
  mode: PutMode,
  value: TensorLike<E>,
  where: string,
): void {
  const from = fitted(variable.operand(value, where), plan.shape, variable, where);
  withoutRecorder(null, () => {
    if (tracing !== null) putTraced(variable, plan, mode, from, where);
    else if (variable.dtype === 'string') putText(variable, (grid) => takeAt(grid, plan, where), mode, from, where);
    else if (plan.gathered === null) putRanges(variable, plan, mode, from, where);
    else putGathered(variable, plan, mode, from, where);
  });
}

/** The operand broadcast to a shape, safe from what is written meanwhile. */
function fitted<E extends Element>(from: Tensor<E>, shape: Shape, variable: Variable<E>, where: string): Tensor<E> {
  // Leading axes of size 1 do not count, as in NumPy.
  const extra = Math.max(from.ndim - shape.length, 0);
  const own = from.shape.slice(0, extra).every((n) => n === 1) ? from.shape.slice(extra) : from.shape;
  const together = broadcastShapes(own, shape);
  if (together === null || !sameShape(together, shape)) {
    throw new ShapeError(
      `${where}: this part of variable ${variable.path} has shape ${show(shape)}, got a value of shape ${show(from.shape)}`,
    );
  }
  const apart = tracing === null && from.source === variable.source ? copyOf(from) : from;
  const sized: Tensor<E> = sameShape(own, from.shape)
    ? apart
    : apply<{shape: Shape}, E>(reshape, [apart], {shape: own}, where);
  // No view that a user could hold: the operand's memory, a Variable's perhaps, may still be written in place.
  return broadcastView(sized, concrete(shape)) as Tensor<E>;
}

/** In a function that is being compiled: the new value is computed, and becomes the variable's. */
function putTraced<E extends Element>(
  variable: Variable<E>,
  plan: Plan,
  mode: PutMode,
  from: Tensor<E>,
  where: string,
): void {
  const positions = takeAt(positionsIn(plan.input, where), plan, where);
  const column: Tensor = apply<{shape: Shape}>(reshape, [positions], {shape: [-1, 1]}, where);
  const updates: Tensor<E> = apply<{shape: Shape}, E>(reshape, [from], {shape: [-1]}, where);
  const flat: Tensor<E> = apply<{shape: Shape}, E>(reshape, [variable], {shape: [-1]}, where);
  const next = apply<ScatterUpdateAttributes, E>(scatterUpdate, [column, updates, flat], {mode}, where);
  variable.assign(apply<{shape: Shape}, E>(reshape, [next], {shape: variable.shape}, where));
}

function putRanges<E extends Element>(
  variable: Variable<E>,
  plan: Plan,
  mode: PutMode,
  from: Tensor<E>,
  where: string,
): void {
  // Computed before the target is taken: an error leaves everything as it was.
  const here = Tensor.create<E>(variable.shape, variable.dtype, variable.source);
  const next = mode === 'set' ? from : combined(region(here, plan.terms), from, mode, where);
  variable.writeInPlace((target) => {
    const part = region(target, plan.terms);
    if (typeof next.source === 'number') runInto(opcodeOf('fill'), [], [next.source], [part], where);
    else runInto(opcodeOf('copy'), [next], [], [part], where);
  });
}

function combined<E extends Element>(before: Tensor<E>, by: Tensor<E>, mode: PutMode, where: string): Tensor<E> {
  return apply<undefined, E>(mode === 'add' ? add : subtract, [before, by], undefined, where);
}

/** The ranges of a contiguous tensor as a strided view of its memory. */
function region<E extends Element>(target: Tensor<E>, terms: readonly Term[]): Tensor<E> {
  const natural = contiguousStrides(concrete(target.shape));
  const shape: number[] = [];
  const strides: number[] = [];
  let offset = 0;
  let axis = 0;
  for (const term of terms) {
    if (term.kind === 'new') {
      shape.push(1);
      strides.push(0);
      continue;
    }
    const stride = natural[axis++] ?? 0;
    if (term.kind === 'entry') offset += term.at * stride;
    if (term.kind === 'range') {
      shape.push(term.size ?? 0);
      strides.push(stride * term.step);
      offset += term.start * stride;
    }
  }
  return Tensor.create<E>(shape, target.dtype, target.source, strides, shape.includes(0) ? 0 : offset);
}

function putGathered<E extends Element>(
  variable: Variable<E>,
  plan: Plan,
  mode: PutMode,
  from: Tensor<E>,
  where: string,
): void {
  const {terms, gathered} = plan;
  const arrays = terms.flatMap((term) => (term.kind === 'gather' ? [term.indices] : []));
  const leading = terms.slice(0, arrays.length).every(({kind}) => kind === 'gather');
  const wholeRest = terms
    .slice(arrays.length)
    .every((term, i) => term.kind === 'range' && term.step === 1 && term.size === plan.input[arrays.length + i]);
  if (gathered !== null && leading && wholeRest) {
    const indices = tuples(arrays, gathered, where);
    // Reading names the axis of a wrong index.
    scatterInto(variable, indices, from, mode, where, () => takeAt(variable.readValue(), plan, where));
    return;
  }
  // Any mix: the flat positions of all elements, indexed in the same way, say where each value goes.
  const chosen = takeAt(positionsIn(plan.input, where), plan, where);
  const positions: Tensor = apply<{shape: Shape}>(reshape, [chosen], {shape: [-1, 1]}, where);
  const size = sizeOf(plan.input) ?? 0;
  const updates: Tensor<E> = apply<{shape: Shape}, E>(reshape, [from], {shape: [-1]}, where);
  variable.writeInPlace((target) => {
    const flat = Tensor.create<E>([size], target.dtype, target.source);
    runInto(opcodeOf('scatter'), [contiguous(positions), updates], [SCATTER_MODES[mode]], [flat], where);
  });
}

/** The row-major position of each element of a shape. */
function positionsIn(shape: Shape, where: string): Tensor {
  const size = sizeOf(shape) ?? 0;
  const dtype: DType = size > 2 ** 31 - 1 ? 'int64' : 'int32';
  const counts: Tensor = apply<RangeAttributes>(range, [], {start: 0, step: 1, count: size, dtype}, where);
  return apply<{shape: Shape}>(reshape, [counts], {shape}, where);
}

/** Sets elements of a variable of strings; `choose` indexes a tensor of all positions as the variable is to be indexed. */
function putText<E extends Element>(
  variable: Variable<E>,
  choose: (grid: Tensor) => Tensor,
  mode: PutMode,
  from: Tensor<E>,
  where: string,
): void {
  if (mode !== 'set') {
    throw new DtypeError(`${where}: variable ${variable.path} is string: its elements can only be set`);
  }
  const positions = valuesOf(choose(positionsIn(variable.shape, where)));
  const updates = textOf(from);
  const values = [...textOf(variable)];
  positions.forEach((position, i) => (values[Number(position)] = updates[i] ?? ''));
  variable.writeText(values);
}

/** Writes updates at tuples of indices [..., k] into the first k axes of a variable, in the order of the tuples. */
function scatterInto<E extends Element>(
  variable: Variable<E>,
  indices: Tensor,
  updates: Tensor<E>,
  mode: PutMode,
  where: string,
  onIndexError?: () => void,
): void {
  if (variable.dtype === 'bool' && mode !== 'set') {
    throw new DtypeError(`${where}: variable ${variable.path} is bool: its elements can only be set`);
  }
  if (variable.dtype === 'string') {
    putText(variable, (grid) => apply(gatherNd, [grid, indices], undefined, where), mode, updates, where);
    return;
  }
  if (tracing !== null) {
    variable.assign(apply<ScatterUpdateAttributes, E>(scatterUpdate, [indices, updates, variable], {mode}, where));
    return;
  }
  const whole = contiguous(indices);
  variable.writeInPlace((target) => {
    try {
      runInto(opcodeOf('scatter'), [whole, updates], [SCATTER_MODES[mode]], [target], where);
    } catch (error) {
      if (error instanceof IndexError) onIndexError?.();
      throw error;
    }
  });
}

/**
 * Updates rows of a variable: `indices` of any shape point into its first axis, `updates` has their shape and then that of
 * a row (or broadcasts to it).
 */
export function scatterRows<E extends Element>(
  variable: Variable<E>,
  indices: TensorLike,
  updates: TensorLike<E>,
  mode: PutMode,
  where: string,
): void {
  const index = indexTensor(indices, where);
  if (variable.ndim === 0) throw new ShapeError(`${where}: variable ${variable.path} is a scalar: it has no rows`);
  const shape = [...index.shape, ...variable.shape.slice(1)];
  const from = fitted(variable.operand(updates, where), shape, variable, where);
  withoutRecorder(null, () => {
    const column: Tensor = apply<{shape: Shape}>(reshape, [index], {shape: [...index.shape, 1]}, where);
    scatterInto(variable, column, from, mode, where);
  });
}

/**
 * Updates elements or slices of a variable: the last axis of `indices` [..., k] points into its first k axes, `updates` has
 * the shape [..., rest of the variable's axes] (or broadcasts to it).
 */
export function scatterTuples<E extends Element>(
  variable: Variable<E>,
  indices: TensorLike,
  updates: TensorLike<E>,
  mode: PutMode,
  where: string,
): void {
  const index = indexTensor(indices, where);
  const depth = index.shape.at(-1);
  if (depth === undefined || depth === null || depth > variable.ndim) {
    throw new ShapeError(
      `${where}: the last axis of indices must have at most ${String(variable.ndim)} entries, an axis of variable` +
        ` ${variable.path} each, got shape ${show(index.shape)}`,
    );
  }
  const shape = [...index.shape.slice(0, -1), ...variable.shape.slice(depth)];
  const from = fitted(variable.operand(updates, where), shape, variable, where);
  withoutRecorder(null, () => scatterInto(variable, index, from, mode, where));
}
