import {type Executable} from '../jit/executable.js';
import {type OutputSpec} from './execute.js';
import {type AnyTensor} from './primitive.js';

/** Something that measures every kernel and every run of a compiled program. */
export interface Profiling {
  /**
   * After a kernel outside of compiled functions.
   * @param op the function that the user called
   * @param begin milliseconds of `performance.now()`, as `end`
   */
  kernel(
    op: string,
    opcode: number,
    inputs: readonly AnyTensor[],
    attributes: readonly number[],
    outputs: readonly OutputSpec[],
    begin: number,
    end: number,
  ): void;
  /** Runs a program in place of the executable itself. */
  program(executable: Executable, inputs: readonly AnyTensor[]): AnyTensor[];
}

/** The one that measures now. */
export let profiling: Profiling | null = null;

/** From now on `next` measures. */
export function setProfiling(next: Profiling | null): void {
  profiling = next;
}

/** The time where something measures, else 0. */
export const moment = (): number => (profiling === null ? 0 : performance.now());
