import {readFile} from 'node:fs/promises';
import {type Element, tensor, type Tensor, type TensorLike, ValueError} from '@keratin/core';
import {describe, type FilePath, pathText, sameShape, show} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {printLine} from '../progress/output.js';
import {hasOwnVariables, saveablesOf} from './saveables.js';
import {H5Reader} from './hdf5.js';
import {H5Writer} from './hdf5-writer.js';
import {readKerasFile, WEIGHTS} from './keras-file.js';
import {writeBytes} from './write-bytes.js';

/** Arrays by their names: usually `'0'`, `'1'`, ... */
export type WeightsByName = Readonly<Record<string, TensorLike>>;

/** What {@link KerasFileEditor.compare} found. */
export interface Comparison {
  readonly status: 'success' | 'error';
  readonly errorCount: number;
  readonly matchCount: number;
}

/** An object in a file: its own arrays, and what is within it. */
class Place {
  readonly weights = new Map<string, Tensor<Element>>();
  readonly objects = new Map<string, Place>();
  /** The name of the layer that it was. */
  name: string | null = null;
}

/**
 * Looks into a file of weights, changes it and writes it anew: for weights of a model whose layers have changed since.
 *
 * @example
 * const editor = await KerasFileEditor.open('old.weights.h5');
 * editor.summary();
 * editor.renameObject('layers/dense_2', 'dense_1');
 * editor.deleteObject('layers/dense_3');
 * await editor.save('new.weights.h5');
 */
export class KerasFileEditor {
  readonly filepath: string;
  readonly #root: Place;

  private constructor(filepath: string, root: Place) {
    this.filepath = filepath;
    this.#root = root;
  }

  /**
   * Opens a `.weights.h5` or `.keras` file, whose weights are read whole.
   * @throws ValueError for another ending; FileFormatError for a damaged file
   */
  static async open(filepath: FilePath): Promise<KerasFileEditor> {
    const where = 'KerasFileEditor.open';
    const path = typeof filepath === 'string' || filepath instanceof URL ? pathText(filepath) : '';
    if (!/\.(keras|weights\.h5)$/.test(path)) {
      throw new ValueError(`${where}: the file must end in ".keras" or ".weights.h5", got ${describe(path)}`);
    }
    const label = `${where}: ${path}`;
    const isArchive = path.endsWith('.keras');
    const bytes = isArchive ? (await readKerasFile(path, label)).weights : await readFile(path);
    const reader = await H5Reader.open(bytes, isArchive ? `${label}: ${WEIGHTS}` : label);
    try {
      const root = new Place();
      for (const dataset of reader.datasets('')) {
        const parts = dataset.split('/');
        const name = parts.pop() ?? '';
        const group = parts.join('/');
        if (parts.at(-1) === 'vars') parts.pop();
        const place = placeAt(root, parts);
        place.name ??= reader.text(group, 'name');
        const found = reader.dataset(dataset);
        if (found !== null) place.weights.set(name, await found.read());
      }
      return new KerasFileEditor(path, root);
    } finally {
      await reader.close();
    }
  }

  /** The arrays of an object, by name; null where there is no such object. */
  weightsOf(path: string): ReadonlyMap<string, Tensor<Element>> | null {
    return this.#find(path)?.weights ?? null;
  }

