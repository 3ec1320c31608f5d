import {jit} from '../index.js';
import {PASS_NAMES, type PassOptions} from '../jit/passes/index.js';

/** Options with these passes alone. */
export function only(...passes: readonly (keyof PassOptions)[]): PassOptions {
  return Object.fromEntries(PASS_NAMES.map((name) => [name, passes.includes(name)]));
}

/** The text of a function's program after these passes alone. */
export function programText<A extends readonly unknown[]>(
  fn: (...args: A) => unknown,
  args: A,
  ...passes: readonly (keyof PassOptions)[]
): string {
  return jit(fn, {passes: only(...passes)}).ir(...args);
}
