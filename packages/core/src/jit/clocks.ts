import {type Value} from './ir.js';
import {type Buffer, type Instruction, type Lowered, type Place} from './lower.js';
import {type Planned} from './memory.js';

/** A program with a reading of the clock before its first instruction and after each one, as one more result. */
export function withClocks(
  lowered: Lowered,
  plan: Planned,
): {readonly lowered: Lowered; readonly plan: Planned; readonly times: Value} {
  const count = plan.instructions.length + 1;
  const buffer: Buffer = {bytes: 8 * count, slot: {kind: 'result', index: lowered.results.length}};
  const clock = (offset: number): Instruction => {
    const place: Place = {kind: 'place', buffer, dtype: 'float64', shape: [1], strides: [1], offset};
    return {...CLOCK, outputs: [place]};
  };
  const instructions = [clock(0), ...plan.instructions.flatMap((each, i) => [each, clock(i + 1)])];
  return {
    lowered: {...lowered, results: [...lowered.results, buffer]},
    plan: {
      ...plan,
      instructions,
      rootOf: (each) => (each === buffer ? buffer : plan.rootOf(each)),
      offsetOf: (each) => (each === buffer ? 0 : plan.offsetOf(each)),
    },
    times: {kind: 'value', id: -1, shape: [count], dtype: 'float64'},
  };
}

const CLOCK = {
  op: 'clock',
  kernel: 'clock',
  inputs: [],
  attributes: [],
  dynamic: [],
  mayShare: [],
  becomes: [],
} as const satisfies Omit<Instruction, 'outputs'>;
