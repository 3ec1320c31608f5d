import {readFile} from 'node:fs/promises';
import {type Config, FileFormatError, ValueError, type Variable} from '@keratin/core';
import {checkConfig, checkNode, serializeKerasObject} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {warn} from '../progress/output.js';
import {compileConfig, trainsByParts} from './compile-config.js';
import {matchDataset, type Plan, type Value} from './h5-weights.js';
import {H5Reader, type H5Source} from './hdf5.js';
import {H5Writer} from './hdf5-writer.js';
import {KERAS_VERSION, nodeOf, parseJson} from './keras-file.js';
import {modernCompileConfig, modernNode} from './legacy-config.js';

// The HDF5 files of Keras 2, which Keras 3 reads and writes too: configs in attributes, weights by the names of the layers.

const WEIGHTS = 'model_weights';
const OPTIMIZER = 'optimizer_weights';
const TOP = 'top_level_model_weights';

/** Opens an HDF5 file. */
export async function openH5(path: string, label: string): Promise<H5Reader> {
  return H5Reader.open(await readFile(path), label);
}

/** Trainable weights first, in each layer. */
export const legacyWeights = (layer: AnyLayer): readonly Variable[] => [
  ...layer.trainableWeights,
  ...layer.nonTrainableWeights,
];

/** The config of the model in a file with that of `compile`, as Keras 3 writes them; null where the file holds no model. */
export function legacyNode(file: H5Source, label: string): ReturnType<typeof checkNode> {
  const text = file.text('', 'model_config');
  if (text === null) {
    const holds =
      file.texts('', 'layer_names') === null ? '' : '; the file holds weights only, which loadWeights reads';
    throw new FileFormatError(`${label}: the attribute model_config is missing${holds}`);
  }
  const node = checkNode(`${label}: model_config`, parseJson(text, `${label}: model_config`));
  const training = file.text('', 'training_config');
  const modern = checkNode(`${label}: model_config`, modernNode(node));
  if (training === null) return modern;
  const config = checkConfig(`${label}: training_config`, parseJson(training, `${label}: training_config`));
  return {...modern, compile_config: modernCompileConfig(config)};
}

/** What a file has for the weights of a model: layers in order, as Keras matches them, or by their names. */
export function planLegacy(file: H5Source, model: AnyModel, byName: boolean, label: string): Plan {
  const root = file.kind(WEIGHTS) === 'group' ? WEIGHTS : '';
  const stored = file.texts(root, 'layer_names');
  if (stored === null)
    throw new FileFormatError(`${label}: the attribute layer_names is missing, so it holds no weights of Keras`);
  const inGroup = (name: string): string => (root === '' ? name : `${root}/${name}`);
  const weightsOf = (name: string): readonly string[] => file.texts(inGroup(name), 'weight_names') ?? [];
  const values: Value[] = [];
  const problems: string[] = [];
  const match = (what: string, group: string, names: readonly string[], variables: readonly Variable[]): void => {
    if (names.length !== variables.length) {
      problems.push(`${what}: expected ${String(variables.length)} weights, found ${String(names.length)}`);
      return;
    }
    for (const [i, variable] of variables.entries()) {
      const path = `${group}/${names[i] ?? ''}`;
      const found = file.dataset(path);
      const problem = found === null ? `${path} is missing` : matchDataset(found, path, variable, values);
      if (problem !== null) problems.push(problem);
    }
  };
  const own = model.layers.filter((layer) => layer.weights.length > 0);
  const names = stored.filter((name) => weightsOf(name).length > 0);
  if (byName) {
    for (const layer of own) {
      if (names.includes(layer.name))
        match(layer.name, inGroup(layer.name), weightsOf(layer.name), legacyWeights(layer));
    }
  } else if (names.length !== own.length) {
    const list = (all: readonly string[]): string => (all.length === 0 ? 'none' : all.join(', '));
    problems.push(
      `expected ${String(own.length)} layers with weights (${list(own.map(({name}) => name))}), found ${String(names.length)} (${list(names)})`,
    );
  } else {
    own.forEach((layer, i) => {
      const name = names[i] ?? '';
      match(layer.name, inGroup(name), weightsOf(name), legacyWeights(layer));
    });
  }
  const top = file.texts(inGroup(TOP), 'weight_names');
  if (top !== null) match('the model itself', inGroup(TOP), top, model.ownVariables());
  return {values, problems};
}

