import {type DType, type Element, type ElementOf, type FloatOf, type RealOf} from '../dtype.js';
import * as complex from '../ops/complex.js';
import * as create from '../ops/create.js';
import * as elementwise from '../ops/elementwise.js';
import * as linalg from '../ops/linalg.js';
import * as nn from '../ops/nn.js';
import * as reduction from '../ops/reduction.js';
import * as shapes from '../ops/shape.js';
import {type Axis} from '../ops/reduction.js';
import {recorded} from '../graph/recorded.js';
import '../ops/recorded.js';
import {type Shape} from '../shape.js';
import {attach} from './attach.js';
import {type Nested, type TensorLike, type TypedArrayOf} from './convert.js';
import './operations.js';
import './protocols.js';
import {arrayOf, dataOf, itemOf} from './read.js';
import {type Tensor} from './tensor.js';

// The methods of tensors: short arithmetic names and the operations of one tensor. They are attached here, after both the
// class and the ops exist, so that neither has to import the other.

declare module './tensor.js' {
  interface Tensor<E extends Element = number> {
    /** this + x. A number or array literal takes this tensor's dtype; another dtype is an error. */
    add(x: TensorLike<E>): Tensor<E>;
    /** this - x */
    sub(x: TensorLike<E>): Tensor<E>;
    /** this * x */
    mul(x: TensorLike<E>): Tensor<E>;
    /** this / x; integers become float32. */
    div(x: TensorLike<E>): Tensor<E>;
    /** this to the power x */
    pow(x: TensorLike<E>): Tensor<E>;
    /** The remainder, with the sign of the divisor. */
    mod(x: TensorLike<E>): Tensor<E>;
    floorDivide(x: TensorLike<E>): Tensor<E>;
    maximum(x: TensorLike<E>): Tensor<E>;
    minimum(x: TensorLike<E>): Tensor<E>;
    /** The matrix product in the last two axes. */
    matmul(x: TensorLike<E>): Tensor<E>;
    dot(x: TensorLike<E>): Tensor<E>;

    equal(x: TensorLike<E>): Tensor<boolean>;
    notEqual(x: TensorLike<E>): Tensor<boolean>;
    less(x: TensorLike<E>): Tensor<boolean>;
    lessEqual(x: TensorLike<E>): Tensor<boolean>;
    greater(x: TensorLike<E>): Tensor<boolean>;
    greaterEqual(x: TensorLike<E>): Tensor<boolean>;
    logicalAnd(x: TensorLike<E>): Tensor<boolean>;
    logicalOr(x: TensorLike<E>): Tensor<boolean>;
    logicalNot(): Tensor<boolean>;

    /** -this */
    neg(): Tensor<E>;
    /** |this|: a real number for complex ones. */
    abs(): Tensor<RealOf<E>>;
    sign(): Tensor<E>;
    square(): Tensor<E>;
    sqrt(): Tensor<FloatOf<E>>;
    rsqrt(): Tensor<FloatOf<E>>;
    exp(): Tensor<FloatOf<E>>;
    expm1(): Tensor<FloatOf<E>>;
    log(): Tensor<FloatOf<E>>;
    log1p(): Tensor<FloatOf<E>>;
    sin(): Tensor<FloatOf<E>>;
    cos(): Tensor<FloatOf<E>>;
    tan(): Tensor<FloatOf<E>>;
    sinh(): Tensor<FloatOf<E>>;
    cosh(): Tensor<FloatOf<E>>;
    tanh(): Tensor<FloatOf<E>>;
    sigmoid(): Tensor<FloatOf<E>>;
    softplus(): Tensor;
    erf(): Tensor;
    relu(): Tensor<E>;
    reciprocal(): Tensor<FloatOf<E>>;
    floor(): Tensor;
    ceil(): Tensor;
    round(decimals?: number): Tensor<E>;
    /** The real part; a real tensor itself. */
    real(): Tensor<RealOf<E>>;
    /** The imaginary part: zeros for a real tensor. */
    imag(): Tensor<RealOf<E>>;
    /** The complex conjugate; a real tensor itself. */
    conj(): Tensor<E>;
    /** The angle in the complex plane, in radians, in (-pi, pi]. */
    angle(): Tensor;
    isnan(): Tensor<boolean>;
    isfinite(): Tensor<boolean>;
    clip(min: TensorLike<E>, max: TensorLike<E>): Tensor<E>;
    softmax(axis?: number): Tensor;
    logSoftmax(axis?: number): Tensor;

    /** Sum over axes (all by default): `sum(1)`, `sum({axis: 1, keepdims: true})`. */
    sum(axis?: Axis): Tensor<E>;
    mean(axis?: Axis): Tensor<FloatOf<E>>;
    max(axis?: Axis): Tensor<E>;
    min(axis?: Axis): Tensor<E>;
    prod(axis?: Axis): Tensor<E>;
    variance(axis?: Axis): Tensor<FloatOf<E>>;
    std(axis?: Axis): Tensor;
    logsumexp(axis?: Axis): Tensor;
    any(axis?: Axis): Tensor<boolean>;
    all(axis?: Axis): Tensor<boolean>;
    argmax(axis?: Axis): Tensor;
    argmin(axis?: Axis): Tensor;

