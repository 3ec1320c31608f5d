import {KeratinError, NotBuiltError, type Shape, type Tensor, ValueError} from '@keratin/core';
import {autoName, describe, hint, invoke} from '@keratin/core/internal';
import {type AnyLayer, type CallOptions, Layer, type LayerOptions, type Masks, type ShapesOf} from '@keratin/layers';
import {Graph} from '../functional/graph.js';
import {arranged} from '../functional/inputs.js';
import {type GraphOperation} from '../functional/operation.js';
import {graphOutputShapes, runGraph, shapeOrShapes} from '../functional/run.js';

/** Options of {@link Model}. */
export interface ModelOptions<I = unknown, O = unknown> extends LayerOptions {
  /** What `Input` gave: one tensor, or a list or dictionary of them; also tensors in the middle of another model. */
  inputs?: I | undefined;
  /** What layers and operations gave for them, in the same forms. */
  outputs?: O | undefined;
}

/** The structure of a model: its layers, and what leads from symbolic inputs to outputs where it is made of those. */
export abstract class GraphModel<const I = Tensor, const O = Tensor> extends Layer<I, O> {
  readonly #graph: Graph | null;

  /** @param className what a functional model is named after, unless its options name it */
  constructor(options: ModelOptions<I, O>, className: string | undefined) {
    const {inputs, outputs, ...own} = options;
    const graph = inputs === undefined && outputs === undefined ? null : new Graph(inputs, outputs);
    const named = graph !== null && own.name === undefined && className !== undefined;
    super(named ? {...own, name: autoName(className)} : own, ['inputs', 'outputs']);
    this.#graph = graph;
    if (graph === null) return;
    this.buildAtInit();
    // A graph takes its inputs in the dtypes of its Inputs.
    this.autocast = false;
  }

  /** @internal */
  override [invoke](...args: readonly unknown[]): unknown {
    const graph = this.#graph;
    const [inputs, ...rest] = args;
    if (graph === null || inputs === undefined || inputs === null) return super[invoke](...args);
    return super[invoke](arranged(graph, inputs, this.path), ...rest);
  }

  /** The computation. Called through the model itself: `model(x)`. Subclasses override it. */
  override call(inputs: I, options: CallOptions): O {
    const graph = this.#graph;
    if (graph !== null) return runGraph(graph, inputs, options.mask, this.path) as O;
    throw new KeratinError(
      `${this.path}: ${this.constructor.name} has no call method; a subclass of Model overrides call(inputs)`,
    );
  }

  // The layers within give their outputs the masks that these have.
  override computeMask(_inputs: I, _previousMask: Masks): Masks {
    return null;
  }

  override computeOutputShape(inputShape: ShapesOf<I>): ShapesOf<O> {
    const graph = this.#graph;
    if (graph === null) return super.computeOutputShape(inputShape);
    return graphOutputShapes(graph, inputShape, this.path) as ShapesOf<O>;
  }

  /** The layers directly in this model; in a functional one those that lead to the outputs. */
  get layers(): readonly AnyLayer[] {
    return this.#graph?.layers ?? this.ownLayers();
  }

  /** @internal */
  override ownLayers(): readonly AnyLayer[] {
    const graph = this.#graph;
    const others = super.ownLayers();
    if (graph === null) return others;
    return others.length === 0 ? graph.layers : [...new Set([...graph.layers, ...others])];
  }

  /** Layers and operations of a functional model, from the inputs to the outputs. */
  get operations(): readonly GraphOperation[] {
    return this.#graph?.operations ?? this.layers;
  }

  /** @internal The graph of a functional model. */
  get graph(): Graph | null {
    return this.#graph;
  }

  /** The symbolic inputs of a functional model, as they were given; of any other the input of its first symbolic call. */
  override get input(): unknown {
    return this.#graph === null ? super.input : this.#graph.inputStructure;
  }
  /** The symbolic outputs of a functional model, as they were given; of any other the output of its first symbolic call. */
  override get output(): unknown {
    return this.#graph === null ? super.output : this.#graph.outputStructure;
  }
  /** The symbolic inputs side by side. */
  get inputs(): readonly Tensor[] {
    return this.#known('inputs').inputs as readonly Tensor[];
  }
  /** The symbolic outputs side by side. */
  get outputs(): readonly Tensor[] {
    return this.#known('outputs').outputs as readonly Tensor[];
  }
  /** The shape of the input with the batch; the shapes of several in a list. */
  get inputShape(): Shape | readonly Shape[] {
    return shapeOrShapes(this.inputs);
  }
  /** The shape of the output with the batch; the shapes of several in a list. */
  get outputShape(): Shape | readonly Shape[] {
    return shapeOrShapes(this.outputs);
  }

  #known(what: string): Graph {
    if (this.#graph !== null) return this.#graph;
    throw new NotBuiltError(
      `${this.path}.${what}: only models made of symbolic inputs and outputs know them beforehand`,
    );
  }

  /** The names of several outputs in a list, which losses, metrics and targets may use; null where there are none. */
  get outputNames(): readonly string[] | null {
    return this.#graph !== null && Array.isArray(this.#graph.outputStructure) ? this.#graph.outputNames : null;
  }

  /** A layer by name, or by position. */
  getLayer(which: string | number): AnyLayer {
    const {layers} = this;
    const found = typeof which === 'number' ? layers[which] : layers.find(({name}) => name === which);
    if (found !== undefined) return found;
    if (typeof which === 'number') {
      throw new ValueError(
        `getLayer: model "${this.name}" has ${String(layers.length)} layers, got position ${String(which)}`,
      );
    }
    const names = layers.map(({name}) => name);
    throw new ValueError(`getLayer: model "${this.name}" has no layer ${describe(which)}${hint(which, names)}`);
  }
}
