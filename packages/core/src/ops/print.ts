import {type Element} from '../dtype.js';
import {SymbolicTensorError} from '../errors.js';
import {isSymbolic} from '../engine/hidden.js';
import {tracing} from '../engine/tracing.js';
import {describe} from '../suggest.js';
import {numbersText} from '../tensor/print.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';

/** Text and tensors of one line. */
export type PrintPart<T> = {readonly text: string} | {readonly tensor: T};

/** The line that `print` writes. */
export function printed(parts: readonly PrintPart<Tensor<Element>>[]): void {
  console.log(parts.map((part) => ('text' in part ? part.text : numbersText(part.tensor))).join(' '));
}

/**
 * Writes values to the console, side by side; tensors as their numbers. In a jitted function it writes at every run, after the program (or
 * the part of it that ends where a value is read) is done, where `console.log` writes once, while it is compiled (`tf.print`).
 *
 * @example
 * const step = jit((x: Tensor) => {
 *   const loss = x.square().mean();
 *   print('loss', loss);
 *   return loss;
 * });
 */
export function print(...values: readonly unknown[]): void {
  const parts = values.map((value): PrintPart<Tensor<Element>> => {
    if (!isTensor(value)) return {text: typeof value === 'string' ? value : describe(value)};
    if (isSymbolic(value)) {
      throw new SymbolicTensorError(
        'print: a symbolic tensor has no value; print inside of the call of a layer instead',
      );
    }
    return {tensor: value};
  });
  if (tracing === null) printed(parts);
  else tracing.print(parts);
}
