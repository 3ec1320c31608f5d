import {lstat, readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {type FilePath, ValueError} from '@keratin/core';
import {checkChoice, describe, drawSeed, pathText} from '@keratin/core/internal';
import {RandomState} from '../random/random-state.js';

/** How labels come: numbers of classes, one-hot rows, (n, 1) of 0 and 1, or none. */
export type LabelMode = 'int' | 'categorical' | 'binary' | null;

/** Options of the data sets from folders. */
export interface FolderOptions {
  /** `'inferred'` (the default): the name of the folder that a file is in; a list: one integer a file, in the order of their paths; null: none. */
  labels?: 'inferred' | readonly number[] | null | undefined;
  /** Default `'int'`. */
  labelMode?: LabelMode | undefined;
  /** The folders that are classes, in the order of their numbers. Default: all, by name. */
  classNames?: readonly string[] | undefined;
  /** Elements of a batch; null for single elements. Default 32. */
  batchSize?: number | null | undefined;
  /** Whether the order is random. Default true. */
  shuffle?: boolean | undefined;
  /** Of the order, which is Keras's for the same seed. Needed where the data is split and shuffled. */
  seed?: number | undefined;
  /** The share of the files for validation. */
  validationSplit?: number | undefined;
  /** With `validationSplit`: which part is wanted; `'both'` gives [training, validation]. */
  subset?: 'training' | 'validation' | 'both' | undefined;
  /** Whether folders that are links are looked into. Default false. */
  followLinks?: boolean | undefined;
  /** Whether it prints how many files there are. Default true. */
  verbose?: boolean | undefined;
}

/** Names of options, for checks. */
export const FOLDER_KEYS = [
  'labels',
  'labelMode',
  'classNames',
  'batchSize',
  'shuffle',
  'seed',
  'validationSplit',
  'subset',
  'followLinks',
  'verbose',
] as const satisfies readonly (keyof FolderOptions)[];

/** The same names in Keras. */
export const FOLDER_RENAMED = {
  label_mode: 'labelMode',
  class_names: 'classNames',
  batch_size: 'batchSize',
  validation_split: 'validationSplit',
  follow_links: 'followLinks',
};

/** Some files of a folder, with the number of each one's class. */
export interface FileList {
  readonly paths: readonly string[];
  readonly labels: readonly number[] | null;
}

/** The files of a folder in their order, as parts: one, or training and validation. */
export interface FolderIndex {
  readonly parts: readonly FileList[];
  readonly classNames: readonly string[] | null;
  readonly labelMode: LabelMode;
  readonly seed: number;
}

/** Checks the options that all of them have. */
function checkFolderOptions(op: string, options: FolderOptions): void {
  const {labels = 'inferred', labelMode = 'int', classNames, validationSplit, subset, shuffle = true, seed} = options;
  if (labels !== 'inferred' && labels !== null && !(Array.isArray(labels) && labels.every(Number.isInteger))) {
    throw new ValueError(
      `${op}: labels must be 'inferred', null or a list of integers, one for each file, got ${describe(labels)}`,
    );
  }
  if (labels !== 'inferred' && classNames !== undefined) {
    throw new ValueError(`${op}: classNames is for labels: 'inferred', got labels ${describe(labels)}`);
  }
  if (labelMode !== null) checkChoice(op, 'labelMode', labelMode, ['int', 'categorical', 'binary']);
  const {batchSize = 32} = options;
  if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new ValueError(`${op}: batchSize must be a positive integer or null, got ${describe(batchSize)}`);
  }
  if (subset !== undefined) checkChoice(op, 'subset', subset, ['training', 'validation', 'both']);
  if ((validationSplit === undefined) !== (subset === undefined)) {
    throw new ValueError(
      `${op}: validationSplit and subset belong together, got ${describe(validationSplit)} and ${describe(subset)}`,
    );
  }
  if (validationSplit !== undefined && !(validationSplit > 0 && validationSplit < 1)) {
    throw new ValueError(`${op}: validationSplit must be between 0 and 1, got ${describe(validationSplit)}`);
  }
  if (validationSplit !== undefined && shuffle && seed === undefined) {
    throw new ValueError(
      `${op}: a split of shuffled files needs a seed, or else files could be in both parts; give seed, or shuffle: false`,
    );
  }
}

/**
 * The files of a folder by class, in Keras's order.
 *
 * @param endings of the files that count, in lower case
 */
