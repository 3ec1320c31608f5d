import {type Element, isTensor, ShapeError, type Tensor, type TensorLike, ValueError} from '@keratin/core';
import {convert, describe, isPlainObject, maskOf, originOf, show, tensorsIn, withMask} from '@keratin/core/internal';
import {InputLayer} from '@keratin/layers';
import {type Graph} from './graph.js';
import {type GraphOperation} from './operation.js';

type AnyTensor = Tensor<Element>;

const inputLayerOf = (tensor: AnyTensor): InputLayer | null => {
  const operation = originOf<GraphOperation>(tensor)?.node.operation;
  return operation instanceof InputLayer ? operation : null;
};

/** The name that data for an input may be given under. */
export const inputName = (tensor: AnyTensor): string => inputLayerOf(tensor)?.name ?? '';

const isOne = (structure: unknown): structure is AnyTensor => isTensor(structure);

/**
 * Arguments of a functional model in the structure of its inputs, as tensors: a list of one for one input, a dictionary by the names
 * of the inputs for a list of them.
 * @param path of the model, for messages
 */
export function arranged(graph: Graph, value: unknown, path: string): unknown {
  const {inputStructure} = graph;
  if (isOne(inputStructure)) {
    if (Array.isArray(value) && value.length === 1 && isTensor(value[0])) return value[0];
    if (isPlainObject(value)) return byNames(path, [inputStructure], value)[0];
    return value;
  }
  if (Array.isArray(inputStructure)) {
    if (isPlainObject(value) && inputStructure.every(isOne)) return byNames(path, inputStructure, value);
    if (isTensor(value) && inputStructure.length === 1) return [value];
  }
  if (isPlainObject(inputStructure) && Array.isArray(value)) {
    const keys = Object.keys(inputStructure);
    const sorted = [...keys].sort();
    // A list has the order of the sorted names, which is clear only where they were given in that order.
    if (keys.length === value.length && keys.every((key, i) => key === sorted[i])) {
      return matched(path, inputStructure, Object.fromEntries(keys.map((key, i) => [key, value[i] as unknown])), '');
    }
  }
  return matched(path, inputStructure, value, '');
}

function byNames(path: string, inputs: readonly AnyTensor[], value: Readonly<Record<string, unknown>>): unknown[] {
  return inputs.map((input) => {
    const name = inputName(input);
    if (Object.hasOwn(value, name)) return leafOf(path, input, value[name]);
    const names = inputs.map(inputName).join(', ');
    throw new ValueError(`${path}: expects inputs by the names ${names}, got ${Object.keys(value).join(', ')}`);
  });
}

function matched(path: string, structure: unknown, value: unknown, at: string): unknown {
  if (isOne(structure)) return leafOf(path, structure, value);
  const where = at === '' ? '' : ` at ${at}`;
  if (Array.isArray(structure)) {
    const names = structure.every(isOne) ? ` (${structure.map(inputName).join(', ')})` : '';
    const wanted = `${path}: expects a list of ${String(structure.length)} inputs${names}${where}`;
    if (!Array.isArray(value)) throw new ValueError(`${wanted}, got ${describe(value)}`);
    if (value.length !== structure.length) throw new ValueError(`${wanted}, got ${String(value.length)}`);
    return structure.map((entry: unknown, i) => matched(path, entry, value[i], `${at}[${String(i)}]`));
  }
  const keys = Object.keys(structure as object);
  const wanted = `${path}: expects inputs by the names ${keys.join(', ')}${where}`;
  if (!isPlainObject(value)) throw new ValueError(`${wanted}, got ${describe(value)}`);
  const given = Object.keys(value);
  const missing = keys.some((key) => !Object.hasOwn(value, key));
  const odd = given.some((key) => !keys.includes(key));
  if (missing || odd) throw new ValueError(`${wanted}, got ${given.join(', ')}`);
  return Object.fromEntries(
    keys.map((key) => [key, matched(path, Reflect.get(structure as object, key), value[key], `${at}.${key}`)]),
  );
}

function leafOf(path: string, input: AnyTensor, value: unknown): unknown {
  if (isTensor(value)) return value;
  if (value === null || value === undefined) {
    const layer = inputLayerOf(input);
    if (layer?.optional === true) return null;
    throw new ValueError(`${path}: the input "${inputName(input)}" is not optional, got ${describe(value)}`);
  }
  if (isPlainObject(value) || (Array.isArray(value) && tensorsIn(value).some(({ndim}) => ndim > 0))) {
    throw new ValueError(`${path}: the input "${inputName(input)}" is one tensor, got ${describe(value)}`);
  }
  return convert(value as TensorLike<Element>, undefined, path);
}

/** One input in the dtype and rank of its Input: a last axis of one may be missing or too many, as in Keras. */
export function adapted(input: AnyTensor, value: unknown, path: string): unknown {
  if (!isTensor(value)) return value;
  const wanted = input.shape;
  let x: AnyTensor = value;
  if (x.ndim === wanted.length - 1 && wanted.at(-1) === 1) x = x.expandDims(-1);
  else if (x.ndim === wanted.length + 1 && x.shape.at(-1) === 1) x = x.squeeze(-1);
  // The size of the batch is free, also where the Input was made for a known one.
  const fits =
    x.ndim === wanted.length &&
    wanted.every((n, i) => i === 0 || n === null || x.shape[i] === null || n === x.shape[i]);
  if (!fits) {
    throw new ShapeError(
      `${path}: the input "${inputName(input)}" must have shape ${show(wanted)}, got ${show(value.shape)}`,
    );
  }
  if (x.dtype !== input.dtype) x = x.cast(input.dtype);
  const mask = maskOf(value);
  return mask === null || x === value ? x : withMask(x, mask);
}
