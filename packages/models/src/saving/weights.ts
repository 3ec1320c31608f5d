import {NotBuiltError, saveSafetensors, type Variable, ValueError} from '@keratin/core';
import {
  checkOptions,
  describe,
  type FilePath,
  pathText,
  readSafetensors,
  sameShape,
  schema,
  show,
} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {warn} from '../progress/output.js';
import {Optimizer} from '../optimizers/optimizer.js';
import {carryOut, encodeWeights, type Plan, planOptimizer, planWeights, report, type Value} from './h5-weights.js';
import {H5Reader, type H5Source} from './hdf5.js';
import {readKerasFile, WEIGHTS} from './keras-file.js';
import {encodeLegacyWeights, openH5, planLegacy} from './legacy-file.js';
import {exists} from './save-model.js';
import {saveablesOf} from './saveables.js';
import {openShards, saveShards} from './shards.js';
import {writeBytes} from './write-bytes.js';

const WRITTEN = ['.weights.h5', '.safetensors', '.h5', '.hdf5'] as const;
const READ = [...WRITTEN, '.weights.json', '.keras'] as const;

/**
 * Checks the ending of a file of weights.
 * @throws ValueError that names the endings
 */
export function checkWeightsPath(where: string, path: unknown, endings: readonly string[] = WRITTEN): string {
  const text = typeof path === 'string' || path instanceof URL ? pathText(path) : '';
  if (text === '') throw new ValueError(`${where}: a file path is needed, got ${describe(path)}`);
  if (endings.some((ending) => text.endsWith(ending))) return text;
  throw new ValueError(
    `${where}: the file must end in ".weights.h5" (or ${endings.slice(1).map(describe).join(', ')}), got ${describe(text)}`,
  );
}

