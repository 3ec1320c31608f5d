import {sameShape} from '../../shape.js';
import {type CallNode, liveAtEnd, type Node, type Program, type Value} from '../ir.js';
import {usersOf} from './node-group.js';

const REDUCTIONS: ReadonlySet<string> = new Set(['sum', 'mean', 'max', 'min', 'prod', 'any', 'all']);

/**
 * Lets reductions of leading axes give the shape that a reshape makes of them: `reshape(sum(x, axes: [0]), shape: [n])` becomes the sum
 * alone, so that what follows, such as the update of a bias, has the shape of its other operands. Reductions of trailing axes keep
 * theirs, with which programs over rows tell a row from a column.
 */
export function squeezeReductions(program: Program): Program {
  const users = usersOf(program.nodes);
  const kept = new Set(liveAtEnd(program));
  const gone = new Set<object>();
  const nodes = program.nodes.map((node): Node => {
    const [output] = node.outputs;
    if (node.kind !== 'call' || output === undefined || kept.has(output) || !isLeading(node, output)) return node;
    const [reshape, ...others] = users.get(output) ?? [];
    if (reshape === undefined || others.length > 0) return node;
    if (reshape.kind !== 'call' || reshape.name !== 'reshape' || node.execution.kind !== 'strided') return node;
    gone.add(reshape);
    return {...node, outputs: reshape.outputs, execution: {...node.execution, writes: output.shape}};
  });
  return {...program, nodes: nodes.filter((node) => !gone.has(node))};
}

function isLeading({execution, inputs}: CallNode, {shape}: Value): boolean {
  const [input] = inputs;
  if (execution.kind !== 'strided' || !REDUCTIONS.has(execution.kernel) || input === undefined) return false;
  const last = input.shape.length - 1;
  return !execution.attributes.includes(last) && !sameShape(shape, input.shape);
}
