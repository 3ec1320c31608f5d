import {expect} from 'vitest';
import {isComplex} from '../dtype.js';
import {GradientTape, ops, tensor, type Tensor} from '../index.js';
import {uniform} from './values.js';

export interface GradientCheckOptions {
  /** Largest error relative to 1 + the size of the value. Default 1e-6. */
  tolerance?: number | undefined;
  /** Step of the difference, relative to 1 + the size of the value. Default 1e-5. */
  step?: number | undefined;
  /** 2 checks the gradients of the gradients too. Default 1. */
  order?: 1 | 2 | undefined;
}

/** A function of float64 tensors that gives one or several, complex ones too. */
export type Differentiable = (...inputs: readonly Tensor[]) => Tensor | readonly Tensor[];

/** Complex numbers as pairs: both parts count in a loss. */
export const asReal = (x: Tensor): Tensor => (isComplex(x.dtype) ? ops.viewAsReal(x) : x);

/** The sum of all outputs, each element with a weight of its own. */
function weighted(fn: Differentiable, weights: readonly Tensor[]) {
  return (inputs: readonly Tensor[]): Tensor => {
    const outputs = [fn(...inputs)].flat().map(asReal);
    return outputs.map((y, i) => y.mul(weights[i] ?? y).sum()).reduce((a, b) => a.add(b));
  };
}

const weightsFor = (fn: Differentiable, inputs: readonly Tensor[]): Tensor[] =>
  [fn(...inputs)]
    .flat()
    .map(asReal)
    .map((y, i) => uniform(y.shape.map(Number), 0.5, 1.5, 100 + i));

/** The gradients of the weighted outputs, by a tape. */
export function tapeGradients(fn: Differentiable, inputs: readonly Tensor[], weights?: readonly Tensor[]): Tensor[] {
  const total = weighted(fn, weights ?? weightsFor(fn, inputs));
  const tape = new GradientTape();
  for (const input of inputs) tape.watch(input);
  const y = tape.record<Tensor>(() => total(inputs));
  return [...tape.gradient(y, inputs, {unconnectedGradients: 'zero'})];
}

/**
 * Compares the tape's gradients with central differences. Inputs are float64; outputs are weighted by random numbers, so
 * that no error cancels out.
 */
export function checkGradients(
  fn: Differentiable,
  inputs: readonly Tensor[],
  {tolerance = 1e-6, step = 1e-5, order = 1}: GradientCheckOptions = {},
): void {
  const weights = weightsFor(fn, inputs);
  const total = weighted(fn, weights);
  const gradients = tapeGradients(fn, inputs, weights);
  inputs.forEach((input, k) => {
    const gradient = gradients[k];
    expect(gradient?.shape, `gradient of input ${String(k)}`).toEqual(input.shape);
    expect(gradient?.dtype).toBe('float64');
    const found = gradient?.data() as Float64Array;
    const values = input.data() as Float64Array;
    values.forEach((value, i) => {
      const h = step * (1 + Math.abs(value));
      const at = (x: number) => {
        const moved = Float64Array.from(values);
        moved[i] = x;
        const changed = tensor(moved, {shape: input.shape.map(Number)});
        return total(inputs.map((other, j) => (j === k ? changed : other))).item();
      };
      const slope = (at(value + h) - at(value - h)) / (2 * h);
      const error = Math.abs((found[i] ?? NaN) - slope);
      expect(
        error,
        `input ${String(k)}, element ${String(i)} at ${String(value)}: ${String(found[i])} against ${String(slope)}`,
      ).toBeLessThanOrEqual(tolerance * (1 + Math.abs(slope)));
    });
  });
  if (order === 2) {
    const first: Differentiable = (...xs) => tapeGradients(fn, xs, weights);
    checkGradients(first, inputs, {tolerance: tolerance * 10, step});
  }
}
