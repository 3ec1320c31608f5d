import {access} from 'node:fs/promises';
import {type Config, type ConfigNode, ValueError} from '@keratin/core';
import {checkOptions, describe, type FilePath, pathText, writeAtomic} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {assetsOf} from './assets.js';
import {compileConfig} from './compile-config.js';
import {encodeWeights} from './h5-weights.js';
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
 * @param path ends in `.keras`
 * @throws ValueError where a part of the model could not be made again from a file
 */
export async function saveModel(model: AnyModel, path: FilePath, options: SaveModelOptions = {}): Promise<void> {
  const where = 'save';
  checkOptions(where, options, OPTIONS, {include_optimizer: 'includeOptimizer', saveFormat: 'path'});
  const file = checkModelPath(where, path);
  const {overwrite = true, includeOptimizer = true} = options;
  if (!overwrite && (await exists(file))) throw new ValueError(`${where}: ${file} exists, and overwrite is false`);
  const node = completeNode(model, where);
  const weights = await encodeWeights(model, where, includeOptimizer);
  await writeAtomic(file, (handle) => writeKerasFile(handle, {node, weights, assets: assetsOf(model)}));
}

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

/** Checks the ending of a file of a model. */
export function checkModelPath(where: string, path: unknown): string {
  const text = typeof path === 'string' || path instanceof URL ? pathText(path) : '';
  if (text === '') throw new ValueError(`${where}: a file path is needed, got ${describe(path)}`);
  if (text.endsWith('.keras')) return text;
  throw new ValueError(`${where}: the file of a model must end in ".keras", got ${describe(text)}`);
}
