import {inspect} from 'node:util';
import {type DType, type Element, type ElementOf} from '../dtype.js';
import {DtypeError, UnknownOptionError} from '../errors.js';
import * as elementwise from '../ops/elementwise.js';
import {type Axis} from '../ops/reduction.js';
import {type SparseTensor} from '../sparse/sparse-tensor.js';
import {type Nested} from '../tensor/convert.js';
import {type Index} from '../tensor/indexing/plan.js';
import {type Tensor} from '../tensor/tensor.js';
import {reverse, tile} from './arrange.js';
import {at} from './at.js';
import {expandDims, mergeAxes} from './axes.js';
import {binary} from './broadcast.js';
import {toSparse, toTensor, type ToTensorOptions} from './convert.js';
import {type RaggedNested} from './create.js';
import {arrayOf, equals, raggedText} from './read.js';
import {RaggedTensor, type Rows} from './ragged-tensor.js';
import * as reduction from './reduction.js';
import {rowAt, type RowsLike, toRows} from './rows.js';

// The methods of ragged tensors, attached where both the class and the functions exist.

declare module './ragged-tensor.js' {
  interface RaggedTensor<E extends Element = number> extends Iterable<Rows<E>> {
    /** this + x: a ragged tensor, a tensor or a number; axes of size 1 broadcast. */
    add(x: RowsLike<E>): RaggedTensor<E>;
    sub(x: RowsLike<E>): RaggedTensor<E>;
    mul(x: RowsLike<E>): RaggedTensor<E>;
    /** this / x; integers become float32. */
    div(x: RowsLike<E>): RaggedTensor<E>;
    pow(x: RowsLike<E>): RaggedTensor<E>;
    mod(x: RowsLike<E>): RaggedTensor<E>;
    floorDivide(x: RowsLike<E>): RaggedTensor<E>;
    maximum(x: RowsLike<E>): RaggedTensor<E>;
    minimum(x: RowsLike<E>): RaggedTensor<E>;
    equal(x: RowsLike<E>): RaggedTensor<boolean>;
    notEqual(x: RowsLike<E>): RaggedTensor<boolean>;
    less(x: RowsLike<E>): RaggedTensor<boolean>;
    lessEqual(x: RowsLike<E>): RaggedTensor<boolean>;
    greater(x: RowsLike<E>): RaggedTensor<boolean>;
    greaterEqual(x: RowsLike<E>): RaggedTensor<boolean>;
    logicalAnd(x: RowsLike<E>): RaggedTensor<boolean>;
    logicalOr(x: RowsLike<E>): RaggedTensor<boolean>;

    logicalNot(): RaggedTensor<boolean>;
    neg(): RaggedTensor<E>;
    abs(): RaggedTensor<E>;
    sign(): RaggedTensor<E>;
    square(): RaggedTensor<E>;
    sqrt(): RaggedTensor;
    exp(): RaggedTensor;
    log(): RaggedTensor;
    tanh(): RaggedTensor;
    sigmoid(): RaggedTensor;
    relu(): RaggedTensor<E>;
    /** The values converted. */
    cast<D extends DType>(dtype: D): RaggedTensor<ElementOf<D>>;

    /** Sum over axes (all by default): a tensor where no ragged axis is left. */
    sum(axis?: Axis): Rows<E>;
    prod(axis?: Axis): Rows<E>;
    mean(axis?: Axis): Rows;
    max(axis?: Axis): Rows<E>;
    min(axis?: Axis): Rows<E>;
    variance(axis?: Axis): Rows;
    std(axis?: Axis): Rows;
    any(axis?: Axis): Rows<boolean>;
    all(axis?: Axis): Rows<boolean>;
    /** exp(x) / sum(exp(x)) over the last axis. */
    softmax(): RaggedTensor;

    /**
     * A part, by the grammar of tensors; what stands for a ragged axis is applied to each row.
     *
     * @example
     * r.at(0); // the first row
     * r.at(':', '-2:'); // the last two elements of each row
     * @throws IndexError where an index is outside of its axis or of a row
     */
    at(...index: Index[]): Rows<E>;
    /** All rows in one tensor, filled up to one length. */
    toTensor(options?: ToTensorOptions<E>): Tensor<E>;
    toSparse(): SparseTensor<E>;
    expandDims(axis: number): RaggedTensor<E>;
    /** The axes from `outer` to `inner` as one. */
    mergeDims(outer: number, inner: number): Rows<E>;
    tile(multiples: readonly number[]): RaggedTensor<E>;
    reverse(axis: number | readonly number[]): RaggedTensor<E>;

    /** The elements as nested arrays. */
    array(): RaggedNested<E>;
    /** Whether both have the same dtype, rows and elements. */
    equals(other: unknown): boolean;
    /** `RaggedTensor([[1, 2], [3]], shape=(2, None), dtype=int32)` */
    toString(): string;
    /** Writes the text to the console. */
    print(): void;
    toJSON(): Nested<number | boolean | string>;
    /** The rows. */
    [Symbol.iterator](): IterableIterator<Rows<E>>;
  }
}

