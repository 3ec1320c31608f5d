import {type Program} from '../ir.js';
import {verifies, verify} from '../verify.js';
import {rewriteAlgebra} from './algebra.js';
import {fuseColumns} from './columns.js';
import {shareCommonSubexpressions} from './common-subexpressions.js';
import {removeDeadCode} from './dead-code.js';
import {attachEpilogues} from './epilogue.js';
import {foldConstants} from './fold.js';
import {fuseElementwise} from './fuse.js';
import {groupUpdates} from './group.js';
import {pruneRegions} from './regions.js';
import {fuseRows} from './rows.js';
import {simplify} from './simplify.js';
import {sinkReshapes} from './sink.js';
import {squeezeReductions} from './squeeze.js';

/** Which passes run; all do by default. */
export interface PassOptions {
  /** Computes once, while compiling, what depends on numbers alone. */
  fold?: boolean | undefined;
  /** Leaves out what changes nothing, such as `x * 1`. */
  simplify?: boolean | undefined;
  /** Writes functions as cheaper ones that give the same bits, such as `a + -b` as `a - b`. */
  algebra?: boolean | undefined;
  /** Lets reductions give the shape that a reshape makes of them. */
  squeeze?: boolean | undefined;
  /** Moves reshapes behind elementwise functions, so that these stand beside what they read. */
  sink?: boolean | undefined;
  /** Computes once what is computed twice. */
  share?: boolean | undefined;
  /** Leaves out what nobody needs. */
  deadCode?: boolean | undefined;
  /** Lets products apply a bias and an activation while they are written. */
  epilogue?: boolean | undefined;
  /** Runs reductions of rows with the elementwise functions around them in one pass over memory. */
  rows?: boolean | undefined;
  /** Runs reductions of leading axes with the elementwise functions before them in one pass over memory. */
  columns?: boolean | undefined;
  /** Runs elementwise functions that follow each other in one pass over memory. */
  fuse?: boolean | undefined;
  /** Makes the same optimizer step for all variables in one pass. */
  group?: boolean | undefined;
  /** Lets values take the memory of others that nobody needs any more. */
  reuse?: boolean | undefined;
}

/** In the order in which they run; `reuse` is part of laying out the memory. */
export const PASS_NAMES = [
  'fold',
  'simplify',
  'algebra',
  'squeeze',
  'sink',
  'share',
  'deadCode',
  'epilogue',
  'rows',
  'columns',
  'fuse',
  'group',
  'reuse',
] as const satisfies readonly (keyof PassOptions)[];

const PASSES = {
  fold: foldConstants,
  simplify,
  algebra: rewriteAlgebra,
  squeeze: squeezeReductions,
  sink: sinkReshapes,
  share: shareCommonSubexpressions,
  deadCode: removeDeadCode,
  epilogue: attachEpilogues,
  rows: fuseRows,
  columns: fuseColumns,
  fuse: fuseElementwise,
  group: groupUpdates,
} as const satisfies Partial<Record<keyof PassOptions, (program: Program) => Program>>;

/** The program after all passes that are on. */
export function optimize(program: Program, options: PassOptions = {}): Program {
  const pruned = options.deadCode === false ? program : pruneRegions(program);
  let result: Program = {
    ...pruned,
    nodes: pruned.nodes.map((node) =>
      node.kind === 'region' ? {...node, programs: node.programs.map((each) => optimize(each, options))} : node,
    ),
  };
  if (verifies) verify(result, 'before all passes');
  for (const name of PASS_NAMES) {
    if (name === 'reuse' || options[name] === false) continue;
    result = PASSES[name](result);
    if (verifies) verify(result, `after the pass ${name}`);
  }
  return result;
}
