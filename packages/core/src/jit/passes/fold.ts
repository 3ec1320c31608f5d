import {type Element, holdsNumbers} from '../../dtype.js';
import {opcodeOf, runElementwise} from '../../engine/execute.js';
import {itemOf} from '../../tensor/read.js';
import {Tensor} from '../../tensor/tensor.js';
import {type Node, type Operand, type Program, rewrite, type Scalar, type Value, withInputs} from '../ir.js';

/** Computes now what depends on numbers alone. Inputs, Variables and captured tensors are never folded. */
export function foldConstants(program: Program): Program {
  const replaced = new Map<Value, Operand>();
  const nodes: Node[] = [];
  for (const original of program.nodes) {
    const node = withInputs(original, replaced);
    const [output] = node.outputs;
    const folded = output === undefined ? null : fold(node, output);
    if (output === undefined || folded === null) nodes.push(node);
    else replaced.set(output, folded);
  }
  return rewrite(program, nodes, replaced);
}

function fold(node: Node, {shape, dtype}: Value): Scalar | null {
  if (node.kind !== 'call' || node.inputs.length === 0) return null;
  const scalars = node.inputs.filter((input) => input.kind === 'scalar');
  const [first] = scalars;
  if (scalars.length !== node.inputs.length || first === undefined) return null;
  if (node.execution.kind === 'view') return {kind: 'scalar', value: first.value, shape, dtype};
  if (node.execution.kind !== 'elementwise' || !holdsNumbers(dtype) || !holdsNumbers(first.dtype)) return null;
  const operands = scalars.map((scalar) => Tensor.create<Element>([], scalar.dtype, scalar.value));
  const value = itemOf(runElementwise(opcodeOf(node.execution.kernel), operands, dtype, [], node.op));
  return {kind: 'scalar', value: Number(value), shape, dtype};
}
