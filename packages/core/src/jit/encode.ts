import {opcodeOf} from '../engine/execute.js';
import {DTYPES} from '../dtype.js';
import {type Scalar} from './ir.js';
import {type Buffer, type Lowered, type Place} from './lower.js';
import {type Planned} from './memory.js';

const VERSION = 1;

/**
 * The words of a program, as `native/src/program` reads them:
 *
 *     version
 *     number of externals, and for each: bytes, whether it is written
 *     number of results, and for each: bytes
 *     bytes of the arena, number of host words
 *     number of instructions, and for each:
 *       opcode, inputs, outputs, attributes, attribute..., operand..., dynamic attributes, and for each of those:
 *         attribute, host word or -1 (then an operand follows)
 *     operand: slot, dtype, offset, rank, shape..., strides...; slots are externals, results, the arena; -1 is a scalar of value `offset`
 */
export function encode({externals, results, hostWords}: Lowered, plan: Planned): Float64Array {
  const words: number[] = [VERSION, externals.length];
  for (const {bytes, writable} of externals) words.push(bytes, writable ? 1 : 0);
  words.push(results.length);
  for (const {bytes} of results) words.push(bytes);
  words.push(plan.arenaBytes, hostWords, plan.instructions.length);
  const slotOf = (buffer: Buffer): number => {
    const {slot} = plan.rootOf(buffer);
    if (slot === null) return externals.length + results.length;
    return slot.kind === 'external' ? slot.index : externals.length + slot.index;
  };
  const put = (operand: Place | Scalar): void => {
    const {shape, dtype} = operand;
    const {code, bytes} = DTYPES[dtype];
    if (operand.kind === 'scalar') {
      words.push(-1, code, operand.value, shape.length, ...shape, ...shape.map(() => 0));
      return;
    }
    const offset = operand.offset + plan.offsetOf(operand.buffer) / bytes;
    words.push(slotOf(operand.buffer), code, offset, shape.length, ...shape, ...operand.strides);
  };
  for (const {kernel, inputs, outputs, attributes, dynamic} of plan.instructions) {
    words.push(opcodeOf(kernel), inputs.length, outputs.length, attributes.length, ...attributes);
    inputs.forEach(put);
    outputs.forEach(put);
    words.push(dynamic.length);
    for (const each of dynamic) {
      words.push(each.attribute, 'host' in each ? each.host : -1);
      if ('place' in each) put(each.place);
    }
  }
  return Float64Array.from(words);
}
