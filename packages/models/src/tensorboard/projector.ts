import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {type Tensor, ValueError} from '@keratin/core';
import {describe, hint, isPlainObject} from '@keratin/core/internal';

/** Files that name the rows of embeddings: one for all, or by the names of layers. */
export type EmbeddingsMetadata = string | {readonly [layer: string]: string};

/** A table of embeddings. */
export interface Embeddings {
  /** The name of the layer. */
  readonly name: string;
  /** One row for each id. */
  readonly table: Tensor;
}

/** The file that names the rows of a layer's embeddings; null where there is none. */
const metadataOf = (metadata: EmbeddingsMetadata | null, layer: string): string | null =>
  typeof metadata === 'string' ? metadata : (metadata?.[layer] ?? null);

/** Refuses names of layers that the model has no embeddings for. */
export function checkMetadata(metadata: EmbeddingsMetadata | null, layers: readonly string[]): void {
  if (!isPlainObject(metadata)) return;
  const odd = Object.keys(metadata).find((name) => !layers.includes(name));
  if (odd === undefined) return;
  throw new ValueError(
    `TensorBoard: embeddingsMetadata names ${describe(odd)}, but the model has no Embedding layer of that name${hint(odd, layers)}`,
  );
}

/**
 * Writes tables for TensorBoard's projector: rows of numbers, and the config that names the files.
 * @param run the folder of the files, in the folder of the config
 */
export async function writeEmbeddings(
  folder: string,
  run: string,
  epoch: number,
  list: readonly Embeddings[],
  metadata: EmbeddingsMetadata | null,
): Promise<void> {
  await mkdir(join(folder, run), {recursive: true});
  let config = '';
  for (const {name, table} of list) {
    const file = `${run}/${name.replaceAll(/[^\w.-]/g, '_')}.embeddings-${String(epoch)}.tsv`;
    const rows = table.cast('float64').array(2);
    await writeFile(join(folder, file), rows.map((row) => `${row.join('\t')}\n`).join(''));
    const names = metadataOf(metadata, name);
    const lines = [
      `tensor_name: ${JSON.stringify(name)}`,
      `tensor_path: ${JSON.stringify(file)}`,
      ...(names === null ? [] : [`metadata_path: ${JSON.stringify(names)}`]),
    ];
    config += `embeddings {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
  }
  await writeFile(join(folder, 'projector_config.pbtxt'), config);
}
