import {type DType, DTYPES, isComplex} from '../dtype.js';
import {sizeOf} from '../shape.js';

/** An operand of a kernel; without strides where its elements lie one after the other, or are one number throughout. */
export interface Measured {
  readonly kind: 'place' | 'scalar';
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly strides?: readonly number[] | null;
}

/** What the cost of a kernel follows from. */
export interface KernelCall {
  readonly kernel: string;
  readonly inputs: readonly Measured[];
  readonly outputs: readonly Measured[];
  readonly attributes: readonly number[];
}

const elements = (operand: Measured | undefined): number => sizeOf(operand?.shape ?? []) ?? 0;

/** The bytes that an operand reaches: repeated ones count once, scalars none. */
export function bytesOf(operand: Measured): number {
  if (operand.kind === 'scalar') return 0;
  const {strides = null} = operand;
  const distinct = strides === null ? operand.shape : operand.shape.filter((_, axis) => strides[axis] !== 0);
  return (sizeOf(distinct) ?? 0) * DTYPES[operand.dtype].bytes;
}

type Rule = (call: KernelCall) => number;

/** How many matrices an operand holds, and their sizes. */
function matrices(operand: Measured | undefined): {count: number; rows: number; columns: number} {
  const [rows = 0, columns = 0] = operand?.shape.slice(-2) ?? [];
  return {count: sizeOf(operand?.shape.slice(0, -2) ?? []) ?? 0, rows, columns};
}

/** For each square matrix of the first input. */
const ofSquare =
  (flops: (n: number) => number): Rule =>
  ({inputs}) => {
    const {count, rows} = matrices(inputs[0]);
    return count * flops(rows);
  };

/** For each matrix of the first input; the longer side is the first. */
const ofMatrix =
  (flops: (m: number, n: number) => number): Rule =>
  ({inputs}) => {
    const {count, rows, columns} = matrices(inputs[0]);
    return count * flops(Math.max(rows, columns), Math.min(rows, columns));
  };

/** So many operations for each element of an operand. */
const each =
  (operations: number, of: (call: KernelCall) => Measured | undefined): Rule =>
  (call) =>
    operations * elements(of(call));

const first = ({inputs}: KernelCall): Measured | undefined => inputs[0];
const second = ({inputs}: KernelCall): Measured | undefined => inputs[1];
const output = ({outputs}: KernelCall): Measured | undefined => outputs[0];
const nothing: Rule = () => 0;

const product: Rule = ({inputs, outputs, attributes}) => {
  // A bias and an activation are an operation each.
  const epilogue = (inputs.length > 2 ? 1 : 0) + ((attributes[0] ?? 0) > 0 ? 1 : 0);
  return elements(outputs[0]) * (2 * (inputs[0]?.shape.at(-1) ?? 0) + epilogue);
};

/** Each element of what the filter slides over meets all of the filter but its last axis, the channels that come out. */
const slides = (over: Measured | undefined, filter: Measured | undefined): number =>
  (2 * elements(over) * elements(filter)) / Math.max(1, filter?.shape.at(-1) ?? 1);

const convolution: Rule = ({inputs, outputs, attributes}) => {
  const epilogue = (inputs.length > 2 ? 1 : 0) + ((attributes.at(-1) ?? 0) > 0 ? 1 : 0);
  return slides(outputs[0], inputs[1]) + epilogue * elements(outputs[0]);
};

/** Attributes are the rank, then the window. */
const windows =
  (of: (call: KernelCall) => Measured | undefined): Rule =>
  (call) =>
    elements(of(call)) * (sizeOf(call.attributes.slice(1, 1 + (call.attributes[0] ?? 0))) ?? 1);

/** Where a recurrent cell has its operands. */
interface SequenceOperands {
  readonly x: number;
  /** Of the inputs; the recurrent one follows. */
  readonly kernel: number;
  /** Operations for each unit of a step beside the products. */
  readonly perUnit: number;
  /** Of a gradient: products of the gradient with the transposed kernels, as far as it is wanted, and of inputs and states with it. */
  readonly gradient?: boolean;
}

