import {type DType, type Element, FileFormatError, type Tensor, type Variable} from '@keratin/core';
import {concrete, isFloating, isInteger, sameShape, show} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {Optimizer} from '../optimizers/optimizer.js';
import {warn} from '../progress/output.js';
import {type H5Dataset, type H5Source} from './hdf5.js';
import {H5Writer} from './hdf5-writer.js';
import {hasOwnVariables, type HasOwnVariables, type Saveable, saveablesOf} from './saveables.js';

// Keras 3's layout of weights in HDF5: `<place of the layer>/vars/0`, `1`, ...

/** An array to be stored. */
interface StoredValue {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly read: () => Tensor<Element>;
}

/** What is stored in one group of a file. */
interface WeightEntry {
  readonly group: string;
  /** The name of the layer or optimizer. */
  readonly owner: string;
  readonly values: readonly (readonly [name: string, value: StoredValue])[];
}

/** All that a file of weights holds, in order, with the state of the optimizer. */
export function weightEntries(model: AnyModel, includeOptimizer = true): WeightEntry[] {
  const saveables = saveablesOf(model).filter(({owner}) => includeOptimizer || !(owner instanceof Optimizer));
  return saveables.map(({path, owner, variables}) => {
    const own = hasOwnVariables(owner) ? Object.entries(owner.saveOwnVariables()) : [];
    const values: WeightEntry['values'] = [
      ...variables.map((variable, i) => [String(i), stored(variable, () => variable.readValue())] as const),
      ...own.map(([name, value]) => [name, stored(value, () => value)] as const),
    ];
    return {group: groupOf(path), owner: owner.name, values};
  });
}

const stored = ({shape, dtype}: Tensor<Element>, read: () => Tensor<Element>): StoredValue => ({
  shape: concrete(shape),
  dtype,
  read,
});

/** The bytes of a file of weights, with the state of the optimizer. */
export function encodeWeights(model: AnyModel, label: string, includeOptimizer = true): Promise<Uint8Array> {
  const entries = weightEntries(model, includeOptimizer);
  return H5Writer.make(label, (file) => {
    for (const {group, owner, values} of entries) {
      file.group(group);
      file.text(group, 'name', owner);
      for (const [name, {read}] of values) file.dataset(`${group}/${name}`, read());
    }
  });
}

const groupOf = (path: string): string => (path === '' ? 'vars' : `${path}/vars`);

/** A variable, and what reads its value. */
export type Value = readonly [variable: Variable<Element>, read: () => Promise<Tensor<Element>>];

/** Values for variables, and what does not fit, found before anything changes. */
export interface Plan {
  readonly values: readonly Value[];
  /** What layers store by name beside their variables. */
  readonly named?: readonly (readonly [owner: HasOwnVariables, stored: Readonly<Record<string, H5Dataset>>])[];
  readonly problems: readonly string[];
}

