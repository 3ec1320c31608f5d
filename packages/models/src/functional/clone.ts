import {isTensor, type Element, type Tensor, ValueError} from '@keratin/core';
import {
  checkOptions,
  deserializeKerasObject,
  describe,
  flattenStructure,
  mapStructure,
  serializeKerasObject,
  tensorsIn,
} from '@keratin/core/internal';
import {type AnyLayer, type CallOptions, Input, InputLayer, Layer} from '@keratin/layers';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import {cloning} from './cloning.js';
import {inputName} from './inputs.js';
import {callOperation, type GraphOperation, isGraphLayer} from './operation.js';

/** Options of {@link cloneModel}. */
export interface CloneModelOptions {
  /** Gives the layer that stands for one of the model; Inputs are always new. Default: one of the same config with new weights. */
  cloneFunction?: ((layer: AnyLayer) => AnyLayer) | undefined;
  /** Calls a layer of the copy; it may call others before or after. For functional models. Default: calls it. */
  callFunction?: ((layer: Layer, inputs: Tensor, options?: CallOptions) => unknown) | undefined;
  /** Symbolic tensors to build on, in the structure of the model's inputs. Default: new Inputs. */
  inputTensors?: unknown;
  /** Whether models within are copied layer by layer too. Default false: by `cloneFunction`. */
  recursive?: boolean | undefined;
  /** Whether the copy gets the values of the weights. Default false, as in Keras. */
  weights?: boolean | undefined;
}

const OPTIONS = ['cloneFunction', 'callFunction', 'inputTensors', 'recursive', 'weights'] as const;

/**
 * A model of the same layers with weights of its own, compiled like the original where that was compiled. A layer that is used twice
 * is copied once. A subclassed model is made again from its config.
 *
 * @example
 * const copy = cloneModel(model, {weights: true});
 * @throws ValueError where an option does not fit the kind of model
 */
export function cloneModel<M extends Model<never, unknown>>(model: M, options: CloneModelOptions = {}): M {
  checkOptions('cloneModel', options, OPTIONS, {clone_function: 'cloneFunction', input_tensors: 'inputTensors'});
  if (!((model as unknown) instanceof Model))
    throw new ValueError(`cloneModel: a model is needed, got ${describe(model)}`);
  for (const name of ['cloneFunction', 'callFunction'] as const) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== 'function') {
      throw new ValueError(`cloneModel: ${name} must be a function, got ${describe(value)}`);
    }
  }
  const copy = cloned(model, options, new Map());
  if (options.weights === true && model.built) copy.setWeights(model.getWeights());
  copy.trainer.compileLike(model.trainer);
  return copy as M;
}

cloning.clone = cloneModel;

type Cache = Map<GraphOperation, GraphOperation>;

function cloned(model: Model<never, unknown>, options: CloneModelOptions, cache: Cache): Model<never, unknown> {
  const {cloneFunction, callFunction, inputTensors, recursive = false} = options;
  const kind = model.graph === null ? (model instanceof Sequential ? 'Sequential' : 'subclassed') : 'functional';
  if (callFunction !== undefined && kind !== 'functional') {
    throw new ValueError(`cloneModel: callFunction is for functional models, "${model.name}" is ${kind}`);
  }
  if (kind === 'subclassed' && (cloneFunction !== undefined || inputTensors !== undefined)) {
    throw new ValueError(
      `cloneModel: cloneFunction and inputTensors are not for subclassed models such as "${model.name}"`,
    );
  }
  const copyOf = (operation: GraphOperation): GraphOperation => {
    const known = cache.get(operation);
    if (known !== undefined) return known;
    const within =
      recursive && (operation instanceof Sequential || (operation instanceof Model && operation.graph !== null));
    const given = {
      ...options,
      inputTensors: undefined,
      ...(operation instanceof Sequential ? {callFunction: undefined} : {}),
    };
    const copy = within ? cloned(operation, given, cache) : oneLike(operation, cloneFunction);
    cache.set(operation, copy);
    return copy;
  };
  if (model instanceof Sequential) return clonedSequential(model, copyOf, inputTensors);
  const {graph} = model;
  if (graph === null) return fromConfigOf(model) as Model<never, unknown>;
  const inputs =
    inputTensors === undefined
      ? mapStructure(graph.inputStructure, (leaf) => freshInput(leaf as Tensor<Element>))
      : checkedTensors(inputTensors, graph.inputStructure);
  const outputs = graph.run(flattenStructure(inputs), (operation, args) => {
    const copy = copyOf(operation);
    if (callFunction === undefined) return callOperation(copy, args);
    return Reflect.apply(callFunction, undefined, [copy, ...args]) as unknown;
  });
  return new Model({inputs, outputs, name: model.name, trainable: model.trainable});
}

