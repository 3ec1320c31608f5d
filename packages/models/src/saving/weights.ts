import {
  type Element,
  FileFormatError,
  NotBuiltError,
  saveSafetensors,
  type Tensor,
  ValueError,
  type Variable,
} from '@keratin/core';
import {describe, readSafetensors, sameShape, show} from '@keratin/core/internal';
import {z} from 'zod';
import {type AnyModel} from '../callbacks/callback.js';

const ENDING = '.safetensors';

/**
 * Checks the ending of a file of weights.
 * @throws ValueError that names the endings which this version writes
 */
export function checkWeightsPath(where: string, path: unknown): string {
  if (typeof path !== 'string' || path === '')
    throw new ValueError(`${where}: a file path is needed, got ${describe(path)}`);
  if (path.endsWith(ENDING)) return path;
  throw new ValueError(`${where}: the file must end in "${ENDING}", the format of weights here, got ${describe(path)}`);
}

/** The weights by path; where two have the same path the later ones are numbered. */
function named(model: AnyModel): Map<string, Variable> {
  const byName = new Map<string, Variable>();
  for (const variable of model.weights) {
    let name = variable.path;
    for (let k = 1; byName.has(name); k++) name = `${variable.path}_${String(k)}`;
    byName.set(name, variable);
  }
  return byName;
}

/** Writes the weights: what `model.saveWeights` does. */
export async function saveWeights(model: AnyModel, path: string): Promise<void> {
  const file = checkWeightsPath('saveWeights', path);
  if (!model.built) {
    throw new NotBuiltError(`saveWeights: model "${model.name}" has no weights yet; build it, or call it once`);
  }
  const weights = named(model);
  // The format sorts names; the order of the weights is kept beside them.
  const metadata = {keratin_weights: JSON.stringify([...weights.keys()])};
  await saveSafetensors(file, Object.fromEntries(weights), {metadata});
}

/** Reads the weights: what `model.loadWeights` does. All problems are found, and told in one sentence, before any weight changes. */
export async function loadWeights(model: AnyModel, path: string): Promise<void> {
  const file = checkWeightsPath('loadWeights', path);
  if (!model.built) {
    throw new NotBuiltError(
      `loadWeights: model "${model.name}" has no weights yet; build it with build(inputShape), or call it once`,
    );
  }
  const {tensors, metadata} = await readSafetensors(file, 'loadWeights');
  const found = new Map<string, Tensor<Element>>(Object.entries(tensors));
  const weights = named(model);
  const names = matchNames([...weights.keys()], found, orderOf(metadata['keratin_weights']));
  const problems: string[] = [];
  const values: [Variable, Tensor<Element>][] = [];
  for (const [name, variable] of weights) {
    const value = found.get(names.get(name) ?? name);
    if (value === undefined) problems.push(`${name} is missing`);
    else if (!sameShape(value.shape, variable.shape)) {
      problems.push(`${name} has shape ${show(value.shape)} instead of ${show(variable.shape)}`);
    } else {
      values.push([variable, value]);
    }
  }
  const used = new Set([...weights.keys()].map((name) => names.get(name) ?? name));
  for (const name of found.keys()) if (!used.has(name)) problems.push(`${name} is not in the model`);
  if (problems.length > 0) {
    throw new FileFormatError(`loadWeights: ${path} does not fit model "${model.name}": ${problems.join('; ')}`);
  }
  for (const [variable, value] of values) {
    variable.assign((value.dtype === variable.dtype ? value : value.cast(variable.dtype)) as Tensor);
  }
}

/**
 * The names in the file for those of the model. Automatic names depend on what was made before in the process: where the paths differ,
 * a file that tells the order of as many weights is matched by it, if the last parts of the names agree.
 */
function matchNames(
  own: readonly string[],
  found: ReadonlyMap<string, unknown>,
  order: readonly string[],
): ReadonlyMap<string, string> {
  const same = own.every((name) => found.has(name));
  const last = (name: string | undefined): string | undefined => name?.split('/').at(-1)?.replace(/_\d+$/, '');
  const alike =
    order.length === own.length &&
    order.length === found.size &&
    own.every((name, i) => found.has(order[i] ?? '') && last(name) === last(order[i]));
  return new Map(same || !alike ? [] : own.map((name, i) => [name, order[i] ?? name]));
}

const orderSchema = z.array(z.string());

// The file comes from outside.
function orderOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  try {
    return orderSchema.parse(JSON.parse(text));
  } catch {
    return [];
  }
}
