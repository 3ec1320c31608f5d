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

// Whole sequences of recurrent cells: x [t, b, gates u] are the inputs times their kernel, with the bias, of all steps. While a
// tape follows, the gradients come from the steps in ops, so that they have gradients of their own; else a kernel goes back
// through all steps, and the recurrent kernel's gradient is one product over them: sum_t h_{t-1}^T d(h_{t-1} U).

interface Sizes {
  readonly dtype: Spec['dtype'];
  readonly steps: Shape[number];
  readonly batch: Shape[number];
  readonly units: Shape[number];
}

/** Checks x [t, b, gates u], the states [b, u], the kernel [u, gates u] and what follows it [gates u]. */
function sizesOf(inputs: readonly Spec[], names: readonly string[], gates: number, op: string): Sizes {
  const dtype = requireSameDType(op, names, inputs);
  const x = given(inputs[0], op);
  requireDType(op, singleOrDouble, x);
  const [steps = null, batch = null] = x.shape;
  const units = given(inputs[1], op).shape[1] ?? null;
  const wide = units === null ? null : gates * units;
  const expected = (name: string): Shape => {
    if (name === 'x') return [steps, batch, wide];
    if (name === 'kernel') return [units, wide];
    return name === 'bias' ? [wide] : [batch, units];
  };
  const fits = names.every((name, i) => isLike(given(inputs[i], op).shape, expected(name)));
  if (!fits || steps === 0) {
    const got = names.map((name, i) => `${name} ${show(given(inputs[i], op).shape)}`).join(', ');
    throw new ShapeError(
      `${op}: x must be (time, batch, ${String(gates)} units) with one step or more, states (batch, units) and kernel (units, ${String(gates)} units), got ${got}`,
    );
  }
  return {dtype, steps, batch, units};
}

const isLike = (shape: Shape, expected: Shape): boolean =>
  shape.length === expected.length &&
  shape.every((size, axis) => size === expected[axis] || size === null || expected[axis] === null);

/** A sequence of states that are `parts` times as wide. */
const sequence = ({steps, batch, units, dtype}: Sizes, parts = 1): Spec => ({
  shape: [steps, batch, units === null ? null : parts * units],
  dtype,
});

/** The gradient of the recurrent kernel: products of the states before the steps and what reached theirs. */
function kernelGradient(h: Tensor, h0: Tensor, dproduct: Tensor): Tensor {
  const rows = (x: Tensor): Tensor => x.reshape([-1, x.dim(-1)]);
  const steps = h.dim(0);
  const product = (before: Tensor, d: Tensor): Tensor => before.transpose().matmul(d);
  const first = product(h0, rows(dproduct.at(':1')));
  return steps === 1 ? first : first.add(product(rows(h.at(':-1')), rows(dproduct.at('1:'))));
}

const zeros = ({shape, dtype}: Spec): Tensor => full(concrete(shape), 0, dtype);

/** Whether the kernels do not suffice: somebody follows, or a gradient reaches what only they read. */
const needsSteps = ({cotangents}: GradientContext<undefined>, inner: number): boolean =>
  isRecording() || (cotangents[inner] ?? null) !== null;

/** The states h and c of an LSTM after each step, and its activated gates i, f, g, o. */
export const lstmSequence: Primitive = definePrimitive('lstm_sequence', {
  inputs: ['x', 'h0', 'c0', 'kernel'],
  outputs: ['h', 'c', 'gates'],
  infer: (inputs: readonly Spec[], _: undefined, op) => {
    const sizes = sizesOf(inputs, ['x', 'h0', 'c0', 'kernel'], 4, op);
    return [sequence(sizes), sequence(sizes), sequence(sizes, 4)];
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x', 'h0', 'c0', 'kernel', 'h', 'c', 'gates'],
    vjp: ({x, h0, c0, kernel, h, c, gates}, _, context) => {
      const {cotangents, needs} = context;
      if (needsSteps(context, 2)) return composedGradient(lstmSteps, [x, h0, c0, kernel], cotangents);
      const none: Shape = [0, ...h.shape.slice(1)];
      const dh = cotangents[0] ?? zeros(h);
      const dc = cotangents[1] ?? zeros({shape: none, dtype: h.dtype});
      const [dx, dh0, dc0] = applyAll(lstmSequenceGradient, [dh, dc, gates, c, c0, kernel], undefined);
      const dproduct = given(dx, 'lstm_sequence');
      return [dproduct, dh0 ?? null, dc0 ?? null, needs[3] === true ? kernelGradient(h, h0, dproduct) : null];
    },
  },
});

