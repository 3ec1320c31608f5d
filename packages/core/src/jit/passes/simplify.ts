import {contiguousStrides, sameShape} from '../../shape.js';
import {type CallNode, type Node, type Operand, type Program, resolve, rewrite, type Value, withInputs} from '../ir.js';

/**
 * Leaves out what changes nothing, bit for bit: `x * 1`, `x - 0`, `x / 1`, `-(-x)`, `maximum(x, x)`, `select(c, x, x)`, casts to the same
 * dtype, views that undo each other. (`x + 0` changes the sign of -0, `x * 0` is not 0 for infinities: they stay.)
 */
export function simplify(program: Program): Program {
  const replaced = new Map<Value, Operand>();
  const makers = new Map<Value, CallNode>();
  const nodes: Node[] = [];
  for (const original of program.nodes) {
    const node = withInputs(original, replaced);
    const [output] = node.outputs;
    const simple = node.kind === 'call' && output !== undefined ? simpler(node, output, makers) : null;
    if (simple !== null && output !== undefined && fits(simple, output)) {
      replaced.set(output, resolve(simple, replaced));
      continue;
    }
    nodes.push(node);
    if (node.kind === 'call' && output !== undefined) makers.set(output, node);
  }
  return rewrite(program, nodes, replaced);
}

const fits = (operand: Operand, {shape, dtype}: Value): boolean =>
  operand.dtype === dtype && sameShape(operand.shape, shape);

const isNumber = (operand: Operand | undefined, value: number): boolean =>
  operand?.kind === 'scalar' && Object.is(operand.value, value);

function simpler(node: CallNode, output: Value, makers: ReadonlyMap<Value, CallNode>): Operand | null {
  const [a, b, c] = node.inputs;
  if (a === undefined) return null;
  switch (node.name) {
    case 'multiply':
      return isNumber(b, 1) ? a : isNumber(a, 1) ? (b ?? null) : null;
    case 'divide':
      return isNumber(b, 1) ? a : null;
    case 'subtract':
      return isNumber(b, 0) ? a : null;
    case 'maximum':
    case 'minimum':
    case 'logical_and':
    case 'logical_or':
      return a === b ? a : null;
    case 'select':
      return b !== undefined && b === c ? b : null;
    case 'cast':
      return a.dtype === output.dtype ? a : null;
    case 'negative':
    case 'logical_not': {
      const inner = a.kind === 'value' ? makers.get(a) : undefined;
      return inner?.name === node.name ? (inner.inputs[0] ?? null) : null;
    }
    default:
      return node.execution.kind === 'view' ? undone(node, output, makers) : null;
  }
}

/** What a view shows where it, or with the view that it is of, shows all elements as they lie. */
function undone(node: CallNode, output: Value, makers: ReadonlyMap<Value, CallNode>): Operand | null {
  const [x] = node.inputs;
  if (x === undefined || node.execution.kind !== 'view') return null;
  const own = viewOf(node, {shape: x.shape, strides: contiguousStrides(x.shape), offset: 0});
  if (own !== null && isWhole(own, output, x)) return x;
  const inner = x.kind === 'value' ? makers.get(x) : undefined;
  const [base] = inner?.inputs ?? [];
  if (inner === undefined || base === undefined) return null;
  const first = viewOf(inner, {shape: base.shape, strides: contiguousStrides(base.shape), offset: 0});
  const both = first === null ? null : viewOf(node, {shape: x.shape, ...first});
  return both !== null && isWhole(both, output, base) ? base : null;
}

interface Layout {
  readonly strides: readonly number[];
  readonly offset: number;
}

function viewOf({execution}: CallNode, input: Layout & {readonly shape: readonly number[]}): Layout | null {
  return execution.kind === 'view' ? execution.layout(input) : null;
}

function isWhole({strides, offset}: Layout, {shape}: Value, of: Operand): boolean {
  const natural = contiguousStrides(shape);
  return (
    offset === 0 &&
    sameShape(shape, of.shape) &&
    shape.every((size, axis) => size === 1 || strides[axis] === natural[axis])
  );
}
