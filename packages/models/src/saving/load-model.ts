import {join} from 'node:path';
import {type CustomObjects} from '@keratin/core';
import {checkOptions, type FilePath, pathText} from '@keratin/core/internal';
import {withWeightBudget} from '@keratin/layers/internal';
import {type Model} from '../model/model.js';
import {Optimizer} from '../optimizers/optimizer.js';
import {setAssets} from './assets.js';
import {carryOut, type Plan, planOptimizer, planWeights, report} from './h5-weights.js';
import {H5Reader} from './hdf5.js';
import {legacyNode, openH5, planLegacy, planLegacyOptimizer} from './legacy-file.js';
import {readKerasFile, WEIGHTS} from './keras-file.js';
import {isFolder, readKerasFolder} from './keras-folder.js';
import {modelFromNode} from './model-from-node.js';
import {loadTfjsModel} from './tfjs.js';
import {checkModelPath, exists, isLegacy} from './save-model.js';
import {saveablesOf} from './saveables.js';

/** Options of {@link loadModel}. */
export interface LoadModelOptions {
  /** Classes and functions that are not registered, by name. */
  customObjects?: CustomObjects | undefined;
  /** Whether the model is compiled as it was, with the state of its optimizer. Default true. */
  compile?: boolean | undefined;
  /** As in Keras, where false allows Python code in a file to run. Nothing in a file is ever run here, so it changes nothing. Default true. */
  safeMode?: boolean | undefined;
}

const OPTIONS = ['customObjects', 'compile', 'safeMode'] as const satisfies readonly (keyof LoadModelOptions)[];

/**
 * A model from a file that `model.save` or Keras wrote, or from the `model.json` of TensorFlow.js: with its weights, and compiled as it was. All of the file is checked; classes
 * and functions of your own must be registered or passed. No code in a file is run and nothing outside of it is read.
 *
 * @example
 * await model.save('mnist.keras');
 * const again = await loadModel('mnist.keras');
 * @throws FileFormatError that names the file and all that does not fit
 */
export async function loadModel(path: FilePath, options: LoadModelOptions = {}): Promise<Model> {
  const where = 'loadModel';
  checkOptions(where, options, OPTIONS, {custom_objects: 'customObjects', safe_mode: 'safeMode'});
  const {customObjects = {}, compile = true} = options;
  const folder = typeof path === 'string' || path instanceof URL ? pathText(path) : '';
  const isDirectory = folder !== '' && (await isFolder(folder));
  if (await isTfjs(folder, isDirectory)) return loadTfjsModel(folder, {customObjects, compile});
  const file = isDirectory ? folder : checkModelPath(where, path);
  const label = `${where}: ${file}`;
  if (!isDirectory && isLegacy(file)) return loadLegacy(file, label, customObjects, compile);
  const {node, weights, assets} = isDirectory ? await readKerasFolder(file, label) : await readKerasFile(file, label);
  const reader = await H5Reader.open(weights, `${label}: ${WEIGHTS}`);
  try {
    const model = withWeightBudget(reader.elements, () => modelFromNode(node, label, customObjects, compile));
    await loadState(model, reader, label);
    setAssets(model, assets, label);
    return model;
  } finally {
    await reader.close();
  }
}

const isTfjs = async (path: string, isDirectory: boolean): Promise<boolean> =>
  isDirectory
    ? (await exists(join(path, 'model.json'))) && !(await exists(join(path, 'config.json')))
    : path.endsWith('.json');

/** A model from a file in the format of Keras 2. */
async function loadLegacy(file: string, label: string, customObjects: CustomObjects, compile: boolean): Promise<Model> {
  const reader = await openH5(file, label);
  try {
    const node = legacyNode(reader, label);
    const model = withWeightBudget(reader.elements, () => modelFromNode(node, label, customObjects, compile));
    const weights = planLegacy(reader, model, false, label);
    report(label, model.name, weights.problems);
    const state = planLegacyOptimizer(reader, model, label);
    await carryOut(state === null ? [weights] : [weights, state]);
    return model;
  } finally {
    await reader.close();
  }
}

async function loadState(model: Model, reader: H5Reader, label: string): Promise<void> {
  const weights = planWeights(reader, model);
  const plans: Plan[] = [weights];
  for (const saveable of saveablesOf(model)) {
    const {owner} = saveable;
    if (!(owner instanceof Optimizer)) continue;
    const plan = planOptimizer(reader, saveable);
    if (plan !== null) plans.push(plan);
  }
  report(
    label,
    model.name,
    plans.flatMap(({problems}) => problems),
  );
  await carryOut(plans);
}