/** At each step the inputs meet their kernel and the states the recurrent one; then so many operations for each unit. */
const sequence =
  ({x: xAt, kernel: kernelAt, perUnit, gradient = false}: SequenceOperands): Rule =>
  ({inputs, outputs}) => {
    const [x, kernel, recurrent] = [inputs[xAt], inputs[kernelAt], inputs[kernelAt + 1]];
    const rows = (x?.shape[0] ?? 0) * (x?.shape[1] ?? 0);
    const [units = 1] = recurrent?.shape ?? [];
    const ofInputs = 2 * elements(kernel) * (gradient && elements(outputs[0]) > 0 ? 2 : 1);
    const ofStates = 2 * elements(recurrent) * (gradient ? 2 : 1);
    return rows * (ofInputs + ofStates + perUnit * units);
  };

/** Scores of queries [n, t, h, d] and keys [n, s, h, d], their weights and the sums of values [n, s, h, e]. */
const attention =
  (at: number, ofKeys: number, ofValues: number): Rule =>
  ({inputs}) => {
    const [query, key, value] = [inputs[at], inputs[at + 1], inputs[at + 2]];
    const [batch = 0, steps = 0, heads = 0, size = 0] = query?.shape ?? [];
    const scores = batch * heads * steps * (key?.shape[1] ?? 0);
    return scores * (2 * ofKeys * size + 2 * ofValues * (value?.shape[3] ?? 0) + 5);
  };

/** A transform along the last axis: 5 n log2 n for n complex points (Cooley and Tukey), half of it for real ones. */
const transform =
  (factor: number, of: (call: KernelCall) => Measured | undefined): Rule =>
  (call) => {
    const n = of(call)?.shape.at(-1) ?? 0;
    return n < 2 ? 0 : elements(of(call)) * factor * Math.log2(n);
  };

/** Steps on whole rows, and reductions of them, meet all elements; the others one for each row. */
const rowSteps: Rule = ({inputs: [x], attributes}) => {
  const [rows = 0, length = 0] = x?.shape ?? [];
  let flops = 0;
  // Each step: opcode, dtype, kind (1: one element for each row), place, inputs and what they are.
  for (let at = 2; at < attributes.length; at += 5 + (attributes[at + 4] ?? 0)) {
    flops += attributes[at + 2] === 1 ? rows : rows * length;
  }
  return flops;
};

