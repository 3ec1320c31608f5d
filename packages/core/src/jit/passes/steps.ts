import {type DType} from '../../dtype.js';
import {sameShape, sizeOf} from '../../shape.js';
import {type ChainStep, type Execution, type Form, type Node, type Operand, type RowsNode, type Value} from '../ir.js';
import {keyOf, type NodeGroup} from './node-group.js';

/** The most operands that a kernel of several steps reads. */
export const MAX_INPUTS = 16;
/** The most steps and results of one with reductions. */
export const MAX_STEPS = 48;
export const MAX_RESULTS = 24;

/** What a kernel of several steps reads, does and gives. */
export interface GroupSteps {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Value[];
  readonly steps: readonly ChainStep[];
  /** The places of steps whose values somebody else needs. */
  readonly results: readonly number[];
}

/** The nodes of a group as steps; `users` are all nodes that read a value, `kept` what must be there at the end. */
export function stepsOf(
  group: NodeGroup,
  users: ReadonlyMap<Value, readonly Node[]>,
  kept: ReadonlySet<Operand>,
): GroupSteps {
  const {nodes} = group;
  const inside = new Set<Node>(nodes);
  const inputs = group.inputs();
  const places = new Map<string | Value, number>(inputs.map((input, i) => [keyOf(input), i]));
  const steps = nodes.map(({execution, inputs: from, outputs}, i) => {
    const read = from.map((input) => places.get(keyOf(input)) ?? -1);
    for (const output of outputs) places.set(output, inputs.length + i);
    return {kernel: kernelOf(execution), dtype: dtypeOf(outputs), from: read};
  });
  const results = nodes.flatMap(({outputs}, i) => {
    const needed = outputs.some(
      (output) => kept.has(output) || (users.get(output) ?? []).some((user) => !inside.has(user)),
    );
    return needed ? [i] : [];
  });
  return {inputs, outputs: results.flatMap((i) => nodes[i]?.outputs ?? []), steps, results};
}

export const kernelOf = (execution: Execution): string => (execution.kind === 'view' ? '' : execution.kernel);

export const dtypeOf = ([output]: readonly Value[]): DType => output?.dtype ?? 'float32';

/** What a group with reductions computes on: the trailing axes of `shape` are a row. */
export interface Frame {
  readonly shape: readonly number[];
  /** Of one element for each row. */
  readonly row: readonly number[];
  readonly length: number;
}

const FOLDS: ReadonlySet<string> = new Set(['sum', 'mean', 'max', 'min']);

export const isFoldKernel = (kernel: string): boolean => FOLDS.has(kernel);

/** A reduction that a kernel of several steps may do. */
export interface Fold {
  readonly input: Value;
  readonly output: Value;
  /** In order. */
  readonly axes: readonly number[];
}

/** The node as a reduction of a floating value; null for others. */
export function foldOf(node: Node): Fold | null {
  if (node.kind !== 'call') return null;
  const {execution} = node;
  if (execution.kind !== 'strided' || !isFoldKernel(execution.kernel)) return null;
  const [input] = node.inputs;
  const [output] = node.outputs;
  if (input?.kind !== 'value' || output === undefined || output.dtype !== input.dtype) return null;
  if (input.dtype !== 'float32' && input.dtype !== 'float64') return null;
  const axes = execution.attributes.toSorted((a, b) => a - b);
  return axes.length === 0 ? null : {input, output, axes};
}

/** The kernel of a group with reductions; `kinds` says what each node is to it. */
export function rowsNode(
  reduces: RowsNode['reduces'],
  {nodes}: NodeGroup,
  {inputs, outputs, steps, results}: GroupSteps,
  frame: Frame,
  kinds: readonly RowsNode['steps'][number]['kind'][],
): RowsNode {
  return {
    kind: 'rows',
    reduces,
    op: nodes.at(-1)?.op ?? reduces,
    inputs,
    outputs,
    rows: sizeOf(frame.row) ?? 0,
    length: frame.length,
    forms: inputs.map((input) => formOf(input, frame) ?? 'whole'),
    steps: steps.map((step, i) => ({...step, kind: kinds[i] ?? 'whole'})),
    results,
  };
}

/** How an operand stands in a frame; null where it is repeated in another way. */
export function formOf(operand: Operand, {shape, row}: Frame): Form | null {
  if (operand.kind === 'scalar' || (sizeOf(operand.shape) === 1 && !sameShape(operand.shape, row))) return 'scalar';
  if (sameShape(operand.shape, shape)) return 'whole';
  if (sameShape(operand.shape, row)) return 'row';
  const trailing = shape.filter((_, axis) => row[axis] === 1 && shape[axis] !== 1).length;
  const own = operand.shape.slice(
    Math.max(
      0,
      operand.shape.findIndex((size) => size !== 1),
    ),
  );
  return trailing > 0 && sameShape(own, shape.slice(shape.length - own.length)) && sizeOf(own) === lengthOf(shape, row)
    ? 'column'
    : null;
}

const lengthOf = (shape: readonly number[], row: readonly number[]): number =>
  (sizeOf(shape) ?? 0) / Math.max(1, sizeOf(row) ?? 1);