    /** The same elements in another shape; one size may be -1. */
    reshape(shape: readonly number[]): Tensor<E>;
    transpose(axes?: readonly number[] | null): Tensor<E>;
    expandDims(axis: number | readonly number[]): Tensor<E>;
    squeeze(axis?: number | readonly number[] | null): Tensor<E>;
    broadcastTo(shape: Shape): Tensor<E>;
    tile(repeats: number | readonly number[]): Tensor<E>;
    repeat(repeats: number, axis?: number | null): Tensor<E>;
    flip(axis?: number | readonly number[] | null): Tensor<E>;
    ravel(): Tensor<E>;
    flatten(): Tensor<E>;
    take(indices: TensorLike, axis?: number | null): Tensor<E>;
    oneHot(numClasses: number): Tensor;
    zerosLike(): Tensor<E>;
    onesLike(): Tensor<E>;
    /** The values converted: truncation towards zero, integers wrap around. */
    cast<D extends DType>(dtype: D): Tensor<ElementOf<D>>;

    /** The one element of a tensor of size 1. */
    item(): E;
    /** Nested arrays; with the rank given, typed as such. */
    array(): Nested<E>;
    array(rank: 0): E;
    array(rank: 1): E[];
    array(rank: 2): E[][];
    array(rank: 3): E[][][];
    array(rank: 4): E[][][][];
    /** A typed array with a copy of the elements, row-major. */
    data(): TypedArrayOf<E>;
    /** The elements with shape and dtype, as array libraries take them. */
    numpy(): {readonly data: TypedArrayOf<E>; readonly shape: readonly number[]; readonly dtype: DType};
  }
}

/** The methods of this file, by name. */
export const METHODS: Readonly<Record<string, (self: Tensor, ...rest: never[]) => unknown>> = {
  add: elementwise.add,
  sub: elementwise.subtract,
  mul: elementwise.multiply,
  div: elementwise.divide,
  pow: elementwise.power,
  mod: elementwise.mod,
  floorDivide: elementwise.floorDivide,
  maximum: elementwise.maximum,
  minimum: elementwise.minimum,
  matmul: linalg.matmul,
  dot: linalg.dot,
  equal: elementwise.equal,
  notEqual: elementwise.notEqual,
  less: elementwise.less,
  lessEqual: elementwise.lessEqual,
  greater: elementwise.greater,
  greaterEqual: elementwise.greaterEqual,
  logicalAnd: elementwise.logicalAnd,
  logicalOr: elementwise.logicalOr,
  logicalNot: elementwise.logicalNot,
  neg: elementwise.negative,
  abs: elementwise.abs,
  sign: elementwise.sign,
  square: elementwise.square,
  sqrt: elementwise.sqrt,
  rsqrt: elementwise.rsqrt,
  exp: elementwise.exp,
  expm1: elementwise.expm1,
  log: elementwise.log,
  log1p: elementwise.log1p,
  sin: elementwise.sin,
  cos: elementwise.cos,
  tan: elementwise.tan,
  sinh: elementwise.sinh,
  cosh: elementwise.cosh,
  tanh: elementwise.tanh,
  sigmoid: elementwise.sigmoid,
  softplus: elementwise.softplus,
  erf: elementwise.erf,
  relu: elementwise.relu,
  reciprocal: elementwise.reciprocal,
  floor: elementwise.floor,
  ceil: elementwise.ceil,
  round: elementwise.round,
  real: complex.real,
  imag: complex.imag,
  conj: complex.conj,
  angle: complex.angle,
  isnan: elementwise.isnan,
  isfinite: elementwise.isfinite,
  clip: elementwise.clip,
  cast: elementwise.cast,
  softmax: nn.softmax,
  logSoftmax: nn.logSoftmax,
  take: nn.take,
  oneHot: nn.oneHot,
  sum: reduction.sum,
  mean: reduction.mean,
  max: reduction.max,
  min: reduction.min,
  prod: reduction.prod,
  variance: reduction.variance,
  std: reduction.std,
  logsumexp: reduction.logsumexp,
  any: reduction.any,
  all: reduction.all,
  argmax: reduction.argmax,
  argmin: reduction.argmin,
  reshape: shapes.reshape,
  transpose: shapes.transpose,
  expandDims: shapes.expandDims,
  squeeze: shapes.squeeze,
  broadcastTo: shapes.broadcastTo,
  tile: shapes.tile,
  repeat: shapes.repeat,
  flip: shapes.flip,
  ravel: shapes.ravel,
  flatten: shapes.ravel,
  zerosLike: create.zerosLike,
  onesLike: create.onesLike,
  item: (self) => itemOf(self),
  array: (self) => arrayOf(self),
  data: (self) => dataOf(self),
  numpy: (self) => ({data: dataOf(self), shape: self.shape, dtype: self.dtype}),
};

// What Keras records for its operators, where methods have other names than functions.
const OPERATIONS: Readonly<Record<string, string>> = {
  sub: 'subtract',
  mul: 'multiply',
  div: 'trueDivide',
  pow: 'power',
  neg: 'negative',
  flatten: 'ravel',
};

/** Methods that read values; a symbolic tensor has none. */
export const READERS: ReadonlySet<string> = new Set(['item', 'array', 'data', 'numpy']);

for (const [name, method] of Object.entries(METHODS)) {
  const fn = method as (self: unknown, ...rest: readonly unknown[]) => unknown;
  attach(name, READERS.has(name) ? fn : recorded(OPERATIONS[name] ?? name, fn));
}
