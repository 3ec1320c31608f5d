import {type DType, type Element, isTensor, type Tensor, tensor, ValueError} from '@keratin/core';
import {checkDType, checkOptions, describe, isInteger} from '@keratin/core/internal';

/** One sequence: entries, or lists of them that all have one shape. */
export type PaddableSequence = readonly unknown[] | Tensor<Element> | ArrayLike<number | bigint>;

/** Options of {@link padSequences}. */
export interface PadSequencesOptions {
  /** Length of all sequences afterwards. Default: that of the longest. */
  maxlen?: number | null | undefined;
  /** Default `'int32'`, which drops the part after the point as in Keras. */
  dtype?: DType | undefined;
  /** Where short sequences are filled up. Default `'pre'`. */
  padding?: 'pre' | 'post' | undefined;
  /** Where long sequences are cut. Default `'pre'`. */
  truncating?: 'pre' | 'post' | undefined;
  /** What fills up. Default 0. */
  value?: number | string | undefined;
}

/**
 * Sequences of different lengths as one tensor (n, maxlen, ...).
 *
 * @example
 * utils.padSequences([[1, 2, 3], [4]]); // [[1, 2, 3], [0, 0, 4]]
 * @throws ValueError where a sequence is none, or entries differ in shape
 */
export function padSequences(sequences: readonly PaddableSequence[], options: PadSequencesOptions = {}): Tensor {
  const op = 'padSequences';
  checkOptions(op, options, ['maxlen', 'dtype', 'padding', 'truncating', 'value']);
  const {padding = 'pre', truncating = 'pre', value = 0} = options;
  for (const [name, side] of Object.entries({padding, truncating})) {
    if (!['pre', 'post'].includes(side)) {
      throw new ValueError(`${op}: ${name} must be 'pre' or 'post', got ${describe(side)}`);
    }
  }
  const dtype = checkDType(op, options.dtype ?? 'int32');
  const lists = sequences.map((sequence, i) => listOf(op, sequence, i));
  const maxlen = options.maxlen ?? lists.reduce((most, {length}) => Math.max(most, length), 0);
  if (!Number.isInteger(maxlen) || maxlen < 0) {
    throw new ValueError(`${op}: maxlen must be an integer of at least 0, got ${describe(maxlen)}`);
  }
  const [entry] = lists.find(({length}) => length > 0) ?? [];
  const shape: number[] = [];
  for (let level = entry; Array.isArray(level); level = (level as unknown[])[0]) shape.push(level.length);
  const filler = filled(shape, value);
  const rows = lists.map((list) => {
    const kept = truncating === 'pre' ? list.slice(Math.max(list.length - maxlen, 0)) : list.slice(0, maxlen);
    const fill = new Array<unknown>(maxlen - kept.length).fill(filler);
    return padding === 'pre' ? [...fill, ...kept] : [...kept, ...fill];
  });
  const flat: unknown[] = rows.flat(Infinity);
  const size = [lists.length, maxlen, ...shape];
  if (flat.length !== size.reduce((product, n) => product * n, 1)) {
    throw new ValueError(`${op}: entries of all sequences must have one shape, the first has (${shape.join(', ')})`);
  }
  const whole = isInteger(dtype) ? flat.map((x) => (typeof x === 'number' ? Math.trunc(x) : x)) : flat;
  return tensor(whole as number[], {dtype, shape: size} as {dtype: 'int32'; shape: number[]});
}

function listOf(op: string, sequence: unknown, i: number): unknown[] {
  if (isTensor(sequence) && sequence.ndim > 0) return sequence.array() as unknown[];
  if (Array.isArray(sequence)) return sequence;
  if (ArrayBuffer.isView(sequence)) return Array.from(sequence as Uint8Array);
  throw new ValueError(`${op}: sequences must be a list of lists, number ${String(i)} is ${describe(sequence)}`);
}

function filled(shape: readonly number[], value: unknown): unknown {
  const [n, ...rest] = shape;
  return n === undefined ? value : Array.from({length: n}, () => filled(rest, value));
}
