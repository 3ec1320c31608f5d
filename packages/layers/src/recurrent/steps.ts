import {type Element, ops, ShapeError, type Tensor} from '@keratin/core';
import {flattenStructure, mapStructure, show} from '@keratin/core/internal';
import {type States} from './cell.js';

/** How a sequence is gone through. */
export interface StepOptions {
  /** True where a step counts, (batch, time). */
  readonly mask: Tensor<boolean> | undefined;
  readonly goBackwards: boolean;
  /** Whether a masked step gives zeros, not the output before. */
  readonly zeroOutputForMask: boolean;
  readonly returnSequences: boolean;
}

/** What comes of a sequence. */
export interface Through {
  readonly last: Tensor;
  /** Outputs of all steps (batch, time, ...), where they are wanted. */
  readonly all: Tensor | null;
  readonly states: States;
}

/**
 * Calls `step` on each time step of inputs (time, batch, ...). In a masked step the states stay as they are.
 * @returns the output of the last step, those of all steps (batch, time, ...) where they are wanted, and the last states
 */
export function goThrough(
  path: string,
  inputs: Tensor,
  initial: States,
  step: (x: Tensor, states: States) => readonly [output: Tensor, states: States],
  {mask, goBackwards, zeroOutputForMask, returnSequences}: StepOptions,
): Through {
  const order = <T>(list: T[]): T[] => (goBackwards ? list.reverse() : list);
  const steps = order(ops.unstack(inputs));
  const masks = mask === undefined ? null : order(ops.unstack(mask, 1) as Tensor<Element>[] as Tensor<boolean>[]);
  let states = initial;
  const outputs: Tensor[] = [];
  for (const [t, x] of steps.entries()) {
    const [output, next] = step(x, states);
    const counts = masks?.[t];
    if (counts === undefined) {
      outputs.push(output);
      states = next;
    } else {
      const before = zeroOutputForMask ? undefined : outputs.at(-1);
      outputs.push(choose(counts, output, before ?? ops.zerosLike(output)));
      states = chooseStates(counts, next, states);
    }
  }
  const last = outputs.at(-1);
  if (last === undefined) {
    throw new ShapeError(`${path}: a sequence has at least one step, got (time, batch, ...) ${show(inputs.shape)}`);
  }
  return {last, all: returnSequences ? ops.stack(outputs, 1) : null, states};
}

/** `yes` in the samples that count, `no` in the others. */
function choose(counts: Tensor<boolean>, yes: Tensor, no: Tensor): Tensor {
  const shape = yes.shape.map((_, axis) => (axis === 0 ? counts.dim(0) : 1));
  return ops.where(counts.reshape(shape), yes, no);
}

function chooseStates(counts: Tensor<boolean>, next: States, before: States): States {
  const old = flattenStructure(before) as Tensor[];
  let at = 0;
  return mapStructure(next, (leaf) => {
    const tensor = leaf as Tensor;
    return choose(counts, tensor, old[at++] ?? tensor);
  }) as States;
}
