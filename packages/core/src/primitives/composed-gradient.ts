import {GradientTape} from '../engine/tape.js';
import {type Tensor} from '../tensor/tensor.js';

/** The gradients of a function in ops at its inputs, which can be differentiated again: null for what is not differentiable. */
export function composedGradient(
  fn: (...inputs: readonly Tensor[]) => readonly Tensor[],
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  const tape = new GradientTape();
  for (const input of inputs) tape.watch(input);
  const total = tape.record<Tensor | null>(() => {
    const parts = fn(...inputs).flatMap((y, i) => {
      const dy = cotangents[i];
      return dy === null || dy === undefined ? [] : [y.mul(dy).sum()];
    });
    return parts.length === 0 ? null : parts.reduce((sum, part) => sum.add(part));
  });
  return total === null ? [] : tape.gradient(total, inputs, {unconnectedGradients: 'none'});
}
