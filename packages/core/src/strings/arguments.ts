import {DtypeError, ValueError} from '../errors.js';
import {concrete, show} from '../shape.js';
import {describe} from '../suggest.js';
import {convert, type TensorLike} from '../tensor/convert.js';
import {assertReadable, type Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';

/** A string, nested arrays of strings or a string tensor. */
export type Strings = TensorLike<string>;

/** An argument as a string tensor. */
export function toText(x: Strings, op: string): Tensor<string> {
  const value = convert<string>(x, undefined, op);
  if (value.dtype !== 'string') {
    throw new DtypeError(`${op}: a string tensor is needed, got ${value.dtype} of shape ${show(value.shape)}`);
  }
  assertReadable(value, op);
  return value;
}

/** Each string through a function. */
export function mapText(x: Strings, op: string, fn: (text: string) => string): Tensor<string> {
  const value = toText(x, op);
  return textTensor(textOf(value).map(fn), concrete(value.shape));
}

/** An integer argument, with a lower bound. */
export function checkInteger(op: string, name: string, value: unknown, least = Number.MIN_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
  const bound = least === Number.MIN_SAFE_INTEGER ? '' : ` of at least ${String(least)}`;
  throw new ValueError(`${op}: ${name} must be an integer${bound}, got ${describe(value)}`);
}

/** A text argument. */
export function checkText(op: string, name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ValueError(`${op}: ${name} must be a string, got ${describe(value)}`);
}
