import {sameShape, sizeOf} from '../../shape.js';
import {type CallNode, liveAtEnd, type Node, type Operand, type Program, type RowsNode, type Value} from '../ir.js';
import {isStep} from './fuse.js';
import {groupsOf, NodeGroup, scatteredValues, usersOf} from './node-group.js';
import {
  foldOf,
  formOf,
  type Frame,
  isFoldKernel,
  kernelOf,
  MAX_INPUTS,
  MAX_RESULTS,
  MAX_STEPS,
  rowsNode,
  stepsOf,
} from './steps.js';

// Rows of more elements are reduced in several blocks; those of fewer cost more in calls than in elements.
const MAX_LENGTH = 4096;
const MIN_LENGTH = 4;

class Group extends NodeGroup {
  /** What reads the group and need not end it: it comes after it. */
  readonly later: Node[] = [];

  constructor(
    node: CallNode,
    position: number,
    readonly shape: readonly number[],
    /** Null as long as no row is reduced. */
    readonly frame: Frame | null,
  ) {
    super(node, position);
  }
}

/**
 * Runs reductions of rows (sums, means and extremes along the last axes) together with the elementwise functions that they read and that
 * read them, a few rows at a time in the cache: softmax, normalizations, losses and their gradients become one pass over memory. Results
 * are the same bits.
 */
export function fuseRows(program: Program): Program {
  return new RowFusion(program).run();
}

class RowFusion {
  readonly #program: Program;
  readonly #nodes: Node[] = [];
  readonly #users: ReadonlyMap<Value, readonly Node[]>;
  readonly #kept: ReadonlySet<Operand>;
  /** Values whose elements do not lie in order. */
  readonly #scattered: ReadonlySet<Operand>;
  /** The open group that makes a value, and that behind which a value waits. */
  readonly #open = new Map<Value, Group>();
  readonly #waiting = new Map<Value, Group>();
  readonly #groups = new Set<Group>();

  constructor(program: Program) {
    this.#program = program;
    this.#kept = new Set(liveAtEnd(program));
    this.#scattered = scatteredValues(program);
    this.#users = usersOf(program.nodes);
  }

