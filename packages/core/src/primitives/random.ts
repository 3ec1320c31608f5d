import {definePrimitive, type Spec} from '../engine/primitive.js';
import {type DType} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {broadcastShapes, sameShape, type Shape, show} from '../shape.js';
import {floating, given, requireDType, requireRank} from './rules.js';

export interface RandomAttributes {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Seed and call counter, as two 32-bit words each, low first. */
  readonly state: readonly [number, number, number, number];
}

export interface UniformAttributes extends RandomAttributes {
  readonly low: number;
  readonly high: number;
}

export interface NormalAttributes extends RandomAttributes {
  readonly mean: number;
  readonly stddev: number;
}

const spec = (_: unknown, {shape, dtype}: RandomAttributes) => ({shape, dtype});

/** Floats in [low, high), or integers there for integer dtypes. */
export const randomUniform = definePrimitive('random_uniform', {
  inputs: [],
  infer: (inputs, attributes: UniformAttributes) => spec(inputs, attributes),
  run: {kind: 'strided', encode: ({state, low, high}) => [...state, low, high]},
  gradient: null,
});

export const randomNormal = definePrimitive('random_normal', {
  inputs: [],
  infer: (inputs, attributes: NormalAttributes) => spec(inputs, attributes),
  run: {kind: 'strided', encode: ({state, mean, stddev}) => [...state, mean, stddev]},
  gradient: null,
});

/** Normal values, redrawn beyond two standard deviations. */
export const randomTruncatedNormal = definePrimitive('random_truncated_normal', {
  inputs: [],
  infer: (inputs, attributes: NormalAttributes) => spec(inputs, attributes),
  run: {kind: 'strided', encode: ({state, mean, stddev}) => [...state, mean, stddev]},
  gradient: null,
});

/** The numbers 0 to n - 1 in random order. */
export const randomPermutation = definePrimitive('random_permutation', {
  inputs: [],
  infer: (inputs, attributes: RandomAttributes) => spec(inputs, attributes),
  run: {kind: 'strided', encode: ({state}) => [...state]},
  gradient: null,
});

/** Parameters as tensors of the output's dtype, which broadcast to its shape. */
const parameters =
  (...names: readonly string[]) =>
  (inputs: readonly Spec[], {shape, dtype}: RandomAttributes, op: string): Spec => {
    names.forEach((name, i) => {
      const parameter = given(inputs[i], op);
      const rule = {text: dtype, allows: (own: DType) => own === dtype};
      requireDType(op, rule, parameter, name);
      const whole = broadcastShapes(parameter.shape, shape);
      if (whole === null || !sameShape(whole, shape)) {
        throw new ShapeError(
          `${op}: ${name} must broadcast to the shape ${show(shape)}, got one of shape ${show(parameter.shape)}`,
        );
      }
    });
    return {shape, dtype};
  };

const drawn = {
  kind: 'strided',
  encode: ({state}: RandomAttributes) => [...state],
  broadcast: (_: readonly Spec[], outputs: readonly Spec[]) => outputs[0]?.shape ?? null,
} as const;

/** Gamma numbers of the shape parameter alpha and scale 1. */
export const randomGamma = definePrimitive('random_gamma', {
  inputs: ['alpha'],
  infer: parameters('alpha'),
  run: drawn,
  gradient: null,
});

export const randomBeta = definePrimitive('random_beta', {
  inputs: ['alpha', 'beta'],
  infer: parameters('alpha', 'beta'),
  run: drawn,
  gradient: null,
});

/** How many of `counts` trials succeed. */
export const randomBinomial = definePrimitive('random_binomial', {
  inputs: ['counts', 'probabilities'],
  infer: parameters('counts', 'probabilities'),
  run: drawn,
  gradient: null,
});

export interface CategoricalAttributes {
  readonly samples: number;
  readonly dtype: 'int32' | 'int64';
  readonly state: RandomAttributes['state'];
}

/** Class numbers [batch, samples] drawn by the unnormalized log-probabilities of [batch, classes]. */
export const randomCategorical = definePrimitive('random_categorical', {
  inputs: ['logits'],
  infer: ([x]: readonly Spec[], {samples, dtype}: CategoricalAttributes, op) => {
    const logits = given(x, op);
    requireDType(op, floating, logits, 'logits');
    requireRank(op, logits, 2, 'logits');
    return {shape: [logits.shape[0] ?? null, samples], dtype};
  },
  run: {kind: 'strided', encode: ({state}) => [...state]},
  gradient: null,
});