type Self = RaggedTensor;

const BINARY = {
  add: elementwise.add,
  sub: elementwise.subtract,
  mul: elementwise.multiply,
  div: elementwise.divide,
  pow: elementwise.power,
  mod: elementwise.mod,
  floorDivide: elementwise.floorDivide,
  maximum: elementwise.maximum,
  minimum: elementwise.minimum,
  equal: elementwise.equal,
  notEqual: elementwise.notEqual,
  less: elementwise.less,
  lessEqual: elementwise.lessEqual,
  greater: elementwise.greater,
  greaterEqual: elementwise.greaterEqual,
  logicalAnd: elementwise.logicalAnd,
  logicalOr: elementwise.logicalOr,
} as const;

const UNARY = {
  logicalNot: elementwise.logicalNot,
  neg: elementwise.negative,
  abs: elementwise.abs,
  sign: elementwise.sign,
  square: (x: Tensor) => elementwise.square(x),
  sqrt: elementwise.sqrt,
  exp: elementwise.exp,
  log: elementwise.log,
  tanh: elementwise.tanh,
  sigmoid: elementwise.sigmoid,
  relu: elementwise.relu,
} as const;

function define(name: string | symbol, value: (this: Self, ...rest: never[]) => unknown): void {
  if (typeof name === 'string') Object.defineProperty(value, 'name', {value: name});
  Object.defineProperty(RaggedTensor.prototype, name, {value, writable: true, configurable: true});
}

for (const [name, fn] of Object.entries(BINARY)) {
  define(name, function (x: RowsLike) {
    const op = `RaggedTensor.${name}`;
    const other = toRows(x, op, this.dtype);
    // Before rows are compared: a wrong dtype is the simpler mistake.
    if (other.dtype !== this.dtype && !name.startsWith('logical')) {
      throw new DtypeError(
        `${op}: operands must have one dtype, got ${this.dtype} and ${other.dtype}; use cast('${this.dtype}')`,
      );
    }
    return binary(op, fn, this, other);
  });
}

for (const [name, fn] of Object.entries(UNARY)) {
  define(name, function () {
    return this.withFlatValues<Element>(fn(this.flatValues));
  });
}

for (const name of ['sum', 'prod', 'mean', 'max', 'min', 'variance', 'std', 'any', 'all'] as const) {
  define(name, function (axis?: Axis) {
    return reduction[name](this, axis);
  });
}

define('softmax', function () {
  return reduction.softmax(this);
});
define('cast', function (dtype: DType) {
  return this.withFlatValues(elementwise.cast(this.flatValues, dtype));
});
define('at', function (...index: Index[]) {
  return at(this, index);
});
define('toTensor', function (options?: ToTensorOptions) {
  return toTensor(this, options);
});
define('toSparse', function () {
  return toSparse(this);
});
define('expandDims', function (axis: number) {
  return expandDims(this, axis);
});
define('mergeDims', function (outer: number, inner: number) {
  return mergeAxes(this, outer, inner, 'RaggedTensor.mergeDims');
});
define('tile', function (multiples: readonly number[]) {
  return tile(this, multiples);
});
define('reverse', function (axis: number | readonly number[]) {
  return reverse(this, axis);
});
define('array', function () {
  return arrayOf(this);
});
define('equals', function (other: unknown) {
  return equals(this, other);
});
define('toString', function () {
  return raggedText(this);
});
define('print', function () {
  console.log(raggedText(this));
});
define(inspect.custom, function () {
  return raggedText(this);
});
define('toJSON', function () {
  return plain(arrayOf<Element>(this));
});
define(Symbol.iterator, function* () {
  for (let i = 0; i < this.nrows; i++) yield rowAt(this, i, 'iteration');
});

function plain(value: Element | RaggedNested<Element>): Nested<number | boolean | string> {
  if (typeof value === 'bigint') return String(value);
  return Array.isArray(value) ? value.map(plain) : (value as number);
}

/** What to write instead of names of other libraries. */
const INSTEAD: Readonly<Record<string, string>> = {
  toList: 'here it is called "array"',
  numpy: 'use r.array(), or r.flatValues.numpy() with r.rowSplits',
  data: 'use r.flatValues.data() with r.rowSplits',
  item: 'a ragged tensor has no single element; r.at(i, j) is one',
  reshape: 'rows of different lengths do not reshape; use r.mergeDims or r.withFlatValues',
  subtract: 'here it is called "sub"',
  multiply: 'here it is called "mul"',
  divide: 'here it is called "div"',
  gather: 'use ragged.gather(r, indices)',
  get: 'here it is called "at"',
};

for (const [name, sentence] of Object.entries(INSTEAD)) {
  define(name, () => {
    throw new UnknownOptionError(`RaggedTensor.${name}: there is no such method; ${sentence}`);
  });
}
