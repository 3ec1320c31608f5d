import {type Element} from '../dtype.js';
import {isSymbolic, maskOf} from '../engine/hidden.js';
import {type AnyTensor} from '../engine/primitive.js';
import {isTraced, tracing} from '../engine/tracing.js';
import {type Loop, traceLoop} from '../jit/regions.js';
import {flattenStructure} from '../structure.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {packLike} from './structures.js';

// Loops on structures of tensors, as parts of the function that is being compiled.

/** The tensors of what a function gave, for a program; null where there is anything else, such as a mask. */
export function leavesOf(value: unknown, forms: unknown[] = []): Tensor<Element>[] | null {
  forms.push(value);
  const leaves = value === null ? [] : flattenStructure(value);
  const plain = leaves.filter((leaf) => isTensor(leaf)).filter((leaf) => !isSymbolic(leaf) && maskOf(leaf) === null);
  return plain.length === leaves.length ? plain : null;
}

/** A boolean without axes. */
export const truthOf = (condition: Tensor<Element>): Tensor<boolean> =>
  (condition.dtype === 'bool' ? (condition as Tensor<boolean>) : condition.notEqual(0)).reshape([]);

export interface StructuredLoop {
  readonly op: string;
  /** Whether to go on; null where only the number of trips ends the loop. */
  readonly condition: ((states: unknown) => unknown) | null;
  /** The next states, and what this trip adds to the lists: a structure of tensors, or null. */
  readonly body: (states: unknown, rows: unknown) => readonly [states: unknown, rows: unknown];
  readonly states: unknown;
  /** Tensors of which each trip takes a row; null where there are none. */
  readonly xs: unknown;
  readonly limit: number | null;
  readonly reverse: boolean;
  /** States and lists, operation by operation. */
  readonly again: () => readonly [states: unknown, ys: unknown];
}

/** The states and lists of a loop as a part of the program; null where it cannot be one. */
export function loopRegion(loop: StructuredLoop): readonly [states: unknown, ys: unknown] | null {
  if (tracing === null) return null;
  const states = leavesOf(loop.states);
  const xs = leavesOf(loop.xs);
  if (states === null || xs === null) return null;
  const forms: unknown[] = [];
  const {condition, body, op, limit, reverse} = loop;
  const made = traceLoop({
    op,
    limit,
    reverse,
    states,
    xs,
    condition:
      condition === null
        ? null
        : (leaves) => {
            const found = condition(packLike(loop.states, leaves));
            // What is known while compiling needs no loop in the program.
            return isTensor(found) && isTraced(found) && found.size === 1 ? truthOf(found) : null;
          },
    body: (leaves, rows) => {
      const [next, added] = body(packLike(loop.states, leaves), loop.xs === null ? null : packLike(loop.xs, rows));
      const [after, ys] = [leavesOf(next), leavesOf(added, forms)];
      return after === null || ys === null ? null : {states: after, rows: ys};
    },
    again: () => loop.again().flatMap((each): AnyTensor[] => leavesOf(each) ?? []),
  } satisfies Loop);
  if (made === null) return null;
  const [form = null] = forms;
  return [packLike(loop.states, made.states), form === null ? null : packLike(form, made.ys)];
}