/** A layer or operation with the config of another, and a state of its own. */
function oneLike(operation: GraphOperation, cloneFunction: CloneModelOptions['cloneFunction']): GraphOperation {
  if (!isGraphLayer(operation) || cloneFunction === undefined) return fromConfigOf(operation) as GraphOperation;
  const made: unknown = cloneFunction(operation);
  if (made instanceof Layer) return made as AnyLayer;
  throw new ValueError(`cloneModel: cloneFunction must give a layer, got ${describe(made)} for "${operation.name}"`);
}

/** An object of the same class and config; unlike a config from a file, its class need not be registered. */
function fromConfigOf(object: GraphOperation): unknown {
  const node = serializeKerasObject(object) as {readonly class_name: string; readonly registered_name: string | null};
  const names = [node.class_name, node.registered_name ?? node.class_name];
  const own = 'module' in node && node.module === null ? names.map((name) => [name, object.constructor]) : [];
  // Layers are built when they are called; a build config would build them for shapes that may not come again.
  const {build_config: build, compile_config: _, ...rest} = node as typeof node & Readonly<Record<string, unknown>>;
  const plain = object instanceof Model ? {...rest, build_config: build} : rest;
  return deserializeKerasObject(plain, {customObjects: Object.fromEntries(own) as Record<string, unknown>});
}

function freshInput(tensor: Tensor<Element>): Tensor<Element> {
  return Input({batchShape: tensor.shape, dtype: tensor.dtype, name: inputName(tensor)});
}

function checkedTensors(given: unknown, structure: unknown): unknown {
  const tensors = tensorsIn(given);
  const wanted = tensorsIn(structure);
  if (tensors.length !== wanted.length || tensors.some(({symbolic}) => !symbolic) || !isLike(given, structure)) {
    throw new ValueError(
      `cloneModel: inputTensors are symbolic tensors in the structure of the model's inputs, got ${describe(given)}`,
    );
  }
  return given;
}

const isLike = (a: unknown, b: unknown): boolean => {
  const shapeOf = (value: unknown) => JSON.stringify(mapStructure(value, (leaf) => (isTensor(leaf) ? 0 : null)));
  return shapeOf(a) === shapeOf(b);
};

function clonedSequential(
  model: Sequential,
  copyOf: (operation: GraphOperation) => GraphOperation,
  inputTensors: unknown,
): Model<never, unknown> {
  const list = model.layers.map(copyOf) as Layer[];
  const given = Array.isArray(inputTensors) ? (inputTensors[0] as unknown) : inputTensors;
  if (given !== undefined && !(isTensor(given) && given.symbolic)) {
    throw new ValueError(`cloneModel: inputTensors must be a symbolic tensor, got ${describe(given)}`);
  }
  const [first] = model.getBuildConfig() === null ? [] : model.inputs;
  const {shape, dtype} = given ?? first ?? {};
  const name = first === undefined ? undefined : inputName(first);
  const start = shape === undefined ? [] : [new InputLayer({batchShape: shape, dtype, name})];
  return new Sequential([...start, ...list], {name: model.name, trainable: model.trainable});
}
