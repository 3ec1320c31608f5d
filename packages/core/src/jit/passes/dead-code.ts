import {liveAtEnd, type Node, type Operand, type Program, type Value} from '../ir.js';

/** Leaves out nodes whose values nobody needs, and Variables and constants that nobody reads. */
export function removeDeadCode(program: Program): Program {
  const needed = new Set<Value>();
  const need = (operand: Operand): void => {
    if (operand.kind === 'value') needed.add(operand);
  };
  liveAtEnd(program).forEach(need);
  const nodes: Node[] = [];
  for (const node of program.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    nodes.push(node);
    node.inputs.forEach(need);
  }
  return {
    ...program,
    nodes: nodes.reverse(),
    variables: program.variables.filter(({initial, final}) => initial !== final || needed.has(initial)),
    constants: program.constants.filter(({value}) => needed.has(value)),
  };
}
