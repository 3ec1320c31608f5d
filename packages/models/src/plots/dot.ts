import {type Element, NotBuiltError, type Shape, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe, isPlainObject, publicNameOf, tensorsIn} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {type GraphNode, inputsOf} from '../functional/build.js';
import {type GraphOperation, isGraphLayer} from '../functional/operation.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';

/** Options of {@link modelToDot}. */
export interface ModelToDotOptions {
  /** Whether shapes of inputs and outputs are shown. Default false. */
  showShapes?: boolean | undefined;
  /** Whether dtypes of outputs are shown. Default false. */
  showDtype?: boolean | undefined;
  /** Whether names stand beside the classes. Default true; false in `plotModel`, as in Keras. */
  showLayerNames?: boolean | undefined;
  /** From top to bottom, or from left to right. Default `'TB'`. */
  rankdir?: 'TB' | 'LR' | 'BT' | 'RL' | undefined;
  /** Whether models within are drawn as clusters of their layers. Default false. */
  expandNested?: boolean | undefined;
  /** Dots per inch of a picture in pixels. Default 200. */
  dpi?: number | undefined;
  /** Whether activations are shown. Default false. */
  showLayerActivations?: boolean | undefined;
  /** Whether it is shown which layers are trained. Default false. */
  showTrainable?: boolean | undefined;
}

export const DOT_OPTIONS = [
  'showShapes',
  'showDtype',
  'showLayerNames',
  'rankdir',
  'expandNested',
  'dpi',
  'showLayerActivations',
  'showTrainable',
] as const satisfies readonly (keyof ModelToDotOptions)[];

const FLAGS = [
  'showShapes',
  'showDtype',
  'showLayerNames',
  'expandNested',
  'showLayerActivations',
  'showTrainable',
] as const;

const RANKDIRS: readonly string[] = ['TB', 'LR', 'BT', 'RL'];

/** Checks the options of a drawing. */
export function checkDotOptions(where: string, options: ModelToDotOptions): void {
  for (const flag of FLAGS) {
    const value: unknown = options[flag];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new ValueError(`${where}: ${flag} must be a boolean, got ${describe(value)}`);
    }
  }
  const {rankdir, dpi} = options;
  if (rankdir !== undefined && !RANKDIRS.includes(rankdir)) {
    throw new ValueError(`${where}: rankdir must be one of ${RANKDIRS.join(', ')}, got ${describe(rankdir)}`);
  }
  if (dpi !== undefined && !(typeof dpi === 'number' && dpi > 0 && dpi <= 2400)) {
    throw new ValueError(`${where}: dpi must be a positive number of at most 2400, got ${describe(dpi)}`);
  }
}

/**
 * A model as a graph in the DOT language of Graphviz, as Keras draws it: a box for each layer, clusters for models within.
 *
 * @example
 * modelToDot(model, {showShapes: true, rankdir: 'LR'});
 * @throws NotBuiltError where the model has no layers to show yet
 */
export function modelToDot(model: AnyModel, options: ModelToDotOptions = {}): string {
  checkOptions('modelToDot', options, DOT_OPTIONS);
  checkDotOptions('modelToDot', options);
  if (!((model as unknown) instanceof Model)) {
    throw new ValueError(`modelToDot: a model is needed, got ${describe(model)}`);
  }
  if (!model.built) {
    throw new NotBuiltError(
      `modelToDot: model "${model.name}" is not built yet; begin it with Input({shape}), call build or call it`,
    );
  }
  return new Drawing({showLayerNames: true, ...options}).text(model);
}

const isSequential = (value: unknown): value is Sequential => value instanceof Sequential;
const isNested = (value: unknown): value is AnyModel =>
  value instanceof Sequential || (value instanceof Model && value.graph !== null);

const INDENT = '  ';

class Drawing {
  readonly #options: ModelToDotOptions;
  readonly #ids = new Map<GraphOperation, string>();
  readonly #edges = new Set<string>();

  constructor(options: ModelToDotOptions) {
    this.#options = options;
  }

  text(model: AnyModel): string {
    const {rankdir = 'TB'} = this.#options;
    const lines = [
      'digraph {',
      `  graph [rankdir=${rankdir}, concentrate=true, splines=ortho]`,
      '  node [shape=record, fontname="Helvetica", margin=0]',
      '  edge [penwidth=2]',
      ...this.#boxes(model, INDENT),
    ];
    this.#connect(model);
    return `${[...lines, ...[...this.#edges].map((edge) => INDENT + edge), '}'].join('\n')}\n`;
  }

