import {reshape} from '../../primitives/movement.js';
import {broadcastShapes, concrete, sameShape, type Shape, sizeOf} from '../../shape.js';
import {
  type CallNode,
  freshValues,
  type Node,
  type Operand,
  type Program,
  rewrite,
  type Value,
  withInputs,
} from '../ir.js';

/**
 * Moves reshapes behind the elementwise functions that read them: `relu(reshape(x))` becomes `reshape(relu(x))`, so that the function
 * stands where its operand was made and can join it (as an epilogue, in a chain, or in a program over rows). Reshapes of reshapes become one, and what is
 * broadcast for an elementwise function alone is read as it is.
 */
export function sinkReshapes(program: Program): Program {
  return new Sinking(program).run();
}

class Sinking {
  readonly #program: Program;
  readonly #fresh: (like: {readonly shape: readonly number[]; readonly dtype: Value['dtype']}) => Value;
  readonly #makers = new Map<Value, Node>();
  /** Reshapes that undo each other. */
  readonly #replaced = new Map<Value, Operand>();
  readonly #nodes: Node[] = [];

  constructor(program: Program) {
    this.#program = program;
    this.#fresh = freshValues(program);
  }

  run(): Program {
    for (const node of this.#program.nodes) this.#add(this.#sunk(withInputs(node, this.#replaced)));
    return rewrite(this.#program, this.#nodes, this.#replaced);
  }

  #add(node: Node): void {
    this.#nodes.push(node);
    for (const output of node.outputs) this.#makers.set(output, node);
  }

  /** What stands for the node; others that it needs are added before. */
  #sunk(node: Node): Node {
    const [output] = node.outputs;
    if (node.kind !== 'call' || output === undefined || sizeOf(output.shape) === 0) return node;
    if (node.name === 'reshape') {
      const base = this.#reshaped(node.inputs[0]);
      if (base === null) return node;
      if (sameShape(base.shape, output.shape)) this.#replaced.set(output, base);
      return {...node, inputs: [base]};
    }
    if (node.execution.kind === 'strided') return this.#reduced(node, node.execution, output);
    if (node.execution.kind !== 'elementwise') return node;
    return this.#moved(this.#unbroadcast(node, output), output);
  }

  #moved(node: CallNode, output: Value): Node {
    for (const input of node.inputs) {
      const base = sameShape(input.shape, output.shape) ? this.#reshaped(input) : null;
      if (base === null || sameShape(base.shape, output.shape)) continue;
      const inputs = node.inputs.map((each) => this.#inShape(each, output.shape, base.shape));
      if (!inputs.every((each) => each !== null)) continue;
      const now = this.#fresh({shape: base.shape, dtype: output.dtype});
      this.#add({...node, inputs: inputs.map((each) => this.#operand(each)), outputs: [now]});
      return reshapeNode(node.op, now, output);
    }
    return node;
  }

  /** A reduction of rows reads what was reshaped where its rows are the same: `mean(reshape(x))` becomes `reshape(mean(x))`. */
  #reduced(node: CallNode, execution: Strided, output: Value): Node {
    const [input] = node.inputs;
    const base = this.#reshaped(input);
    if (!FOLDS.has(execution.kernel) || input === undefined || base?.kind !== 'value' || !this.#isPlain(base))
      return node;
    const axes = execution.attributes.toSorted((a, b) => a - b);
    const first = input.shape.length - axes.length;
    if (axes.length === 0 || axes.some((axis, i) => axis !== first + i)) return node;
    const length = sizeOf(input.shape.slice(first));
    const start = base.shape.findIndex((_, axis) => sizeOf(base.shape.slice(axis)) === length);
    if (start < 0) return node;
    const attributes = base.shape.map((_, axis) => axis).slice(start);
    const now = this.#fresh({shape: base.shape.map((size, axis) => (axis < start ? size : 1)), dtype: output.dtype});
    const text = `axes: [${attributes.join()}]`;
    this.#add({...node, text, inputs: [base], outputs: [now], execution: {...execution, attributes}});
    return reshapeNode(node.op, now, output);
  }

  /** Functions repeat their operands themselves; a view of one element for each row says nothing of it. */
  #unbroadcast(node: CallNode, output: Value): CallNode {
    const inputs = node.inputs.map((input) => {
      const maker = input.kind === 'value' ? this.#makers.get(input) : undefined;
      const [base] = maker?.inputs ?? [];
      const isRepeated = maker?.kind === 'call' && maker.name === 'broadcast_to' && base !== undefined;
      return isRepeated && base.shape.length <= output.shape.length ? base : input;
    });
    let shape: Shape | null = [];
    for (const input of inputs) shape = shape === null ? null : broadcastShapes(shape, input.shape);
    return shape !== null && sameShape(concrete(shape), output.shape) ? {...node, inputs} : node;
  }

  /** What an operand is a reshape of. */
  #reshaped(operand: Operand | undefined): Operand | null {
    const maker = operand?.kind === 'value' ? this.#makers.get(operand) : undefined;
    return maker?.kind === 'call' && maker.name === 'reshape' ? (maker.inputs[0] ?? null) : null;
  }

  /** How an operand of a function of `shape` is read by the same function of shape `to`; null where its elements would have to move. */
  #inShape(operand: Operand, shape: readonly number[], to: readonly number[]): Operand | Reshaped | null {
    if (operand.kind === 'scalar') return {...operand, shape: []};
    const base = this.#reshaped(operand);
    if (sameShape(operand.shape, shape)) {
      if (base !== null && sameShape(base.shape, to)) return base;
      return this.#isPlain(operand) ? {of: operand, shape: to} : null;
    }
    // What is broadcast along leading axes alone reads the trailing ones of the new shape.
    const own = operand.shape.slice(operand.shape.findIndex((size) => size !== 1));
    if (sizeOf(operand.shape) === 1) return {of: operand, shape: []};
    if (!sameShape(own, shape.slice(shape.length - own.length)) || !this.#isPlain(operand)) return null;
    const size = sizeOf(own);
    for (let axis = to.length; axis >= 0; axis--) {
      if (sizeOf(to.slice(axis)) === size) return {of: operand, shape: to.slice(axis)};
    }
    return null;
  }

  /** Whether a reshape of the operand is free: it is no view that changes the order of elements. */
  #isPlain(operand: Value): boolean {
    const maker = this.#makers.get(operand);
    return maker?.kind !== 'call' || maker.execution.kind !== 'view' || maker.name === 'reshape';
  }

  #operand(operand: Operand | Reshaped): Operand {
    if (!('of' in operand)) return operand;
    const {of, shape} = operand;
    if (sameShape(of.shape, shape)) return of;
    const value = this.#fresh({shape, dtype: of.dtype});
    this.#add(reshapeNode('reshape', of, value));
    return value;
  }
}

type Strided = Extract<CallNode['execution'], {kind: 'strided' | 'contiguous'}>;

const FOLDS: ReadonlySet<string> = new Set(['sum', 'mean', 'max', 'min']);

/** A value that is to be reshaped first. */
interface Reshaped {
  readonly of: Value;
  readonly shape: readonly number[];
}

function reshapeNode(op: string, from: Operand, to: Value): CallNode {
  const {run} = reshape.definition;
  const attributes = {shape: to.shape};
  return {
    kind: 'call',
    op,
    name: reshape.name,
    text: `shape: [${to.shape.join()}]`,
    inputs: [from],
    outputs: [to],
    dynamic: [],
    execution: {
      kind: 'view',
      layout: (input) => (run.kind === 'view' ? run.layout(input, attributes, to.shape) : null),
    },
  };
}