export async function indexFolder(
  op: string,
  directory: FilePath,
  options: FolderOptions,
  endings: readonly string[],
): Promise<FolderIndex> {
  checkFolderOptions(op, options);
  const folder = pathText(directory);
  const {labels: given = 'inferred', classNames: wanted, shuffle = true, followLinks = false} = options;
  const {validationSplit, subset} = options;
  const labelMode = given === null ? null : options.labelMode === undefined ? 'int' : options.labelMode;
  const hasLabels = labelMode !== null;
  const folders = given === 'inferred' && hasLabels ? await classFolders(op, folder, wanted) : [''];
  const found = await Promise.all(folders.map((name) => filesWithin(op, join(folder, name), endings, followLinks)));
  const paths = found.flat();
  let labels: number[] | null = null;
  let classNames: readonly string[] | null = null;
  if (hasLabels && given === 'inferred') {
    labels = found.flatMap((list, label) => list.map(() => label));
    classNames = folders;
  } else if (hasLabels && Array.isArray(given)) {
    if (given.length !== paths.length) {
      throw new ValueError(
        `${op}: there must be one label for each file, got ${String(given.length)} labels and ${String(paths.length)} files in ${folder}`,
      );
    }
    labels = [...(given as readonly number[])];
    classNames = [...new Set(labels)].sort((a, b) => a - b).map(String);
  }
  if (labelMode === 'binary' && classNames?.length !== 2) {
    throw new ValueError(`${op}: labelMode 'binary' is for exactly two classes, got ${describe(classNames)}`);
  }
  if (options.verbose ?? true) {
    const of = classNames === null ? '' : ` belonging to ${String(classNames.length)} classes`;
    console.log(`Found ${String(paths.length)} files${of}.`);
  }
  const seed = options.seed ?? drawSeed() % 1e6;
  if (shuffle) {
    new RandomState(seed, op).shuffle(paths);
    if (labels !== null) new RandomState(seed, op).shuffle(labels);
  }
  const numVal = validationSplit === undefined ? 0 : Math.trunc(validationSplit * paths.length);
  const at = paths.length - numVal;
  const part = (from: number, to: number): FileList => ({
    paths: paths.slice(from, to),
    labels: labels === null ? null : labels.slice(from, to),
  });
  const training = part(0, at);
  const validation = part(at, paths.length);
  const parts = subset === 'both' ? [training, validation] : [subset === 'validation' ? validation : training];
  for (const {paths: list} of parts) {
    if (list.length === 0) {
      throw new ValueError(
        `${op}: there are no files in ${folder}${subset === undefined ? '' : ` for the part ${describe(subset)}`}; files end in ${endings.join(', ')}`,
      );
    }
  }
  return {parts, classNames, labelMode, seed};
}

const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function classFolders(op: string, folder: string, wanted: readonly string[] | undefined): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await list(op, folder)).sort(byCodePoint)) {
    if (!name.startsWith('.') && (await stat(join(folder, name))).isDirectory()) names.push(name);
  }
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ValueError(
      `${op}: there is no folder "${unknown}" in ${folder}, got classNames ${describe(wanted)}; it has ${names.join(', ')}`,
    );
  }
  return wanted === undefined ? names : [...wanted];
}

async function list(op: string, folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new ValueError(
      `${op}: ${folder} is no folder that can be read (${cause instanceof Error ? cause.message : String(cause)})`,
      {
        cause,
      },
    );
  }
}

/** The files within a folder and those in it, in the order of their folders' paths as text, then by name: as Keras has them. */
async function filesWithin(
  op: string,
  folder: string,
  endings: readonly string[],
  followLinks: boolean,
): Promise<string[]> {
  const found = await walk(op, folder, endings, followLinks, []);
  return found.sort((a, b) => byCodePoint(a.root, b.root)).flatMap(({files}) => files);
}

interface Found {
  readonly root: string;
  readonly files: readonly string[];
}

async function walk(
  op: string,
  folder: string,
  endings: readonly string[],
  followLinks: boolean,
  above: readonly string[],
): Promise<Found[]> {
  const files: string[] = [];
  const found: Found[] = [{root: folder, files}];
  for (const name of (await list(op, folder)).sort(byCodePoint)) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => null);
    // Links to files count, those to folders only where asked for.
    if (info?.isFile() === true && endings.some((ending) => name.toLowerCase().endsWith(ending))) files.push(path);
    if (info?.isDirectory() !== true) continue;
    const key = `${String(info.dev)}:${String(info.ino)}`;
    // A link that leads upwards would have no end.
    if (above.includes(key) || (!followLinks && (await lstat(path)).isSymbolicLink())) continue;
    found.push(...(await walk(op, path, endings, followLinks, [...above, key])));
  }
  return found;
}
