import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {FileFormatError, tensor} from '@keratin/core';
import {tensorsIn} from '@keratin/core/internal';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {expectClose} from '../testing/golden.js';
import {loadModel} from './load-model.js';
import {loadTfjsModel} from './tfjs.js';

// Models that TensorFlow.js 4.22.0 wrote, with what it predicts; the weights of some were quantized as its converter does it.

const models = fileURLToPath(new URL('../testing/files/tfjs', import.meta.url));

interface Expected {
  readonly inputs: readonly {shape: number[]; dtype: 'float32' | 'int32'; values: number[]}[];
  readonly outputs: readonly {shape: number[]; values: number[]}[];
}

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'keratin-tfjs-'))));
afterAll(() => rmSync(folder, {recursive: true}));

describe('models of TensorFlow.js', () => {
  test.each(readdirSync(models))('%s', async (id) => {
    const {inputs, outputs} = JSON.parse(readFileSync(join(models, id, 'expected.json'), 'utf8')) as Expected;
    const model = await loadModel(join(models, id, 'model.json'));
    const given = inputs.map(({shape, dtype, values}) => tensor(values, {shape, dtype}));
    const [only] = given;
    const predicted = tensorsIn(model.predictOnBatch(given.length === 1 && only !== undefined ? only : given));
    expect(predicted.length).toBe(outputs.length);
    outputs.forEach(({shape, values}, i) =>
      expectClose(predicted[i] ?? 0, tensor(values, {shape}), `${id} ${String(i)}`),
    );
    // It goes on as a model of Keras.
    await model.save(join(folder, `${id}.keras`));
    expect((await loadModel(join(folder, `${id}.keras`))).countParams()).toBe(model.countParams());
  });

  test('the folder stands for its model.json', async () => {
    expect((await loadModel(join(models, 'cnn'))).name).toBe((await loadTfjsModel(join(models, 'cnn'))).name);
  });
});

describe('what does not fit is refused', () => {
  const broken = (change: (json: Record<string, unknown>, at: string) => unknown): string => {
    const at = mkdtempSync(join(folder, 'broken-'));
    cpSync(join(models, 'cnn'), at, {recursive: true});
    const path = join(at, 'model.json');
    const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const changed = change(json, at);
    writeFileSync(path, JSON.stringify(changed ?? json));
    return path;
  };
  type Manifest = {paths: string[]; weights: {name: string; shape: number[]; dtype: string; quantization?: object}[]}[];
  const group = (json: Record<string, unknown>) => (json['weightsManifest'] as Manifest)[0] as Manifest[number];
  const weight = (json: Record<string, unknown>) => group(json).weights[0] as Manifest[number]['weights'][number];
  const cases: Readonly<Record<string, readonly [Parameters<typeof broken>[0], string]>> = {
    'a graph model': [
      (json) => ({...json, format: 'graph-model'}),
      'its format is "graph-model"; only "layers-model" says which layers it has',
    ],
    'no topology': [
      (json) => ({...json, modelTopology: undefined}),
      'is no layers model of TensorFlow.js: modelTopology',
    ],
    'a path to another place': [
      (json) => void (group(json).paths[0] = '../secret.bin'),
      'weightsManifest.0.paths.0: must be the name of a file in the same folder',
    ],
    'a missing shard': [(json) => void (group(json).paths[1] = 'group9.bin'), 'its file group9.bin is missing'],
    'a link': [
      (_, at) => {
        rmSync(join(at, 'group1-shard2of2.bin'));
        symlinkSync('/dev/zero', join(at, 'group1-shard2of2.bin'));
      },
      'its file group1-shard2of2.bin is missing',
    ],
    'a short shard': [(_, at) => truncateSync(join(at, 'group1-shard2of2.bin'), 8), 'weights, but have'],
    'a shape of more than the file': [(json) => void (weight(json).shape = [2 ** 40]), 'must have'],
    'a strange dtype': [(json) => void (weight(json).dtype = 'float99'), 'weightsManifest.0.weights.0.dtype'],
    'a quantization without numbers': [
      (json) => {
        const {weights} = group(json);
        for (const one of weights) one.quantization = {dtype: 'uint8'};
      },
      'must have',
    ],
    'another name': [(json) => void (weight(json).name = 'other/thing'), 'is missing; other/thing is not in the model'],
    'another shape': [
      (json) => {
        weight(json).shape = [3, 1, 3, 3];
      },
      'expected shape (3,3,1,3), found shape (3,1,3,3)',
    ],
    'an unknown layer': [
      (json) => JSON.parse(JSON.stringify(json).replace('"MaxPooling2D"', '"MaxPoling2D"')) as unknown,
      'MaxPoling2D',
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [change, message]) => {
    const path = broken(change);
    const error: unknown = await loadTfjsModel(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as Error).message).toContain(`loadTfjsModel: ${path}`);
    expect((error as Error).message).toContain(message);
  });
});
