import {readFile} from 'node:fs/promises';
import {type FilePath, type Tensor, tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {folderDatasets, type FromFolder, fromFolder} from './folder-dataset.js';
import {FOLDER_KEYS, FOLDER_RENAMED, type FolderOptions, indexFolder} from './index-folder.js';

/** Options of {@link textDatasetFromDirectory}. */
export interface TextDatasetOptions extends FolderOptions {
  /** Bytes (UTF-8) of a text that are kept; a character that is cut is left out. Default: all. */
  maxLength?: number | null | undefined;
}

/**
 * Texts (`.txt`, UTF-8) of a folder, in which each class has a folder of its own: batches `[texts, labels]`, texts as a string tensor (n,).
 *
 * @throws ValueError for options that do not fit, and folders without texts
 *
 * @example
 * const reviews = await utils.textDatasetFromDirectory('reviews', {batchSize: 64, seed: 1});
 * await vectorize.adapt(reviews.map(([text]) => text));
 */
export async function textDatasetFromDirectory<const O extends TextDatasetOptions = TextDatasetOptions>(
  directory: FilePath,
  options?: O,
): Promise<FromFolder<Tensor<string>, O>> {
  const op = 'textDatasetFromDirectory';
  const given: TextDatasetOptions = options ?? {};
  checkOptions(op, given, [...FOLDER_KEYS, 'maxLength'], {...FOLDER_RENAMED, max_length: 'maxLength'});
  const {maxLength = null} = given;
  if (maxLength !== null && !(Number.isInteger(maxLength) && maxLength >= 0)) {
    throw new ValueError(`${op}: maxLength must be an integer of at least 0 or null, got ${describe(maxLength)}`);
  }
  const load = async (path: string): Promise<Tensor<string>> => {
    const bytes = await readFile(path);
    return tensor(maxLength === null ? bytes.toString('utf8') : cut(bytes, maxLength));
  };
  const index = await indexFolder(op, directory, given, ['.txt']);
  return fromFolder(folderDatasets(index, given, load), given) as FromFolder<Tensor<string>, O>;
}

/** The first bytes as text, without a last character that is not whole. */
function cut(bytes: Buffer, length: number): string {
  // A decoder that waits for the rest of a character gives only whole ones.
  return new TextDecoder().decode(bytes.subarray(0, length), {stream: true});
}
