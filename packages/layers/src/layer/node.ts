import {type Element, type Tensor} from '@keratin/core';

/** One call of a layer on symbolic tensors: what functional models are made of. */
export interface Node<L> {
  readonly layer: L;
  /** Position among the layer's calls. */
  readonly index: number;
  /** The tensors of the call, as they were given. */
  readonly inputs: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Tensor<Element>[];
}

/** Which call a symbolic tensor came from, and which of its outputs it is. */
export interface Origin<L> {
  readonly node: Node<L>;
  readonly tensorIndex: number;
}

const origins = new WeakMap<Tensor<Element>, Origin<unknown>>();

/** Remembers where the outputs of a call came from. */
export function recordNode<L>(node: Node<L>): Node<L> {
  node.outputs.forEach((output, tensorIndex) => {
    if (output.symbolic && !origins.has(output)) origins.set(output, {node, tensorIndex});
  });
  return node;
}

/** The call that made a symbolic tensor. */
export function originOf<L>(tensor: Tensor<Element>): Origin<L> | undefined {
  return origins.get(tensor) as Origin<L> | undefined;
}
