import {access} from 'node:fs/promises';
import {type ConfigNode, ValueError} from '@keratin/core';
import {checkOptions, describe, type FilePath, noteSerialized, pathText, writeAtomic} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {assetsOf} from './assets.js';
import {compileNode} from './compile-parts.js';
import {encodeWeights} from './h5-weights.js';
import {encodeLegacy} from './legacy-file.js';
import {nodeOf, writeKerasFile} from './keras-file.js';
import {writeKerasFolder} from './keras-folder.js';
import {checkRestorable} from './trial.js';
import {writeBytes} from './write-bytes.js';

/** Options of `model.save`. */
export interface SaveModelOptions {
  /** Whether a file that is there is replaced. Default true; false makes it an error. */
  overwrite?: boolean | undefined;
  /** Whether the state of the optimizer is stored too. Default true. */
  includeOptimizer?: boolean | undefined;
  /** Whether a `.keras` file holds all parts. Default true; false makes a folder of them, whose name has no such ending. */
  zipped?: boolean | undefined;
}

const OPTIONS = ['overwrite', 'includeOptimizer', 'zipped'] as const satisfies readonly (keyof SaveModelOptions)[];

/**
 * Writes a whole model to a file: what it is made of, its weights, and how it was compiled with the state of the optimizer. Keras opens
 * the file, and `loadModel` does. The file appears whole or not at all. Before anything is written the model is made once from what the
 * file will say, so that what could not be loaded is refused now.
 *
 * @param path ends in `.keras`; `.h5` is the format of Keras 2; with `zipped: false` the name of a folder
 * @example
 * await saving.saveModel(model, 'mnist.keras'); // = model.save('mnist.keras')
 * @throws ValueError where a part of the model could not be made again from a file
 */
export async function saveModel(model: AnyModel, path: FilePath, options: SaveModelOptions = {}): Promise<void> {
  const where = 'save';
  checkOptions(where, options, OPTIONS, {include_optimizer: 'includeOptimizer', saveFormat: 'path'});
  const {overwrite = true, includeOptimizer = true, zipped = true} = options;
  const file = zipped ? checkModelPath(where, path) : checkFolderPath(where, path);
  if (!overwrite && (await exists(file))) throw new ValueError(`${where}: ${file} exists, and overwrite is false`);
  const {result: node, objects} = noteSerialized(() => completeNode(model, where));
  checkRestorable(model, node, objects, where);
  if (zipped && isLegacy(file)) {
    await writeBytes(file, await encodeLegacy(model, where, includeOptimizer));
    return;
  }
  const weights = await encodeWeights(model, where, includeOptimizer);
  const parts = {node, weights, assets: assetsOf(model)};
  if (zipped) await writeAtomic(file, (handle) => writeKerasFile(handle, parts));
  else await writeKerasFolder(file, parts, where);
}

function checkFolderPath(where: string, path: unknown): string {
  const text = typeof path === 'string' || path instanceof URL ? pathText(path) : '';
  if (text === '') throw new ValueError(`${where}: a path of a folder is needed, got ${describe(path)}`);
  if (!/\.(keras|h5|hdf5)$/.test(text)) return text;
  throw new ValueError(`${where}: with zipped: false the path names a folder, got ${describe(text)}`);
}

/** The config with how the model was compiled; what a file cannot hold is an error here. */
const completeNode = (model: AnyModel, where: string): ConfigNode => ({...nodeOf(model), ...compileNode(model, where)});

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether a file has the HDF5 format of Keras 2. */
export const isLegacy = (path: string): boolean => /\.(h5|hdf5)$/.test(path);

/** Checks the ending of a file of a model. */
export function checkModelPath(where: string, path: unknown): string {
  const text = typeof path === 'string' || path instanceof URL ? pathText(path) : '';
  if (text === '') throw new ValueError(`${where}: a file path is needed, got ${describe(path)}`);
  if (text.endsWith('.weights.h5')) {
    throw new ValueError(`${where}: ${describe(text)} is a file of weights; use saveWeights and loadWeights`);
  }
  if (text.endsWith('.keras') || isLegacy(text)) return text;
  throw new ValueError(`${where}: the file of a model must end in ".keras" (or ".h5"), got ${describe(text)}`);
}
