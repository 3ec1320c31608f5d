import {type Element, FileFormatError, ops, type Tensor, tensor} from '@keratin/core';
import {contiguous} from '@keratin/core/internal';
import {readPickle} from '../files/pickle.js';
import {PickledArray, type PickledValue} from '../files/pickle-values.js';
import {tarEntries} from '../files/tar.js';
import {type PairOf} from './train-and-test.js';

const MAX_BATCH_BYTES = 1 << 28;

/** The contents of some files of a compressed tar archive; nothing is written. */
export async function filesIn(archive: string, names: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for await (const {name, size, content} of tarEntries(archive)) {
    if (!names.includes(name)) continue;
    if (size > MAX_BATCH_BYTES) throw new FileFormatError(`${archive}: ${name} is too large`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    found.set(name, Buffer.concat(chunks));
  }
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined) throw new FileFormatError(`${archive}: there is no file ${missing} in it`);
  return found;
}

/** Images and labels of batches of CIFAR: (n, 32, 32, 3) and (n, 1), both uint8. */
export function readBatches(
  files: ReadonlyMap<string, Buffer>,
  names: readonly string[],
  labelKey: string,
): PairOf<Tensor, Tensor> {
  const batches = names.map((name) => readBatch(files.get(name) ?? Buffer.alloc(0), name, labelKey));
  const pixels = ops.concatenate(
    batches.map(({images}) => images),
    0,
  );
  const labels = batches.flatMap(({labels: own}) => own);
  const first = pixels.reshape([labels.length, 3, 32, 32]);
  // In memory in this order, since batches are gathered from it again and again.
  const images = contiguous(ops.transpose(first, [0, 2, 3, 1]));
  return [images, tensor(Uint8Array.from(labels), {shape: [labels.length, 1]})];
}

function readBatch(bytes: Buffer, name: string, labelKey: string): {images: Tensor; labels: number[]} {
  const refuse = (problem: string): never => {
    throw new FileFormatError(`${name}: ${problem}`);
  };
  const batch = readPickle(bytes, name);
  if (!(batch instanceof Map)) return refuse('a dictionary is needed');
  const [data, labels] = [batch.get('data'), batch.get(labelKey)];
  if (!(data instanceof PickledArray)) return refuse('it has no array "data"');
  if (!isBytes(labels)) return refuse(`it has no labels "${labelKey}" from 0 to 255`);
  const images: Tensor<Element> = data.tensor(refuse);
  if (images.dtype !== 'uint8' || images.size !== labels.length * 3072) {
    return refuse(`images and labels do not belong together: ${String(images)} and ${String(labels.length)} labels`);
  }
  return {images: images as Tensor, labels};
}

const isBytes = (labels: PickledValue | undefined): labels is number[] =>
  Array.isArray(labels) &&
  labels.every((label) => Number.isInteger(label) && Number(label) >= 0 && Number(label) < 256);
