import {isFloating} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {GradientTape} from '../engine/tape.js';
import {sameShape, show} from '../shape.js';
import {flattenStructure} from '../structure.js';
import {checkOptions, describe} from '../suggest.js';
import {convertLike, type TensorLike} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {toTensor} from './convert.js';
import {packLike} from './structures.js';
import {type TensorStructure} from './control.js';

/**
 * The result of a function and how it changes when its arguments change by `tangents` (the Jacobian times a vector). Computed by two
 * backward passes: the gradient of v -> sum(tangent gradient(sum(v y))).
 *
 * @example
 * const [y, dy] = jvp((x: Tensor) => x.square(), [tensor([3])], [tensor([1])]); // [9], [6]
 */
export function jvp<const A extends readonly Tensor[], Y extends TensorStructure>(
  fun: (...primals: A) => Y,
  primals: A,
  tangents: {readonly [K in keyof A]: TensorLike},
  options?: {hasAux?: false | undefined},
): [primalsOut: Y, tangentsOut: Y];
export function jvp<const A extends readonly Tensor[], Y extends TensorStructure, X>(
  fun: (...primals: A) => readonly [Y, X],
  primals: A,
  tangents: {readonly [K in keyof A]: TensorLike},
  options: {hasAux: true},
): [primalsOut: Y, tangentsOut: Y, aux: X];
export function jvp(
  fun: (...primals: never[]) => unknown,
  primals: readonly Tensor[],
  tangents: readonly unknown[],
  options: {hasAux?: boolean | undefined} = {},
): unknown[] {
  const op = 'jvp';
  checkOptions(op, options, ['hasAux']);
  if (typeof fun !== 'function') throw new ValueError(`${op}: fun must be a function, got ${describe(fun)}`);
  if (!Array.isArray(primals) || !Array.isArray(tangents) || primals.length !== tangents.length) {
    throw new ValueError(
      `${op}: primals and tangents must be lists of one length, got ${describe(primals)} and ${describe(tangents)}`,
    );
  }
  const inputs = (primals as readonly Tensor[]).map((x): Tensor => toTensor(x, op));
  const directions = tangents.map((t: unknown, i) => {
    const input = inputs[i];
    const given = convertLike(t, input?.dtype ?? 'float32', op) as Tensor;
    if (input === undefined || given.dtype !== input.dtype || !sameShape(given.shape, input.shape)) {
      throw new ShapeError(
        `${op}: tangents[${String(i)}] must be like its primal, ${String(input?.dtype)} ${show(input?.shape ?? [])}, got ${given.dtype} ${show(given.shape)}`,
      );
    }
    return given;
  });
  const inner = new GradientTape({persistent: true});
  for (const x of inputs) inner.watch(x);
  const result = inner.record<unknown>(() => fun(...(inputs as never[])));
  const aux = options.hasAux === true;
  if (aux && (!Array.isArray(result) || result.length !== 2)) {
    throw new ValueError(`${op}: with hasAux, fun must return [result, aux], got ${describe(result)}`);
  }
  const [output, extra] = aux ? (result as unknown[]) : [result];
  const leaves = flattenStructure(output);
  if (!leaves.every(isTensor)) throw new ValueError(`${op}: fun must return tensors, got ${describe(output)}`);
  const outer = new GradientTape({persistent: true});
  const changes = (leaves as Tensor[]).map((y) => {
    const weights = y.zerosLike();
    if (!isFloating(y.dtype)) return weights;
    outer.watch(weights);
    const along = outer.record<Tensor>(() => {
      const target = inner.record<Tensor>(() => y.mul(weights).sum());
      const gradients = inner.gradient(target, inputs, {unconnectedGradients: 'zero'});
      return gradients.map((gradient, i) => gradient.mul(directions[i] ?? 0).sum()).reduce((a, b) => a.add(b));
    });
    return outer.gradient(along, weights, {unconnectedGradients: 'zero'});
  });
  return [output, packLike(output, changes), ...(aux ? [extra] : [])];
}
