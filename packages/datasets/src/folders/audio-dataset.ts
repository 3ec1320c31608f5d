import {readFile} from 'node:fs/promises';
import {type FilePath, ops, ragged, type RaggedTensor, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {resampled} from '../audio/resample.js';
import {decodeWav} from '../audio/wav.js';
import {folderDatasets, type FromFolder, fromFolder} from './folder-dataset.js';
import {FOLDER_KEYS, FOLDER_RENAMED, type FolderOptions, indexFolder} from './index-folder.js';

/** Options of {@link audioDatasetFromDirectory}. */
export interface AudioDatasetOptions extends FolderOptions {
  /** Samples a second that sounds are brought to. Default: as the files have them. */
  samplingRate?: number | null | undefined;
  /** Samples of a sound: longer ones are cut, shorter ones filled up with zeros. Default: as long as the longest of the batch. */
  outputSequenceLength?: number | null | undefined;
  /** Batches as ragged tensors instead of zeros at the ends. Default false. */
  ragged?: boolean | undefined;
}

/**
 * Sounds (WAV) of a folder, in which each class has a folder of its own: batches `[sounds, labels]`, sounds as float32 (n, samples, channels) with
 * values -1 to 1.
 *
 * @throws ValueError for options that do not fit, and folders without sounds
 *
 * @example
 * const words = await utils.audioDatasetFromDirectory('words', {outputSequenceLength: 16_000, seed: 1});
 */
export async function audioDatasetFromDirectory<const O extends AudioDatasetOptions = AudioDatasetOptions>(
  directory: FilePath,
  options?: O,
): Promise<FromFolder<O extends {readonly ragged: true} ? RaggedTensor : Tensor, O>> {
  const op = 'audioDatasetFromDirectory';
  const given: AudioDatasetOptions = options ?? {};
  checkOptions(op, given, [...FOLDER_KEYS, 'samplingRate', 'outputSequenceLength', 'ragged'], {
    ...FOLDER_RENAMED,
    sampling_rate: 'samplingRate',
    output_sequence_length: 'outputSequenceLength',
  });
  const {samplingRate = null, outputSequenceLength: length = null, ragged: isRagged = false} = given;
  for (const [name, value] of Object.entries({samplingRate, outputSequenceLength: length})) {
    if (value !== null && !(Number.isInteger(value) && value > 0)) {
      throw new ValueError(`${op}: ${name} must be a positive integer or null, got ${describe(value)}`);
    }
  }
  if (isRagged && length !== null) {
    throw new ValueError(`${op}: ragged and outputSequenceLength cannot be given together`);
  }
  const load = async (path: string): Promise<Tensor | RaggedTensor> => {
    const sound = decodeWav(await readFile(path), path);
    const {samples} = sound;
    const count = samplingRate === null ? samples.dim(0) : (samples.dim(0) * samplingRate) / sound.samplingRate;
    const heard = samples.dim(0) === 0 ? samples : resampled(samples, Math.max(Math.round(count), 1));
    const whole = length === null ? heard : fitted(heard, length);
    return isRagged ? ragged.fromTensor(whole) : whole;
  };
  const index = await indexFolder(op, directory, given, ['.wav']);
  const datasets = folderDatasets(index, given, load, (dataset, batchSize) =>
    isRagged || length !== null ? dataset.batch(batchSize) : dataset.paddedBatch(batchSize),
  );
  return fromFolder(datasets, given) as FromFolder<O extends {readonly ragged: true} ? RaggedTensor : Tensor, O>;
}

function fitted(samples: Tensor, length: number): Tensor {
  const [count, channels] = [samples.dim(0), samples.dim(1)];
  if (count >= length) return ops.slice(samples, [0, 0], [length, channels]);
  return ops.pad(samples, [
    [0, length - count],
    [0, 0],
  ]);
}
