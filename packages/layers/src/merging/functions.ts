import {type Tensor} from '@keratin/core';
import {type LayerOptions} from '../layer/types.js';
import {Concatenate} from './concatenate.js';
import {Dot, type DotOptions} from './dot.js';
import {Add, Average, Maximum, Minimum, Multiply, Subtract} from './elementwise.js';

// Merging layers as functions: a new layer for each call.

/** The sum of all inputs, as layer {@link Add}. */
export const add = (inputs: readonly Tensor[], options?: LayerOptions): Tensor => new Add(options)(inputs);
/** The first input less the second, as layer {@link Subtract}. */
export const subtract = (inputs: readonly Tensor[], options?: LayerOptions): Tensor => new Subtract(options)(inputs);
/** The product of all inputs, as layer {@link Multiply}. */
export const multiply = (inputs: readonly Tensor[], options?: LayerOptions): Tensor => new Multiply(options)(inputs);
/** The mean of all inputs, as layer {@link Average}. */
export const average = (inputs: readonly Tensor[], options?: LayerOptions): Tensor => new Average(options)(inputs);
/** The largest of all inputs, as layer {@link Maximum}. */
export const maximum = (inputs: readonly Tensor[], options?: LayerOptions): Tensor => new Maximum(options)(inputs);
/** The smallest of all inputs, as layer {@link Minimum}. */
export const minimum = (inputs: readonly Tensor[], options?: LayerOptions): Tensor => new Minimum(options)(inputs);
/** All inputs joined along an axis, as layer {@link Concatenate}. */
export const concatenate = (inputs: readonly Tensor[], options?: LayerOptions & {axis?: number | undefined}): Tensor =>
  new Concatenate(options)(inputs);
/** Products of two tensors summed over axes, as layer {@link Dot}. Default: the last axis of both. */
export const dot = (
  inputs: readonly Tensor[],
  axes: number | readonly [number, number] = -1,
  options?: DotOptions,
): Tensor => new Dot(axes, options)(inputs);
