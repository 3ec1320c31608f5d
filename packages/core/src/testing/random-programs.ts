import fc from 'fast-check';
import {copyOf} from '../engine/execute.js';
import {KeratinError, ops, ShapeError, type Tensor} from '../index.js';
import {dense, symbolicTensor} from '../internal.js';
import {sizeOf, strided, transposedLayout, uniform} from './values.js';

// Random programs: inputs, and steps that each apply an operation to values made before. A step that does not fit its operands'
// shapes is left out; the other ways of running the program must see it in the same way.

/** One operation of programs. `k` is a small number for axes and sizes. */
export interface ProgramOp {
  readonly run: (a: Tensor, b: Tensor, c: Tensor, k: number) => Tensor;
  /** The same without the fused primitive. */
  readonly composed?: (a: Tensor, b: Tensor, c: Tensor, k: number) => Tensor;
}

const axisOf = (x: Tensor, k: number): number => (x.ndim === 0 ? 0 : (k % x.ndim) - (k % 2 === 0 ? 0 : x.ndim));
const center = (x: Tensor): Tensor => x.sub(x.mean({axis: -1, keepdims: true}));
const variance = (x: Tensor): Tensor => center(x).square().mean({axis: -1, keepdims: true});
const lastTwo = (x: Tensor): Tensor => ops.swapaxes(x, -1, -2);
/** Grows slowly, so that long programs stay within what float64 holds. */
const small = (x: Tensor): Tensor => x.tanh();
function labelsOf(x: Tensor, k: number): Tensor {
  // Labels are values, which symbolic tensors do not have.
  if (x.dim(1) === 0) throw new ShapeError('no classes');
  return ops.full([x.dim(0)], k % x.dim(1), 'int32');
}
const positive = (x: Tensor): Tensor => x.square().add(0.5);