  run(): Program {
    if (!this.#program.nodes.some((node) => this.#isFold(node))) return this.#program;
    this.#program.nodes.forEach((node, position) => {
      if (this.#mayWait(node) && this.#postpone(node)) return;
      for (const group of groupsOf(node, this.#waiting)) this.#close(group);
      const groups = groupsOf(node, this.#open);
      if (!this.#isMember(node)) {
        for (const group of groups) this.#close(group);
        this.#nodes.push(node);
        return;
      }
      let joined = this.#groupOf(node, position);
      for (const group of groups) {
        const both = this.#join(group, joined);
        if (both === null) this.#close(group);
        else joined = both;
      }
      this.#groups.add(joined);
      for (const output of node.outputs) this.#open.set(output, joined);
    });
    for (const group of this.#groups) this.#close(group);
    return {...this.#program, nodes: this.#nodes};
  }

  /** Views of what a group makes, and reductions of such views or of one element for each row: the mean of a loss is no reason to end what goes on to its gradient. */
  #mayWait(node: Node): boolean {
    if (node.kind !== 'call') return false;
    const {execution} = node;
    if (execution.kind === 'view') return true;
    if (!isFoldKernel(kernelOf(execution))) return false;
    const [group, ...others] = groupsOf(node, this.#open);
    const [input] = node.inputs;
    const isOfRows =
      group !== undefined && group.frame !== null && input !== undefined && sameShape(input.shape, group.frame.row);
    return group === undefined || (others.length === 0 && isOfRows && !sameShape(input.shape, group.frame.shape));
  }

  /** Lets what reads one open group come after it. */
  #postpone(node: Node): boolean {
    const [group, ...others] = new Set([...groupsOf(node, this.#open), ...groupsOf(node, this.#waiting)]);
    if (group === undefined || others.length > 0) return false;
    group.later.push(node);
    for (const output of node.outputs) this.#waiting.set(output, group);
    return true;
  }

  #isMember(node: Node): node is CallNode {
    return this.#isFold(node) || isStep(node);
  }

  /** A reduction along the last axes of a value whose elements lie in order. */
  #isFold(node: Node): boolean {
    const fold = foldOf(node);
    if (fold === null || this.#scattered.has(fold.input)) return false;
    const {input, output, axes} = fold;
    const first = input.shape.length - axes.length;
    if (axes.some((axis, i) => axis !== first + i)) return false;
    const length = sizeOf(input.shape.slice(first)) ?? 0;
    return sizeOf(output.shape) !== 0 && length >= MIN_LENGTH && length <= MAX_LENGTH;
  }

  #groupOf(node: CallNode, position: number): Group {
    const [input] = node.inputs;
    const [output] = node.outputs;
    const row = output?.shape ?? [];
    if (!this.#isFold(node) || input === undefined) return new Group(node, position, row, null);
    const {shape} = input;
    return new Group(node, position, shape, {shape, row, length: (sizeOf(shape) ?? 0) / (sizeOf(row) ?? 1)});
  }

  /** Both as one, or null where they do not work on the same rows. */
  #join(a: Group, b: Group): Group | null {
    if (a.size + b.size > MAX_STEPS || a.inputsWith(b) > MAX_INPUTS) return null;
    // What has a frame keeps it; nodes without one have to fit into it.
    const [into, from] = a.frame === null && b.frame !== null ? [b, a] : [a, b];
    const {frame, shape} = into;
    if (frame === null) {
      if (!sameShape(shape, from.shape)) return null;
    } else if (from.frame !== null) {
      if (!sameShape(from.frame.shape, frame.shape) || !sameShape(from.frame.row, frame.row)) return null;
    } else if (!from.members.every(({node}) => this.#fits(node, frame))) {
      return null;
    }
    this.#groups.delete(from);
    into.absorb(from);
    into.later.push(...from.later);
    for (const {node} of from.members) for (const output of node.outputs) this.#open.set(output, into);
    for (const {outputs} of from.later) for (const output of outputs) this.#waiting.set(output, into);
    return into;
  }

  #fits(node: CallNode, frame: Frame): boolean {
    const [output] = node.outputs;
    if (output === undefined) return false;
    if (this.#isFold(node)) return sameShape(output.shape, frame.row);
    const forms = node.inputs.map((input) => formOf(input, frame));
    if (forms.includes(null)) return false;
    if (sameShape(output.shape, frame.shape)) return true;
    return sameShape(output.shape, frame.row) && forms.every((form) => form === 'row' || form === 'scalar');
  }

  #close(group: Group): void {
    if (!this.#groups.delete(group)) return;
    const {nodes} = group;
    for (const {outputs} of nodes) for (const output of outputs) this.#open.delete(output);
    for (const {outputs} of group.later) for (const output of outputs) this.#waiting.delete(output);
    const {frame} = group;
    const rows = frame === null || nodes.length === 1 ? null : this.#rows(group, frame);
    this.#nodes.push(...(rows === null ? nodes : [rows]), ...group.later);
  }

  /** Null where nobody needs what it gives, or more is needed than one kernel gives. */
  #rows(group: Group, frame: Frame): RowsNode | null {
    const {nodes} = group;
    const parts = stepsOf(group, this.#users, this.#kept);
    const kinds = nodes.map((node) => {
      if (this.#isFold(node)) return 'fold';
      return sameShape(node.outputs[0]?.shape ?? [], frame.shape) ? 'whole' : 'row';
    });
    if (parts.results.length === 0 || parts.results.length > MAX_RESULTS) return null;
    return rowsNode('rows', group, parts, frame, kinds);
  }
}
