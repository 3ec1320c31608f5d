import {type DType, DTYPES} from '../../dtype.js';
import {contiguousStrides, sameShape} from '../../shape.js';
import {type CallNode, type Node, type Operand, type Program, resolve, rewrite, type Value, withInputs} from '../ir.js';

/**
 * Leaves out what changes nothing, bit for bit: `x * 1`, `x - 0`, `x + -0`, `x / 1`, `x ** 1`, `-(-x)`, `relu(relu(x))`, `maximum(x, x)`,
 * `select(c, x, x)` and `select` by a number, casts to the same dtype and there and back through a wider one, views that undo each other.
 * (`x + 0` changes the sign of -0, `x * 0` is not 0 for infinities: they stay, except for `x + 0` of integers.)
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
    case 'add': {
      const nothing = (operand: Operand | undefined): boolean =>
        isNumber(operand, -0) || (isNumber(operand, 0) && isInteger(output.dtype));
      return nothing(b) ? a : nothing(a) ? (b ?? null) : null;
    }
    case 'maximum':
    case 'minimum':
    case 'logical_and':
    case 'logical_or':
      return a === b ? a : null;
    case 'select':
      if (a.kind === 'scalar') return (a.value === 0 ? c : b) ?? null;
      return b !== undefined && b === c ? b : null;
    case 'cast':
      return a.dtype === output.dtype ? a : castBack(a, output, makers);
    case 'relu':
    case 'abs':
    case 'floor':
    case 'ceil':
    case 'round':
      return a.kind === 'value' && makers.get(a)?.name === node.name ? a : null;
    case 'negative':
    case 'logical_not': {
      const inner = a.kind === 'value' ? makers.get(a) : undefined;
      return inner?.name === node.name ? (inner.inputs[0] ?? null) : null;
    }
    default:
      return node.execution.kind === 'view' ? undone(node, output, makers) : null;
  }
}

const isInteger = (dtype: DType): boolean => DTYPES[dtype].kind === 'int' || DTYPES[dtype].kind === 'uint';

// Dtypes that hold each value of the first one.
const WIDER: Partial<Readonly<Record<DType, readonly DType[]>>> = {
  bool: ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'],
  int8: ['int16', 'int32', 'int64', 'float32', 'float64'],
  uint8: ['int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'],
  int16: ['int32', 'int64', 'float32', 'float64'],
  uint16: ['int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'],
  int32: ['int64', 'float64'],
  uint32: ['int64', 'uint64', 'float64'],
  float16: ['float32', 'float64'],
  bfloat16: ['float32', 'float64'],
  float32: ['float64'],
};

/** What was cast to a wider dtype and is cast back. */
function castBack(wide: Operand, output: Value, makers: ReadonlyMap<Value, CallNode>): Operand | null {
  const maker = wide.kind === 'value' ? makers.get(wide) : undefined;
  const [base] = maker?.inputs ?? [];
  if (maker?.name !== 'cast' || base?.dtype !== output.dtype) return null;
  return WIDER[base.dtype]?.includes(wide.dtype) === true ? base : null;
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
