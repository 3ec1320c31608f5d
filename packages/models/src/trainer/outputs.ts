import {type Element, type Tensor, ValueError} from '@keratin/core';
import {describe, isPlainObject, tensorsIn} from '@keratin/core/internal';

/** The outputs of a model side by side: one tensor, a list, or a dictionary by sorted name, as Keras orders them. */
export interface Outputs {
  readonly tensors: readonly Tensor[];
  /** Names of the outputs; null for a single tensor, and for a list where the model has no names for them. */
  readonly names: readonly string[] | null;
}

/** The names that a functional model has for a list of outputs. */
export type OutputNames = readonly string[] | null;

/** Takes the outputs of a model apart; `names` are those that a functional model has for a list of outputs. */
export function outputsOf(where: string, value: unknown, names: OutputNames = null): Outputs {
  if (Array.isArray(value)) {
    return {tensors: value.map((entry) => leaf(where, entry)), names: names?.length === value.length ? names : null};
  }
  if (isPlainObject(value)) {
    const keys = Object.keys(value).sort();
    return {tensors: keys.map((key) => leaf(where, value[key])), names: keys};
  }
  return {tensors: [leaf(where, value)], names: null};
}

function leaf(where: string, value: unknown): Tensor {
  const [tensor] = tensorsIn(value);
  if (tensor === value && tensor !== undefined) return tensor as Tensor;
  throw new ValueError(
    `${where}: the model must give a tensor, or a list or object of tensors, to be trained; it gave ${describe(value)}`,
  );
}

/**
 * What goes with each output: targets or sample weights, given in the form of the outputs, as a list in their order, or by name.
 * Null where there is none for an output.
 */
export function alignTo(where: string, what: string, value: unknown, outputs: Outputs): (Tensor<Element> | null)[] {
  const {tensors, names} = outputs;
  const count = tensors.length;
  const [single] = tensorsIn(value);
  if (single !== undefined && single === value) {
    if (count === 1) return [single];
    throw new ValueError(
      `${where}: the model has ${String(count)} outputs, got one array as ${what}; give one per output`,
    );
  }
  if (Array.isArray(value)) {
    if (value.length !== count) {
      throw new ValueError(
        `${where}: the model has ${String(count)} outputs, got ${String(value.length)} arrays as ${what}`,
      );
    }
    return value.map((entry: unknown) => tensorsIn(entry)[0] ?? null);
  }
  if (isPlainObject(value)) {
    const given = Object.keys(value);
    if (names === null) {
      if (count === 1 && given.length === 1) return tensorsIn(value);
      throw new ValueError(
        `${where}: the outputs of the model have no names, got ${what} by the names ${given.join(', ')}; give a list`,
      );
    }
    const odd = given.find((name) => !names.includes(name));
    if (odd !== undefined) {
      throw new ValueError(`${where}: ${what} has "${odd}", the outputs of the model are ${names.join(', ')}`);
    }
    return names.map((name) => tensorsIn(value[name])[0] ?? null);
  }
  throw new ValueError(`${where}: ${what} must be arrays, got ${describe(value)}`);
}

/** One entry of an option for each output: one for all, a list in their order, or by name. */
export function perOutput<T>(
  where: string,
  option: string,
  value: T | readonly T[] | Readonly<Record<string, T>>,
  outputs: Outputs,
  isOne: (value: unknown) => value is T,
): (T | null)[] {
  const {names} = outputs;
  const count = outputs.tensors.length;
  if (isOne(value)) return Array.from({length: count}, () => value);
  if (Array.isArray(value)) {
    if (value.length === count) return [...(value as readonly T[])];
    throw new ValueError(
      `${where}: ${option} has ${String(value.length)} entries, the model has ${String(count)} outputs`,
    );
  }
  const entries = Object.entries(value as Readonly<Record<string, T>>);
  if (names === null) {
    const [first] = entries;
    if (count === 1 && entries.length === 1 && first !== undefined) return [first[1]];
    throw new ValueError(
      `${where}: ${option} is given by the names ${entries.map(([name]) => name).join(', ')}, but the outputs of the model have no names; give a list`,
    );
  }
  const odd = entries.find(([name]) => !names.includes(name));
  if (odd !== undefined) {
    throw new ValueError(`${where}: ${option} has "${odd[0]}", the outputs of the model are ${names.join(', ')}`);
  }
  const byName = new Map(entries);
  return names.map((name) => byName.get(name) ?? null);
}
