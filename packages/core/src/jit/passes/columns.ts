import {sameShape, sizeOf} from '../../shape.js';
import {type CallNode, liveAtEnd, type Node, type Operand, type Program, type Value} from '../ir.js';
import {isStep, type Step} from './fuse.js';
import {groupsOf, NodeGroup, scatteredValues, usersOf} from './node-group.js';
import {dtypeOf, foldOf, formOf, type Frame, MAX_INPUTS, MAX_RESULTS, MAX_STEPS, rowsNode, stepsOf} from './steps.js';

const MIN_ROWS = 8;
// Between these sizes functions alone are shared between threads in smaller parts than rows are added up in.
const FEW_ELEMENTS = 1 << 14;
const MANY_ELEMENTS = 1 << 17;

/** Elementwise functions of one shape, and reductions of the leading axes of what they read or give. */
class Group extends NodeGroup {
  readonly folds: CallNode[] = [];

  constructor(
    readonly shape: readonly number[],
    node: Step,
    position: number,
  ) {
    super(node, position);
  }
}

/**
 * Runs reductions of leading axes (bias gradients, statistics of a batch) together with the elementwise functions that make what they
 * reduce, or read it too: one pass over memory. Results are the same bits. What reads a reduction comes after it, in another pass.
 */
export function fuseColumns(program: Program): Program {
  return new ColumnFusion(program).run();
}

class ColumnFusion {
  readonly #program: Program;
  readonly #nodes: Node[] = [];
  readonly #users: ReadonlyMap<Value, readonly Node[]>;
  readonly #kept: ReadonlySet<Operand>;
  readonly #scattered: ReadonlySet<Operand>;
  readonly #positions: ReadonlyMap<Node, number>;
  /** The open group that makes a value, and one that reads it. */
  readonly #open = new Map<Value, Group>();
  readonly #readers = new Map<Value, Group>();
  readonly #groups = new Set<Group>();
  /** Reductions that were written already, with a group before their turn came or alone. */
  readonly #gone = new Set<Node>();

  constructor(program: Program) {
    this.#program = program;
    this.#kept = new Set(liveAtEnd(program));
    this.#scattered = scatteredValues(program);
    this.#users = usersOf(program.nodes);
    this.#positions = new Map(program.nodes.map((node, position) => [node, position]));
  }

