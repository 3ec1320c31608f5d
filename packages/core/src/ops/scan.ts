import {ValueError} from '../errors.js';
import {checkOptions, describe} from '../suggest.js';
import {atOnce} from './batching.js';
import {type TensorStructure} from './control.js';
import {loopRegion} from './regions.js';
import {checkFunction, commonSize, entriesOf, like, noneOf, stacked, symbolsOf, tensorsOf} from './structures.js';

export interface ScanOptions {
  /** How many steps; needed where there is no `xs`. */
  length?: number | undefined;
  /** Whether to go from the last entry to the first. Default false. */
  reverse?: boolean | undefined;
  /** How many steps a compiled loop may take at once; the result is the same. Default 1. */
  unroll?: number | boolean | undefined;
}

/**
 * Goes through the first axis of `xs`: `f(carry, x)` gives the next carry and an output. Gives the last carry and all outputs, stacked.
 *
 * @example
 * scan((sum: Tensor, x: Tensor) => [sum.add(x), sum], tensor(0), tensor([1, 2, 3])); // [6, [0, 1, 3]]
 */
export function scan<C extends TensorStructure, X extends TensorStructure | null, Y extends TensorStructure | null>(
  f: (carry: C, x: X) => readonly [carry: C, y: Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): [carry: C, ys: Y] {
  const op = 'scan';
  checkOptions(op, options, ['length', 'reverse', 'unroll']);
  checkFunction(op, 'f', f);
  const {length, reverse = false, unroll = 1} = options;
  if (typeof unroll !== 'boolean' && (!Number.isInteger(unroll) || unroll < 1)) {
    throw new ValueError(`${op}: unroll must be a positive integer or a boolean, got ${describe(unroll)}`);
  }
  if (length !== undefined && (!Number.isInteger(length) || length < 0)) {
    throw new ValueError(`${op}: length must be an integer of at least 0, got ${describe(length)}`);
  }
  const list = xs === null ? null : tensorsOf(op, xs);
  if (list === null && length === undefined) throw new ValueError(`${op}: xs or length is needed, got neither`);
  const count = list === null ? (length ?? 0) : commonSize(op, 'xs', list);
  if (length !== undefined && length !== count) {
    throw new ValueError(`${op}: length must be the size of xs, ${String(count)}, got ${String(length)}`);
  }
  const start: C = tensorsOf(op, init);
  const step = (carry: C, x: X): readonly [carry: C, y: Y] => {
    const result: unknown = f(carry, x);
    if (!Array.isArray(result) || result.length !== 2) {
      throw new ValueError(`${op}: f must return [carry, output], got ${describe(result)}`);
    }
    const [next, y] = result as readonly unknown[];
    return [like(op, 'the carry that f gives', next, start), (y ?? null) as Y];
  };
  if (count === 0) {
    const [, y] = step(symbolsOf(start), symbolsOf(list, true) as X);
    return [start, noneOf(y)];
  }
  const steps = (): [carry: C, ys: Y] => {
    let carry = start;
    const entries: readonly X[] = list === null ? new Array<X>(count).fill(null as X) : entriesOf(list as X, count);
    const outputs = (reverse ? [...entries].reverse() : entries).map((x) => {
      const [next, y] = step(carry, x);
      carry = next;
      return y;
    });
    return [carry, stacked(op, 'every output of f', reverse ? outputs.reverse() : outputs)];
  };
  return scanned({
    op,
    step,
    start,
    xs: list as X,
    count,
    reverse,
    steps,
    unroll: unroll === true || Number(unroll) >= count,
  });
}

interface Scanned<C, X, Y> {
  readonly op: string;
  readonly step: (carry: C, x: X) => readonly [carry: C, y: Y];
  readonly start: C;
  readonly xs: X;
  readonly count: number;
  readonly reverse: boolean;
  /** Operation by operation. */
  readonly steps: () => [carry: C, ys: Y];
  readonly unroll: boolean;
}

/** In a jitted function a part of its program. */
function scanned<C, X, Y>({op, step, start, xs, count, reverse, steps, unroll}: Scanned<C, X, Y>): [carry: C, ys: Y] {
  if (unroll) return steps();
  const region = loopRegion({
    op,
    condition: null,
    body: (carry, x) => {
      const [next, y] = step(carry as C, x as X);
      return [next, y === null ? null : tensorsOf(op, y)];
    },
    states: start,
    xs,
    limit: count,
    reverse,
    again: steps,
  });
  return region === null ? steps() : [region[0] as C, region[1] as Y];
}

function mapped<X extends TensorStructure, Y extends TensorStructure>(op: string, f: (x: X) => Y, xs: X): Y {
  checkFunction(op, 'f', f);
  const list = tensorsOf(op, xs);
  const count = commonSize(op, 'xs', list);
  if (count === 0) return noneOf(f(symbolsOf(list, true)));
  const steps = (): [carry: null, ys: Y] => [null, stacked(op, 'every result of f', entriesOf(list, count).map(f))];
  const step = (_: null, x: X): readonly [carry: null, y: Y] => [null, f(x)];
  return scanned({op, step, start: null, xs: list, count, reverse: false, steps, unroll: count === 1})[1];
}

/**
 * `f` of each entry of the first axis, stacked.
 *
 * @example
 * map((row: Tensor) => row.sum().mul(row), tensor([[1, 2], [3, 4]])); // [[3, 6], [21, 28]]
 */
export function map<X extends TensorStructure, Y extends TensorStructure>(f: (x: X) => Y, xs: X): Y {
  return mapped('map', f, xs);
}

/**
 * The same as {@link map}, for all entries at once where every operation of `f` can: elementwise functions, products, reductions, movement,
 * gather, softmax, convolutions, normal forms of matrices. Else as {@link map}. Numbers are the same up to rounding.
 *
 * @example
 * vectorizedMap((row: Tensor) => row.square().sum().sqrt(), tensor([[3, 4], [6, 8]])); // [5, 10]
 */
export function vectorizedMap<X extends TensorStructure, Y extends TensorStructure>(f: (x: X) => Y, elements: X): Y {
  const op = 'vectorizedMap';
  checkFunction(op, 'f', f);
  const list = tensorsOf(op, elements);
  const all = commonSize(op, 'xs', list) < 2 ? null : atOnce(f, list);
  return all === null ? mapped(op, f, list) : all.value;
}
