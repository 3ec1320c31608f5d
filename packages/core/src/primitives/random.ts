import {definePrimitive} from '../engine/primitive.js';
import {type DType} from '../dtype.js';
import {type Shape} from '../shape.js';

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
