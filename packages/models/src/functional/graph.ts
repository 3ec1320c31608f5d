import {type Element, isTensor, type Tensor, ValueError} from '@keratin/core';
import {
  flattenStructure,
  isPlainObject,
  isSymbolic,
  mapStructure,
  nameOf,
  originOf,
  tensorsIn,
  uniqueName,
} from '@keratin/core/internal';
import {type AnyLayer, InputLayer} from '@keratin/layers';
import {trainingAsked} from '@keratin/layers/internal';
import {type GraphNode, symbolicTensors, tensorName, topologyOf} from './build.js';
import {callOperation, type GraphOperation, isGraphLayer} from './operation.js';

type AnyTensor = Tensor<Element>;

/** Arguments of a call with the places where values go. */
type Fill = (values: readonly unknown[]) => unknown[];

/** One call when the model runs. */
interface Step {
  readonly node: GraphNode;
  readonly fill: Fill;
  readonly outputs: readonly number[];
}

/** How one call is made while a graph runs: `cloneModel` makes it with other layers. */
export type MakeCall = (operation: GraphOperation, args: readonly unknown[]) => unknown;

/** What a functional model computes: the calls that lead from its inputs to its outputs. */
export class Graph {
  /** The inputs as the user gave them: one tensor, or lists and dictionaries; each made by an `Input`. */
  readonly inputStructure: unknown;
  readonly outputStructure: unknown;
  /** The same, side by side; dictionaries by sorted key. */
  readonly inputs: readonly AnyTensor[];
  readonly outputs: readonly AnyTensor[];
  /** Layers and operations in Keras's order. */
  readonly operations: readonly GraphOperation[];
  /** The layers among them. */
  readonly layers: readonly AnyLayer[];
  readonly nodesByDepth: readonly (readonly GraphNode[])[];
  /** The names of the layers that give the outputs; numbered where one gives several. */
  readonly outputNames: readonly string[];

  readonly #nodes: ReadonlySet<GraphNode>;
  /** Tensors in the middle of another graph that are inputs here, with the Inputs that stand for them. */
  readonly #substitutes: ReadonlyMap<AnyTensor, AnyTensor>;
  readonly #slots = new Map<AnyTensor, number>();
  readonly #steps: readonly Step[];

  constructor(inputs: unknown, outputs: unknown) {
    const given = symbolicTensors('inputs', inputs);
    symbolicTensors('outputs', outputs);
    const substitutes = new Map<AnyTensor, AnyTensor>();
    for (const tensor of given) if (!isInput(tensor)) substitutes.set(tensor, inputFor(tensor));
    this.#substitutes = substitutes;
    const placed = (leaf: unknown): unknown => substitutes.get(leaf as AnyTensor) ?? leaf;
    this.inputStructure = mapStructure(inputs, placed);
    this.outputStructure = mapStructure(outputs, placed);
    this.inputs = tensorsIn(this.inputStructure);
    this.outputs = tensorsIn(this.outputStructure);
    checkDistinct(this.inputs);
    const {operations, nodesByDepth} = topologyOf(this.inputs, this.outputs, (tensor) => this.placed(tensor));
    this.operations = operations;
    this.layers = operations.filter(isGraphLayer);
    this.nodesByDepth = nodesByDepth;
    this.#nodes = new Set(nodesByDepth.flat());
    this.outputNames = numbered(this.outputs.map((tensor) => this.origin(tensor)?.node.operation.name ?? ''));
    this.inputs.forEach((tensor) => this.#slot(tensor));
    this.#steps = this.nodesByDepth.flat().flatMap((node) => this.#stepOf(node));
  }

  /** Whether a call of one of the layers is part of this model. */
  has(node: GraphNode): boolean {
    return this.#nodes.has(node);
  }

  /** The tensor that stands for another in this model: an Input where the model begins in the middle of another one. */
  placed(tensor: AnyTensor): AnyTensor {
    return this.#substitutes.get(tensor) ?? tensor;
  }

  /** The call that gives a tensor in this model. */
  origin(tensor: AnyTensor): {readonly node: GraphNode; readonly tensorIndex: number} | undefined {
    return originOf<GraphOperation>(this.placed(tensor));
  }

  /** Runs on values of the inputs, side by side; gives the outputs in their structure. */
  run(inputs: readonly unknown[], makeCall: MakeCall = callOperation): unknown {
    const values: unknown[] = [...inputs];
    for (const {node, fill, outputs} of this.#steps) {
      const result = makeCall(node.operation, fill(values));
      if (outputs.length === 1 && outputs[0] !== undefined && !Array.isArray(result) && !isPlainObject(result)) {
        values[outputs[0]] = result;
        continue;
      }
      const flat = flattenStructure(result);
      outputs.forEach((slot, i) => (values[slot] = flat[i]));
    }
    return mapStructure(this.outputStructure, (leaf) => values[this.#slots.get(leaf as AnyTensor) ?? -1]);
  }

  #slot(tensor: AnyTensor): number {
    const own = this.placed(tensor);
    const known = this.#slots.get(own);
    if (known !== undefined) return known;
    this.#slots.set(own, this.#slots.size);
    return this.#slots.size - 1;
  }

  #stepOf(node: GraphNode): Step[] {
    if (node.operation instanceof InputLayer) return [];
    return [{node, fill: this.#fillOf(node), outputs: node.outputs.map((tensor) => this.#slot(tensor))}];
  }

  #fillOf({inputs, options}: GraphNode): Fill {
    const [only] = inputs;
    const [tensor] = tensorsIn(only);
    const plain = Object.entries(options).every(([key, value]) => key === 'mask' && (value ?? null) === null);
    // By far the most calls take one tensor and nothing else.
    if (inputs.length === 1 && tensor === only && tensor !== undefined && isSymbolic(tensor) && plain) {
      const slot = this.#slot(tensor);
      return (values) => [values[slot]];
    }
    const place = (leaf: unknown, values: readonly unknown[]): unknown =>
      isTensor(leaf) && isSymbolic(leaf) ? values[this.#slot(leaf)] : leaf;
    return (values) => {
      const args = inputs.map((value) => mapStructure(value, (leaf) => place(leaf, values)));
      const named = mapStructure(options, (leaf) => place(leaf, values)) as Record<string, unknown>;
      // What the call of the model says of training comes first, as in Keras.
      if ('training' in named) named['training'] = trainingAsked() ?? named['training'];
      return [...args, named];
    };
  }
}

const isInput = (tensor: AnyTensor): boolean => originOf<unknown>(tensor)?.node.operation instanceof InputLayer;

/** An Input in place of a tensor in the middle of another model. */
function inputFor(tensor: AnyTensor): AnyTensor {
  const operation = originOf<GraphOperation>(tensor)?.node.operation;
  const name = uniqueName(`${operation?.name ?? nameOf(tensor) ?? 'tensor'}_input`);
  return new InputLayer({batchShape: tensor.shape, dtype: tensor.dtype, name}).output as AnyTensor;
}

function checkDistinct(inputs: readonly AnyTensor[]): void {
  const twice = inputs.find((tensor, i) => inputs.indexOf(tensor) !== i);
  if (twice !== undefined) throw new ValueError(`Model: the inputs have ${tensorName(twice)} twice`);
}

function numbered(names: readonly string[]): readonly string[] {
  const taken = new Map<string, number>();
  return names.map((name) => {
    const count = taken.get(name) ?? 0;
    taken.set(name, count + 1);
    return count === 0 ? name : `${name}_${String(count)}`;
  });
}
