import {ShapeError} from '../errors.js';
import {applyAll} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {isRecording} from '../engine/recording.js';
import {concrete, show} from '../shape.js';
import {full} from '../tensor/convert.js';
import {given, requireDType, requireSameDType, singleOrDouble} from './rules.js';
import {type Tensor} from '../tensor/tensor.js';

// x [n, c]; with xhat = (x - mean) rstd and g = dy gamma, over the m elements that share a mean:
// dx = rstd (g - mean(g) - xhat mean(g xhat)), dgamma = sum(dy xhat), dbeta = sum(dy)
// (Ioffe and Szegedy, 2015; Ba, Kiros and Hinton, 2016). While a tape follows, the gradients are written in ops, so that
// they have gradients of their own; else a kernel computes all three in one pass.

export interface NormalizationAttributes {
  readonly epsilon: number;
}

const encode = ({epsilon}: NormalizationAttributes) => [epsilon];

function checked([x, gamma, beta]: readonly Spec[], op: string): {x: Spec; gamma: Spec; beta: Spec} {
  const specs = {x: given(x, op), gamma: given(gamma, op), beta: given(beta, op)};
  requireSameDType(op, ['x', 'gamma', 'beta'], [specs.x, specs.gamma, specs.beta]);
  requireDType(op, singleOrDouble, specs.x);
  const channels = specs.x.shape.at(-1) ?? null;
  for (const [name, spec] of [
    ['gamma', specs.gamma],
    ['beta', specs.beta],
  ] as const) {
    const size = spec.shape[0];
    if (specs.x.shape.length !== 2 || spec.shape.length !== 1 || (channels !== null && size !== channels)) {
      throw new ShapeError(
        `${op}: x must have rank 2 and ${name} the size of its last axis, got x ${show(specs.x.shape)} and ${name} ${show(spec.shape)}`,
      );
    }
  }
  return specs;
}

/** The three gradients in ops, from x alone, so that they can be differentiated again. */
function composedGradient(
  x: Tensor,
  gamma: Tensor,
  dy: Tensor,
  epsilon: number,
  axis: number,
): [dx: Tensor, dgamma: Tensor, dbeta: Tensor] {
  const mean = x.mean({axis, keepdims: true});
  const centered = x.sub(mean);
  const rstd = centered.square().mean({axis, keepdims: true}).add(epsilon).rsqrt();
  const normal = centered.mul(rstd);
  const g = dy.mul(gamma);
  const along = (value: Tensor) => value.mean({axis, keepdims: true});
  const dx = g
    .sub(along(g))
    .sub(normal.mul(along(g.mul(normal))))
    .mul(rstd);
  return [dx, dy.mul(normal).sum({axis: 0}), dy.sum({axis: 0})];
}

/** gamma (x - mean) / sqrt(variance + epsilon) + beta over the last axis; also the mean and 1 / sqrt(variance + epsilon). */
export const layerNormalization = definePrimitive('layer_normalization', {
  inputs: ['x', 'gamma', 'beta'],
  outputs: ['y', 'mean', 'rstd'],
  infer: (inputs: readonly Spec[], _: NormalizationAttributes, op) => {
    const {x} = checked(inputs, op);
    const rows: Spec = {shape: x.shape.slice(0, 1), dtype: x.dtype};
    return [x, rows, rows];
  },
  run: {kind: 'contiguous', encode},
  gradient: {
    saves: ['x', 'gamma', 'mean', 'rstd'],
    vjp: ({x, gamma, mean, rstd}, _, {attributes, outputs, cotangents}) => {
      const [dy, dmean, drstd] = cotangents;
      const none = zeros(given(outputs[0], 'layer_normalization'));
      const gradient = dy ?? none;
      const [dx, dgamma, dbeta] = isRecording()
        ? composedGradient(x, gamma, gradient, attributes.epsilon, -1)
        : applyAll(layerNormalizationGradient, [gradient, x, gamma, mean, rstd], undefined);
      // d(mean)/dx = 1 / c, d(rstd)/dx = -rstd^3 (x - mean) / c
      const c = x.dim(-1);
      const column = (value: Tensor) => value.expandDims(-1);
      let total = given(dx, 'layer_normalization');
      if (dmean !== null && dmean !== undefined) total = total.add(column(dmean).div(c));
      if (drstd !== null && drstd !== undefined) {
        total = total.sub(
          x
            .sub(column(mean))
            .mul(column(drstd.mul(rstd.pow(3))))
            .div(c),
        );
      }
      return [total, dgamma ?? null, dbeta ?? null];
    },
  },
});

const zeros = ({shape, dtype}: Spec): Tensor => full(concrete(shape), 0, dtype);

const gradientSpecs = (inputs: readonly Spec[], op: string): readonly Spec[] => {
  const x = given(inputs[1], op);
  const channels: Spec = {shape: x.shape.slice(-1), dtype: x.dtype};
  return [x, channels, channels];
};

// Runs only where nobody follows, so nothing asks for its gradient.
export const layerNormalizationGradient: Primitive = definePrimitive('layer_normalization_gradient', {
  inputs: ['dy', 'x', 'gamma', 'mean', 'rstd'],
  outputs: ['dx', 'dgamma', 'dbeta'],
  infer: (inputs: readonly Spec[], _: undefined, op) => gradientSpecs(inputs, op),
  run: {kind: 'contiguous'},
  gradient: null,
});

/** The same over the first axis, with batch statistics; also the mean and the population variance of each channel. */
export const batchNormalization = definePrimitive('batch_normalization', {
  inputs: ['x', 'gamma', 'beta'],
  outputs: ['y', 'mean', 'variance'],
  infer: (inputs: readonly Spec[], _: NormalizationAttributes, op) => {
    const {x, gamma} = checked(inputs, op);
    return [x, gamma, gamma];
  },
  run: {kind: 'contiguous', encode},
  gradient: {
    saves: ['x', 'gamma', 'mean', 'variance'],
    vjp: ({x, gamma, mean, variance}, _, {attributes, outputs, cotangents}) => {
      const [dy, dmean, dvariance] = cotangents;
      const gradient = dy ?? zeros(given(outputs[0], 'batch_normalization'));
      const [dx, dgamma, dbeta] = isRecording()
        ? composedGradient(x, gamma, gradient, attributes.epsilon, 0)
        : applyAll(batchNormalizationGradient, [gradient, x, gamma, mean, variance], attributes);
      // d(mean)/dx = 1 / n, d(variance)/dx = 2 (x - mean) / n
      const n = x.dim(0);
      let total = given(dx, 'batch_normalization');
      if (dmean !== null && dmean !== undefined) total = total.add(dmean.div(n));
      if (dvariance !== null && dvariance !== undefined) {
        total = total.add(
          x
            .sub(mean)
            .mul(dvariance)
            .mul(2 / n),
        );
      }
      return [total, dgamma ?? null, dbeta ?? null];
    },
  },
});

export const batchNormalizationGradient: Primitive<NormalizationAttributes> = definePrimitive(
  'batch_normalization_gradient',
  {
    inputs: ['dy', 'x', 'gamma', 'mean', 'variance'],
    outputs: ['dx', 'dgamma', 'dbeta'],
    infer: (inputs: readonly Spec[], _: NormalizationAttributes, op) => gradientSpecs(inputs, op),
    run: {kind: 'contiguous', encode},
    gradient: null,
  },
);
