import {type Element} from '../dtype.js';
import {type Tensor} from '../tensor/tensor.js';

/** What a functional model is made of: a layer, a model or an operation of `ops`. Called like a function. */
export interface Operation {
  (...args: readonly never[]): unknown;
  readonly name: string;
  /** Its calls on symbolic tensors. */
  readonly nodes: readonly Node[];
}

/** One call on symbolic tensors. */
export interface Node<O = Operation> {
  readonly operation: O;
  /** Position among the calls of the operation. */
  readonly index: number;
  /** The positional arguments of the call, as they were given. */
  readonly inputs: readonly unknown[];
  /** The arguments given by name. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Tensor<Element>[];
}

/** Which call a symbolic tensor came from, and which of its outputs it is. */
export interface Origin<O = Operation> {
  readonly node: Node<O>;
  readonly tensorIndex: number;
}

const origins = new WeakMap<Tensor<Element>, Origin<unknown>>();

/** Remembers where the outputs of a call came from. */
export function recordNode<O>(node: Node<O>): Node<O> {
  node.outputs.forEach((output, tensorIndex) => {
    if (output.symbolic && !origins.has(output)) origins.set(output, {node, tensorIndex});
  });
  return node;
}

/** The call that made a symbolic tensor; `O` is what the caller knows of operations. */
export function originOf<O = Operation>(tensor: Tensor<Element>): Origin<O> | undefined {
  return origins.get(tensor) as Origin<O> | undefined;
}

// Calls within a call: only the outermost one becomes a node.
let depth = 0;

/** Whether a call on symbolic tensors becomes a node now. */
export const isOutermost = (): boolean => depth === 0;

/** Runs what is part of one call: nothing in it becomes a node. */
export function withinCall<T>(fn: () => T): T {
  depth += 1;
  try {
    return fn();
  } finally {
    depth -= 1;
  }
}
