import {inspect} from 'node:util';
import {type Complex, type Element, isComplexNumber} from '../dtype.js';
import {DtypeError, ShapeError, UnknownOptionError, ValueError} from '../errors.js';
import {isOutermost} from '../graph/node.js';
import {callRecorded} from '../graph/operation.js';
import {show} from '../shape.js';
import {type Nested} from './convert.js';
import {type Index, planIndex} from './indexing/plan.js';
import {takeAt} from './indexing/take.js';
import {tensorText} from './print.js';
import {arrayOf, itemOf} from './read.js';
import {Tensor} from './tensor.js';

// What JavaScript itself asks of a tensor: text, iteration, conversion to a number, JSON. And the names that one may try
// from other libraries, with a sentence that says what to do here.

declare module './tensor.js' {
  interface Tensor<E extends Element = number> extends Iterable<Tensor<E>> {
    /**
     * A part of the tensor, by NumPy's rules: integers (negative ones count from the end), ranges `'1:3'`, `':'`, `'::-1'`
     * or `slice(i, j)`, `'...'`, `'newaxis'`, arrays and tensors of integers, masks; several index arrays broadcast.
     * Differentiable.
     *
     * @example
     * t.at(0); // the first row
     * t.at(':', '1:'); // all rows without their first column
     * t.at('...', 1, 'newaxis'); // the second column, with shape (n, 1)
     * t.at(t.greater(0)); // the positive elements
     * @throws IndexError where an index is outside of its axis
     */
    at(...index: Index[]): Tensor<E>;
    /** Writes the tensor to the console, in NumPy's layout. */
    print(): void;
    /** `Tensor(42, shape=(), dtype=int32)`, the numbers in NumPy's layout. */
    toString(): string;
    /** The elements as nested arrays; int64 and uint64 as text, complex numbers as {re, im}. */
    toJSON(): Nested<number | boolean | string | Complex>;
    /** The tensors along the first axis. */
    [Symbol.iterator](): IterableIterator<Tensor<E>>;
    /** Scalars convert to numbers. */
    [Symbol.toPrimitive](hint: string): number | bigint | boolean | string;
  }
}

function define(name: string | symbol, value: (this: Tensor<Element>, ...rest: never[]) => unknown): void {
  if (typeof name === 'string') Object.defineProperty(value, 'name', {value: name});
  Object.defineProperty(Tensor.prototype, name, {value, writable: true, configurable: true});
}

define('at', function (...index: readonly Index[]) {
  if (this.symbolic && isOutermost()) return callRecorded('getItem', [this, index]);
  return takeAt(this, planIndex(this.shape, index, 'at'), 'at');
});

define('toString', function () {
  return tensorText(this);
});
define('print', function () {
  console.log(tensorText(this));
});
define(inspect.custom, function () {
  return tensorText(this);
});

define('toJSON', function () {
  return plain(arrayOf(this));
});

function plain(value: Nested<Element>): Nested<number | boolean | string | Complex> {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'object' && !isComplexNumber(value) ? value.map(plain) : value;
}

define(Symbol.iterator, function () {
  if (this.ndim === 0) throw new ShapeError('iteration: a scalar tensor has no rows; its value is t.item()');
  return rows(this, this.length);
});

function* rows(tensor: Tensor<Element>, count: number): IterableIterator<Tensor<Element>> {
  for (let i = 0; i < count; i++) yield takeAt(tensor, planIndex(tensor.shape, [i], 'iteration'), 'iteration');
}

define(Symbol.toPrimitive, function (hint: string) {
  if (hint === 'string') return tensorText(this);
  if (this.size !== 1) {
    throw new ShapeError(
      `a tensor of shape ${show(this.shape)} does not convert to a number; operators are methods here (t.add(x), t.less(x)),` +
        ' and String(t) is its text',
    );
  }
  const value = itemOf(this, 'conversion to a number');
  if (isComplexNumber(value)) {
    throw new DtypeError('a complex tensor does not convert to a number; take ops.real(t) or ops.abs(t)');
  }
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
});

/** What to write instead of methods that tensors do not have. */
const IMMUTABLE = 'tensors do not change; make a Variable of it: new Variable(t), then v.at(...).assign(x)';
const INSTEAD: Readonly<Record<string, string>> = {
  assign: IMMUTABLE,
  assignAdd: IMMUTABLE,
  assignSub: IMMUTABLE,
  scatterUpdate: IMMUTABLE,
  scatterNdUpdate: IMMUTABLE,
  set: IMMUTABLE,
  fill: IMMUTABLE,
  arraySync: 'here it is called "array", and it is synchronous',
  tolist: 'here it is called "array"',
  dataSync: 'here it is called "data", and it is synchronous',
  bufferSync: 'use t.array() or t.data()',
  clone: 'tensors do not change, so that none is needed; variable.readValue() is a copy of a Variable',
  subtract: 'here it is called "sub"',
  multiply: 'here it is called "mul"',
  divide: 'here it is called "div"',
  power: 'here it is called "pow"',
  negative: 'here it is called "neg"',
  asType: 'here it is called "cast"',
  astype: 'here it is called "cast"',
  toFloat: `use cast('float32')`,
  toInt: `use cast('int32')`,
  view: 'here it is called "reshape"',
  unsqueeze: 'here it is called "expandDims"',
  permute: 'here it is called "transpose"',
  slice: `use t.at('1:3') or ops.slice`,
  gather: 'use t.at(indices) or t.take(indices)',
  get: 'here it is called "at"',
  backward: 'gradients come from a GradientTape: tape.gradient(loss, variables)',
};

for (const [name, sentence] of Object.entries(INSTEAD)) {
  define(name, function () {
    throw new UnknownOptionError(`tensor.${name}: there is no such method; ${sentence}`);
  });
}

// `t[0] = 1` and `t[0]` do not compile; in JavaScript the first indices throw. (A Proxy would catch all of them and slow
// down every access.)
const NUM_GUARDED_INDICES = 64;
for (let i = 0; i < NUM_GUARDED_INDICES; i++) {
  Object.defineProperty(Tensor.prototype, i, {
    get() {
      throw new ValueError(`t[${String(i)}]: tensors are indexed with t.at(${String(i)})`);
    },
    set() {
      throw new ValueError(`t[${String(i)}] = ...: ${IMMUTABLE}`);
    },
    configurable: true,
  });
}
