import {DTYPES} from '../dtype.js';
import {sizeOf} from '../shape.js';
import {type Scalar} from './ir.js';
import {type Instruction, type Place} from './lower.js';

/** What one run of a compiled function takes. */
export interface Cost {
  /** Floating-point operations: 2 for each multiplication and addition of a product, else 1 for each element that is computed or reduced. */
  readonly flops: number;
  /** Bytes that kernels read and write, each operand counted once for each kernel. */
  readonly bytes: number;
  /** Kernel calls. */
  readonly kernels: number;
  /** Bytes of memory for intermediate results. */
  readonly arenaBytes: number;
}

const MOVES: ReadonlySet<string> = new Set([
  'copy',
  'fill',
  'cast',
  'range',
  'place',
  'concatenate',
  'gather',
  'gather_nd',
  'scatter_update',
  'one_hot',
]);

const elements = (operand: Place | Scalar | undefined): number => sizeOf(operand?.shape ?? []) ?? 0;

/** The bytes that an operand reaches: repeated ones count once, scalars none. */
function bytesOf(operand: Place | Scalar): number {
  if (operand.kind === 'scalar') return 0;
  const distinct = operand.shape.filter((_, axis) => operand.strides[axis] !== 0);
  return (sizeOf(distinct) ?? 0) * DTYPES[operand.dtype].bytes;
}

function flopsOf({kernel, inputs, outputs, attributes}: Instruction): number {
  const [a, b] = inputs;
  const [y] = outputs;
  // A bias and an activation are an operation each.
  const epilogue = (inputs.length > 2 ? 1 : 0) + ((attributes[0] ?? 0) > 0 ? 1 : 0);
  if (kernel === 'matmul') return elements(y) * (2 * (a?.shape.at(-1) ?? 0) + epilogue);
  // Each element of what the filter slides over meets all of the filter but its last axis, the channels that come out.
  const slides = (over: Place | Scalar | undefined, filter: Place | Scalar | undefined): number =>
    (2 * elements(over) * elements(filter)) / Math.max(1, filter?.shape.at(-1) ?? 1);
  if (kernel === 'convolution') return slides(y, b);
  if (kernel === 'convolution_input_gradient') return slides(a, b);
  if (kernel === 'convolution_filter_gradient') return slides(b, y);
  // Its second attribute is the number of its functions.
  if (kernel === 'chain') return elements(y) * (attributes[1] ?? 1);
  if (MOVES.has(kernel)) return 0;
  let most = 0;
  for (const operand of inputs) most = Math.max(most, elements(operand));
  for (const operand of outputs) most = Math.max(most, elements(operand));
  return most;
}

/** The cost of a list of kernel calls. */
export function costOf(instructions: readonly Instruction[], arenaBytes: number): Cost {
  let flops = 0;
  let bytes = 0;
  for (const instruction of instructions) {
    flops += flopsOf(instruction);
    for (const input of instruction.inputs) bytes += bytesOf(input);
    for (const output of instruction.outputs) bytes += bytesOf(output);
  }
  return {flops, bytes, kernels: instructions.length, arenaBytes};
}
