import {type DType} from '../../dtype.js';
import {type CallNode, type Node, type Operand, type Program, type Scalar, type Value} from '../ir.js';

type Makers = ReadonlyMap<Value, CallNode>;

/**
 * Writes functions as others that take fewer steps and give the same bits: `a + -b` as `a - b`, `-a * -b` as `a * b`, `-a * 2` as
 * `a * -2`, `square(-a)` as `square(a)`, `a / 4` as `a * 0.25` (powers of two alone have exact reciprocals), `a ** 2` as `square(a)`.
 * What rounds in another way stays: `(a * 2) * 3`, `a / 3`, `a ** 0.5` (which differs from a root at -0), sums in another order.
 */
export function rewriteAlgebra(program: Program): Program {
  const makers = new Map<Value, CallNode>();
  const nodes = program.nodes.map((node): Node => {
    const result = node.kind === 'call' && node.execution.kind === 'elementwise' ? rewritten(node, makers) : node;
    const [output] = result.outputs;
    if (result.kind === 'call' && output !== undefined) makers.set(output, result);
    return result;
  });
  return {...program, nodes};
}

function rewritten(node: CallNode, makers: Makers): CallNode {
  const [a, b] = node.inputs;
  const dtype = node.outputs[0]?.dtype;
  if (a === undefined || dtype === undefined) return node;
  const [x, y] = [negated(a, makers), b === undefined ? null : negated(b, makers)];
  switch (node.name) {
    case 'add':
      if (b !== undefined && y !== null) return call(node, 'subtract', [a, y]);
      return b !== undefined && x !== null ? call(node, 'subtract', [b, x]) : node;
    case 'subtract':
      return y !== null ? call(node, 'add', [a, y]) : node;
    case 'multiply':
    case 'divide':
      return b === undefined ? node : product(node, [a, b], [x, y], dtype);
    case 'square':
    case 'abs':
      return x !== null && isReal(dtype) ? call(node, node.name, [x]) : node;
    case 'power':
      return b?.kind === 'scalar' && b.value === 2 && isReal(dtype) ? call(node, 'square', [a]) : node;
    default:
      return node;
  }
}

/** Signs leave products in pairs or go into their numbers; quotients by powers of two are products. */
function product(
  node: CallNode,
  [a, b]: readonly [Operand, Operand],
  [x, y]: readonly [Operand | null, Operand | null],
  dtype: DType,
): CallNode {
  if (!isReal(dtype)) return node;
  if (x !== null && y !== null) return product(call(node, node.name, [x, y]), [x, y], [null, null], dtype);
  if (x !== null && b.kind === 'scalar')
    return product(call(node, node.name, [x, minus(b)]), [x, minus(b)], [null, null], dtype);
  if (y !== null && a.kind === 'scalar') return call(node, node.name, [minus(a), y]);
  if (node.name !== 'divide' || b.kind !== 'scalar' || !hasExactReciprocal(b.value, dtype)) return node;
  return call(node, 'multiply', [a, {...b, value: 1 / b.value}]);
}

/** What a value is the negative of. */
function negated(operand: Operand, makers: Makers): Operand | null {
  const maker = operand.kind === 'value' ? makers.get(operand) : undefined;
  return maker?.name === 'negative' ? (maker.inputs[0] ?? null) : null;
}

const minus = (scalar: Scalar): Scalar => ({...scalar, value: -scalar.value});

// Half types go through float32 in some kernels and not in others; integers wrap and divide in their own ways.
const isReal = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64';

/** Whether a number is a power of two whose reciprocal is a normal number of the dtype. */
function hasExactReciprocal(value: number, dtype: DType): boolean {
  const exponent = Math.log2(Math.abs(value));
  return (
    Number.isInteger(exponent) &&
    2 ** exponent === Math.abs(value) &&
    Math.abs(exponent) <= (dtype === 'float32' ? 126 : 1022)
  );
}

const call = (node: CallNode, name: string, inputs: readonly Operand[]): CallNode => ({
  ...node,
  name,
  text: '',
  inputs,
  execution: {kind: 'elementwise', kernel: name},
});
