import {type Shape, type Tensor, ValueError, type Variable} from '@keratin/core';
import {checkOptions, describe, DTYPES, isPlainObject, publicNameOf, tensorsIn} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {type GraphNode, inputsOf} from '../functional/build.js';
import {type GraphOperation, isGraphLayer} from '../functional/operation.js';
import {fixed} from '../progress/numbers.js';
import {drawTable, type TableColumn} from './table.js';

/** Options of `model.summary`. */
export interface SummaryOptions {
  /** Width of the table. Default: the terminal's less 4, at most 88. */
  lineLength?: number | undefined;
  /** Where the columns end, as parts of the width. Default 0.45, 0.8, 1. */
  positions?: readonly number[] | undefined;
  /** Gets the whole text, instead of printing it. */
  printFn?: ((text: string) => void) | undefined;
  /** Whether the layers of models within are shown. Default false. */
  expandNested?: boolean | undefined;
  /** Whether a column says which layers are trained. Default false. */
  showTrainable?: boolean | undefined;
  /** Names (or patterns) of the first and the last layer to show. Default: all. */
  layerRange?: readonly [first: string, last: string] | undefined;
}

const OPTION_NAMES = [
  'lineLength',
  'positions',
  'printFn',
  'expandNested',
  'showTrainable',
  'layerRange',
] as const satisfies readonly (keyof SummaryOptions)[];

const FULL_WIDTH = 88;
/** With the column of connections. */
const GRAPH_WIDTH = 108;
const TRAINABLE_WIDTH = 12;
const UNKNOWN_TERMINAL = 80;

const POSITIONS = [0.45, 0.8, 1];
const GRAPH_POSITIONS = [0.3, 0.56, 0.74, 1];

/** Prints a table of a model's layers: what `model.summary` does. */
export function summary(model: AnyModel, options: SummaryOptions = {}): void {
  checkOptions('summary', options, OPTION_NAMES);
  const text = summaryText(model, options);
  if (options.printFn === undefined) process.stdout.write(text);
  else options.printFn(text);
}

function summaryText(model: AnyModel, options: SummaryOptions): string {
  const {expandNested: expand = false, showTrainable = false} = options;
  const connections = connectionsOf(model);
  const usual = connections === null ? POSITIONS : GRAPH_POSITIONS;
  let ends = options.positions ?? usual;
  if (ends.length !== usual.length || ends.some((end) => !(end > 0))) {
    const count = usual.length === 3 ? 'three' : 'four';
    throw new ValueError(`summary: positions must be ${count} numbers, got ${describe(options.positions)}`);
  }
  const terminal = process.stdout.columns as number | undefined;
  let width = connections === null ? FULL_WIDTH : GRAPH_WIDTH;
  if (showTrainable) {
    width += TRAINABLE_WIDTH;
    ends = [...ends.map((end) => end * 0.9), 1];
  }
  const lineLength = options.lineLength ?? Math.min(width, (terminal ?? UNKNOWN_TERMINAL) - 4);
  const kinds: Omit<TableColumn, 'end'>[] = [
    {header: 'Layer (type)', align: 'left'},
    {header: 'Output Shape', align: 'left'},
    {header: 'Param #', align: 'right'},
  ];
  if (connections !== null) kinds.push({header: 'Connected to', align: 'left'});
  if (showTrainable) kinds.push({header: 'Trainable', align: 'center'});
  const columns = kinds.map((kind, i): TableColumn => ({...kind, end: ends[i] ?? 1}));
  const rows = inRange(model.operations, options.layerRange).flatMap((layer) =>
    rowsOf(layer, 0, {expand, showTrainable, connections}),
  );
  const trainable = model.trainableWeights;
  const others = model.nonTrainableWeights;
  const owners = model.optimizer === null ? model.optimizers : [model.optimizer];
  const state = owners.filter(({built}) => built).flatMap(({variables}) => variables);
  const lines = [
    `Model: "${model.name}"`,
    ...drawTable(columns, rows, lineLength),
    ` Total params: ${amount([...trainable, ...others, ...state])}`,
    ` Trainable params: ${amount(trainable)}`,
    ` Non-trainable params: ${amount(others)}`,
  ];
  if (state.length > 0) lines.push(` Optimizer params: ${amount(state)}`);
  return `${lines.join('\n')}\n`;
}

interface RowOptions {
  readonly expand: boolean;
  readonly showTrainable: boolean;
  readonly connections: Connections | null;
}

