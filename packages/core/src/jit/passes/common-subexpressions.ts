import {sameShape} from '../../shape.js';
import {type CallNode, type Node, type Operand, type Program, resolve, rewrite, type Value, withInputs} from '../ir.js';

/** Computes once what is computed twice from the same inputs. Random draws and updates stay. */
export function shareCommonSubexpressions(program: Program): Program {
  const replaced = new Map<Value, Operand>();
  // Calls of one hash: texts of each call would cost more than all comparisons.
  const known = new Map<number, CallNode[]>();
  const nodes: Node[] = [];
  for (const original of program.nodes) {
    const node = withInputs(original, replaced);
    if (node.kind !== 'call' || node.dynamic.length > 0) {
      nodes.push(node);
      continue;
    }
    const key = hashOf(node);
    const alike = known.get(key);
    const same = alike?.find((other) => isSame(node, other));
    if (same === undefined) {
      nodes.push(node);
      if (alike === undefined) known.set(key, [node]);
      else alike.push(node);
      continue;
    }
    node.outputs.forEach((output, i) => {
      const other = same.outputs[i];
      if (other !== undefined) replaced.set(output, resolve(other, replaced));
    });
  }
  return rewrite(program, nodes, replaced);
}

function hashOf({name, text, inputs}: CallNode): number {
  let hash = 0;
  for (const part of [name, text]) {
    for (let i = 0; i < part.length; i++) hash = (Math.imul(hash, 31) + part.charCodeAt(i)) | 0;
  }
  for (const input of inputs) {
    const own = input.kind === 'value' ? input.id : Math.imul(input.value * 1024, 0x9e3779b1);
    hash = (Math.imul(hash, 0x01000193) ^ own) | 0;
  }
  return hash;
}

function isSame(a: CallNode, b: CallNode): boolean {
  return (
    a.name === b.name &&
    a.text === b.text &&
    a.inputs.length === b.inputs.length &&
    a.inputs.every((input, i) => isSameOperand(input, b.inputs[i])) &&
    a.outputs.length === b.outputs.length &&
    a.outputs.every((output, i) => isAlike(output, b.outputs[i]))
  );
}

function isSameOperand(a: Operand, b: Operand | undefined): boolean {
  if (a === b) return true;
  return a.kind === 'scalar' && b?.kind === 'scalar' && Object.is(a.value, b.value) && isAlike(a, b);
}

const isAlike = (a: Operand, b: Operand | undefined): boolean =>
  b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape);
