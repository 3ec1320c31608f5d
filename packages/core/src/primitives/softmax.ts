import {ShapeError} from '../errors.js';
import {apply, applyAll} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {sameShape, show} from '../shape.js';
import {given, indices, requireDType, requireSameDType, singleOrDouble, unary} from './rules.js';
import {type Tensor} from '../tensor/tensor.js';

// Over the last axis.

const same = ([, y]: readonly Spec[], _: undefined, op: string): Spec => given(y, op);

// dx = (dy - sum(dy y)) y
export const softmaxGradient: Primitive = definePrimitive('softmax_gradient', {
  inputs: ['dy', 'y'],
  infer: same,
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['dy', 'y'],
    vjp: ({dy, y}, g) => {
      const total = dy.mul(y).sum({axis: -1, keepdims: true});
      const inner = g.mul(y).sum({axis: -1, keepdims: true});
      return [g.sub(inner).mul(y), g.mul(dy.sub(total)).sub(inner.mul(dy))];
    },
  },
});

export const softmax = definePrimitive('softmax', {
  inputs: ['x'],
  infer: unary(singleOrDouble),
  run: {kind: 'contiguous'},
  gradient: {saves: ['y'], vjp: ({y}, dy) => [apply(softmaxGradient, [dy, y], undefined)]},
});

// dx = dy - exp(y) sum(dy)
export const logSoftmaxGradient: Primitive = definePrimitive('log_softmax_gradient', {
  inputs: ['dy', 'y'],
  infer: same,
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['dy', 'y'],
    vjp: ({dy, y}, g) => {
      const p = y.exp();
      const total = dy.sum({axis: -1, keepdims: true});
      return [g.sub(g.mul(p).sum({axis: -1, keepdims: true})), g.mul(p).mul(total).neg()];
    },
  },
});

export const logSoftmax = definePrimitive('log_softmax', {
  inputs: ['x'],
  infer: unary(singleOrDouble),
  run: {kind: 'contiguous'},
  gradient: {saves: ['y'], vjp: ({y}, dy) => [apply(logSoftmaxGradient, [dy, y], undefined)]},
});

function crossEntropySpecs(op: string, logits: Spec): readonly Spec[] {
  requireDType(op, singleOrDouble, logits, 'logits');
  if (logits.shape.length !== 2) {
    throw new ShapeError(`${op}: logits must have rank 2 (samples, classes), got ${show(logits.shape)}`);
  }
  return [{shape: logits.shape.slice(0, 1), dtype: logits.dtype}, logits];
}

/** Loss -log softmax(logits)[label] a row, and the probabilities. */
export const sparseSoftmaxCrossEntropy = definePrimitive('sparse_softmax_cross_entropy', {
  inputs: ['logits', 'labels'],
  outputs: ['loss', 'probabilities'],
  infer: ([x, l]: readonly Spec[], _: undefined, op) => {
    const logits = given(x, op);
    const labels = given(l, op);
    requireDType(op, indices, labels, 'labels');
    const specs = crossEntropySpecs(op, logits);
    if (
      !sameShape(labels.shape, logits.shape.slice(0, 1)) &&
      !labels.shape.includes(null) &&
      !logits.shape.includes(null)
    ) {
      throw new ShapeError(
        `${op}: one label a row is needed, got logits ${show(logits.shape)} and labels ${show(labels.shape)}`,
      );
    }
    return specs;
  },
  run: {kind: 'contiguous'},
  // (probabilities - one_hot(labels)) dloss
  gradient: {
    saves: ['probabilities', 'labels'],
    vjp: ({probabilities, labels}, _, {cotangents}) => [
      logitsGradient(sparseSoftmaxCrossEntropyGradient, probabilities, labels, cotangents),
      null,
    ],
  },
});

