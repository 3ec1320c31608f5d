import {type DType, type Element} from '../dtype.js';
import {isPlainObject} from '../structure.js';
import {sameShape} from '../shape.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';

/** What a program was made for: tensors by shape and dtype, all else by value. */
export type ArgumentSpec =
  | {readonly kind: 'tensor'; readonly shape: readonly number[]; readonly dtype: DType}
  | {readonly kind: 'static'; readonly value: unknown}
  | {readonly kind: 'list'; readonly items: readonly ArgumentSpec[]}
  | {readonly kind: 'dictionary'; readonly keys: readonly string[]; readonly items: readonly ArgumentSpec[]};

/** The spec of a value. Variables are static: a program knows them by identity. */
export function specOf(value: unknown): ArgumentSpec {
  if (isTensor(value) && !value.mutable) return {kind: 'tensor', shape: value.shape.map(Number), dtype: value.dtype};
  if (Array.isArray(value)) return {kind: 'list', items: value.map(specOf)};
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    return {kind: 'dictionary', keys, items: keys.map((key) => specOf(value[key]))};
  }
  return {kind: 'static', value};
}

/** Whether a value has the spec; its tensors are added to `tensors` in the order of {@link tensorSpecs}. */
export function matches(spec: ArgumentSpec, value: unknown, tensors: Tensor<Element>[]): boolean {
  switch (spec.kind) {
    case 'tensor':
      if (!isTensor(value) || value.dtype !== spec.dtype || value.mutable || !sameShape(value.shape, spec.shape))
        return false;
      tensors.push(value);
      return true;
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
export function replaceTensors(
  spec: ArgumentSpec,
  make: (spec: {shape: readonly number[]; dtype: DType}) => unknown,
): unknown {
  switch (spec.kind) {
    case 'tensor':
      return make(spec);
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
