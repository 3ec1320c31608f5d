import {ShapeError} from '../errors.js';
import {applyAll} from '../engine/dispatch.js';
import {definePrimitive, type GradientContext, type Primitive, type Spec} from '../engine/primitive.js';
import {isRecording} from '../engine/recording.js';
import {concrete, type Shape, show} from '../shape.js';
import {full} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {composedGradient} from './composed-gradient.js';
import {gruSteps, lstmSteps, simpleSteps} from './recurrent-steps.js';
import {given, requireDType, requireSameDType, singleOrDouble} from './rules.js';

// Whole sequences of recurrent cells, from inputs x [b, t, f] and states [b, u]. A kernel of the inputs without rows stands for the
// identity: x [b, t, gates u] holds the products with it already. While a tape follows the gradients, they come from the steps in ops, so
// that they have gradients of their own; else one kernel goes back through all steps and gives the gradients of the weights too.

/** What is wanted of a sequence beside its last states. */
export interface SequenceAttributes {
  /** Whether h of all steps is wanted; else it has no steps. */
  readonly sequence: boolean;
  /** Whether the gradient's kernel will want all states and gates; `sequence` is true then. */
  readonly keep: boolean;
}

/** Attributes of the gradients: whether that of x is wanted; else it has no steps. */
interface GradientAttributes {
  readonly inputs: boolean;
}

interface Sizes {
  readonly dtype: Spec['dtype'];
  readonly steps: Shape[number];
  readonly batch: Shape[number];
  readonly units: Shape[number];
}

const STATES = ['h0', 'c0'];

/** Checks x, the states, the kernels [f or 0, gates u] and [u, gates u], and the biases [gates u]. */
function sizesOf(inputs: readonly Spec[], names: readonly string[], gates: number, op: string): Sizes {
  const dtype = requireSameDType(op, names, inputs);
  const x = given(inputs[0], op);
  requireDType(op, singleOrDouble, x);
  const [batch = null, steps = null, features = null] = x.shape;
  const units = given(inputs[1], op).shape[1] ?? null;
  const wide = units === null ? null : gates * units;
  const kernel = given(inputs[names.indexOf('kernel')], op);
  const projected = kernel.shape[0] === 0;
  const expected = (name: string): Shape => {
    if (name === 'x') return [batch, steps, projected ? wide : features];
    if (name === 'kernel') return [projected ? 0 : features, wide];
    if (name === 'recurrent') return [units, wide];
    return STATES.includes(name) ? [batch, units] : [wide];
  };
  const fits = names.every((name, i) => isLike(given(inputs[i], op).shape, expected(name)));
  if (!fits || steps === 0) {
    const got = names.map((name, i) => `${name} ${show(given(inputs[i], op).shape)}`).join(', ');
    const wanted = gates === 1 ? 'units' : `${String(gates)} units`;
    throw new ShapeError(
      `${op}: x must be (batch, time, features) with one step or more, states (batch, units), the kernels (features, ${wanted}) and` +
        ` (units, ${wanted}) and biases (${wanted}), got ${got}`,
    );
  }
  return {dtype, steps, batch, units};
}

const isLike = (shape: Shape, expected: Shape): boolean =>
  shape.length === expected.length &&
  shape.every((size, axis) => size === expected[axis] || size === null || expected[axis] === null);

/** A sequence of states that are `parts` times as wide; without steps where it is not wanted. */
const sequence = ({steps, batch, units, dtype}: Sizes, wanted: boolean, parts = 1): Spec => ({
  shape: [batch, wanted ? steps : 0, units === null ? null : parts * units],
  dtype,
});

const state = ({batch, units, dtype}: Sizes): Spec => ({shape: [batch, units], dtype});

const none = (shape: Shape, {dtype}: Spec): Tensor => full(concrete(shape), 0, dtype);

/** What reaches the last state, h and, of an LSTM, the last c; where nothing does, a tensor without samples or steps. */
function reaching(dlast: Tensor | null, dh: Tensor | null, h: Tensor): readonly [dlast: Tensor, dh: Tensor] {
  const [batch = 0, , units = 0] = concrete(h.shape);
  return [dlast ?? none([0, units], h), dh ?? none([batch, 0, units], h)];
}

