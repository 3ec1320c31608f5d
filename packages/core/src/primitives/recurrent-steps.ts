import {InternalError} from '../errors.js';
import {concatenate, split, stack, unstack} from '../ops/shape.js';
import {type Tensor} from '../tensor/tensor.js';

// The cells step by step in ops: what the kernels of recurrent.ts compute in one go.

/** An LSTM: x [b, t, f], h0, c0, kernel, recurrent, bias to the last h and c, and h, c and the gates i, f, g, o of all steps. */
export function lstmSteps(...[x, h0, c0, kernel, recurrent, bias]: readonly Tensor[]): readonly Tensor[] {
  const sums = projected(x, kernel, bias);
  return goThrough(sums, [required(h0), required(c0)], 3, (step, [h, c]) => {
    const [i, f, g, o] = split(step.add(required(h).matmul(required(recurrent))), 4, -1);
    const [input, forget, output] = [required(i).sigmoid(), required(f).sigmoid(), required(o).sigmoid()];
    const candidate = required(g).tanh();
    const cell = forget.mul(required(c)).add(input.mul(candidate));
    const state = output.mul(cell.tanh());
    return {states: [state, cell], outputs: [[state], [cell], [input, forget, candidate, output]]};
  });
}

/** A GRU: x, h0, kernel, recurrent, bias, that of the states, to the last h, and h and z, r, g, h U + b of g of all steps. */
export function gruSteps(...[x, h0, kernel, recurrent, bias, ofStates]: readonly Tensor[]): readonly Tensor[] {
  return goThrough(projected(x, kernel, bias), [required(h0)], 2, (step, [before]) => {
    const h = required(before);
    const [xz, xr, xg] = split(step, 3, -1);
    const [hz, hr, hg] = split(h.matmul(required(recurrent)).add(required(ofStates)), 3, -1);
    const update = required(xz).add(required(hz)).sigmoid();
    const reset = required(xr).add(required(hr)).sigmoid();
    const own = required(hg);
    const candidate = required(xg).add(reset.mul(own)).tanh();
    const state = update.mul(h).add(update.neg().add(1).mul(candidate));
    return {states: [state], outputs: [[state], [update, reset, candidate, own]]};
  });
}

/** A simple recurrent net: x, h0, kernel, recurrent, bias to the last h, and h of all steps. */
export function simpleSteps(...[x, h0, kernel, recurrent, bias]: readonly Tensor[]): readonly Tensor[] {
  return goThrough(projected(x, kernel, bias), [required(h0)], 1, (step, [h]) => {
    const state = step.add(required(h).matmul(required(recurrent))).tanh();
    return {states: [state], outputs: [[state]]};
  });
}

/** x kernel + bias; a kernel without rows is the identity. */
function projected(...[x, kernel, bias]: readonly (Tensor | undefined)[]): Tensor {
  const [inputs, weights] = [required(x), required(kernel)];
  if (weights.dim(0) === 0) return inputs.add(required(bias));
  const [batch, steps, features] = [inputs.dim(0), inputs.dim(1), inputs.dim(2)];
  const sums = inputs
    .reshape([batch * steps, features])
    .matmul(weights)
    .add(required(bias));
  return sums.reshape([batch, steps, weights.dim(1)]);
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
  for (const now of unstack(x, 1)) {
    const made = step(now, states);
    states = made.states;
    made.outputs.forEach((parts, i) => all[i]?.push(parts.length === 1 ? required(parts[0]) : concatenate(parts, -1)));
  }
  return [...states, ...all.map((list) => stack(list, 1))];
}

const required = (x: Tensor | undefined): Tensor => {
  if (x === undefined) throw new InternalError('a recurrent cell lacks a tensor');
  return x;
};
