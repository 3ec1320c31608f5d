import {InternalError} from '../errors.js';
import {concatenate, split, stack, unstack} from '../ops/shape.js';
import {type Tensor} from '../tensor/tensor.js';

// The cells step by step in ops: what the kernels of recurrent.ts compute in one go.

/** x [t, b, 4 u], h0 and c0 [b, u], kernel [u, 4 u] to h, c [t, b, u] and the gates i, f, g, o [t, b, 4 u]. */
export function lstmSteps(...[x, h0, c0, kernel]: readonly Tensor[]): readonly Tensor[] {
  return goThrough(required(x), [required(h0), required(c0)], 3, (step, [h, c]) => {
    const [i, f, g, o] = split(step.add(required(h).matmul(required(kernel))), 4, -1);
    const [input, forget, output] = [required(i).sigmoid(), required(f).sigmoid(), required(o).sigmoid()];
    const candidate = required(g).tanh();
    const cell = forget.mul(required(c)).add(input.mul(candidate));
    const state = output.mul(cell.tanh());
    return {states: [state, cell], outputs: [[state], [cell], [input, forget, candidate, output]]};
  });
}

/** x [t, b, 3 u], h0 [b, u], kernel [u, 3 u], bias [3 u] to h [t, b, u] and z, r, g, h U + b of g [t, b, 4 u]. */
export function gruSteps(...[x, h0, kernel, bias]: readonly Tensor[]): readonly Tensor[] {
  return goThrough(required(x), [required(h0)], 2, (step, [before]) => {
    const h = required(before);
    const [xz, xr, xg] = split(step, 3, -1);
    const [hz, hr, hg] = split(h.matmul(required(kernel)).add(required(bias)), 3, -1);
    const update = required(xz).add(required(hz)).sigmoid();
    const reset = required(xr).add(required(hr)).sigmoid();
    const own = required(hg);
    const candidate = required(xg).add(reset.mul(own)).tanh();
    const state = update.mul(h).add(update.neg().add(1).mul(candidate));
    return {states: [state], outputs: [[state], [update, reset, candidate, own]]};
  });
}

/** x [t, b, u], h0 [b, u], kernel [u, u] to h [t, b, u]. */
export function simpleSteps(...[x, h0, kernel]: readonly Tensor[]): readonly Tensor[] {
  return goThrough(required(x), [required(h0)], 1, (step, [h]) => {
    const state = step.add(required(h).matmul(required(kernel))).tanh();
    return {states: [state], outputs: [[state]]};
  });
}

interface Step {
  readonly states: readonly Tensor[];
  /** Of each output, what stands side by side in it. */
  readonly outputs: readonly (readonly Tensor[])[];
}

function goThrough(
  x: Tensor,
  initial: readonly Tensor[],
  outputs: number,
  step: (x: Tensor, states: readonly Tensor[]) => Step,
): readonly Tensor[] {
  const all: Tensor[][] = Array.from({length: outputs}, () => []);
  let states = initial;
  for (const now of unstack(x)) {
    const made = step(now, states);
    states = made.states;
    made.outputs.forEach((parts, i) => all[i]?.push(parts.length === 1 ? required(parts[0]) : concatenate(parts, -1)));
  }
  return all.map((list) => stack(list));
}

const required = (x: Tensor | undefined): Tensor => {
  if (x === undefined) throw new InternalError('a recurrent cell lacks a tensor');
  return x;
};
