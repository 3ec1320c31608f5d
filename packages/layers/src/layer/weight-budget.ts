import {ValueError} from '@keratin/core';
import {show} from '@keratin/core/internal';

// A config may ask for weights that no memory holds. Where they are to come from a file, the file says how many there can be.

/** Elements that models make beside what files store: states of generators, of stateful layers. */
const SLACK = 4_000_000;

let left: number | null = null;
let most = 0;

/** Runs `fn`, in which layers may make weights with so many elements, and little more. */
export function withWeightBudget<T>(elements: number, fn: () => T): T {
  const outer = {left, most};
  left = elements + SLACK;
  most = elements;
  try {
    return fn();
  } finally {
    ({left, most} = outer);
  }
}

/**
 * Counts a weight before memory is taken for it.
 * @throws ValueError where the file cannot have its values
 */
export function spendWeights(where: string, name: string, shape: readonly number[]): void {
  if (left === null) return;
  const elements = shape.reduce((n, size) => n * size, 1);
  if (elements > left) {
    throw new ValueError(
      `${where}: the config asks for weight "${name}" of shape ${show(shape)}, but all weights in the file have ${String(most)} elements together`,
    );
  }
  left -= elements;
}

let zeros = false;

/** Runs `fn`, in which all weights are made of zeros: nothing is drawn for models that are made for their form alone. */
export function withZeroWeights<T>(fn: () => T): T {
  const outer = zeros;
  zeros = true;
  try {
    return fn();
  } finally {
    zeros = outer;
  }
}

export const hasZeroWeights = (): boolean => zeros;