/** What reaches the outputs; nothing reaches those without steps. */
const reached = ({cotangents}: GradientContext<SequenceAttributes>): readonly (Tensor | null)[] =>
  cotangents.map((dy) => (dy?.ndim === 3 && dy.dim(1) === 0 ? null : dy));

/** Whether the kernel does not suffice: somebody follows, nothing was kept, or a gradient reaches what only it reads. */
const needsSteps = (cotangents: readonly (Tensor | null)[], {keep}: SequenceAttributes, inner: number): boolean =>
  isRecording() || !keep || cotangents.slice(inner).some((dy) => dy !== null);

const gradientOf = (x: Spec, {inputs}: GradientAttributes): Spec => ({
  shape: inputs ? x.shape : [x.shape[0] ?? null, 0, x.shape[2] ?? null],
  dtype: x.dtype,
});

/** A bias of a kernel's columns. */
const biasOf = ({shape, dtype}: Spec): Spec => ({shape: shape.slice(1), dtype});

/** Of an LSTM the last states, and of all steps h, c and the activated gates i, f, g, o. */
export const lstmSequence: Primitive<SequenceAttributes> = definePrimitive('lstm_sequence', {
  inputs: ['x', 'h0', 'c0', 'kernel', 'recurrent', 'bias'],
  outputs: ['last', 'cell', 'h', 'c', 'gates'],
  infer: (inputs: readonly Spec[], {keep, sequence: all}: SequenceAttributes, op) => {
    const sizes = sizesOf(inputs, ['x', 'h0', 'c0', 'kernel', 'recurrent', 'bias'], 4, op);
    const last = state(sizes);
    return [last, last, sequence(sizes, all), sequence(sizes, keep), sequence(sizes, keep, 4)];
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x', 'h0', 'c0', 'kernel', 'recurrent', 'bias', 'h', 'c', 'gates'],
    vjp: ({x, h0, c0, kernel, recurrent, bias, h, c, gates}, _, context) => {
      const {attributes, needs} = context;
      const cotangents = reached(context);
      if (needsSteps(cotangents, attributes, 3))
        return composedGradient(lstmSteps, [x, h0, c0, kernel, recurrent, bias], cotangents);
      const [dlast, dh] = reaching(cotangents[0] ?? null, cotangents[2] ?? null, h);
      const [dcell] = reaching(cotangents[1] ?? null, null, h);
      const [dx = null, dkernel = null, drecurrent = null, dbias = null, dc0 = null, dh0 = null] = applyAll(
        lstmSequenceGradient,
        [dlast, dcell, dh, x, h0, c0, h, c, gates, kernel, recurrent],
        {inputs: needs[0] === true},
      );
      return [dx, dh0, dc0, dkernel, drecurrent, dbias];
    },
  },
});