/** What a file has for the state of the optimizer; null where it has none that fits, which a warning says. */
export function planLegacyOptimizer(file: H5Source, model: AnyModel, label: string): Plan | null {
  const {optimizer} = model;
  const names = file.texts(OPTIMIZER, 'weight_names');
  if (optimizer === null || names === null || names.length === 0) return null;
  const values: Value[] = [];
  const {variables} = optimizer;
  const fits =
    names.length === variables.length &&
    variables.every((variable, i) => {
      const path = `${OPTIMIZER}/${names[i] ?? ''}`;
      const found = file.dataset(path);
      return found !== null && matchDataset(found, path, variable, values) === null;
    });
  if (fits) return {values, problems: []};
  warn(`${label}: the stored state is not that of ${optimizer.name}, which starts anew`);
  return null;
}

/** The bytes of a file with a whole model. */
export function encodeLegacy(model: AnyModel, where: string, includeOptimizer: boolean): Promise<Uint8Array> {
  const {class_name: className, config} = nodeOf(model);
  if (trainsByParts(model.trainer)) {
    throw new ValueError(
      `${where}: the format of Keras 2 has no place for learning rates and optimizers of parts of a model; save it as ".keras"`,
    );
  }
  const compiled = compileConfig(model.trainer);
  return H5Writer.make(where, (file) => {
    file.text('', 'keras_version', KERAS_VERSION);
    file.text('', 'backend', 'tensorflow');
    file.text('', 'model_config', JSON.stringify({class_name: className, config}));
    file.group(WEIGHTS);
    writeWeights(file, WEIGHTS, model);
    const {optimizer} = model;
    if (compiled === null || optimizer === null || !includeOptimizer) return;
    file.text('', 'training_config', JSON.stringify(trainingConfig(compiled, optimizer)));
    writeArrays(file, OPTIMIZER, optimizer.variables);
  });
}

function trainingConfig({optimizer: _, ...rest}: Config, optimizer: object): Config {
  const {class_name: name, config, registered_name: registered} = serializeKerasObject(optimizer) as Config;
  return {...rest, optimizer_config: {class_name: registered ?? name, config}};
}

/** The bytes of a file with the weights alone. */
export function encodeLegacyWeights(model: AnyModel, where: string): Promise<Uint8Array> {
  return H5Writer.make(where, (file) => {
    writeWeights(file, '', model);
  });
}

function writeWeights(file: H5Writer, root: string, model: AnyModel): void {
  const {layers} = model;
  file.texts(
    root,
    'layer_names',
    layers.map(({name}) => name),
  );
  file.text(root, 'backend', 'tensorflow');
  file.text(root, 'keras_version', KERAS_VERSION);
  const inGroup = (name: string): string => (root === '' ? name : `${root}/${name}`);
  for (const layer of layers) writeArrays(file, inGroup(layer.name), legacyWeights(layer));
  writeArrays(file, inGroup(TOP), model.ownVariables());
}

/** Arrays under the paths of their variables; where two have the same path the later ones are numbered. */
function writeArrays(file: H5Writer, group: string, variables: readonly Variable[]): void {
  const byName = new Map<string, Variable>();
  for (const variable of variables) {
    let name = variable.path;
    for (let k = 1; byName.has(name); k++) name = `${variable.path}_${String(k)}`;
    byName.set(name, variable);
  }
  file.group(group);
  file.texts(group, 'weight_names', [...byName.keys()]);
  for (const [name, variable] of byName) file.dataset(`${group}/${name}`, variable.readValue());
}
