import {bytesOf, flopsOf} from '../profile/flops.js';
import {type Instruction, lower} from './lower.js';
import {planMemory} from './memory.js';

/** What one run of a compiled function takes. */
export interface Cost {
  /**
   * Floating-point operations: 2 for each multiplication and addition of a product, the formulas' own for factorizations, transforms and
   * fused functions, else 1 for each element that is computed or reduced. A loop counts as often as it goes round, a branch with its longer
   * way.
   */
  readonly flops: number;
  /** Bytes that kernels read and write, each operand counted once for each kernel. */
  readonly bytes: number;
  /** Kernel calls. */
  readonly kernels: number;
  /** Bytes of memory for intermediate results, without what loops save for their gradients. */
  readonly arenaBytes: number;
  /** The most of these bytes that are needed at one time. */
  readonly liveBytes: number;
  /** Loops whose number of trips is known only when they run: their part of the above is that of one trip each. */
  readonly openLoops: number;
}

type Memory = Pick<Cost, 'arenaBytes' | 'liveBytes'>;

const NOTHING: Cost = {flops: 0, bytes: 0, kernels: 0, arenaBytes: 0, liveBytes: 0, openLoops: 0};

/** One after the other, apart from their memory. */
const both = (a: Cost, b: Cost): Cost => ({
  flops: a.flops + b.flops,
  bytes: a.bytes + b.bytes,
  kernels: a.kernels + b.kernels,
  arenaBytes: a.arenaBytes,
  liveBytes: a.liveBytes,
  openLoops: a.openLoops + b.openLoops,
});

const times = (cost: Cost, trips: number): Cost => ({
  ...cost,
  flops: cost.flops * trips,
  bytes: cost.bytes * trips,
  kernels: cost.kernels * trips,
});

/** The cost of a list of kernel calls whose intermediate results take so much memory. */
export function costOf(instructions: readonly Instruction[], {arenaBytes, liveBytes}: Memory): Cost {
  let total: Cost = {...NOTHING, arenaBytes, liveBytes};
  for (const instruction of instructions) {
    const {inputs, outputs} = instruction;
    const bytes = [...inputs, ...outputs].reduce((sum, operand) => sum + bytesOf(operand), 0);
    const inside = insideOf(instruction);
    total = {
      ...both(total, both({...NOTHING, flops: flopsOf(instruction), bytes, kernels: 1}, inside)),
      arenaBytes: Math.max(total.arenaBytes, arenaBytes + inside.arenaBytes),
      liveBytes: Math.max(total.liveBytes, liveBytes + inside.liveBytes),
    };
  }
  return total;
}

/** The cost of a branch's or loop's programs. */
function insideOf({programs = [], kernel, attributes}: Instruction): Cost {
  if (programs.length === 0) return NOTHING;
  const costs = programs.map((program) => {
    const lowered = lower(program, program.results);
    const plan = planMemory(lowered);
    return costOf(plan.instructions, plan);
  });
  const [first = NOTHING, second = NOTHING] = costs;
  if (kernel === 'branch') return second.flops > first.flops ? second : first;
  // A condition's memory stands beside the body's.
  const trip = {
    ...both(first, second),
    arenaBytes: first.arenaBytes + second.arenaBytes,
    liveBytes: first.liveBytes + second.liveBytes,
  };
  const [limit = -1] = attributes;
  const isCounted = programs.length === 1 && limit >= 0;
  return isCounted ? times(trip, limit) : {...trip, openLoops: trip.openLoops + 1};
}
