import {addon} from '@keratin/native';
import {type DType, DTYPES} from '../../dtype.js';
import {opcodeOf} from '../../engine/execute.js';
import {sameShape, sizeOf} from '../../shape.js';
import {type CallNode, type ChainNode, liveAtEnd, type Node, type Operand, type Program, type Value} from '../ir.js';

const MAX_STEPS = 24;
const MAX_INPUTS = 16;

/** An elementwise function that a chain may hold. */
export interface Step extends CallNode {
  readonly execution: {readonly kind: 'elementwise'; readonly kernel: string};
}

interface Group {
  readonly shape: readonly number[];
  steps: {readonly node: Step; readonly position: number}[];
}

/**
 * Makes chains of elementwise functions of one shape that read each other's results: one pass over memory instead of one for each.
 * A chain ends where something else needs one of its values.
 */
export function fuseElementwise(program: Program): Program {
  return new Fusion(program).run();
}

class Fusion {
  readonly #program: Program;
  readonly #nodes: Node[] = [];
  readonly #users = new Map<Value, Node[]>();
  readonly #kept: Set<Operand>;
  /** The open group that makes a value. */
  readonly #open = new Map<Value, Group>();
  readonly #groups = new Set<Group>();

  constructor(program: Program) {
    this.#program = program;
    this.#kept = new Set(liveAtEnd(program));
    for (const node of program.nodes) {
      for (const input of node.inputs) {
        if (input.kind !== 'value') continue;
        const users = this.#users.get(input) ?? [];
        users.push(node);
        this.#users.set(input, users);
      }
    }
  }

  run(): Program {
    this.#program.nodes.forEach((node, position) => {
      const groups = this.#groupsOf(node);
      if (!isStep(node)) {
        for (const group of groups) this.#close(group);
        this.#nodes.push(node);
        return;
      }
      const [output] = node.outputs;
      if (output === undefined) return;
      let joined: Group = {shape: output.shape, steps: []};
      for (const group of groups) {
        if (sameShape(group.shape, output.shape) && fits(joined, group, node)) joined = this.#join(group, joined);
        else this.#close(group);
      }
      joined.steps.push({node, position});
      this.#groups.add(joined);
      this.#open.set(output, joined);
    });
    for (const group of this.#groups) this.#close(group);
    return {...this.#program, nodes: this.#nodes};
  }

  #groupsOf(node: Node): Set<Group> {
    const groups = new Set<Group>();
    for (const input of node.inputs) {
      const group = input.kind === 'value' ? this.#open.get(input) : undefined;
      if (group !== undefined) groups.add(group);
    }
    return groups;
  }

  #join(group: Group, other: Group): Group {
    this.#groups.delete(group);
    this.#groups.delete(other);
    const steps = [...group.steps, ...other.steps].sort((a, b) => a.position - b.position);
    const joined: Group = {shape: group.shape, steps};
    for (const {node} of steps) for (const output of node.outputs) this.#open.set(output, joined);
    this.#groups.add(joined);
    return joined;
  }

  #close(group: Group): void {
    if (!this.#groups.delete(group)) return;
    for (const {node} of group.steps) for (const output of node.outputs) this.#open.delete(output);
    const nodes = group.steps.map(({node}) => node);
    const [only] = nodes;
    if (only !== undefined && nodes.length === 1) this.#nodes.push(only);
    else this.#nodes.push(...this.#chain(nodes));
  }

  /** One chain, or none where nobody needs what it gives. */
  #chain(nodes: readonly Step[]): ChainNode[] {
    const inside = new Set<Node>(nodes);
    const made = new Set(nodes.flatMap(({outputs}) => outputs));
    const inputs = inputsOf(nodes);
    const places = new Map<string | Value, number>(inputs.map((input, i) => [keyOf(input), i]));
    const steps = nodes.map(({execution: {kernel}, inputs: from, outputs}, i) => {
      const read = from.map((input) => places.get(keyOf(input)) ?? -1);
      for (const output of outputs) places.set(output, inputs.length + i);
      return {kernel, dtype: dtypeOf(outputs), from: read};
    });
    const results = nodes.flatMap(({outputs}, i) => {
      const needed = outputs.some(
        (output) => this.#kept.has(output) || (this.#users.get(output) ?? []).some((user) => !inside.has(user)),
      );
      return needed ? [i] : [];
    });
    const outputs = results.flatMap((i) => nodes[i]?.outputs ?? []).filter((output) => made.has(output));
    if (results.length === 0) return [];
    return [{kind: 'chain', op: nodes.at(-1)?.op ?? 'chain', inputs, outputs, steps, results}];
  }
}

export const dtypeOf = ([output]: readonly Value[]): DType => output?.dtype ?? 'float32';

/** Scalars are equal by what they are. */
export const keyOf = (operand: Operand): string | Value =>
  operand.kind === 'value'
    ? operand
    : `${operand.dtype} ${Object.is(operand.value, -0) ? '-0' : String(operand.value)}`;

export function inputsOf(nodes: readonly CallNode[]): Operand[] {
  const made = new Set<Operand>(nodes.flatMap(({outputs}) => outputs));
  const inputs = new Map<string | Value, Operand>();
  for (const node of nodes) {
    for (const input of node.inputs) if (!made.has(input)) inputs.set(keyOf(input), input);
  }
  return [...inputs.values()];
}

function fits(a: Group, b: Group, node: Step): boolean {
  const nodes = [...a.steps, ...b.steps].map((step) => step.node);
  return nodes.length + 1 <= MAX_STEPS && inputsOf([...nodes, node]).length <= MAX_INPUTS;
}

export function isStep(node: Node): node is Step {
  if (node.kind !== 'call' || node.execution.kind !== 'elementwise' || node.inputs.length > 3) return false;
  const [output] = node.outputs;
  const [first] = node.inputs;
  if (output === undefined || first === undefined || sizeOf(output.shape) === 0) return false;
  const {kernel} = node.execution;
  if (kernel === 'select') return !isComplex(output.dtype);
  if (kernel === 'cast') return isPlain(first.dtype) && isPlain(output.dtype);
  const dtypes = addon.bodies[opcodeOf(kernel)] ?? 0;
  return (dtypes & (1 << DTYPES[first.dtype].code)) !== 0;
}

const isComplex = (dtype: DType): boolean => DTYPES[dtype].kind === 'complex';

/** Whether numbers of the dtype convert to all others of this kind in one step. */
const isPlain = (dtype: DType): boolean =>
  !isComplex(dtype) && dtype !== 'float16' && dtype !== 'bfloat16' && dtype !== 'string';
