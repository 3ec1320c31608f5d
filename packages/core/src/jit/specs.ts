import {type DType, type Element} from '../dtype.js';
import {ValueError} from '../errors.js';
import {maskOf, withMask} from '../engine/hidden.js';
import {isPlainObject} from '../structure.js';
import {sameShape} from '../shape.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';

/** A tensor of an argument, with the mask that travels with it. */
export interface TensorSpec {
  readonly kind: 'tensor';
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly mask: TensorSpec | null;
}

/** What a program was made for: tensors by shape and dtype, all else by value. */
export type ArgumentSpec =
  | TensorSpec
  | {readonly kind: 'static'; readonly value: unknown}
  | {readonly kind: 'list'; readonly items: readonly ArgumentSpec[]}
  | {readonly kind: 'dictionary'; readonly keys: readonly string[]; readonly items: readonly ArgumentSpec[]};

/** The spec of a value. Variables and other objects are static: a program knows them by identity. */
export function specOf(value: unknown): ArgumentSpec {
  if (isTensor(value) && !value.mutable) return tensorSpec(value);
  if (Array.isArray(value)) return {kind: 'list', items: value.map(specOf)};
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    return {kind: 'dictionary', keys, items: keys.map((key) => specOf(value[key]))};
  }
  if (ArrayBuffer.isView(value)) {
    throw new ValueError(
      'jit: a typed array is no argument of a jitted function, since its contents may change unseen; pass tensor(data)',
    );
  }
  return {kind: 'static', value};
}

function tensorSpec(value: Tensor<Element>): TensorSpec {
  const mask = maskOf(value);
  return {
    kind: 'tensor',
    shape: value.shape.map(Number),
    dtype: value.dtype,
    mask: mask === null ? null : tensorSpec(mask),
  };
}

/** Whether a value has the spec; its tensors are added to `tensors` in the order of {@link tensorSpecs}. */
export function matches(spec: ArgumentSpec, value: unknown, tensors: Tensor<Element>[]): boolean {
  switch (spec.kind) {
    case 'tensor':
      if (!isTensor(value) || value.dtype !== spec.dtype || value.mutable) return false;
      if (!sameShape(value.shape, spec.shape)) return false;
      tensors.push(value);
      // Most tensors have nothing beside their value.
      if (value.extra === undefined) return spec.mask === null;
      return spec.mask === null ? maskOf(value) === null : matches(spec.mask, maskOf(value), tensors);
    case 'static':
      return Object.is(value, spec.value);
    case 'list': {
      if (!Array.isArray(value) || value.length !== spec.items.length) return false;
      for (let i = 0; i < spec.items.length; i++) {
        const item = spec.items[i];
        if (item === undefined || !matches(item, value[i], tensors)) return false;
      }
      return true;
    }
    case 'dictionary': {
      if (!isPlainObject(value)) return false;
      const keys = Object.keys(value);
      return (
        keys.length === spec.keys.length &&
        spec.items.every((item, i) => {
          const key = spec.keys[i] ?? '';
          return key in value && matches(item, value[key], tensors);
        })
      );
    }
  }
}

/** The value with something else in place of each tensor, in the order of {@link matches}. */
export function replaceTensors(spec: ArgumentSpec, make: (spec: TensorSpec) => Tensor<Element>): unknown {
  switch (spec.kind) {
    case 'tensor': {
      const tensor = make(spec);
      return spec.mask === null ? tensor : withMask(tensor, make(spec.mask) as Tensor<boolean>);
    }
    case 'static':
      return spec.value;
    case 'list':
      return spec.items.map((item) => replaceTensors(item, make));
    case 'dictionary':
      return Object.fromEntries(spec.keys.map((key, i) => [key, replaceTensors(spec.items[i] ?? NOTHING, make)]));
  }
}

const NOTHING: ArgumentSpec = {kind: 'static', value: undefined};

/** `float32[2,3], 5`: for messages. */
export function describeSpec(spec: ArgumentSpec): string {
  switch (spec.kind) {
    case 'tensor':
      return `${spec.dtype}[${spec.shape.join(',')}]`;
    case 'static':
      return typeof spec.value === 'object' && spec.value !== null ? 'an object' : String(spec.value);
    case 'list':
      return `[${spec.items.map(describeSpec).join(', ')}]`;
    case 'dictionary':
      return `{${spec.items.map((item, i) => `${spec.keys[i] ?? ''}: ${describeSpec(item)}`).join(', ')}}`;
  }
}
