import {type Node, type Operand, type Program, type UpdateNode, type Value} from '../ir.js';

// Kernels that take any number of variables, each with as many slots; see `hot/optimizer.cpp`.
const GROUPED: ReadonlySet<string> = new Set(['sgd_update', 'rmsprop_update', 'adam_update', 'nadam_update']);

// A kernel takes at most 4,096 operands.
const MOST_OPERANDS = 4000;

type Members = [UpdateNode, ...UpdateNode[]];

/**
 * Lets one kernel make the same optimizer step for all variables: one pass over all of their memory, cut into even parts, instead of a
 * call for each weight and bias. A group runs where its last member stood, and ends before something reads what it changes.
 */
export function groupUpdates(program: Program): Program {
  const nodes: Node[] = [];
  const open = new Map<string, Members>();
  // Which open group makes a value.
  const made = new Map<Value, string>();
  const close = (key: string): void => {
    const members = open.get(key);
    if (members === undefined) return;
    open.delete(key);
    for (const {outputs} of members) for (const output of outputs) made.delete(output);
    nodes.push(together(members));
  };
  for (const node of program.nodes) {
    const needed = new Set(node.inputs.flatMap((input) => (input.kind === 'value' ? (made.get(input) ?? []) : [])));
    for (const key of needed) close(key);
    if (node.kind !== 'update' || !GROUPED.has(node.kernel)) {
      nodes.push(node);
      continue;
    }
    const key = keyOf(node);
    const members = open.get(key);
    const operands = node.reads + node.outputs.length;
    if (members !== undefined && (members.length + 1) * operands <= MOST_OPERANDS) {
      members.push(node);
    } else {
      close(key);
      open.set(key, [node]);
    }
    for (const output of node.outputs) made.set(output, key);
  }
  for (const key of [...open.keys()]) close(key);
  return {...program, nodes};
}

/** Equal for updates that differ in gradients and targets alone. */
function keyOf({kernel, reads, attributes, dynamic, inputs, outputs}: UpdateNode): string {
  const changing = dynamic.map((each) => {
    if ('draw' in each) return `${String(each.attribute)}: draw ${String(each.draw)} ${String(each.word)}`;
    return `${String(each.attribute)}: ${operandText(inputs[each.input])}`;
  });
  const numbers = attributes.map((value) => (Object.is(value, -0) ? '-0' : String(value)));
  const dtype = outputs[0]?.dtype ?? '';
  return [kernel, dtype, reads, outputs.length, numbers.join(), changing.join()].join('; ');
}

function operandText(operand: Operand | undefined): string {
  return operand?.kind === 'value' ? `%${String(operand.id)}` : String(operand?.value);
}

function together(members: Members): UpdateNode {
  const [first] = members;
  if (members.length === 1) return first;
  const reads = members.flatMap((node) => node.inputs.slice(0, node.reads));
  const targets = members.flatMap((node) => node.inputs.slice(node.reads, node.reads + node.outputs.length));
  const own = first.reads + first.outputs.length;
  const shift = reads.length + targets.length - own;
  return {
    ...first,
    reads: reads.length,
    inputs: [...reads, ...targets, ...first.inputs.slice(own)],
    outputs: members.flatMap(({outputs}) => outputs),
    dynamic: first.dynamic.map((each) => ('draw' in each ? each : {...each, input: each.input + shift})),
  };
}