/** Runs only where nobody follows, as all of these do. */
export const lstmSequenceGradient: Primitive<GradientAttributes> = definePrimitive('lstm_sequence_gradient', {
  inputs: ['dlast', 'dcell', 'dh', 'x', 'h0', 'c0', 'h', 'c', 'gates', 'kernel', 'recurrent'],
  outputs: ['dx', 'dkernel', 'drecurrent', 'dbias', 'dc0', 'dh0'],
  infer: (inputs: readonly Spec[], attributes: GradientAttributes, op) => {
    const [x, h0, kernel, recurrent] = [3, 4, 9, 10].map((i) => given(inputs[i], op)) as [Spec, Spec, Spec, Spec];
    return [gradientOf(x, attributes), kernel, recurrent, biasOf(kernel), h0, h0];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});

/**
 * Of a GRU (reset after the product) the last state, and of all steps h and what its gradient reads: z, r, g and the candidate's part of
 * h recurrent + recurrentBias.
 */
export const gruSequence: Primitive<SequenceAttributes> = definePrimitive('gru_sequence', {
  inputs: ['x', 'h0', 'kernel', 'recurrent', 'bias', 'recurrentBias'],
  outputs: ['last', 'h', 'gates'],
  infer: (inputs: readonly Spec[], {keep, sequence: all}: SequenceAttributes, op) => {
    const sizes = sizesOf(inputs, ['x', 'h0', 'kernel', 'recurrent', 'bias', 'recurrentBias'], 3, op);
    return [state(sizes), sequence(sizes, all), sequence(sizes, keep, 4)];
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x', 'h0', 'kernel', 'recurrent', 'bias', 'recurrentBias', 'h', 'gates'],
    vjp: ({x, h0, kernel, recurrent, bias, recurrentBias, h, gates}, _, context) => {
      const {attributes, needs} = context;
      const cotangents = reached(context);
      const inputs = [x, h0, kernel, recurrent, bias, recurrentBias];
      if (needsSteps(cotangents, attributes, 2)) return composedGradient(gruSteps, inputs, cotangents);
      const [dlast, dh] = reaching(cotangents[0] ?? null, cotangents[1] ?? null, h);
      const [dx = null, dkernel = null, drecurrent = null, dbias = null, drecurrentBias = null, dh0 = null] = applyAll(
        gruSequenceGradient,
        [dlast, dh, x, h0, h, gates, kernel, recurrent],
        {inputs: needs[0] === true},
      );
      return [dx, dh0, dkernel, drecurrent, dbias, drecurrentBias];
    },
  },
});

export const gruSequenceGradient: Primitive<GradientAttributes> = definePrimitive('gru_sequence_gradient', {
  inputs: ['dlast', 'dh', 'x', 'h0', 'h', 'gates', 'kernel', 'recurrent'],
  outputs: ['dx', 'dkernel', 'drecurrent', 'dbias', 'drecurrentBias', 'dh0'],
  infer: (inputs: readonly Spec[], attributes: GradientAttributes, op) => {
    const [x, h0, kernel, recurrent] = [2, 3, 6, 7].map((i) => given(inputs[i], op)) as [Spec, Spec, Spec, Spec];
    return [gradientOf(x, attributes), kernel, recurrent, biasOf(kernel), biasOf(kernel), h0];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});

/** The last state of a simple recurrent net and those after each step: h' = tanh(x kernel + h recurrent + bias). */
export const simpleSequence: Primitive<SequenceAttributes> = definePrimitive('simple_rnn_sequence', {
  inputs: ['x', 'h0', 'kernel', 'recurrent', 'bias'],
  outputs: ['last', 'h'],
  infer: (inputs: readonly Spec[], {sequence: all}: SequenceAttributes, op) => {
    const sizes = sizesOf(inputs, ['x', 'h0', 'kernel', 'recurrent', 'bias'], 1, op);
    return [state(sizes), sequence(sizes, all)];
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x', 'h0', 'kernel', 'recurrent', 'bias', 'h'],
    vjp: ({x, h0, kernel, recurrent, bias, h}, _, context) => {
      const {attributes, needs} = context;
      const cotangents = reached(context);
      if (needsSteps(cotangents, attributes, 2))
        return composedGradient(simpleSteps, [x, h0, kernel, recurrent, bias], cotangents);
      const [dlast, dh] = reaching(cotangents[0] ?? null, cotangents[1] ?? null, h);
      const [dx = null, dkernel = null, drecurrent = null, dbias = null, dh0 = null] = applyAll(
        simpleSequenceGradient,
        [dlast, dh, x, h0, h, kernel, recurrent],
        {inputs: needs[0] === true},
      );
      return [dx, dh0, dkernel, drecurrent, dbias];
    },
  },
});

export const simpleSequenceGradient: Primitive<GradientAttributes> = definePrimitive('simple_rnn_sequence_gradient', {
  inputs: ['dlast', 'dh', 'x', 'h0', 'h', 'kernel', 'recurrent'],
  outputs: ['dx', 'dkernel', 'drecurrent', 'dbias', 'dh0'],
  infer: (inputs: readonly Spec[], attributes: GradientAttributes, op) => {
    const [x, h0, kernel, recurrent] = [2, 3, 5, 6].map((i) => given(inputs[i], op)) as [Spec, Spec, Spec, Spec];
    return [gradientOf(x, attributes), kernel, recurrent, biasOf(kernel), h0];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});
