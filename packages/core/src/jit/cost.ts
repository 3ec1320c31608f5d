import {bytesOf, flopsOf, type KernelCall} from '../profile/flops.js';

/** What one run of a compiled function takes. */
export interface Cost {
  /**
   * Floating-point operations: 2 for each multiplication and addition of a product, the formulas' own for factorizations, transforms and
   * fused functions, else 1 for each element that is computed or reduced.
   */
  readonly flops: number;
  /** Bytes that kernels read and write, each operand counted once for each kernel. */
  readonly bytes: number;
  /** Kernel calls. */
  readonly kernels: number;
  /** Bytes of memory for intermediate results. */
  readonly arenaBytes: number;
  /** The most of these bytes that are needed at one time. */
  readonly liveBytes: number;
}

/** The cost of a list of kernel calls. */
export function costOf(
  instructions: readonly KernelCall[],
  {arenaBytes, liveBytes}: Pick<Cost, 'arenaBytes' | 'liveBytes'>,
): Cost {
  let flops = 0;
  let bytes = 0;
  for (const instruction of instructions) {
    flops += flopsOf(instruction);
    for (const input of instruction.inputs) bytes += bytesOf(input);
    for (const output of instruction.outputs) bytes += bytesOf(output);
  }
  return {flops, bytes, kernels: instructions.length, arenaBytes, liveBytes};
}