// The probabilities are an output too: their own gradient, where somebody used them, is that of softmax.
function logitsGradient(
  primitive: Primitive,
  probabilities: Tensor,
  labels: Tensor,
  [dloss, dp]: readonly (Tensor | null)[],
): Tensor | null {
  const ofLoss = dloss ? apply(primitive, [dloss, probabilities, labels], undefined) : null;
  const ofProbabilities = dp ? apply(softmaxGradient, [dp, probabilities], undefined) : null;
  return ofLoss !== null && ofProbabilities !== null ? ofLoss.add(ofProbabilities) : (ofLoss ?? ofProbabilities);
}

export const sparseSoftmaxCrossEntropyGradient: Primitive = definePrimitive('sparse_softmax_cross_entropy_gradient', {
  inputs: ['dloss', 'probabilities', 'labels'],
  infer: ([, p]: readonly Spec[], _: undefined, op): Spec => given(p, op),
  run: {kind: 'contiguous'},
  // Linear in dloss: d/d(dloss) = g . (p - one_hot); d/dp = g dloss. With one_hot = p - slope.
  gradient: {
    saves: ['dloss', 'probabilities', 'labels'],
    vjp: ({dloss, probabilities, labels}, g) => {
      const slope = apply(sparseSoftmaxCrossEntropyGradient, [dloss.mul(0).add(1), probabilities, labels], undefined);
      return [g.mul(slope).sum({axis: -1}), g.mul(dloss.reshape([-1, 1])), null];
    },
  },
});

/** Loss -sum(labels log softmax(logits)) a row, and the probabilities. */
export const softmaxCrossEntropy = definePrimitive('softmax_cross_entropy', {
  inputs: ['logits', 'labels'],
  outputs: ['loss', 'probabilities'],
  infer: ([x, l]: readonly Spec[], _: undefined, op) => {
    const logits = given(x, op);
    const labels = given(l, op);
    requireSameDType(op, ['logits', 'labels'], [logits, labels]);
    const specs = crossEntropySpecs(op, logits);
    if (!sameShape(labels.shape, logits.shape) && !labels.shape.includes(null) && !logits.shape.includes(null)) {
      throw new ShapeError(
        `${op}: logits and labels must have one shape, got ${show(logits.shape)} and ${show(labels.shape)}`,
      );
    }
    return specs;
  },
  run: {kind: 'contiguous'},
  // (probabilities sum(labels) - labels) dloss; the labels' own gradient is -log softmax
  gradient: {
    saves: ['logits', 'labels', 'probabilities'],
    vjp: ({logits, labels, probabilities}, _, {needs, cotangents}) => {
      const [dloss] = cotangents;
      return [
        needs[0] === true ? logitsGradient(softmaxCrossEntropyGradient, probabilities, labels, cotangents) : null,
        needs[1] === true && dloss
          ? apply(logSoftmax, [logits], undefined)
              .mul(dloss.reshape([-1, 1]))
              .neg()
          : null,
      ];
    },
  },
});

export const softmaxCrossEntropyGradient: Primitive = definePrimitive('softmax_cross_entropy_gradient', {
  inputs: ['dloss', 'probabilities', 'labels'],
  infer: ([, p]: readonly Spec[], _: undefined, op): Spec => given(p, op),
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['dloss', 'probabilities', 'labels'],
    vjp: ({dloss, probabilities, labels}, g) => {
      const column = dloss.reshape([-1, 1]);
      const weight = labels.sum({axis: -1, keepdims: true});
      const scaled = g.mul(column);
      return [
        g.mul(probabilities.mul(weight).sub(labels)).sum({axis: -1}),
        scaled.mul(weight),
        scaled.mul(probabilities).sum({axis: -1, keepdims: true}).sub(scaled),
      ];
    },
  },
});

/** The two outputs of a cross-entropy. */
export function crossEntropy(primitive: Primitive, logits: Tensor, labels: Tensor, op: string): Tensor {
  const [loss] = applyAll(primitive, [logits, labels], undefined, op);
  return given(loss, op);
}