function rowsOf(layer: GraphOperation, level: number, options: RowOptions): string[][] {
  const {expand, showTrainable, connections} = options;
  const prefix = level === 0 ? '' : `${'   '.repeat(level)}└ `;
  const className = publicNameOf(layer.constructor)?.name ?? layer.constructor.name;
  const own = isGraphLayer(layer) ? layer : null;
  const row = [
    `${prefix}${layer.name} (${className})`,
    shapeText(layer),
    own === null ? '0' : own.built ? count(own.countParams()) : '0 (unbuilt)',
  ];
  if (connections !== null) row.push(connections(layer));
  if (showTrainable) row.push(own === null || own.weights.length === 0 ? '-' : own.trainable ? 'Y' : 'N');
  const within = expand && 'layers' in layer ? (layer as AnyModel).layers : [];
  return [row, ...within.flatMap((inner) => rowsOf(inner, level + 1, options))];
}

/** What the calls of a layer take, such as `dense[0][0], add[0][0]`. */
type Connections = (layer: GraphOperation) => string;

/** The connections of a functional model; null where each layer takes what the one before it gives. */
function connectionsOf({graph}: AnyModel): Connections | null {
  if (graph === null) return null;
  const inputs = (node: GraphNode) => inputsOf(node, (tensor) => graph.placed(tensor));
  const called = new Set<GraphOperation>();
  const isChain = graph.nodesByDepth.every(([node, ...others]) => {
    if (node === undefined || others.length > 0 || inputs(node).length > 1 || called.has(node.operation)) return false;
    called.add(node.operation);
    return true;
  });
  if (isChain) return null;
  return (layer) => {
    const names = (layer.nodes as readonly GraphNode[])
      .filter((node) => graph.has(node))
      .flatMap((node) => inputs(node))
      .flatMap((tensor) => {
        const origin = graph.origin(tensor);
        if (origin === undefined) return [];
        return `${origin.node.operation.name}[${String(origin.node.index)}][${String(origin.tensorIndex)}]`;
      });
    return names.length === 0 ? '-' : names.join(', ');
  };
}

/** The shape of a layer's output: of its symbolic call, or computed from the shape that it was built for; `?` where neither is known. */
function shapeText(layer: GraphOperation): string {
  const node = layer.nodes.at(-1);
  if (node !== undefined) {
    const [only] = node.outputs;
    return node.outputs.length === 1 && only !== undefined ? oneShape(only.shape) : structureText(node.outputs);
  }
  if (!isGraphLayer(layer)) return '?';
  const built = layer.getBuildConfig()?.['input_shape'];
  if (built === undefined || built === null) return '?';
  try {
    return structureText(layer.computeOutputShape(built as never));
  } catch {
    // A layer that cannot tell its shape without values.
    return '?';
  }
}

function structureText(value: unknown): string {
  const [tensor] = tensorsIn(value);
  if (tensor !== undefined && tensor === value) return oneShape(tensor.shape);
  if (isShape(value)) return oneShape(value);
  if (Array.isArray(value)) return `[${value.map((entry) => structureText(entry)).join(', ')}]`;
  if (isPlainObject(value)) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${structureText(entry)}`);
    return `{${entries.join(', ')}}`;
  }
  return '?';
}

function isShape(value: unknown): value is Shape {
  return Array.isArray(value) && value.every((n) => n === null || typeof n === 'number');
}

const oneShape = (shape: Shape): string => `(${shape.map((n) => String(n ?? 'None')).join(', ')})`;

const count = (n: number): string => n.toLocaleString('en-US');

function amount(weights: readonly (Variable | Tensor)[]): string {
  const distinct = [...new Set(weights)];
  const numbers = distinct.reduce((sum, {size}) => sum + size, 0);
  const bytes = distinct.reduce((sum, {size, dtype}) => sum + size * DTYPES[dtype].bytes, 0);
  return `${count(numbers)} (${readable(bytes)})`;
}

function readable(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 'PB';
  for (const name of units) {
    if (value < 1024) {
      unit = name;
      break;
    }
    value /= 1024;
  }
  return `${fixed(value, 2)} ${unit}`;
}

function inRange(layers: readonly GraphOperation[], range: SummaryOptions['layerRange']): readonly GraphOperation[] {
  if (range === undefined) return layers;
  const given: unknown = range;
  if (!Array.isArray(given) || given.length !== 2 || given.some((name) => typeof name !== 'string')) {
    throw new ValueError(`summary: layerRange is the names of the first and the last layer, got ${describe(range)}`);
  }
  const matching = (pattern: string): number[] =>
    layers.flatMap(({name}, i) => (name === pattern || new RegExp(`^(?:${pattern})`).test(name) ? [i] : []));
  const [low] = matching(range[0]);
  const high = matching(range[1]).at(-1);
  if (low === undefined || high === undefined) {
    const missing = low === undefined ? range[0] : range[1];
    throw new ValueError(
      `summary: layerRange names "${missing}", the layers are ${layers.map(({name}) => name).join(', ')}`,
    );
  }
  return layers.slice(Math.min(low, high), Math.max(low, high) + 1);
}