/** Operations by name. */
export const PROGRAM_OPS: Readonly<Record<string, ProgramOp>> = {
  add: {run: (a, b) => a.add(b)},
  subtract: {run: (a, b) => a.sub(b)},
  multiply: {run: (a, b) => small(a).mul(b)},
  divide: {run: (a, b) => a.div(positive(b)), composed: (a, b) => a.mul(positive(b).reciprocal())},
  power: {
    run: (a, b) => positive(small(a)).pow(small(b)),
    composed: (a, b) => positive(small(a)).log().mul(small(b)).exp(),
  },
  maximum: {run: (a, b) => a.maximum(b), composed: (a, b) => ops.where(a.greaterEqual(b), a, b)},
  squaredDifference: {run: (a, b) => small(a).sub(small(b)).square()},
  where: {run: (a, b, c) => ops.where(a.greater(0.1), b, c)},
  negative: {run: (a) => a.neg()},
  sin: {run: (a) => a.sin()},
  tanh: {run: (a) => a.tanh()},
  exp: {run: (a) => small(a).exp()},
  sqrt: {run: (a) => positive(a).sqrt(), composed: (a) => positive(a).pow(0.5)},
  log: {run: (a) => positive(a).log()},
  sigmoid: {run: (a) => a.sigmoid(), composed: (a) => a.neg().exp().add(1).reciprocal()},
  relu: {run: (a) => ops.relu(a), composed: (a) => ops.where(a.greater(0), a, 0)},
  silu: {run: (a) => ops.silu(a), composed: (a) => a.mul(a.sigmoid())},
  softplus: {run: (a) => ops.softplus(a), composed: (a) => a.exp().add(1).log()},
  gelu: {
    run: (a) => ops.gelu(a, {approximate: false}),
    composed: (a) => a.mul(a.mul(Math.SQRT1_2).erf().add(1)).mul(0.5),
  },
  clip: {run: (a) => ops.clip(a, -0.7, 0.8), composed: (a) => a.maximum(-0.7).minimum(0.8)},
  softmax: {
    run: (a, _b, _c, k) => ops.softmax(a, axisOf(a, k)),
    composed: (a, _b, _c, k) => a.exp().div(a.exp().sum({axis: axisOf(a, k), keepdims: true})),
  },
  logSoftmax: {
    run: (a) => ops.logSoftmax(a),
    composed: (a) => a.sub(a.exp().sum({axis: -1, keepdims: true}).log()),
  },
  logsumexp: {
    run: (a, _b, _c, k) => ops.logsumexp(a, axisOf(a, k)),
    composed: (a, _b, _c, k) => a.exp().sum(axisOf(a, k)).log(),
  },
  layerNormalization: {
    run: (a) => ops.layerNormalization(a, {axis: -1, epsilon: 0.01}),
    composed: (a) => center(a).div(variance(a).add(0.01).sqrt()),
  },
  sum: {run: (a, _b, _c, k) => small(a).sum({axis: axisOf(a, k), keepdims: k > 2})},
  mean: {
    run: (a, _b, _c, k) => a.mean({axis: axisOf(a, k), keepdims: k > 2}),
    composed: (a, _b, _c, k) => a.sum({axis: axisOf(a, k), keepdims: k > 2}).div(a.dim(axisOf(a, k))),
  },
  max: {run: (a, _b, _c, k) => a.max({axis: axisOf(a, k), keepdims: k > 2})},
  prod: {
    run: (a, _b, _c, k) =>
      small(a)
        .add(1.5)
        .prod({axis: axisOf(a, k)}),
  },
  variance: {run: (a) => ops.var(a, {axis: -1, keepdims: true}), composed: variance},
  cumsum: {
    run: (a) => ops.cumsum(small(a), -1),
    composed: (a) =>
      ops
        .expandDims(small(a), -1)
        .mul(ops.triu(ops.ones([a.dim(-1), a.dim(-1)], 'float64')))
        .sum(-2),
  },
  matmul: {
    run: (a, b) => small(a).matmul(lastTwo(small(b))),
    composed: (a, b) => {
      if (a.ndim < 2 || b.ndim < 2) return small(a).matmul(lastTwo(small(b)));
      return ops
        .expandDims(small(a), -2)
        .mul(ops.expandDims(small(b), -3))
        .sum(-1);
    },
  },
  einsum: {
    run: (a, b) => ops.einsum('...i,...i->...', small(a), small(b)),
    composed: (a, b) => small(a).mul(small(b)).sum(-1),
  },
  dense: {
    run: (a, b) => dense(small(a), lastTwo(small(b)), small(b).sum(-1), 'tanh'),
    composed: (a, b) =>
      small(a)
        .matmul(lastTwo(small(b)))
        .add(small(b).sum(-1))
        .tanh(),
  },
  crossEntropy: {
    run: (a, _b, _c, k) => ops.sparseCategoricalCrossentropy(labelsOf(a, k), a, {fromLogits: true}),
    composed: (a, _b, _c, k) =>
      ops
        .logSoftmax(a)
        .mul(ops.oneHot(labelsOf(a, k), a.dim(1), {dtype: 'float64'}))
        .sum(-1)
        .neg(),
  },
  categoricalCrossEntropy: {
    run: (a, b) => ops.categoricalCrossentropy(ops.softmax(b), a, {fromLogits: true}),
    composed: (a, b) => ops.softmax(b).mul(ops.logSoftmax(a)).sum(-1).neg(),
  },
  conv: {
    run: (a, b) => ops.conv(small(a), lastTwo(small(b)), {padding: 'valid'}),
    composed: (a, b) => {
      const [width, taps] = [a.dim(1), b.dim(0)];
      const parts = Array.from({length: taps}, (_, j) =>
        ops.slice(small(a), [0, j, 0], [a.dim(0), width - taps + 1, a.dim(2)]).matmul(lastTwo(small(b)).at(j)),
      );
      return parts.reduce((total, part) => total.add(part));
    },
  },
  averagePool: {
    run: (a) => ops.averagePool(a, 2, {strides: 1}),
    composed: (a) =>
      ops
        .slice(a, [0, 0, 0], [a.dim(0), a.dim(1) - 1, a.dim(2)])
        .add(a.at(':', '1:'))
        .div(2),
  },
  transpose: {run: (a) => a.transpose()},
  reshape: {run: (a) => a.reshape([-1])},
  expandDims: {run: (a, _b, _c, k) => ops.expandDims(a, k % (a.ndim + 1))},
  flip: {run: (a, _b, _c, k) => ops.flip(a, axisOf(a, k))},
  slice: {run: (a) => a.at('...', '1:')},
  steps: {run: (a) => a.at('::-2')},
  first: {run: (a) => a.at(0)},
  take: {
    run: (a, _b, _c, k) => ops.take(a, [0, k % Math.max(a.dim(0), 1), 0], 0),
    composed: (a, _b, _c, k) => ops.stack([a.at(0), a.at(k % Math.max(a.dim(0), 1)), a.at(0)]),
  },
  pad: {
    run: (a) =>
      ops.pad(
        a,
        a.shape.map((_, i): [number, number] => (i === 0 ? [1, 0] : [0, 0])),
      ),
    composed: (a) =>
      a.ndim === 0 ? a : ops.concatenate([ops.zeros([1, ...a.shape.slice(1).map(Number)], 'float64'), a], 0),
  },
  concatenate: {run: (a, b) => ops.concatenate([a, b], -1)},
  stack: {run: (a, b) => ops.stack([a, b], 0)},
  tile: {run: (a) => ops.tile(a, [2])},
  repeat: {run: (a, _b, _c, k) => ops.repeat(a, 2, axisOf(a, k))},
  roll: {run: (a, _b, _c, k) => ops.roll(a, k, axisOf(a, k))},
  sort: {run: (a) => ops.sort(a)},
  tril: {run: (a, _b, _c, k) => ops.tril(a, k - 2)},
};

