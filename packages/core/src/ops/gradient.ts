import {type Element} from '../dtype.js';
import {GradientError, ValueError} from '../errors.js';
import {apply, share} from '../engine/dispatch.js';
import {outsideScopes} from '../tensor/storage.js';
import {recordFunction} from '../engine/recording.js';
import * as primitives from '../primitives/gradient.js';
import {sameShape, show} from '../shape.js';
import {describe} from '../suggest.js';
import {isTensor, Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toTensor} from './convert.js';

/** The same values as a constant: gradients stop here. */
export function stopGradient<E extends Element = number>(x: Tensor<E>): Tensor<E>;
export function stopGradient(x: AnyTensorLike): Tensor;
export function stopGradient(x: AnyTensorLike): Tensor<Element> {
  return apply(primitives.stopGradient, [toTensor(x, 'stopGradient')], undefined, 'stopGradient');
}

/** Gradients of the tensor arguments, in order: one, or a list with null where there is none. */
export type GradientResult = Tensor | null | readonly (Tensor | null)[];

/**
 * A function with a gradient of your own. `fn` gives the output and a function from the output's gradient to those of the
 * tensor arguments, in order. Ops in that function may be differentiated again. Gradients reach arguments only: pass
 * Variables in.
 *
 * @example
 * // log(1 + exp(x)) whose gradient does not overflow
 * const log1pexp = customGradient((x: Tensor) => {
 *   const e = x.exp();
 *   return [e.add(1).log(), (dy: Tensor) => dy.mul(e.add(1).reciprocal().neg().add(1))];
 * });
 * @throws GradientError where the gradients are not one of each tensor argument's shape and dtype
 */
export function customGradient<A extends readonly unknown[]>(
  fn: (...args: A) => readonly [output: Tensor, gradient: (dy: Tensor) => GradientResult],
): (...args: A) => Tensor {
  if (typeof fn !== 'function') throw new ValueError(`customGradient: a function is needed, got ${describe(fn)}`);
  return (...args) => {
    const made: unknown = fn(...args);
    const [y, gradient] = Array.isArray(made) ? (made as unknown[]) : [];
    if (!isTensor(y) || typeof gradient !== 'function') {
      throw new ValueError(
        `customGradient: the function must return [output, gradient], a tensor and a function, got ${describe(made)}`,
      );
    }
    if (y.symbolic) return y as Tensor;
    const inputs = args.filter(isTensor);
    // A tensor of its own: what `fn` recorded leads to y, so that gradients of gradients are known, this one to the arguments.
    share(y);
    const output = Tensor.create(y.shape, y.dtype, y.source, y.strides, y.offset);
    recordFunction('customGradient', inputs, [output], ([dy]) => {
      // The function is the user's: what it is given and what it makes may be kept.
      if (dy !== null && dy !== undefined) share(dy);
      const result = outsideScopes(() => (gradient as (dy: Tensor | null | undefined) => GradientResult)(dy));
      return checked(
        inputs,
        Array.isArray(result) ? (result as readonly (Tensor | null)[]) : [result as Tensor | null],
      );
    });
    return output;
  };
}

function checked(
  inputs: readonly Tensor<Element>[],
  gradients: readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  if (gradients.length !== inputs.length) {
    throw new GradientError(
      `customGradient: ${String(inputs.length)} tensor arguments need as many gradients, got ${String(gradients.length)}`,
    );
  }
  inputs.forEach(({shape, dtype}, i) => {
    const given = gradients[i];
    if (given === null || given === undefined) return;
    if (!isTensor(given) || given.dtype !== dtype || !sameShape(given.shape, shape)) {
      const got = isTensor(given) ? `${given.dtype} of shape ${show(given.shape)}` : describe(given);
      throw new GradientError(
        `customGradient: the gradient of argument ${String(i)} must be ${dtype} of shape ${show(shape)}, got ${got}`,
      );
    }
  });
  return gradients;
}
