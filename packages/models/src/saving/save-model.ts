import {access} from 'node:fs/promises';
import {type Config, type ConfigNode, ValueError} from '@keratin/core';
import {checkOptions, describe, type FilePath, pathText, writeAtomic} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {assetsOf} from './assets.js';
import {compileConfig} from './compile-config.js';
import {encodeWeights} from './h5-weights.js';
import {encodeLegacy} from './legacy-file.js';
import {nodeOf, writeKerasFile} from './keras-file.js';

/** Options of `model.save`. */
export interface SaveModelOptions {
  /** Whether a file that is there is replaced. Default true; false makes it an error. */
  overwrite?: boolean | undefined;
  /** Whether the state of the optimizer is stored too. Default true. */
  includeOptimizer?: boolean | undefined;
}

const OPTIONS = ['overwrite', 'includeOptimizer'] as const satisfies readonly (keyof SaveModelOptions)[];

/**
 * Writes a whole model to a file: what it is made of, its weights, and how it was compiled with the state of the optimizer. Keras opens
 * the file, and {@link loadModel} does. The file appears whole or not at all.
 *
 * @param path ends in `.keras`; `.h5` is the format of Keras 2
 * @throws ValueError where a part of the model could not be made again from a file
 */
export async function saveModel(model: AnyModel, path: FilePath, options: SaveModelOptions = {}): Promise<void> {
  const where = 'save';
  checkOptions(where, options, OPTIONS, {include_optimizer: 'includeOptimizer', saveFormat: 'path'});
  const file = checkModelPath(where, path);
  const {overwrite = true, includeOptimizer = true} = options;
  if (!overwrite && (await exists(file))) throw new ValueError(`${where}: ${file} exists, and overwrite is false`);
  if (isLegacy(file)) {
    await writeBytes(file, await encodeLegacy(model, where, includeOptimizer));
    return;
  }
  const node = completeNode(model, where);
  const weights = await encodeWeights(model, where, includeOptimizer);
  await writeAtomic(file, (handle) => writeKerasFile(handle, {node, weights, assets: assetsOf(model)}));
}

/** Writes a file whole or not at all. */
export const writeBytes = (path: string, bytes: Uint8Array): Promise<void> =>
  writeAtomic(path, async (handle) => {
    for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
  });

/** The config with how the model was compiled; what a file cannot hold is an error here. */
function completeNode(model: AnyModel, where: string): ConfigNode {
  const compiled: Config = compileConfig(model.trainer, where) ?? {};
  return {...nodeOf(model), compile_config: compiled};
}

const exists = (path: string): Promise<boolean> =>
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
