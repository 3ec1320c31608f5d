import {type CallNode, type Operand, type Program, type Value} from '../ir.js';

interface Member {
  readonly node: CallNode;
  /** In the program. */
  readonly position: number;
}

/** Operands are told apart by their values, scalars by what they are. */
export const keyOf = (operand: Operand): string | Value =>
  operand.kind === 'value'
    ? operand
    : `${operand.dtype} ${Object.is(operand.value, -0) ? '-0' : String(operand.value)}`;

/** Nodes that are to run as one. It grows in place, so that a program of n nodes takes n steps. */
export class NodeGroup {
  readonly #members: Member[];
  readonly #made: Set<Value>;
  readonly #read = new Set<string | Value>();
  #sorted: readonly CallNode[] | null = null;

  constructor(node: CallNode, position: number) {
    this.#members = [{node, position}];
    this.#made = new Set(node.outputs);
    for (const input of node.inputs) this.#read.add(keyOf(input));
  }

  get size(): number {
    return this.#members.length;
  }

  /** In the order of the program. */
  get nodes(): readonly CallNode[] {
    this.#sorted ??= this.#members.sort((a, b) => a.position - b.position).map(({node}) => node);
    return this.#sorted;
  }

  /** In no order. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** How many different operands both would read together that neither makes. */
  inputsWith(other: NodeGroup): number {
    let count = 0;
    for (const key of this.#read) if (typeof key === 'string' || !other.#made.has(key)) count += 1;
    for (const key of other.#read) {
      if (!this.#read.has(key) && (typeof key === 'string' || !this.#made.has(key))) count += 1;
    }
    return count;
  }

  /** Takes in the nodes of another group. */
  absorb(other: NodeGroup): void {
    this.#sorted = null;
    this.#members.push(...other.#members);
    for (const key of other.#read) this.#read.add(key);
    for (const value of other.#made) this.#made.add(value);
    for (const value of this.#read) if (typeof value !== 'string' && this.#made.has(value)) this.#read.delete(value);
  }

  /** What the nodes read of others, each operand once. */
  inputs(): Operand[] {
    const inputs = new Map<string | Value, Operand>();
    for (const node of this.nodes) {
      for (const input of node.inputs) {
        if (input.kind === 'scalar' || !this.#made.has(input)) inputs.set(keyOf(input), input);
      }
    }
    return [...inputs.values()];
  }
}

/** The groups that make what a node reads, each once. */
export function groupsOf<G extends NodeGroup>(
  {inputs}: {readonly inputs: readonly Operand[]},
  open: ReadonlyMap<Value, G>,
): readonly G[] {
  const groups: G[] = [];
  for (const input of inputs) {
    const group = input.kind === 'value' ? open.get(input) : undefined;
    if (group !== undefined && !groups.includes(group)) groups.push(group);
  }
  return groups;
}

/** Who reads each value. */
export function usersOf<N extends {readonly inputs: readonly Operand[]}>(
  nodes: readonly N[],
): ReadonlyMap<Value, readonly N[]> {
  const users = new Map<Value, N[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (input.kind !== 'value') continue;
      const known = users.get(input);
      if (known === undefined) users.set(input, [node]);
      else known.push(node);
    }
  }
  return users;
}

/** Values whose elements do not lie in order: views, captured ones too, and reshapes of those. */
export function scatteredValues(program: Program): ReadonlySet<Operand> {
  const scattered = new Set<Operand>();
  for (const {value, tensor} of program.constants) if (tensor.strides !== null) scattered.add(value);
  for (const node of program.nodes) {
    if (node.kind !== 'call' || node.execution.kind !== 'view') continue;
    const [input] = node.inputs;
    // A reshape of what lies in another order is copied by whoever needs it in order: it is no better.
    const inherits = input !== undefined && scattered.has(input);
    if (node.name !== 'reshape' || inherits) for (const output of node.outputs) scattered.add(output);
  }
  return scattered;
}
