import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {ops} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {afterAll, beforeAll, expect, test, vi} from 'vitest';
import {Sequential} from '../model/sequential.js';
import {KerasFileEditor} from './file-editor.js';

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'keratin-editor-'))));
afterAll(() => rmSync(folder, {recursive: true}));

const lines = (run: () => unknown): string[] => {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text).trimEnd());
    return true;
  });
  try {
    run();
  } finally {
    spy.mockRestore();
  }
  return written;
};

const golden = (name: string): string =>
  fileURLToPath(new URL(`../../../../tests/golden/files/${name}`, import.meta.url));

test('a file of another architecture is made to fit', async () => {
  const path = join(folder, 'old.weights.h5');
  const old = new Sequential([
    Input({shape: [3]}),
    new layers.Dense(4, {name: 'a'}),
    new layers.Dense(4),
    new layers.Dense(2),
  ]);
  await old.saveWeights(path);
  const model = new Sequential([
    Input({shape: [3]}),
    new layers.Dense(4),
    new layers.Dense(2),
    new layers.BatchNormalization(),
  ]);
  const editor = await KerasFileEditor.open(path);
  const printed = lines(() => editor.summary());
  expect(printed).toContain("      ├─ dense ('a')");
  expect(printed).toContain('      │   ├─ 0: shape=(3,4), dtype=float32');
  lines(() => expect(editor.compare(model)).toMatchObject({status: 'error', matchCount: 2}));
  editor.deleteObject('layers/dense_1');
  editor.renameObject('dense_2', 'dense_1');
  editor.addObject('layers/batch_normalization', {0: ops.ones([2]), 1: [5, 5], 2: [0, 0]});
  editor.addWeights('batch_normalization', {3: [1, 1], 4: [9]});
  editor.deleteWeight('batch_normalization', '4');
  const found = lines(() => expect(editor.compare(model)).toEqual({status: 'success', errorCount: 0, matchCount: 8}));
  expect(found.at(-1)).toContain('8 weights match');
  const made = join(folder, 'new.weights.h5');
  await editor.save(made);
  expect(readdirSync(folder).sort()).toEqual(['new.weights.h5', 'old.weights.h5']);
  await model.loadWeights(made);
  expect(model.weights[0]?.array()).toEqual(old.weights[0]?.array());
  expect(model.weights[2]?.array()).toEqual(old.weights[4]?.array());
  expect(model.weights[5]?.array()).toEqual([5, 5]);
});

test('files of Keras, also whole models with layers within layers', async () => {
  const editor = await KerasFileEditor.open(golden('nested_functional.keras'));
  const printed = lines(() => editor.summary());
  expect(printed.some((line) => line.includes('optimizer'))).toBe(true);
  await editor.resaveWeights(join(folder, 'nested.weights.h5'));
  const again = await KerasFileEditor.open(join(folder, 'nested.weights.h5'));
  expect(lines(() => again.summary()).slice(1)).toEqual(printed.slice(1));
});

test('mistakes', async () => {
  await expect(KerasFileEditor.open('m.h5')).rejects.toThrow(
    'KerasFileEditor.open: the file must end in ".keras" or ".weights.h5", got "m.h5"',
  );
  await expect(KerasFileEditor.open(golden('damaged_external_link.weights.h5'))).rejects.toThrow('external link');
  const editor = await KerasFileEditor.open(golden('mlp_adam.weights.h5'));
  expect(() => editor.deleteObject('dense_9')).toThrow(
    'deleteObject: "dense_9" is not in the file, which has layers/dense',
  );
  expect(() => editor.renameObject('layers/dense', 'dense_1')).toThrow('there is an object "dense_1" already');
  expect(() => editor.deleteWeight('layers/dense', '7')).toThrow(
    'deleteWeight: "7" is not in layers/dense, which has 0, 1',
  );
  expect(() => editor.addObject('nowhere/dense', {})).toThrow('addObject: path "nowhere" is not in the file');
  expect(() => editor.addWeights('layers/dense', [1] as never)).toThrow('addWeights: arrays by name are needed');
  await expect(editor.save('m.h5')).rejects.toThrow('must end in ".weights.h5", got "m.h5"');
});
