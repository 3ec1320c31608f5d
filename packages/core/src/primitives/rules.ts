import {type DType, DTYPES, type DTypeKind, isDifferentiable as hasGradients} from '../dtype.js';
import {DtypeError, ShapeError} from '../errors.js';
import {broadcastShapes, checkAxes, checkAxis, sameShape, type Shape, show} from '../shape.js';
import {type AnyTensor, type Spec} from '../engine/primitive.js';
import {type Tensor} from '../tensor/tensor.js';

/** Which dtypes an operand may have, for messages too. */
export interface DTypeRule {
  readonly text: string;
  readonly allows: (dtype: DType) => boolean;
}

const kinds = (text: string, ...allowed: readonly DTypeKind[]): DTypeRule => ({
  text,
  allows: (dtype) => allowed.includes(DTYPES[dtype].kind),
});

export const floating = kinds('a floating dtype', 'float');
export const numeric = kinds('a number dtype', 'float', 'int', 'uint');
/** What has a continuation to the complex plane. */
export const floatingOrComplex = kinds('a floating or complex dtype', 'float', 'complex');
export const numericOrComplex = kinds('a number dtype', 'float', 'int', 'uint', 'complex');
export const complexOnly = kinds('complex64 or complex128', 'complex');
export const boolean = kinds('bool', 'bool');
export const comparable = kinds('a number dtype or bool', 'float', 'int', 'uint', 'bool');
export const equatable = kinds('a number dtype, bool or string', 'float', 'int', 'uint', 'complex', 'bool', 'string');
export const indices: DTypeRule = {text: 'int32 or int64', allows: (dtype) => dtype === 'int32' || dtype === 'int64'};
export const anything: DTypeRule = {text: 'any dtype', allows: () => true};
export const singleOrDouble: DTypeRule = {
  text: 'float32 or float64',
  allows: (dtype) => dtype === 'float32' || dtype === 'float64',
};

export function requireDType(op: string, rule: DTypeRule, spec: Spec, name = 'x'): void {
  if (!rule.allows(spec.dtype)) {
    throw new DtypeError(`${op}: ${name} must have ${rule.text}, got ${spec.dtype} of shape ${show(spec.shape)}`);
  }
}

/** Tensors are never converted silently. */
export function requireSameDType(op: string, names: readonly string[], specs: readonly Spec[]): DType {
  const [first] = specs;
  if (first === undefined) throw new ShapeError(`${op}: at least one tensor is needed`);
  for (const spec of specs) {
    if (spec.dtype !== first.dtype) {
      const got = specs.map((s, i) => `${names[i] ?? names.at(-1) ?? 'x'} ${s.dtype}`).join(' and ');
      const isText = specs.some(({dtype}) => dtype === 'string');
      const remedy = isText
        ? 'strings.toNumber and strings.asString convert text'
        : `convert one with cast('${first.dtype}')`;
      throw new DtypeError(`${op}: tensors must have one dtype, got ${got}; ${remedy}`);
    }
  }
  return first.dtype;
}

export function requireRank(op: string, spec: Spec, rank: number, name: string): void {
  if (spec.shape.length !== rank) {
    throw new ShapeError(`${op}: ${name} must have rank ${String(rank)}, got shape ${show(spec.shape)}`);
  }
}

/** One input, output of the same shape and dtype. */
export const unary =
  (rule: DTypeRule, result?: DType) =>
  ([x]: readonly Spec[], _attributes: unknown, op: string): Spec => {
    const input = given(x, op);
    requireDType(op, rule, input);
    return result === undefined || result === input.dtype ? input : {shape: input.shape, dtype: result};
  };

/** Two inputs of one dtype, broadcast. */
export const binary =
  (rule: DTypeRule, result?: DType) =>
  ([a, b]: readonly Spec[], _attributes: unknown, op: string): Spec => {
    const x = given(a, op);
    const y = given(b, op);
    if (x.dtype !== y.dtype) requireSameDType(op, ['a', 'b'], [x, y]);
    requireDType(op, rule, x, 'a');
    const shape = broadcast(op, x, y);
    if (result === undefined && shape === x.shape) return x;
    return {shape, dtype: result ?? x.dtype};
  };

export function broadcast(op: string, a: Spec, b: Spec): Shape {
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape === null) {
    throw new ShapeError(`${op}: shapes must broadcast, got a ${show(a.shape)} and b ${show(b.shape)}`);
  }
  return shape;
}

export function given<T>(value: T | undefined, op: string): T {
  if (value === undefined) throw new ShapeError(`${op}: an input is missing`);
  return value;
}

export interface ReductionAttributes {
  readonly axes: readonly number[];
}

/** Axes become size 1. */
export const reduction =
  (rule: DTypeRule, options: {readonly result?: DType; readonly needsElements?: boolean} = {}) =>
  ([x]: readonly Spec[], {axes}: ReductionAttributes, op: string): Spec => {
    const input = given(x, op);
    requireDType(op, rule, input);
    checkAxes(op, axes, input.shape.length);
    if (options.needsElements === true && axes.some((axis) => input.shape[axis] === 0)) {
      throw new ShapeError(`${op}: an axis of size 0 has no ${op}, got shape ${show(input.shape)}`);
    }
    const shape = input.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
    return {shape, dtype: options.result ?? input.dtype};
  };

export interface AxisAttributes {
  readonly axis: number;
}

export const checkedAxis = (op: string, axis: number, spec: Spec) => checkAxis(op, axis, spec.shape.length);

/** The gradient of an input that was broadcast: summed back to its shape. */
export function unbroadcast(gradient: Tensor, to: Spec): Tensor {
  if (sameShape(gradient.shape, to.shape)) return gradient;
  const lead = gradient.shape.length - to.shape.length;
  const axes: number[] = [];
  gradient.shape.forEach((n, axis) => {
    if (axis < lead || (to.shape[axis - lead] === 1 && n !== 1)) axes.push(axis);
  });
  const summed = axes.length === 0 ? gradient : gradient.sum({axis: axes, keepdims: true});
  return sameShape(summed.shape, to.shape) ? summed : summed.reshape(to.shape.map((n) => n ?? -1));
}

/** For integer inputs there is no gradient to give. */
export const isDifferentiable = (tensor: AnyTensor | Spec): boolean => hasGradients(tensor.dtype);