export interface ProgramInput {
  readonly shape: readonly number[];
  readonly layout: 'plain' | 'transposed' | 'strided' | 'broadcast';
  readonly seed: number;
}

export interface Program {
  readonly inputs: readonly ProgramInput[];
  readonly steps: readonly {readonly op: string; readonly operands: readonly number[]; readonly k: number}[];
}

// From the last axis; now and then an axis of size 1 or 0.
const SIZES = [4, 3, 2];
const shapes = fc
  .constantFrom(0, 1, 2, 2, 3, 3, 3)
  .chain((rank) => fc.array(fc.constantFrom('full', 'full', 'full', 'one', 'none'), {minLength: rank, maxLength: rank}))
  .map((kinds) =>
    kinds.map((kind, i) => (kind === 'full' ? (SIZES[kinds.length - 1 - i] ?? 2) : kind === 'one' ? 1 : 0)),
  )
  // Mostly not empty: empty tensors hide what programs compute.
  .chain((shape) =>
    fc.constantFrom(
      shape,
      shape.map((n) => Math.max(n, 1)),
      shape.map((n) => Math.max(n, 1)),
    ),
  );

export const programs: fc.Arbitrary<Program> = fc.record({
  inputs: fc.array(
    fc.record({
      shape: shapes,
      layout: fc.constantFrom('plain', 'transposed', 'strided', 'broadcast'),
      seed: fc.integer({min: 1, max: 1000}),
    }),
    {minLength: 1, maxLength: 4},
  ),
  steps: fc.array(
    fc.record({
      op: fc.constantFrom(...Object.keys(PROGRAM_OPS)),
      operands: fc.array(fc.nat(20), {minLength: 3, maxLength: 3}),
      k: fc.nat(5),
    }),
    {minLength: 1, maxLength: 8},
  ),
});

/** The inputs as they are laid out in memory. */
export function inputsOf({inputs}: Program): Tensor[] {
  return inputs.map(({shape, layout, seed}) => {
    if (layout === 'broadcast' && shape.length > 0) {
      const kept = shape.map((n, i) => (i === seed % shape.length && n > 0 ? 1 : n));
      return uniform(kept, -1.5, 1.5, seed).broadcastTo([...shape]);
    }
    const x = uniform(shape, -1.5, 1.5, seed);
    if (layout === 'transposed') return transposedLayout(x);
    return layout === 'strided' && sizeOf(shape) > 0 ? strided(x) : x;
  });
}

/** The same values in memory of their own, row-major. */
export const contiguousOf = (inputs: readonly Tensor[]): Tensor[] => inputs.map((x) => copyOf(x));

/** Tensors without values, with the first axis of each open or not. */
export const symbolicOf = (inputs: readonly Tensor[], open: boolean): Tensor[] =>
  inputs.map(({shape, dtype}) => symbolicTensor({shape: shape.map((n, i) => (open && i === 0 ? null : n)), dtype}));

/** What each step gave: a tensor, or the message of its error. */
export type Outcome = Tensor | string;

/**
 * Runs a program. `follow` are the outcomes of another run: the steps that failed there are left out without being tried.
 */
export function runProgram(
  {steps}: Program,
  inputs: readonly Tensor[],
  how: 'run' | 'composed' = 'run',
  follow?: readonly Outcome[],
): Outcome[] {
  const values = [...inputs];
  return steps.map(({op: name, operands, k}, i) => {
    if (typeof follow?.[i] === 'string') return follow[i];
    const op = PROGRAM_OPS[name];
    const [a, b, c] = operands.map((at) => values[at % values.length]);
    if (op === undefined || a === undefined || b === undefined || c === undefined) throw new RangeError(name);
    try {
      const y = (how === 'composed' ? (op.composed ?? op.run) : op.run)(a, b, c, k);
      values.push(y);
      return y;
    } catch (error) {
      if (!(error instanceof KeratinError)) throw error;
      return `${name}: ${error.message}`;
    }
  });
}
