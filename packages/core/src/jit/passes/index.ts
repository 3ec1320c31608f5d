import {type Program} from '../ir.js';
import {removeDeadCode} from './dead-code.js';

/** Which passes run; all do by default. */
export interface PassOptions {
  /** Leaves out what nobody needs. */
  deadCode?: boolean | undefined;
  /** Lets values take the memory of others that nobody needs any more. */
  reuse?: boolean | undefined;
}

export const PASS_NAMES = ['deadCode', 'reuse'] as const satisfies readonly (keyof PassOptions)[];

/** The program after all passes that are on. */
export function optimize(program: Program, passes: PassOptions = {}): Program {
  let result = program;
  if (passes.deadCode !== false) result = removeDeadCode(result);
  return result;
}
