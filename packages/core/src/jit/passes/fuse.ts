import {addon} from '@keratin/native';
import {type DType, DTYPES} from '../../dtype.js';
import {opcodeOf} from '../../engine/execute.js';
import {sameShape, sizeOf} from '../../shape.js';
import {type CallNode, type ChainNode, liveAtEnd, type Node, type Operand, type Program, type Value} from '../ir.js';
import {groupsOf, NodeGroup, usersOf} from './node-group.js';
import {MAX_INPUTS, stepsOf} from './steps.js';

const MAX_STEPS = 24;

/** An elementwise function that a chain may hold. */
export interface Step extends CallNode {
  readonly execution: {readonly kind: 'elementwise'; readonly kernel: string};
}

/** All of its nodes have one shape. */
class Group extends NodeGroup {
  constructor(
    readonly shape: readonly number[],
    node: Step,
    position: number,
  ) {
    super(node, position);
  }
}

/**
 * Makes chains of elementwise functions of one shape that read each other's results, or the same operand: one pass over memory instead of
 * one for each. A chain ends where something else needs one of its values.
 */
export function fuseElementwise(program: Program): Program {
  return new Fusion(program).run();
}

class Fusion {
  readonly #program: Program;
  readonly #nodes: Node[] = [];
  readonly #users: ReadonlyMap<Value, readonly Node[]>;
  readonly #kept: ReadonlySet<Operand>;
  /** The open group that makes a value. */
  readonly #open = new Map<Value, Group>();
  readonly #groups = new Set<Group>();

  constructor(program: Program) {
    this.#program = program;
    this.#kept = new Set(liveAtEnd(program));
    this.#users = usersOf(program.nodes);
  }

  run(): Program {
    this.#program.nodes.forEach((node, position) => {
      const groups = groupsOf(node, this.#open);
      const [output] = node.outputs;
      if (!isStep(node) || output === undefined) {
        for (const group of groups) this.#close(group);
        this.#nodes.push(node);
        return;
      }
      let joined = new Group(output.shape, node, position);
      for (const group of groups) {
        if (this.#fits(group, joined)) joined = this.#join(group, joined);
        else this.#close(group);
      }
      this.#groups.add(joined);
      this.#open.set(output, joined);
    });
    this.#joinSiblings();
    for (const group of this.#groups) this.#close(group);
    return {...this.#program, nodes: this.#nodes};
  }

  /**
   * What is open at the end waits for nobody and nobody waits for it: groups that read the same operand, as a gradient is read for a weight
   * and for its momentum, read it once.
   */
  #joinSiblings(): void {
    const readers = new Map<Operand, Group>();
    for (const group of [...this.#groups]) {
      let joined = group;
      for (const input of group.inputs()) {
        if (input.kind !== 'value' || !sameShape(input.shape, group.shape)) continue;
        const reader = readers.get(input);
        const isOpen = reader !== undefined && reader !== joined && this.#groups.has(reader);
        if (isOpen && this.#fits(reader, joined)) joined = this.#join(reader, joined);
      }
      for (const input of joined.inputs()) readers.set(input, joined);
    }
  }

  #fits(a: Group, b: Group): boolean {
    return sameShape(a.shape, b.shape) && a.size + b.size <= MAX_STEPS && a.inputsWith(b) <= MAX_INPUTS;
  }

  /** The smaller group becomes a part of the larger one. */
  #join(a: Group, b: Group): Group {
    const [into, from] = a.size >= b.size ? [a, b] : [b, a];
    this.#groups.delete(from);
    into.absorb(from);
    for (const {node} of from.members) for (const output of node.outputs) this.#open.set(output, into);
    return into;
  }

  #close(group: Group): void {
    if (!this.#groups.delete(group)) return;
    const {nodes} = group;
    for (const {outputs} of nodes) for (const output of outputs) this.#open.delete(output);
    if (nodes.length === 1) this.#nodes.push(...nodes);
    else this.#nodes.push(...this.#chain(group));
  }

  /** One chain, or none where nobody needs what it gives. */
  #chain(group: Group): ChainNode[] {
    const {inputs, outputs, steps, results} = stepsOf(group, this.#users, this.#kept);
    if (results.length === 0) return [];
    return [{kind: 'chain', op: group.nodes.at(-1)?.op ?? 'chain', inputs, outputs, steps, results}];
  }
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
