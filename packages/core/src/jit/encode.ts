import {opcodeOf} from '../engine/execute.js';
import {DTYPES} from '../dtype.js';
import {type Program, type Scalar} from './ir.js';
import {type Buffer, lower, type Lowered, type Place} from './lower.js';
import {type Planned, planMemory} from './memory.js';

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
  const words = new Words();
  words.put(VERSION);
  words.put(externals.length);
  for (const {bytes, writable} of externals) {
    words.put(bytes);
    words.put(writable ? 1 : 0);
  }
  words.put(results.length);
  for (const {bytes} of results) words.put(bytes);
  words.put(plan.arenaBytes);
  words.put(hostWords);
  words.put(plan.instructions.length);
  const slotOf = (buffer: Buffer): number => {
    const {slot} = plan.rootOf(buffer);
    if (slot === null) return externals.length + results.length;
    return slot.kind === 'external' ? slot.index : externals.length + slot.index;
  };
  const put = (operand: Place | Scalar): void => {
    const {shape, dtype} = operand;
    const {code, bytes} = DTYPES[dtype];
    const isScalar = operand.kind === 'scalar';
    words.put(isScalar ? -1 : slotOf(operand.buffer));
    words.put(code);
    words.put(isScalar ? operand.value : operand.offset + plan.offsetOf(operand.buffer) / bytes);
    words.put(shape.length);
    words.putAll(shape);
    if (!isScalar) words.putAll(operand.strides);
    else for (let i = 0; i < shape.length; i++) words.put(0);
  };
  for (const {kernel, inputs, outputs, attributes: own, dynamic, programs = []} of plan.instructions) {
    const attributes = [...own, ...wordsOf(programs)];
    words.put(opcodeOf(kernel));
    words.put(inputs.length);
    words.put(outputs.length);
    words.put(attributes.length);
    words.putAll(attributes);
    for (const input of inputs) put(input);
    for (const output of outputs) put(output);
    words.put(dynamic.length);
    for (const each of dynamic) {
      words.put(each.attribute);
      words.put('host' in each ? each.host : -1);
      if ('place' in each) put(each.place);
    }
  }
  return words.all();
}

/** The words of programs that a kernel runs: their counts first. */
export function wordsOf(programs: readonly Program[]): number[] {
  const words = programs.map((program) => {
    const lowered = lower(program, program.results);
    return encode(lowered, planMemory(lowered));
  });
  return [...words.map(({length}) => length), ...words.flatMap((each) => [...each])];
}

/** A list of numbers that grows. */
class Words {
  #words = new Float64Array(1024);
  #length = 0;

  put(word: number): void {
    if (this.#length === this.#words.length) {
      const wider = new Float64Array(2 * this.#length);
      wider.set(this.#words);
      this.#words = wider;
    }
    this.#words[this.#length++] = word;
  }

  putAll(words: readonly number[]): void {
    for (const word of words) this.put(word);
  }

  all(): Float64Array {
    return this.#words.slice(0, this.#length);
  }
}
