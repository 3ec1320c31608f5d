import {config, type Element, type Shape, ShapeError, type Tensor, type TensorLike, ValueError} from '@keratin/core';
import {convert, describe, isFloating, isPlainObject, isSymbolic, show, tensorsIn} from '@keratin/core/internal';
import {type Batch, sizeOfBatch, type TensorStructure} from './batch.js';

/** Whether a list holds several arrays: one of its entries is a tensor with axes, or a typed array. */
function isListOfArrays(value: readonly unknown[]): boolean {
  return value.some((entry) => ArrayBuffer.isView(entry) || tensorsIn([entry]).some(({ndim}) => ndim > 0));
}

/**
 * Data as tensors. Floats of another dtype become floatx, as in Keras; integers and booleans stay as they are.
 * @param name what it is, for messages: `x`
 */
export function toTensors(where: string, name: string, value: unknown): TensorStructure {
  if (Array.isArray(value) && isListOfArrays(value)) {
    return value.map((entry: unknown, i) => toTensors(where, `${name}[${String(i)}]`, entry));
  }
  if (isPlainObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) throw new ValueError(`${where}: ${name} has no arrays, got an empty object`);
    return Object.fromEntries(entries.map(([key, entry]) => [key, toTensors(where, `${name}.${key}`, entry)]));
  }
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'function') {
    throw new ValueError(
      `${where}: ${name} must be a tensor, a typed array, nested arrays, or a list or object of them, got ${describe(value)}`,
    );
  }
  const tensor = convert(value as TensorLike, undefined, `${where}: ${name}`) as Tensor<Element>;
  if (isSymbolic(tensor)) throw new ValueError(`${where}: ${name} is a symbolic tensor, which has no values`);
  if (tensor.ndim === 0) {
    throw new ShapeError(`${where}: ${name} must have at least one axis (samples), got a scalar`);
  }
  return isFloating(tensor.dtype) && tensor.dtype !== config.floatx() ? tensor.cast(config.floatx()) : tensor;
}

interface Named {
  readonly name: string;
  readonly value: TensorStructure | undefined;
}

/** The number of samples that all arrays have. */
export function countSamples(where: string, parts: readonly Named[]): number {
  let first: {readonly name: string; readonly size: number; readonly shape: Shape} | undefined;
  for (const {name, value} of parts) {
    for (const {length: size, shape} of tensorsIn(value)) {
      first ??= {name, size, shape};
      if (size === first.size) continue;
      throw new ShapeError(
        `${where}: all arrays must have the same number of samples, got ${first.name} ${show(first.shape)} and ${name} ${show(shape)}`,
      );
    }
  }
  if (first === undefined) throw new ValueError(`${where}: there is no data`);
  if (first.size === 0) throw new ValueError(`${where}: ${first.name} is empty, its shape is ${show(first.shape)}`);
  return first.size;
}

/** A batch from what a dataset or generator yields: x, [x], [x, y] or [x, y, sampleWeight]. */
export function toBatch(where: string, value: unknown): Batch {
  if (Array.isArray(value) && (value.length === 0 || value.length > 3)) {
    throw new ValueError(`${where}: the data must yield x, [x, y] or [x, y, sampleWeight], got ${describe(value)}`);
  }
  const [x, y, weight] = (Array.isArray(value) ? value : [value]) as readonly unknown[];
  const given = (part: unknown): boolean => part !== undefined && part !== null;
  const inputs = toTensors(where, 'x', x);
  const targets = given(y) ? toTensors(where, 'y', y) : undefined;
  const sampleWeight = given(weight) ? toTensors(where, 'sampleWeight', weight) : undefined;
  countSamples(where, [
    {name: 'x', value: inputs},
    {name: 'y', value: targets},
    {name: 'sampleWeight', value: sampleWeight},
  ]);
  return {x: inputs, y: targets, sampleWeight, size: sizeOfBatch(where, tensorsIn(inputs))};
}
