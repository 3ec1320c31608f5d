import {type Config, type CustomObjects, type Element, type Tensor, ValueError} from '@keratin/core';
import {
  callArguments,
  describe,
  deserializeKerasObject,
  graphArguments,
  isPlainObject,
  mapStructure,
  registerOperations,
  schema,
  serializeKerasObject,
  toConfigKey,
  toOptions,
} from '@keratin/core/internal';
import {layerRegistry} from '@keratin/layers/internal';
import {type GraphNode, inputsOf} from './build.js';
import {type Graph} from './graph.js';
import {callOperation, type GraphOperation, isGraphOperation} from './operation.js';

// Keras 3's configs of functional models: layers with the calls that lead to them, and the tensors that go in and come out.

type AnyTensor = Tensor<Element>;

/** Whether an operation is a functional model: Keras counts its calls from 1. */
export type IsFunctional = (operation: GraphOperation) => boolean;

/** The calls of an operation that are part of the model, in order. */
const ownNodes = (graph: Graph, operation: GraphOperation): readonly GraphNode[] =>
  (operation.nodes as readonly GraphNode[]).filter((node) => graph.has(node));

/** What `getConfig` of a functional model gives beside its name. */
export function graphConfig(graph: Graph, isFunctional: IsFunctional): Config {
  const history = (tensor: AnyTensor, first: 0 | 1): [string, number, number] => {
    const origin = graph.origin(tensor);
    if (origin === undefined) throw new ValueError('getConfig: a tensor of the model comes from no layer');
    const {node, tensorIndex} = origin;
    const {operation} = node;
    const offset = first === 1 && isFunctional(operation) ? 1 : 0;
    return [operation.name, ownNodes(graph, operation).indexOf(node) + offset, tensorIndex];
  };
  const symbolic = (tensor: AnyTensor): unknown => ({
    class_name: '__keras_tensor__',
    config: {shape: [...tensor.shape], dtype: tensor.dtype, keras_history: history(tensor, 0)},
  });
  const nodeConfig = (node: GraphNode): Config => ({
    args: node.inputs.map((value) => graphArguments(value, symbolic)),
    kwargs: Object.fromEntries(
      Object.entries(node.options).map(([key, value]) => [toConfigKey(key), graphArguments(value ?? null, symbolic)]),
    ),
  });
  const layers = graph.operations.map((operation) => ({
    ...(serializeKerasObject(operation) as Config),
    name: operation.name,
    inbound_nodes: ownNodes(graph, operation)
      .filter((node) => inputsOf(node, (tensor) => tensor).length > 0)
      .map(nodeConfig),
  }));
  const ends = (structure: unknown): unknown => mapStructure(structure, (leaf) => history(leaf as AnyTensor, 1));
  return {layers, input_layers: ends(graph.inputStructure), output_layers: ends(graph.outputStructure)};
}

const configSchema = schema((z) => {
  const layer = z.looseObject({
    class_name: z.string(),
    name: z.string().optional(),
    config: z.record(z.string(), z.unknown()).nullish(),
    inbound_nodes: z.array(z.unknown()).default([]),
  });
  return z.looseObject({layers: z.array(layer), input_layers: z.unknown(), output_layers: z.unknown()});
});

const historySchema = schema((z) => {
  const index = z.number().int().nonnegative();
  return z.tuple([z.string(), index, index]);
});

const nodeSchema = schema((z) =>
  z.object({args: z.array(z.unknown()), kwargs: z.record(z.string(), z.unknown()).default({})}),
);

/** A call that waits until the calls that it needs were made. */
interface Pending {
  readonly operation: GraphOperation;
  readonly node: unknown;
}

