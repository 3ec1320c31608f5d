import {existsSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {KeratinError} from '@keratin/core';
import {getFile, keratinHome, reason} from '../files/get-file.js';
import {algorithmOf, hashFile} from '../files/hash.js';

/** A file of a data set as Keras publishes it. */
export interface PublishedFile {
  /** The name of the set, for messages. */
  readonly dataset: string;
  readonly name: string;
  /** The address. */
  readonly url: string;
  /** SHA-256, or MD5 where Keras has only that; in hexadecimal. */
  readonly hash: string;
}

/** The folder at Google that Keras keeps its data sets in. */
export const KERAS_DATA = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/';

/**
 * The path of a data set's file: in the cache, in Keras's own cache (`$KERAS_HOME` or `~/.keras`) where that has it, else downloaded.
 *
 * @param path the name it is kept under
 * @throws KeratinError that says which file to put where, when it is nowhere and cannot be downloaded
 */
export async function publishedFile(file: PublishedFile, path = file.name): Promise<string> {
  const {dataset, url, hash} = file;
  const ofKeras = join(process.env['KERAS_HOME'] ?? join(homedir(), '.keras'), 'datasets', path);
  const own = join(keratinHome(), 'datasets', path);
  if (!existsSync(own) && existsSync(ofKeras)) {
    if ((await hashFile(ofKeras, algorithmOf('auto', hash))) === hash) return ofKeras;
  }
  try {
    return await getFile(path, url, {fileHash: hash});
  } catch (cause) {
    throw new KeratinError(`${dataset}: ${path} is neither at ${own} nor at ${ofKeras}, and ${reason(cause)}`, {cause});
  }
}