/** What a file in Keras 3's layout has for the weights of a model. */
export function planWeights(file: H5Source, model: AnyModel): Plan {
  const values: Value[] = [];
  const named: (readonly [HasOwnVariables, Record<string, H5Dataset>])[] = [];
  const problems: string[] = [];
  const used = new Set<string>();
  for (const {path, owner, variables} of saveablesOf(model)) {
    if (owner instanceof Optimizer) continue;
    const group = placeOf(file, path);
    const numbered = (name: string): boolean => /^\d+$/.test(name) || !hasOwnVariables(owner);
    const all = file.names(group);
    for (const name of all) used.add(`${group}/${name}`);
    const others = all.filter((name) => !numbered(name)).flatMap((name) => file.dataset(`${group}/${name}`) ?? []);
    if (hasOwnVariables(owner) && others.length > 0) {
      named.push([owner, Object.fromEntries(others.map((one) => [one.path.slice(group.length + 1), one]))]);
    }
    const names = all.filter(numbered);
    if (names.length !== variables.length) {
      const expected = variables.length === 0 ? '' : ` (${variables.map(({name}) => name).join(', ')})`;
      problems.push(
        `${path === '' ? 'the model' : path} ("${owner.name}"): expected ${count(variables.length)}${expected}, found ${String(names.length)}`,
      );
      continue;
    }
    for (const [i, variable] of variables.entries()) {
      const problem = match(file, `${group}/${String(i)}`, variable, values);
      if (problem !== null) problems.push(problem);
    }
  }
  const left = file.datasets('').filter((path) => !used.has(path) && !/^optimizer\//.test(path));
  for (const path of left) problems.push(`${path} is not in the model`);
  return {values, named, problems};
}

const count = (n: number): string => `${String(n)} variable${n === 1 ? '' : 's'}`;

/** Files of Keras 2.13 named the layers of a model otherwise. */
function placeOf(file: H5Source, path: string): string {
  const group = groupOf(path);
  if (file.kind(group) === 'group' || file.kind('_layer_checkpoint_dependencies') !== 'group') return group;
  return group.replaceAll('layers', '_layer_checkpoint_dependencies');
}

/** Takes the value of a variable from an array of the file, or says why it cannot be. */
function match(file: H5Source, path: string, variable: Variable<Element>, values: Value[]): string | null {
  const found = file.dataset(path);
  if (found === null) return `${path} (${variable.path}) is missing`;
  return matchDataset(found, path, variable, values);
}

/** The same as {@link match} for an array that is there. */
export function matchDataset(
  found: H5Dataset,
  path: string,
  variable: Variable<Element>,
  values: Value[],
): string | null {
  if (!sameShape(found.shape, variable.shape)) {
    return `${path} (${variable.path}): expected shape ${show(variable.shape)}, found shape ${show(found.shape)}`;
  }
  if (!areAlike(found.dtype, variable.dtype)) {
    return `${path} (${variable.path}): expected dtype ${variable.dtype}, found dtype ${found.dtype}`;
  }
  values.push([variable, () => found.read()]);
  return null;
}

// Whether values change by the cast in their precision only.
const areAlike = (a: DType, b: DType): boolean =>
  a === b || (isFloating(a) && isFloating(b)) || (isWhole(a) && isWhole(b));

const isWhole = (dtype: DType): boolean => isInteger(dtype) || dtype === 'bool';

/** What a file has for the state of an optimizer; null where it has none. */
export function planOptimizer(file: H5Source, saveable: Saveable): Plan | null {
  const group = groupOf(saveable.path);
  const names = file.names(group);
  if (names.length === 0) return null;
  // One that never made a step stores only what it has without any weights.
  const own = saveable.variables.filter(({path}) => /\/(iteration|learning_rate)$/.test(path)).length;
  const variables = names.length === own ? saveable.variables.slice(0, own) : saveable.variables;
  if (names.length !== variables.length) {
    const problem = `${saveable.path} ("${saveable.owner.name}"): expected ${count(variables.length)}, found ${String(names.length)}`;
    return {values: [], problems: [problem]};
  }
  const values: Value[] = [];
  const problems = variables.flatMap((variable, i) => match(file, `${group}/${String(i)}`, variable, values) ?? []);
  return {values, problems};
}

/** Reads all values, then sets them: nothing is half-loaded. */
export async function carryOut(plans: readonly Plan[]): Promise<void> {
  const read: (readonly [Variable<Element>, Tensor<Element>])[] = [];
  const named: (readonly [HasOwnVariables, Record<string, Tensor<Element>>])[] = [];
  for (const plan of plans) {
    for (const [variable, value] of plan.values) read.push([variable, await value()]);
    for (const [owner, stored] of plan.named ?? []) {
      const values: Record<string, Tensor<Element>> = {};
      for (const [name, one] of Object.entries(stored)) values[name] = await one.read();
      named.push([owner, values]);
    }
  }
  for (const [owner, stored] of named) owner.loadOwnVariables(stored);
  for (const [variable, value] of read) {
    variable.assign(value.dtype === variable.dtype ? value : value.cast(variable.dtype));
  }
}

/** Throws one error that tells all problems; with `skipMismatch` warns of them instead. */
export function report(label: string, modelName: string, problems: readonly string[], skipMismatch = false): void {
  if (problems.length === 0) return;
  const text = `${label} does not fit model "${modelName}": ${problems.join('; ')}`;
  if (!skipMismatch) throw new FileFormatError(text);
  warn(`${text}; these were skipped`);
}
