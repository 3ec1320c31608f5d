import {type Node, type Operand, type Program, resolve, rewrite, type Value, withInputs} from '../ir.js';

/** Computes once what is computed twice from the same inputs. Random draws and updates stay. */
export function shareCommonSubexpressions(program: Program): Program {
  const replaced = new Map<Value, Operand>();
  const known = new Map<string, Node>();
  const nodes: Node[] = [];
  for (const original of program.nodes) {
    const node = withInputs(original, replaced);
    const key = keyOf(node);
    const same = key === null ? undefined : known.get(key);
    if (same === undefined) {
      nodes.push(node);
      if (key !== null) known.set(key, node);
      continue;
    }
    node.outputs.forEach((output, i) => {
      const other = same.outputs[i];
      if (other !== undefined) replaced.set(output, resolve(other, replaced));
    });
  }
  return rewrite(program, nodes, replaced);
}

function keyOf(node: Node): string | null {
  if (node.kind !== 'call' || node.dynamic.length > 0) return null;
  const inputs = node.inputs.map((input) =>
    input.kind === 'value'
      ? `%${String(input.id)}`
      : `${input.dtype} ${Object.is(input.value, -0) ? '-0' : String(input.value)} ${input.shape.join()}`,
  );
  const outputs = node.outputs.map(({dtype, shape}) => `${dtype}[${shape.join()}]`);
  return `${node.name}(${inputs.join('; ')}; ${node.text}) ${outputs.join('; ')}`;
}
