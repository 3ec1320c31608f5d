import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Spec} from '../engine/primitive.js';
import {broadcastShapes, type Shape, show} from '../shape.js';
import {given, numeric, requireDType, requireSameDType, unbroadcast} from './rules.js';
import {reluGradient, sigmoidGradient, tanhGradient} from './unary.js';
import {type Tensor} from '../tensor/tensor.js';

/** Activations that a kernel applies while it writes its output. */
export type EpilogueActivation = 'linear' | 'relu' | 'sigmoid' | 'tanh';

export const EPILOGUES: readonly EpilogueActivation[] = ['linear', 'relu', 'sigmoid', 'tanh'];

/** The gradient before an epilogue's activation from that after it. */
export function beforeActivation(dy: Tensor, y: Tensor, activation: EpilogueActivation): Tensor {
  if (activation === 'relu') return apply(reluGradient, [dy, y], undefined);
  if (activation === 'sigmoid') return apply(sigmoidGradient, [dy, y], undefined);
  if (activation === 'tanh') return apply(tanhGradient, [dy, y], undefined);
  return dy;
}

function productShape(op: string, a: Spec, b: Spec): Shape {
  const [m, k] = a.shape.slice(-2);
  const [inner, n] = b.shape.slice(-2);
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new ShapeError(`${op}: a and b must have rank 2 or more, got a ${show(a.shape)} and b ${show(b.shape)}`);
  }
  if (k !== inner && k !== null && inner !== null) {
    throw new ShapeError(`${op}: inner dimensions must match, got a ${show(a.shape)} and b ${show(b.shape)}`);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (batch === null) {
    throw new ShapeError(`${op}: batch dimensions must broadcast, got a ${show(a.shape)} and b ${show(b.shape)}`);
  }
  return [...batch, m ?? null, n ?? null];
}

const swapLast = (x: Tensor): Tensor => {
  const axes = x.shape.map((_, i) => i);
  const rank = axes.length;
  axes[rank - 2] = rank - 1;
  axes[rank - 1] = rank - 2;
  return x.transpose(axes);
};

/** Operands arrive with the batch axes of the product. */
const withBatch = (inputs: readonly Spec[], outputs: readonly Spec[], index: number): Shape | null => {
  const {shape} = given(inputs[index], 'matmul');
  if (index > 1) return null;
  return [...given(outputs[0], 'matmul').shape.slice(0, -2), ...shape.slice(-2)];
};

/** Products of matrices in the last two axes; leading axes broadcast. */
export const matmul = definePrimitive('matmul', {
  inputs: ['a', 'b'],
  infer: ([a, b]: readonly Spec[], _: undefined, op): Spec => {
    const x = given(a, op);
    const y = given(b, op);
    const dtype = requireSameDType(op, ['a', 'b'], [x, y]);
    requireDType(op, numeric, x, 'a');
    return {shape: productShape(op, x, y), dtype};
  },
  run: {kind: 'strided', encode: () => [0], broadcast: withBatch},
  // dA = dY B^T, dB = A^T dY
  gradient: {
    saves: ['a', 'b'],
    vjp: ({a, b}, dy, {inputs, needs}) => [
      needs[0] === true ? unbroadcast(dy.matmul(swapLast(b)), given(inputs[0], 'matmul')) : null,
      needs[1] === true ? unbroadcast(weightGradient(a, b, dy), given(inputs[1], 'matmul')) : null,
    ],
  },
});

/** A^T dY; one product over all rows where B has no batch axes. */
function weightGradient(a: Tensor, b: Tensor, dy: Tensor): Tensor {
  if (b.ndim === 2 && a.ndim > 2) {
    return swapLast(a.reshape([-1, a.dim(-1)])).matmul(dy.reshape([-1, dy.dim(-1)]));
  }
  return swapLast(a).matmul(dy);
}

export interface DenseAttributes {
  readonly activation: EpilogueActivation;
}

/** activation(x W + b) in one pass. The composed form is `matmul`, `add` and the activation. */
export const dense = definePrimitive('dense', {
  inputs: ['x', 'w', 'b'],
  infer: ([x, w, b]: readonly Spec[], _: DenseAttributes, op): Spec => {
    const input = given(x, op);
    const weight = given(w, op);
    const bias = given(b, op);
    const dtype = requireSameDType(op, ['inputs', 'kernel', 'bias'], [input, weight, bias]);
    const shape = productShape(op, input, weight);
    if (bias.shape.length !== 1 || bias.shape[0] !== shape.at(-1)) {
      throw new ShapeError(`${op}: bias must have shape ${show([shape.at(-1) ?? null])}, got ${show(bias.shape)}`);
    }
    return {shape, dtype};
  },
  run: {
    kind: 'strided',
    kernel: 'matmul',
    encode: ({activation}) => [EPILOGUES.indexOf(activation)],
    broadcast: withBatch,
  },
  gradient: {
    saves: ['x', 'w', 'y'],
    vjp: ({x, w, y}, dy, {needs, attributes: {activation}}) => {
      const dz = beforeActivation(dy, y, activation);
      const axes = dz.shape.slice(0, -1).map((_, i) => i);
      return [
        needs[0] === true ? dz.matmul(swapLast(w)) : null,
        needs[1] === true ? weightGradient(x, w, dz) : null,
        needs[2] === true ? dz.sum({axis: axes}) : null,
      ];
    },
  },
});