  #id(layer: GraphOperation): string {
    const id = this.#ids.get(layer) ?? `n${String(this.#ids.size)}`;
    this.#ids.set(layer, id);
    return id;
  }

  #boxes(model: AnyModel, indent: string): string[] {
    if (!isNested(model)) return [`${indent}${this.#id(model)} [label=${this.#label(model)}]`];
    return model.operations.flatMap((layer) => {
      if (this.#options.expandNested !== true || !isNested(layer)) {
        return [`${indent}${this.#id(layer)} [label=${this.#label(layer)}]`];
      }
      const inner = indent + INDENT;
      return [
        `${indent}subgraph "cluster_${this.#id(layer)}" {`,
        `${inner}graph [style=dashed, label=${quoted(layer.name)}, labeljust=l, fontname="Helvetica"]`,
        ...this.#boxes(layer, inner),
        `${indent}}`,
      ];
    });
  }

  #connect(model: AnyModel): void {
    if (!isNested(model)) return;
    const expand = this.#options.expandNested === true;
    if (expand) for (const layer of model.operations) if (isNested(layer)) this.#connect(layer);
    if (isSequential(model)) {
      model.layers.forEach((layer, i) => {
        const before = model.layers[i - 1];
        if (before === undefined) return;
        if (expand) this.#edge(lastOf(before, 0), firstOf(layer, 0));
        else this.#edge(before, layer);
      });
      return;
    }
    const {graph} = model;
    if (graph === null) return;
    for (const layer of graph.operations) {
      for (const node of (layer.nodes as readonly GraphNode[]).filter((each) => graph.has(each))) {
        inputsOf(node, (tensor) => graph.placed(tensor)).forEach((tensor, i) => {
          const origin = graph.origin(tensor);
          if (origin === undefined) return;
          const source = origin.node.operation;
          if (expand) this.#edge(lastOf(source, origin.tensorIndex), firstOf(layer, i));
          else this.#edge(source, layer);
        });
      }
    }
  }

  #edge(from: GraphOperation, to: GraphOperation): void {
    this.#edges.add(`${this.#id(from)} -> ${this.#id(to)}`);
  }

  /** A table as Keras draws it: the class on black, then what was asked for. */
  #label(layer: GraphOperation): string {
    const {showShapes, showDtype, showLayerNames, showLayerActivations, showTrainable} = this.#options;
    const className = publicNameOf(layer.constructor)?.name ?? layer.constructor.name;
    const cells: string[] = [];
    if (showShapes === true) {
      if (className !== 'InputLayer') cells.push(cell(`Input shape: <b>${structureText(read(layer, 'input'))}</b>`));
      cells.push(cell(`Output shape: <b>${structureText(read(layer, 'output'))}</b>`));
    }
    if (showDtype === true) {
      const dtypes = tensorsIn(read(layer, 'output')).map(({dtype}) => dtype);
      cells.push(cell(`Output dtype: <b>${dtypes.length === 0 ? '?' : dtypes.join(', ')}</b>`));
    }
    if (showTrainable === true && isGraphLayer(layer) && layer.weights.length > 0) {
      const [color, text] = layer.trainable ? ['forestgreen', 'Trainable'] : ['firebrick', 'Non-trainable'];
      cells.push(`<td bgcolor="${color}"><font point-size="14" color="white"><b>${text}</b></font></td>`);
    }
    const span = `colspan="${String(Math.max(cells.length, 1))}"`;
    const title =
      showLayerNames === true
        ? `<b>${escaped(layer.name)}</b> (${escaped(className)})`
        : `<b>${escaped(className)}</b>`;
    const rows = [`<tr><td ${span} bgcolor="black"><font point-size="16" color="white">${title}</font></td></tr>`];
    const activation = showLayerActivations === true ? activationName(layer) : null;
    if (activation !== null) {
      rows.push(
        `<tr><td bgcolor="white" ${span}><font point-size="14">Activation: <b>${escaped(activation)}</b></font></td></tr>`,
      );
    }
    if (cells.length > 0) rows.push(`<tr>${cells.join('')}</tr>`);
    return `<<table border="0" cellborder="1" bgcolor="black" cellpadding="10">${rows.join('')}</table>>`;
  }
}

const cell = (text: string): string => `<td bgcolor="white"><font point-size="14">${text}</font></td>`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const quoted = (text: string): string => JSON.stringify(text);

/** The layer within that gives an output, however deep. */
function lastOf(layer: GraphOperation, output: number): GraphOperation {
  if (!isNested(layer)) return layer;
  if (isSequential(layer)) return lastOf(layer.layers.at(-1) ?? layer, output);
  const tensor = layer.outputs[output];
  const origin = tensor === undefined ? undefined : layer.graph?.origin(tensor);
  return origin === undefined ? layer : lastOf(origin.node.operation, origin.tensorIndex);
}

/** The layer within that takes an input, however deep. */
function firstOf(layer: GraphOperation, input: number): GraphOperation {
  if (!isNested(layer)) return layer;
  if (isSequential(layer)) return firstOf(layer.layers[0] ?? layer, input);
  const tensor = layer.inputs[input];
  const origin = tensor === undefined ? undefined : layer.graph?.origin(tensor);
  return origin?.node.operation ?? layer;
}

/** The symbolic input or output of a layer; undefined where it was never called on one. */
function read(layer: GraphOperation, what: 'input' | 'output'): unknown {
  try {
    return layer[what];
  } catch (error) {
    if (error instanceof NotBuiltError) return undefined;
    throw error;
  }
}

function structureText(value: unknown): string {
  const [tensor]: readonly Tensor<Element>[] = tensorsIn(value);
  if (tensor === undefined) return '?';
  if (tensor === value) return shapeText(tensor.shape);
  if (Array.isArray(value)) return `[${value.map((entry) => structureText(entry)).join(', ')}]`;
  if (!isPlainObject(value)) return '?';
  return Object.entries(value)
    .map(([key, entry]) => `${escaped(key)}: ${structureText(entry)}`)
    .join(', ');
}

const shapeText = (shape: Shape): string =>
  `(${shape.map((n) => String(n ?? 'None')).join(', ')}${shape.length === 1 ? ',' : ''})`;

function activationName(layer: GraphOperation): string | null {
  const config =
    isGraphLayer(layer) && 'activation' in (layer as AnyLayer & {activation?: unknown}) ? layer.getConfig() : {};
  const activation = config['activation'];
  if (typeof activation === 'string') return activation;
  if (!isPlainObject(activation)) return null;
  const named: unknown = activation['config'];
  return typeof named === 'string' ? named : String(activation['class_name']);
}