/** dc of no steps says that no gradient reaches c. Runs only where nobody follows, as all of these do. */
export const lstmSequenceGradient: Primitive = definePrimitive('lstm_sequence_gradient', {
  inputs: ['dh', 'dc', 'gates', 'c', 'c0', 'kernel'],
  outputs: ['dx', 'dh0', 'dc0'],
  infer: (inputs: readonly Spec[], _: undefined, op) => {
    const state = given(inputs[4], op);
    return [given(inputs[2], op), state, state];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});

/** The state of a GRU after each step, and z, r, g and the candidate's part of h kernel + bias (reset after the product). */
export const gruSequence: Primitive = definePrimitive('gru_sequence', {
  inputs: ['x', 'h0', 'kernel', 'bias'],
  outputs: ['h', 'gates'],
  infer: (inputs: readonly Spec[], _: undefined, op) => {
    const sizes = sizesOf(inputs, ['x', 'h0', 'kernel', 'bias'], 3, op);
    return [sequence(sizes), sequence(sizes, 4)];
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x', 'h0', 'kernel', 'bias', 'h', 'gates'],
    vjp: ({x, h0, kernel, bias, h, gates}, _, context) => {
      const {cotangents, needs} = context;
      if (needsSteps(context, 1)) return composedGradient(gruSteps, [x, h0, kernel, bias], cotangents);
      const dh = cotangents[0] ?? zeros(h);
      const [dx, dstates, dh0] = applyAll(gruSequenceGradient, [dh, gates, h, h0, kernel], undefined);
      const dproduct = given(dstates, 'gru_sequence');
      return [
        dx ?? null,
        dh0 ?? null,
        needs[2] === true ? kernelGradient(h, h0, dproduct) : null,
        needs[3] === true ? dproduct.sum({axis: [0, 1]}) : null,
      ];
    },
  },
});

export const gruSequenceGradient: Primitive = definePrimitive('gru_sequence_gradient', {
  inputs: ['dh', 'gates', 'h', 'h0', 'kernel'],
  outputs: ['dx', 'dproduct', 'dh0'],
  infer: (inputs: readonly Spec[], _: undefined, op) => {
    const h = given(inputs[2], op);
    const [steps = null, batch = null] = h.shape;
    const x: Spec = {shape: [steps, batch, given(inputs[4], op).shape[1] ?? null], dtype: h.dtype};
    return [x, x, given(inputs[3], op)];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});

/** The state of a simple recurrent net after each step: h = tanh(x + h kernel). */
export const simpleSequence: Primitive = definePrimitive('simple_rnn_sequence', {
  inputs: ['x', 'h0', 'kernel'],
  infer: (inputs: readonly Spec[], _: undefined, op) => sequence(sizesOf(inputs, ['x', 'h0', 'kernel'], 1, op)),
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x', 'h0', 'kernel', 'y'],
    vjp: ({x, h0, kernel, y: h}, dh, {needs}) => {
      if (isRecording()) return composedGradient(simpleSteps, [x, h0, kernel], [dh]);
      const [dx, dh0] = applyAll(simpleSequenceGradient, [dh, h, kernel], undefined);
      const dproduct = given(dx, 'simple_rnn_sequence');
      return [dproduct, dh0 ?? null, needs[2] === true ? kernelGradient(h, h0, dproduct) : null];
    },
  },
});

export const simpleSequenceGradient: Primitive = definePrimitive('simple_rnn_sequence_gradient', {
  inputs: ['dh', 'h', 'kernel'],
  outputs: ['dx', 'dh0'],
  infer: (inputs: readonly Spec[], _: undefined, op) => {
    const h = given(inputs[1], op);
    return [h, {shape: h.shape.slice(1), dtype: h.dtype}];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});