/** The structures of inputs and outputs from what {@link graphConfig} gave; the layers are made and called anew. */
export function graphFromConfig(
  where: string,
  config: Config,
  isFunctional: IsFunctional,
  customObjects: CustomObjects | undefined,
): {inputs: unknown; outputs: unknown} {
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ValueError(
      `${where}: the config of a functional model has layers, input_layers and output_layers; ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  registerOperations();
  const made = new Map<string, GraphOperation>();
  let pending: Pending[] = [];
  for (const layer of parsed.data.layers) {
    const {name, inbound_nodes: nodes, ...node} = layer;
    const own = name ?? layer.config?.['name'];
    const operation =
      'module' in node ? deserializeKerasObject(node, {customObjects}) : layerRegistry.deserialize(node, customObjects);
    if (!isGraphOperation(operation)) {
      throw new ValueError(`${where}: ${layer.class_name} is no layer, got ${describe(operation)}`);
    }
    made.set(typeof own === 'string' ? own : operation.name, operation);
    pending.push(...nodes.map((each) => ({operation, node: each})));
  }
  const tensorAt = (history: unknown, first: 0 | 1): AnyTensor | null => {
    const leaf = historySchema.safeParse(history);
    if (!leaf.success) throw new ValueError(`${where}: a tensor is [layer, call, output], got ${describe(history)}`);
    const [name, index, tensorIndex] = leaf.data;
    const operation = made.get(name);
    if (operation === undefined) {
      throw new ValueError(`${where}: a call needs layer "${name}", which the config does not have`);
    }
    const offset = first === 1 && isFunctional(operation) ? 1 : 0;
    return operation.nodes[index - offset]?.outputs[tensorIndex] ?? null;
  };
  // A layer may be called again deeper in the model, so calls are made as soon as what they need is there.
  while (pending.length > 0) {
    const blocked = new Set<GraphOperation>();
    const left: Pending[] = [];
    for (const call of pending) {
      // Calls of one layer keep their order: others count them.
      const args = blocked.has(call.operation)
        ? null
        : argumentsOf(where, call.node, (history) => tensorAt(history, 0));
      if (args === null) {
        blocked.add(call.operation);
        left.push(call);
      } else {
        callOperation(call.operation, args);
      }
    }
    if (left.length === pending.length) {
      const names = [...new Set(left.map(({operation}) => `"${operation.name}"`))].join(', ');
      throw new ValueError(`${where}: the calls of ${names} need each other, or tensors that no layer gives`);
    }
    pending = left;
  }
  const ends = (what: string, value: unknown): unknown => {
    if (historySchema.safeParse(value).success) {
      const tensor = tensorAt(value, 1);
      if (tensor === null)
        throw new ValueError(`${where}: ${what} names a call that is not there, got ${describe(value)}`);
      return tensor;
    }
    if (Array.isArray(value)) return value.map((entry: unknown) => ends(what, entry));
    if (isPlainObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, ends(what, entry)]));
    }
    throw new ValueError(`${where}: ${what} are lists of [layer, call, output], got ${describe(value)}`);
  };
  return {
    inputs: ends('input_layers', parsed.data.input_layers),
    outputs: ends('output_layers', parsed.data.output_layers),
  };
}

/** The arguments of a call from its config; null where a tensor is not there yet. */
function argumentsOf(
  where: string,
  node: unknown,
  tensorAt: (history: unknown) => AnyTensor | null,
): readonly unknown[] | null {
  if (Array.isArray(node)) return olderArguments(where, node, tensorAt);
  const parsed = nodeSchema.safeParse(node);
  if (!parsed.success) throw new ValueError(`${where}: a call has args and kwargs, got ${describe(node)}`);
  const missing: unknown[] = [];
  const symbolic = (config: unknown): unknown => {
    const tensor = tensorAt(isPlainObject(config) ? config['keras_history'] : undefined);
    if (tensor === null) missing.push(config);
    return tensor;
  };
  const args = callArguments(parsed.data.args, symbolic) as unknown[];
  const kwargs = toOptions(callArguments(parsed.data.kwargs, symbolic) as Config);
  if (missing.length > 0) return null;
  for (const [key, value] of Object.entries(kwargs)) if (value === null) Reflect.deleteProperty(kwargs, key);
  return Object.keys(kwargs).length === 0 && args.length === 1 ? args : [...args, kwargs];
}

/** A call as Keras 2 wrote it: [layer, call, output, kwargs] for each input. */
function olderArguments(
  where: string,
  node: readonly unknown[],
  tensorAt: (history: unknown) => AnyTensor | null,
): readonly unknown[] | null {
  const entries = node.map((entry) => {
    if (!Array.isArray(entry)) throw new ValueError(`${where}: a call is a list of inputs, got ${describe(node)}`);
    return {tensor: tensorAt(entry.slice(0, 3)), kwargs: (entry[3] ?? {}) as Config};
  });
  if (entries.some(({tensor}) => tensor === null)) return null;
  const tensors = entries.map(({tensor}) => tensor);
  const kwargs = toOptions(Object.assign({}, ...entries.map((entry) => entry.kwargs)) as Config);
  for (const [key, value] of Object.entries(kwargs)) if (value === null) Reflect.deleteProperty(kwargs, key);
  const inputs = tensors.length === 1 ? tensors[0] : tensors;
  return Object.keys(kwargs).length === 0 ? [inputs] : [inputs, kwargs];
}