// Counts of factorizations are the leading terms of Golub and Van Loan, "Matrix Computations" (2013), those of iterations typical ones.
const RULES: Readonly<Record<string, Rule>> = {
  matmul: product,
  convolution,
  convolution_input_gradient: ({inputs: [dy, filter]}) => slides(dy, filter),
  convolution_filter_gradient: ({inputs: [, dy], outputs: [filter]}) => slides(dy, filter),
  max_pool: windows(output),
  average_pool: windows(output),
  max_pool_gradient: windows(second),
  average_pool_gradient: windows(first),
  // Its second attribute is the number of its functions.
  chain: ({outputs, attributes}) => elements(outputs[0]) * (attributes[1] ?? 1),
  rows: rowSteps,
  columns: rowSteps,
  // The largest, the difference to it, exp, their sum, the quotient.
  softmax: each(5, first),
  log_softmax: each(5, first),
  softmax_gradient: each(4, first),
  log_softmax_gradient: each(4, first),
  sparse_softmax_cross_entropy: each(5, first),
  softmax_cross_entropy: each(7, first),
  sparse_softmax_cross_entropy_gradient: each(2, second),
  softmax_cross_entropy_gradient: each(2, second),
  // Mean, difference, its square and their sum, scale by the deviation, gamma and beta.
  layer_normalization: each(7, first),
  batch_normalization: each(7, first),
  layer_normalization_gradient: each(11, first),
  batch_normalization_gradient: each(11, first),
  // The sums with the inputs, activations and what mixes the states.
  lstm_sequence: sequence({x: 0, kernel: 3, perUnit: 13}),
  gru_sequence: sequence({x: 0, kernel: 2, perUnit: 13}),
  simple_rnn_sequence: sequence({x: 0, kernel: 2, perUnit: 2}),
  lstm_sequence_gradient: sequence({x: 3, kernel: 9, perUnit: 24, gradient: true}),
  gru_sequence_gradient: sequence({x: 2, kernel: 6, perUnit: 20, gradient: true}),
  simple_rnn_sequence_gradient: sequence({x: 2, kernel: 5, perUnit: 3, gradient: true}),
  attention: attention(0, 1, 1),
  // The scores once more, the gradients of keys and queries; those of values and weights.
  attention_gradient: attention(1, 3, 2),
  fft: transform(5, first),
  rfft: transform(2.5, first),
  irfft: transform(2.5, output),
  cholesky: ofSquare((n) => n ** 3 / 3),
  lu_factor: ofSquare((n) => (2 * n ** 3) / 3),
  determinant: ofSquare((n) => (2 * n ** 3) / 3),
  log_determinant: ofSquare((n) => (2 * n ** 3) / 3),
  inverse: ofSquare((n) => 2 * n ** 3),
  solve: (call) => ofSquare((n) => (2 * n ** 3) / 3)(call) + 2 * elements(output(call)) * matrices(call.inputs[0]).rows,
  triangular_solve: (call) => elements(output(call)) * matrices(call.inputs[0]).rows,
  qr: ofMatrix((m, n) => 4 * m * n ** 2 - (4 * n ** 3) / 3),
  eigh: ofSquare((n) => 9 * n ** 3),
  svd: ofMatrix((m, n) => 14 * m * n ** 2 + 8 * n ** 3),
  singular_values: ofMatrix((m, n) => 4 * m * n ** 2 - (4 * n ** 3) / 3),
  eig: ofSquare((n) => 25 * n ** 3),
  // Of a weight: as many operations as the formula has.
  sgd_update: each(2, output),
  rmsprop_update: each(8, output),
  adam_update: each(11, output),
  nadam_update: each(15, output),
  scatter_add: each(1, second),
  scatter: nothing,
  scatter_update: nothing,
  argsort: nothing,
  searchsorted: nothing,
  random_permutation: nothing,
  copy: nothing,
  fill: nothing,
  cast: nothing,
  range: nothing,
  place: nothing,
  concatenate: nothing,
  gather: nothing,
  gather_nd: nothing,
  one_hot: nothing,
  select: nothing,
  // How many trips a loop takes, and which way a branch, is known only when they run.
  branch: nothing,
  loop: nothing,
  real: nothing,
  imag: nothing,
  complex: nothing,
};

/** Kernels whose count is of complex operations where their operands are complex: those that multiply and add. */
const PRODUCTS: ReadonlySet<string> = new Set([
  'matmul',
  'convolution',
  'convolution_input_gradient',
  'convolution_filter_gradient',
  'cholesky',
  'lu_factor',
  'determinant',
  'log_determinant',
  'inverse',
  'solve',
  'triangular_solve',
  'qr',
  'eigh',
  'svd',
  'singular_values',
]);

/**
 * Floating-point operations of a kernel: 2 for each multiplication and addition of a product, the formulas' own for factorizations,
 * transforms and fused functions, else 1 for each element that is computed or reduced; moves of elements are none.
 */
export function flopsOf(call: KernelCall): number {
  const rule = RULES[call.kernel];
  if (rule !== undefined) {
    // A complex multiplication and addition are eight real ones.
    const complex = PRODUCTS.has(call.kernel) && call.inputs[0] !== undefined && isComplex(call.inputs[0].dtype);
    return Math.round(rule(call)) * (complex ? 4 : 1);
  }
  let most = 0;
  for (const operand of call.inputs) most = Math.max(most, elements(operand));
  for (const operand of call.outputs) most = Math.max(most, elements(operand));
  return most;
}

/** Kernels with a rule of their own; the tests hold them against those that exist. */
export const RULED: readonly string[] = Object.keys(RULES);
