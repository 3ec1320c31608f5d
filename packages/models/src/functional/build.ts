import {type Element, type Tensor, ValueError} from '@keratin/core';
import {describe, type Node, originOf, show, tensorsIn} from '@keratin/core/internal';
import {type AnyLayer, InputLayer} from '@keratin/layers';
import {type GraphOperation} from './operation.js';

type AnyTensor = Tensor<Element>;
export type GraphNode = Node<GraphOperation>;

/** The nodes between inputs and outputs, in Keras's order. */
export interface Topology {
  /** Layers and operations from the inputs to the outputs. */
  readonly operations: readonly GraphOperation[];
  /** Calls, those that others need first; nodes of one depth stand together. */
  readonly nodesByDepth: readonly (readonly GraphNode[])[];
}

/** The tensor that stands for another in a model that begins in the middle of another one. */
export type Place = (tensor: AnyTensor) => AnyTensor;

/** The symbolic tensors that a call takes. */
export const inputsOf = (node: GraphNode, place: Place): readonly AnyTensor[] =>
  tensorsIn([node.inputs, node.options])
    .filter(({symbolic}) => symbolic)
    .map(place);

/** How messages name a symbolic tensor. */
export function tensorName(tensor: AnyTensor): string {
  const operation = originOf<GraphOperation>(tensor)?.node.operation;
  const what = operation instanceof InputLayer ? 'Input' : 'output of';
  return operation === undefined
    ? `a symbolic tensor of shape ${show(tensor.shape)}`
    : `${what} "${operation.name}" of shape ${show(tensor.shape)}`;
}

/**
 * Sorts the calls that lead from `inputs` to `outputs`: by the longest way to an output, and where that is equal in the order in which
 * a walk back from the outputs meets them (Keras's `map_graph`).
 * @throws ValueError where an output needs an Input that is not among the inputs, or two layers have one name
 */
export function topologyOf(inputs: readonly AnyTensor[], outputs: readonly AnyTensor[], place: Place): Topology {
  const {nodes, order} = walkBack(inputs, outputs, place);
  const inGraph = new Set(nodes);
  const depths = new Map<GraphNode, number>();
  const operationDepths = new Map<GraphOperation, number>();
  for (const node of [...nodes].reverse()) {
    // A layer that is called several times stands where its deepest call is.
    const depth = Math.max(depths.get(node) ?? 0, operationDepths.get(node.operation) ?? 0);
    operationDepths.set(node.operation, depth);
    depths.set(node, depth);
    for (const tensor of inputsOf(node, place)) {
      const parent = originOf<GraphOperation>(tensor)?.node;
      if (parent === undefined || !inGraph.has(parent)) continue;
      depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
    }
  }
  // Inputs that no output needs are part of the model all the same.
  for (const input of inputs) {
    const node = originOf<GraphOperation>(input)?.node;
    if (node === undefined || operationDepths.has(node.operation)) continue;
    operationDepths.set(node.operation, 0);
    order.set(node.operation, -1);
    depths.set(node, 0);
  }
  const byDepth = new Map<number, GraphNode[]>();
  for (const [node, depth] of depths) byDepth.set(depth, [...(byDepth.get(depth) ?? []), node]);
  const levels = [...byDepth].sort(([a], [b]) => b - a);
  const operations = [...operationDepths]
    .sort(([a, depthA], [b, depthB]) => depthB - depthA || (order.get(a) ?? 0) - (order.get(b) ?? 0))
    .map(([operation]) => operation);
  checkNames(operations);
  return {operations, nodesByDepth: levels.map(([, level]) => level)};
}

interface Walk {
  /** Calls, each after those that it needs. */
  readonly nodes: readonly GraphNode[];
  /** When the walk first met an operation. */
  readonly order: Map<GraphOperation, number>;
}

/** Depth first from each output, without recursion: a model may be thousands of layers deep. */
function walkBack(inputs: readonly AnyTensor[], outputs: readonly AnyTensor[], place: Place): Walk {
  const given = new Set(inputs);
  const finished = new Set<GraphNode>();
  const nodes: GraphNode[] = [];
  const order = new Map<GraphOperation, number>();
  const open: {readonly node: GraphNode; readonly parents: readonly AnyTensor[]; next: number}[] = [];
  const enter = (tensor: AnyTensor, user: GraphNode | null): void => {
    const node = originOf<GraphOperation>(tensor)?.node;
    if (node === undefined) return disconnected(tensor, user, inputs);
    if (finished.has(node)) return;
    const isInput = node.operation instanceof InputLayer;
    if (isInput && !given.has(tensor)) return disconnected(tensor, user, inputs);
    if (!order.has(node.operation)) order.set(node.operation, order.size);
    open.push({node, parents: isInput ? [] : inputsOf(node, place), next: 0});
  };
  for (const output of outputs) {
    enter(output, null);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const parent = top.parents[top.next++];
      if (parent !== undefined) {
        enter(parent, top.node);
        continue;
      }
      open.pop();
      if (finished.has(top.node)) continue;
      finished.add(top.node);
      nodes.push(top.node);
    }
  }
  return {nodes, order};
}

function disconnected(tensor: AnyTensor, user: GraphNode | null, inputs: readonly AnyTensor[]): never {
  const known = inputs.map(tensorName).join(', ');
  if (user === null) {
    throw new ValueError(`Model: the outputs have ${tensorName(tensor)}, which the inputs do not lead to: ${known}`);
  }
  throw new ValueError(
    `Model: layer "${user.operation.name}" needs the ${tensorName(tensor)}, which is not among the inputs: ${known}`,
  );
}

function checkNames(operations: readonly GraphOperation[]): void {
  const taken = new Set<string>();
  for (const {name} of operations) {
    if (taken.has(name)) {
      throw new ValueError(`Model: two layers have the name "${name}"; names must be unique, give one {name: ...}`);
    }
    taken.add(name);
  }
}

/** Checks what a user gave as inputs or outputs, and gives the tensors. */
export function symbolicTensors(what: 'inputs' | 'outputs', structure: unknown): readonly AnyTensor[] {
  const found: AnyTensor[] = [];
  const visit = (value: unknown): void => {
    const [tensor] = tensorsIn(value);
    if (tensor !== undefined && tensor === value) {
      if (!tensor.symbolic) {
        const advice =
          what === 'inputs' ? 'make them with Input({shape})' : 'they come from calling layers on what Input gave';
        throw new ValueError(
          `Model: ${what} must be symbolic tensors, got a Tensor of shape ${show(tensor.shape)}; ${advice}`,
        );
      }
      found.push(tensor);
      return;
    }
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      for (const key of Object.keys(value).sort()) visit(Reflect.get(value, key));
    } else {
      const advice = isLayer(value) ? `; give layer.output or what the layer gave` : '';
      throw new ValueError(
        `Model: ${what} must be symbolic tensors, or lists and objects of them, got ${describe(value)}${advice}`,
      );
    }
  };
  visit(structure);
  if (found.length === 0) throw new ValueError(`Model: ${what} are empty, got ${describe(structure)}`);
  return found;
}

const isLayer = (value: unknown): value is AnyLayer =>
  typeof value === 'function' && 'nodes' in value && 'name' in value;