  /** Prints the objects and their arrays. */
  summary(): void {
    printLine(`Keras model file '${this.filepath}'`);
    printLine('Weights structure');
    const visit = (place: Place, prefix: string): void => {
      const rows = [
        ...[...place.weights].map(
          ([name, {shape, dtype}]) => [`${name}: shape=${show(shape)}, dtype=${dtype}`] as const,
        ),
        ...[...place.objects].map(
          ([name, inner]) => [`${name}${inner.name === null ? '' : ` ('${inner.name}')`}`, inner] as const,
        ),
      ];
      rows.forEach(([text, inner], i) => {
        const isLast = i === rows.length - 1;
        printLine(`${prefix}${isLast ? '└─ ' : '├─ '}${text}`);
        if (inner !== undefined) visit(inner, `${prefix}${isLast ? '    ' : '│   '}`);
      });
    };
    visit(this.#root, '  ');
  }

  /** Prints where the file and a model differ, and counts it. */
  compare(referenceModel: AnyModel): Comparison {
    let [errorCount, matchCount] = [0, 0];
    const problem = (text: string): void => {
      errorCount += 1;
      printLine(`...${text}`);
    };
    printLine('Running comparison');
    const known = new Set<string>();
    for (const {path, owner, variables} of saveablesOf(referenceModel)) {
      const own = hasOwnVariables(owner) ? Object.entries(owner.saveOwnVariables()) : [];
      const wanted = new Map([...variables.map((variable, i) => [String(i), variable] as const), ...own]);
      if (wanted.size === 0) continue;
      known.add(path);
      const found = this.#find(path)?.weights ?? new Map<string, Tensor<Element>>();
      if (found.size === 0) {
        problem(`Object ${path} present in reference model, missing from saved file`);
        continue;
      }
      for (const [name, {shape}] of wanted) {
        const stored = found.get(name);
        const what = `${path === '' ? '' : `${path}/`}${name}`;
        if (stored === undefined) problem(`Weight ${what} present in reference model, missing from saved file`);
        else if (sameShape(stored.shape, shape)) matchCount += 1;
        else {
          problem(
            `Weight shape mismatch for ${what}: ${show(shape)} in reference model, ${show(stored.shape)} in saved file`,
          );
        }
      }
      for (const name of found.keys()) {
        if (!wanted.has(name)) problem(`Weight ${path}/${name} present in saved file, missing from reference model`);
      }
    }
    for (const [path, place] of placesIn(this.#root)) {
      if (place.weights.size > 0 && !known.has(path)) {
        problem(`Object ${path} present in saved file, missing from reference model`);
      }
    }
    const status = errorCount === 0 ? 'success' : 'error';
    printLine(
      status === 'success'
        ? `Comparison successful: saved file is compatible with the reference model; ${String(matchCount)} weights match`
        : `Found ${String(errorCount)} errors: saved file is not compatible with the reference model`,
    );
    return {status, errorCount, matchCount};
  }

  /**
   * Gives an object another name within the one around it.
   * @param objectName a path (`'layers/dense_2'`), or a name that stands once in the file
   */
  renameObject(objectName: string, newName: string): void {
    const where = 'renameObject';
    const {around, name, place} = this.#locate(where, objectName);
    if (newName === '' || newName.includes('/')) {
      throw new ValueError(`${where}: the new name has no "/", got ${describe(newName)}`);
    }
    if (around.objects.has(newName) && newName !== name) {
      throw new ValueError(`${where}: there is an object "${newName}" already`);
    }
    around.objects.delete(name);
    around.objects.set(newName, place);
  }

  /** Takes an object away. */
  deleteObject(objectName: string): void {
    const {around, name} = this.#locate('deleteObject', objectName);
    around.objects.delete(name);
  }

  /** Adds an object at a full path, such as `'layers/dense_2'`. */
  addObject(objectPath: string, weights: WeightsByName): void {
    const where = 'addObject';
    const parts = objectPath.split('/');
    const name = parts.pop() ?? '';
    const around = this.#find(parts.join('/'));
    if (around === null) throw new ValueError(`${where}: path "${parts.join('/')}" is not in the file`);
    const tensors = tensorsOf(where, weights);
    const place = new Place();
    for (const [key, value] of tensors) place.weights.set(key, value);
    around.objects.set(name, place);
  }

  /** Takes one array of an object away. */
  deleteWeight(objectName: string, weightName: string): void {
    const where = 'deleteWeight';
    const {place} = this.#locate(where, objectName);
    if (place.weights.delete(weightName)) return;
    throw new ValueError(
      `${where}: "${weightName}" is not in ${objectName}, which has ${[...place.weights.keys()].join(', ')}`,
    );
  }

  /** Adds arrays to an object, or replaces those of the same names. */
  addWeights(objectName: string, weights: WeightsByName): void {
    const where = 'addWeights';
    const {place} = this.#locate(where, objectName);
    for (const [name, value] of tensorsOf(where, weights)) place.weights.set(name, value);
  }

  /** Writes the weights to a `.weights.h5` file, which appears whole or not at all. */
  async save(filepath: FilePath): Promise<void> {
    const where = 'KerasFileEditor.save';
    const path = typeof filepath === 'string' || filepath instanceof URL ? pathText(filepath) : '';
    if (!path.endsWith('.weights.h5')) {
      throw new ValueError(`${where}: the file must end in ".weights.h5", got ${describe(path)}`);
    }
    const bytes = await H5Writer.make(where, (file) => {
      for (const [at, {weights, name}] of placesIn(this.#root)) {
        const group = at === '' ? 'vars' : `${at}/vars`;
        file.group(group);
        if (name !== null) file.text(group, 'name', name);
        for (const [key, value] of weights) file.dataset(`${group}/${key}`, value);
      }
    });
    await writeBytes(path, bytes);
  }
  /** The same as {@link save}. */
  resaveWeights(filepath: FilePath): Promise<void> {
    return this.save(filepath);
  }

  #find(path: string): Place | null {
    let at: Place | undefined = this.#root;
    for (const part of path === '' ? [] : path.split('/')) at = at?.objects.get(part);
    return at ?? null;
  }

  #locate(where: string, objectName: string): {around: Place; name: string; place: Place} {
    const all = [...placesIn(this.#root)].filter(([path]) => path !== '');
    const isPath = objectName.includes('/');
    const found = all.filter(([path]) => (isPath ? path === objectName : path.split('/').at(-1) === objectName));
    const [first, second] = found;
    if (first === undefined) {
      const paths = all.filter(([, {weights}]) => weights.size > 0).map(([path]) => path);
      throw new ValueError(`${where}: "${objectName}" is not in the file, which has ${paths.join(', ')}`);
    }
    if (second !== undefined) {
      throw new ValueError(`${where}: "${objectName}" is in ${first[0]} and in ${second[0]}; give the whole path`);
    }
    const parts = first[0].split('/');
    const name = parts.pop() ?? '';
    return {around: this.#find(parts.join('/')) ?? this.#root, name, place: first[1]};
  }
}

function placeAt(root: Place, parts: readonly string[]): Place {
  let at = root;
  for (const part of parts) {
    const inner = at.objects.get(part) ?? new Place();
    at.objects.set(part, inner);
    at = inner;
  }
  return at;
}

function* placesIn(place: Place, path = ''): Generator<readonly [path: string, place: Place]> {
  yield [path, place];
  for (const [name, inner] of place.objects) yield* placesIn(inner, path === '' ? name : `${path}/${name}`);
}

function tensorsOf(where: string, weights: WeightsByName): readonly (readonly [string, Tensor<Element>])[] {
  const given: unknown = weights;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ValueError(`${where}: arrays by name are needed, such as {"0": kernel}, got ${describe(given)}`);
  }
  return Object.entries(weights).map(([name, value]) => [name, tensor(value)] as const);
}