  run(): Program {
    if (!this.#program.nodes.some((node) => frameOf(node) !== null)) return this.#program;
    this.#program.nodes.forEach((node, position) => {
      if (this.#gone.has(node)) return;
      const groups = groupsOf(node, this.#open);
      const [output] = node.outputs;
      if (frameOf(node) !== null && node.kind === 'call' && this.#wait(node, groups)) return;
      if (!isStep(node) || output === undefined) {
        for (const group of groups) this.#close(group);
        this.#nodes.push(node);
        this.#gone.add(node);
        return;
      }
      let joined = new Group(output.shape, node, position);
      for (const group of groups) {
        // A reduction is known when the group has ended.
        const readsFold = group.folds.some((fold) => fold.outputs.some((each) => node.inputs.includes(each)));
        if (!readsFold && this.#fits(group, joined)) joined = this.#join(group, joined);
        else this.#close(group);
      }
      this.#groups.add(joined);
      this.#open.set(output, joined);
      for (const input of node.inputs) if (input.kind === 'value') this.#readers.set(input, joined);
    });
    for (const group of this.#groups) this.#close(group);
    return {...this.#program, nodes: this.#nodes};
  }

  /** A reduction goes with the group that makes what it reduces, when that ends, or with one that reduces already what reads it. */
  #wait(fold: CallNode, [maker]: readonly Group[]): boolean {
    const [input] = fold.inputs;
    const reader = input?.kind === 'value' ? this.#readers.get(input) : undefined;
    const reduces = reader !== undefined && this.#groups.has(reader) && reader.folds.length > 0;
    const group = maker ?? (reduces ? reader : undefined);
    if (group === undefined || input === undefined || !sameShape(input.shape, group.shape)) return false;
    group.folds.push(fold);
    for (const output of fold.outputs) this.#open.set(output, group);
    return true;
  }

  #fits(a: Group, b: Group): boolean {
    return (
      sameShape(a.shape, b.shape) &&
      a.size + b.size + a.folds.length + b.folds.length < MAX_STEPS &&
      a.inputsWith(b) <= MAX_INPUTS
    );
  }

  /** The smaller group becomes a part of the larger one. */
  #join(a: Group, b: Group): Group {
    const [into, from] = a.size >= b.size ? [a, b] : [b, a];
    this.#groups.delete(from);
    into.absorb(from);
    into.folds.push(...from.folds);
    for (const {node} of from.members) {
      for (const output of node.outputs) this.#open.set(output, into);
      for (const input of node.inputs) if (input.kind === 'value') this.#readers.set(input, into);
    }
    for (const {outputs} of from.folds) for (const output of outputs) this.#open.set(output, into);
    return into;
  }

  #close(group: Group): void {
    if (!this.#groups.delete(group)) return;
    const {nodes} = group;
    for (const {outputs} of [...nodes, ...group.folds]) for (const output of outputs) this.#open.delete(output);
    const folds = this.#foldsOf(group);
    const [first] = folds;
    const frame = first === undefined ? null : frameOf(first);
    const together = frame === null ? [] : this.#together(group, folds, frame);
    if (frame === null || together.length === 0) {
      this.#nodes.push(...nodes, ...group.folds);
      return;
    }
    // Reductions come last: the kernel makes all that they read first.
    const last = this.#program.nodes.length;
    for (const fold of together) {
      this.#gone.add(fold);
      group.absorb(new NodeGroup(fold, last + this.#positionOf(fold)));
    }
    this.#nodes.push(this.#columns(group, frame), ...group.folds.filter((fold) => !together.includes(fold)));
  }

  #positionOf(node: Node): number {
    return this.#positions.get(node) ?? Infinity;
  }

  /** Reductions that wait for the group, and those to come that need nothing but what it makes or reads. */
  #foldsOf(group: Group): readonly CallNode[] {
    const folds = new Set(group.folds);
    const {nodes} = group;
    const last = Math.max(...group.members.map(({position}) => position));
    const see = (operand: Operand): void => {
      if (operand.kind !== 'value' || !sameShape(operand.shape, group.shape)) return;
      for (const user of this.#users.get(operand) ?? []) {
        if (user.kind !== 'call' || this.#gone.has(user) || frameOf(user) === null) continue;
        if (this.#positionOf(user) > last) folds.add(user);
      }
    };
    for (const {outputs} of nodes) outputs.forEach(see);
    // What another group still makes is not there yet.
    for (const input of group.inputs()) if (input.kind === 'value' && !this.#open.has(input)) see(input);
    // Others wait for another group.
    return [...folds].filter(
      (fold) => group.folds.includes(fold) || !fold.outputs.some((output) => this.#open.has(output)),
    );
  }

  /** Those that one kernel computes with the group: of the same rows and dtype. */
  #together(group: Group, folds: readonly CallNode[], frame: Frame): readonly CallNode[] {
    const dtype = dtypeOf(folds[0]?.outputs ?? []);
    const same = folds.filter((fold) => {
      const own = frameOf(fold);
      return own !== null && sameShape(own.row, frame.row) && dtypeOf(fold.outputs) === dtype;
    });
    const fits = group.inputs().every((input) => !this.#scattered.has(input) && formOf(input, frame) !== null);
    const inputs = group.inputs().length;
    return fits && inputs <= MAX_INPUTS && group.size + same.length <= MAX_STEPS ? same.slice(0, MAX_RESULTS) : [];
  }

  #columns(group: Group, frame: Frame): Node {
    const {nodes} = group;
    const kinds = nodes.map((node) => (isStep(node) ? 'whole' : 'fold'));
    return rowsNode('columns', group, stepsOf(group, this.#users, this.#kept), frame, kinds);
  }
}

/** What a reduction of leading axes works on; null for other nodes, and where the pass gains nothing. */
function frameOf(node: Node): Frame | null {
  const fold = foldOf(node);
  if (fold === null) return null;
  const {input, axes} = fold;
  if (axes.length === input.shape.length || axes.some((axis, i) => axis !== i)) return null;
  const rows = sizeOf(input.shape.slice(0, axes.length)) ?? 0;
  const length = sizeOf(input.shape.slice(axes.length)) ?? 0;
  if (rows < MIN_ROWS || length < 2) return null;
  const size = rows * length;
  if (size >= FEW_ELEMENTS && size < MANY_ELEMENTS) return null;
  return {shape: input.shape, row: input.shape.map((each, axis) => (axis < axes.length ? each : 1)), length};
}