function assertBuilt(where: string, model: AnyModel): void {
  if (model.built) return;
  throw new NotBuiltError(
    `${where}: model "${model.name}" has no weights yet; build it with build(inputShape), or call it once`,
  );
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

/** Options of `model.saveWeights`. */
export interface SaveWeightsOptions {
  /** Whether a file that is there is replaced. Default true; false makes it an error. */
  overwrite?: boolean | undefined;
  /** The largest size of a file in gigabytes: several hold the weights, and a `.weights.json` file names them. Default: one file. */
  maxShardSize?: number | undefined;
}

const SAVE_OPTIONS = ['overwrite', 'maxShardSize'] as const satisfies readonly (keyof SaveWeightsOptions)[];

/**
 * Writes the weights: what `model.saveWeights` does.
 *
 * @example
 * await saving.saveWeights(model, 'large.weights.json', {maxShardSize: 2});
 */
export async function saveWeights(model: AnyModel, path: FilePath, options: SaveWeightsOptions = {}): Promise<void> {
  const where = 'saveWeights';
  checkOptions(where, options, SAVE_OPTIONS, {max_shard_size: 'maxShardSize'});
  const {overwrite = true, maxShardSize} = options;
  const file = checkWeightsPath(where, path, maxShardSize === undefined ? WRITTEN : ['.weights.json']);
  if (maxShardSize !== undefined && !(maxShardSize > 0)) {
    throw new ValueError(`${where}: maxShardSize is a positive number of gigabytes, got ${describe(maxShardSize)}`);
  }
  assertBuilt(where, model);
  if (!overwrite && (await exists(file))) throw new ValueError(`${where}: ${file} exists, and overwrite is false`);
  if (maxShardSize !== undefined) {
    await saveShards(model, file, maxShardSize, where);
  } else if (file.endsWith('.weights.h5')) {
    await writeBytes(file, await encodeWeights(model, where));
  } else if (file.endsWith('.safetensors')) {
    const weights = named(model);
    // The format sorts names; the order of the weights is kept beside them.
    const metadata = {keratin_weights: JSON.stringify([...weights.keys()])};
    await saveSafetensors(file, Object.fromEntries(weights), {metadata});
  } else {
    await writeBytes(file, await encodeLegacyWeights(model, where));
  }
}

/** Options of `model.loadWeights`. */
export interface LoadWeightsOptions {
  /** Whether weights that do not fit stay as they are, with a warning that names them. Default false: they are an error. */
  skipMismatch?: boolean | undefined;
  /** Whether layers are found by their names, and others stay as they are. For `.h5` files of Keras 2. Default false. */
  byName?: boolean | undefined;
}

const OPTIONS = ['skipMismatch', 'byName'] as const satisfies readonly (keyof LoadWeightsOptions)[];

/** Reads the weights: what `model.loadWeights` does. All problems are found, and told in one sentence, before any weight changes. */
export async function loadWeights(model: AnyModel, path: FilePath, options: LoadWeightsOptions = {}): Promise<void> {
  const where = 'loadWeights';
  checkOptions(where, options, OPTIONS, {skip_mismatch: 'skipMismatch', by_name: 'byName'});
  const {skipMismatch = false, byName = false} = options;
  const file = checkWeightsPath(where, path, READ);
  if (byName && !/(?<!\.weights)\.(h5|hdf5)$/.test(file)) {
    throw new ValueError(`${where}: byName is for .h5 files in the format of Keras 2, got ${describe(file)}`);
  }
  assertBuilt(where, model);
  const label = `${where}: ${file}`;
  const put = async (plans: readonly Plan[]): Promise<void> => {
    report(
      label,
      model.name,
      plans.flatMap(({problems}) => problems),
      skipMismatch,
    );
    await carryOut(plans);
  };
  if (file.endsWith('.safetensors')) {
    await put([await planSafetensors(model, file)]);
    return;
  }
  const reader = await openSource(file, label);
  try {
    await put(plansOfH5(model, reader, label, byName));
  } finally {
    await reader.close();
  }
}

async function openSource(file: string, label: string): Promise<H5Source> {
  if (file.endsWith('.weights.json')) return openShards(file, label);
  if (!file.endsWith('.keras')) return openH5(file, label);
  return H5Reader.open((await readKerasFile(file, label)).weights, `${label}: ${WEIGHTS}`);
}

function plansOfH5(model: AnyModel, reader: H5Source, label: string, byName: boolean): readonly Plan[] {
  const isLegacy = reader.texts('', 'layer_names') !== null || reader.kind('model_weights') === 'group';
  if (byName && !isLegacy) throw new ValueError(`${label}: byName is for files in the format of Keras 2`);
  const plans = isLegacy ? [planLegacy(reader, model, byName, label)] : [planWeights(reader, model)];
  const state = isLegacy ? null : planState(model, reader, label);
  return state === null ? plans : [...plans, ...state];
}

/** The state of the optimizer, where the file has one that fits: weights of a model that was trained otherwise are welcome too. */
function planState(model: AnyModel, reader: H5Source, label: string): readonly Plan[] | null {
  const plans: Plan[] = [];
  for (const saveable of saveablesOf(model)) {
    const {owner} = saveable;
    if (!(owner instanceof Optimizer)) continue;
    owner.build(model.trainableVariables);
    const plan = planOptimizer(reader, {...saveable, variables: owner.variables});
    if (plan === null) return null;
    if (plan.problems.length > 0) {
      warn(
        `${label}: the stored state is not that of ${owner.name}, which stays as it is: ${plan.problems.join('; ')}`,
      );
      return null;
    }
    plans.push(plan);
  }
  return plans;
}

async function planSafetensors(model: AnyModel, file: string): Promise<Plan> {
  const {tensors, metadata} = await readSafetensors(file, 'loadWeights');
  const found = new Map(Object.entries(tensors));
  const weights = named(model);
  const names = matchNames([...weights.keys()], found, orderOf(metadata['keratin_weights']));
  const problems: string[] = [];
  const values: Value[] = [];
  for (const [name, variable] of weights) {
    const value = found.get(names.get(name) ?? name);
    if (value === undefined) problems.push(`${name} is missing`);
    else if (!sameShape(value.shape, variable.shape)) {
      problems.push(`${name} has shape ${show(value.shape)} instead of ${show(variable.shape)}`);
    } else {
      values.push([variable, () => Promise.resolve(value)]);
    }
  }
  const used = new Set([...weights.keys()].map((name) => names.get(name) ?? name));
  for (const name of found.keys()) if (!used.has(name)) problems.push(`${name} is not in the model`);
  return {values, problems};
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

const orderSchema = schema((z) => z.array(z.string()));

// The file comes from outside.
function orderOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  try {
    return orderSchema.parse(JSON.parse(text));
  } catch {
    return [];
  }
}
