import {lstat, readFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {
  type CustomObjects,
  type DType,
  type Element,
  FileFormatError,
  KeratinError,
  ops,
  registerKerasSerializable,
  tensor,
  type Tensor,
  type Variable,
} from '@keratin/core';
import {
  checkConfig,
  type Checked,
  checkNode,
  checkOptions,
  describe,
  type FilePath,
  isPlainObject,
  pathText,
  PieceReader,
  sameShape,
  schema,
  show,
} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import {withWeightBudget} from '@keratin/layers/internal';
import {type Model} from '../model/model.js';
import {warn} from '../progress/output.js';
import {report} from './h5-weights.js';
import {parseJson} from './keras-file.js';
import {legacyWeights} from './legacy-file.js';
import {modernCompileConfig, modernNode} from './legacy-config.js';
import {modelFromNode} from './model-from-node.js';

// Models of TensorFlow.js Layers: `model.json` with the config of Keras 2 and a manifest of weights, and files of their bytes beside it.

/** Options of {@link loadTfjsModel}. */
export interface LoadTfjsModelOptions {
  /** Classes and functions that are not registered, by name. */
  customObjects?: CustomObjects | undefined;
  /** Whether the model is compiled as it was, where the file says how. The optimizer begins anew. Default true. */
  compile?: boolean | undefined;
}

const MAX_JSON_BYTES = 256 << 20;
const MAX_WEIGHT_BYTES = 2 ** 33;

const modelSchema = schema((z) => {
  // A file beside the JSON, never a way to another place.
  const fileName = z.string().regex(/^(?!\.+$)[^/\\:]+$/, 'must be the name of a file in the same folder');
  const size = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
  const weight = z.looseObject({
    name: z.string().min(1),
    shape: z.array(size).max(32),
    dtype: z.enum(['float32', 'int32', 'bool']),
    quantization: z
      .looseObject({
        dtype: z.enum(['uint8', 'uint16', 'float16']),
        min: z.number().optional(),
        scale: z.number().optional(),
      })
      .optional(),
  });
  return z.looseObject({
    format: z.string().optional(),
    modelTopology: z.record(z.string(), z.unknown()),
    weightsManifest: z.array(
      z.looseObject({paths: z.array(fileName).max(10_000), weights: z.array(weight).max(100_000)}),
    ),
  });
});

type StoredDType = 'float32' | 'int32' | 'bool' | 'uint8' | 'uint16' | 'float16';
type Manifest = Checked<typeof modelSchema>['weightsManifest'];
type StoredWeight = Manifest[number]['weights'][number];

/**
 * A model that TensorFlow.js or its converter wrote as a "layers model": `model.json` and the files of weights beside it, also with
 * weights quantized to uint8, uint16 or float16.
 *
 * @param path the file `model.json`, or its folder; `loadModel` takes it too
 * @example
 * const model = await saving.loadTfjsModel('web/model.json');
 * @throws FileFormatError that names all that does not fit
 */
export async function loadTfjsModel(path: FilePath, options: LoadTfjsModelOptions = {}): Promise<Model> {
  const where = 'loadTfjsModel';
  checkOptions(where, options, ['customObjects', 'compile'], {custom_objects: 'customObjects'});
  const {customObjects = {}, compile = true} = options;
  const given = pathText(path);
  const stats = await lstat(given);
  const file = stats.isDirectory() ? join(given, 'model.json') : given;
  const label = `${where}: ${file}`;
  const {modelTopology, weightsManifest} = await readManifest(file, label);
  const node = topologyNode(modelTopology, label, compile);
  const weights = weightsManifest.flatMap((group) => group.weights);
  const elements = weights.reduce((sum, {shape}) => sum + count(shape), 0);
  const model = withWeightBudget(elements, () =>
    modelFromNode({...node, compile_config: null}, label, customObjects, false),
  );
  const found = await readWeights(weightsManifest, dirname(file), label);
  const {values, problems} = planTfjs(model, found);
  report(label, model.name, problems);
  for (const [variable, value] of values) variable.assign(value.cast(variable.dtype) as Tensor);
  const compiled = node.compile_config;
  if (compile && compiled !== undefined && compiled !== null) compileAgain(model, compiled, label);
  return model;
}

async function readManifest(file: string, label: string): Promise<Checked<typeof modelSchema>> {
  const {size: bytes} = await lstat(file);
  if (bytes > MAX_JSON_BYTES) throw new FileFormatError(`${label} of ${String(bytes)} bytes is too large`);
  const parsed = modelSchema.safeParse(parseJson(await readFile(file, 'utf8'), label));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FileFormatError(
      `${label} is no layers model of TensorFlow.js: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  const {format = 'layers-model'} = parsed.data;
  if (format !== 'layers-model') {
    throw new FileFormatError(
      `${label}: its format is ${describe(format)}; only "layers-model" says which layers it has (convert the Keras model with --output_format=tfjs_layers_model)`,
    );
  }
  return parsed.data;
}

/** The config of the model: TensorFlow.js has it at the top, its converter from Python in `model_config`. */
function topologyNode(
  topology: Readonly<Record<string, unknown>>,
  label: string,
  compile: boolean,
): ReturnType<typeof checkNode> {
  const where = `${label}: modelTopology`;
  const stored = topology['model_config'] ?? topology;
  const config: unknown = typeof stored === 'string' ? parseJson(stored, where) : stored;
  const node = checkNode(where, modernNode(withOldActivations(listedLayers(checkNode(where, config)))));
  const training = topology['training_config'];
  if (!compile || training === undefined || training === null) return node;
  return {
    ...node,
    compile_config: modernCompileConfig(renamedOptimizer(checkConfig(`${label}: training_config`, training))),
  };
}

/** TensorFlow.js has Keras 2's function; Keras 3 made its slope 1/6. It is saved under this name. */
const hardSigmoid = (x: Tensor): Tensor => ops.clip(x.mul(0.2).add(0.5), 0, 1);
registerKerasSerializable(hardSigmoid, {package: 'tfjs', name: 'hard_sigmoid'});

/** A config whose activations are those of TensorFlow.js. */
function withOldActivations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOldActivations);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isOld = /^(recurrent_)?activation$/.test(key) && (inner === 'hard_sigmoid' || inner === 'hardSigmoid');
      return [key, isOld ? 'tfjs>hard_sigmoid' : withOldActivations(inner)];
    }),
  );
}

/** Old Sequential models are a list of layers. */
function listedLayers(node: ReturnType<typeof checkNode>): unknown {
  return node.class_name === 'Sequential' && Array.isArray(node.config)
    ? {...node, config: {name: 'sequential', layers: node.config}}
    : node;
}

const OPTIMIZER_KEYS: Readonly<Record<string, string>> = {beta1: 'beta_1', beta2: 'beta_2', decay: 'rho'};

/** TensorFlow.js writes other keys for the numbers of optimizers. */
function renamedOptimizer(config: ReturnType<typeof checkConfig>): ReturnType<typeof checkConfig> {
  const optimizer = config['optimizer_config'];
  if (typeof optimizer !== 'object' || optimizer === null || !('config' in optimizer)) return config;
  const inner = optimizer.config;
  if (typeof inner !== 'object' || inner === null) return config;
  const renamed = Object.entries(inner).map(([key, value]) => [OPTIMIZER_KEYS[key] ?? key, value as unknown]);
  return {...config, optimizer_config: {...optimizer, config: Object.fromEntries(renamed) as unknown}};
}

function compileAgain(model: Model, config: ReturnType<typeof checkConfig>, label: string): void {
  try {
    model.compileFromConfig(config);
  } catch (error) {
    if (!(error instanceof KeratinError)) throw error;
    warn(`${label}: the model is not compiled, since its training_config does not fit: ${error.message}`);
  }
}

const count = (shape: readonly number[]): number => shape.reduce((n, axis) => n * axis, 1);
const BYTES: Readonly<Record<StoredDType, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
};

async function readWeights(
  manifest: Manifest,
  folder: string,
  label: string,
): Promise<ReadonlyMap<string, Tensor<Element>>> {
  const found = new Map<string, Tensor<Element>>();
  let left = MAX_WEIGHT_BYTES;
  for (const {paths, weights} of manifest) {
    const needed = weights.reduce((sum, weight) => sum + bytesOf(weight), 0);
    const sizes: number[] = [];
    for (const path of paths) {
      const stats = await lstat(join(folder, path)).catch(() => null);
      if (stats?.isFile() !== true) throw new FileFormatError(`${label}: its file ${path} is missing`);
      sizes.push(stats.size);
    }
    const held = sizes.reduce((sum, bytes) => sum + bytes, 0);
    left -= held;
    if (held !== needed || left < 0) {
      throw new FileFormatError(
        `${label}: ${paths.join(', ')} must have ${String(needed)} bytes for ${String(weights.length)} weights, but ${paths.length === 1 ? 'has' : 'have'} ${String(held)}`,
      );
    }
    const bytes = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(folder, path)))));
    if (bytes.length !== needed) throw new FileFormatError(`${label}: ${paths.join(', ')} changed while it was read`);
    let at = 0;
    for (const weight of weights) {
      if (found.has(weight.name)) throw new FileFormatError(`${label}: there are two weights "${weight.name}"`);
      const end = at + bytesOf(weight);
      found.set(weight.name, decoded(weight, bytes.subarray(at, end), label));
      at = end;
    }
  }
  return found;
}

const storedAs = ({dtype, quantization}: StoredWeight): StoredDType => quantization?.dtype ?? dtype;
const bytesOf = (weight: StoredWeight): number => count(weight.shape) * BYTES[storedAs(weight)];

function decoded(weight: StoredWeight, bytes: Uint8Array, label: string): Tensor<Element> {
  const {name, shape, dtype, quantization} = weight;
  const plain = (as: DType): Tensor<Element> => {
    const reader = new PieceReader(as, count(shape), false);
    if (!reader.take(bytes))
      throw new FileFormatError(`${label}: weight "${name}" holds a boolean that is neither 0 nor 1`);
    return reader.tensor(shape);
  };
  if (quantization === undefined) return plain(dtype);
  if (quantization.dtype === 'float16') return plain('float16').cast('float32');
  const {min, scale} = quantization;
  if (min === undefined || scale === undefined) {
    throw new FileFormatError(`${label}: weight "${name}" is quantized without min and scale`);
  }
  const steps = plain(quantization.dtype).cast('float64').data() as Float64Array;
  if (dtype === 'float32')
    return tensor(
      Float32Array.from(steps, (step) => step * scale + min),
      {shape},
    );
  return tensor(
    Int32Array.from(steps, (step) => Math.round(step * scale + min)),
    {shape},
  ).cast(dtype);
}

type Match = readonly (readonly [variable: Variable, value: Tensor<Element>])[];

/** Values by their names, or, where names differ, by their order, if what they are and their shapes agree. */
function planTfjs(model: Model, found: ReadonlyMap<string, Tensor<Element>>): {values: Match; problems: string[]} {
  const own = layersIn(model).flatMap((layer) =>
    legacyWeights(layer).map((variable) => [nameOf(layer, variable), variable] as const),
  );
  const named = own.every(([name]) => found.has(name)) && own.length === found.size;
  const stored = [...found];
  const last = (name: string): string => name.split('/').at(-1)?.replace(/_\d+$/, '') ?? '';
  const alike = own.length === stored.length && own.every(([name], i) => last(name) === last(stored[i]?.[0] ?? ''));
  const problems: string[] = [];
  const values = own.flatMap(([name, variable], i): Match => {
    const source = named || !alike ? name : (stored[i]?.[0] ?? name);
    const value = found.get(source);
    if (value === undefined) problems.push(`${name} is missing`);
    else if (sameShape(value.shape, variable.shape)) return [[variable, value]];
    else problems.push(`${source}: expected shape ${show(variable.shape)}, found shape ${show(value.shape)}`);
    return [];
  });
  if (!named && !alike) {
    const known = new Set(own.map(([name]) => name));
    for (const name of found.keys()) if (!known.has(name)) problems.push(`${name} is not in the model`);
  }
  return {values, problems};
}

/** The layers that have weights of their own, in order; models within models are opened. */
const layersIn = (model: Model | AnyLayer): readonly AnyLayer[] =>
  'graph' in model && 'layers' in model && Array.isArray(model.layers)
    ? (model.layers as readonly AnyLayer[]).flatMap((layer) => layersIn(layer))
    : [model];

const nameOf = (layer: AnyLayer, {path}: Variable): string => {
  const parts = path.split('/');
  return [layer.name, ...parts.slice(parts.lastIndexOf(layer.name) + 1)].join('/');
};
