import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {loadSafetensors, ops, saveSafetensors, type Tensor} from '@keratin/core';
import {layers} from '@keratin/layers';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Sequential} from '../model/sequential.js';

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'keratin-weights-'))));
afterAll(() => rmSync(folder, {recursive: true}));

const build = (units = 3) =>
  new Sequential([new layers.Dense(units, {inputShape: [2]}), new layers.BatchNormalization(), new layers.Dense(1)]);
const values = (model: Sequential) => model.getWeights().map((weight) => weight.array());

test('weights go into a file and back, also into another model of the same layers', async () => {
  const path = join(folder, 'a.safetensors');
  const model = build();
  await model.saveWeights(path);
  expect(readdirSync(folder)).toEqual(['a.safetensors']);
  const names = Object.keys(await loadSafetensors(path));
  expect([...names].sort()).toEqual(model.weights.map((variable) => variable.path).sort());
  const other = build();
  expect(values(other)).not.toEqual(values(model));
  await other.loadWeights(path);
  expect(values(other)).toEqual(values(model));
  const before = values(model);
  model.setWeights(model.getWeights().map((weight) => weight.mul(2)));
  await model.loadWeights(path);
  expect(values(model)).toEqual(before);
});

test('two weights of one path keep apart', async () => {
  const path = join(folder, 'same.safetensors');
  const dense = () => new layers.Dense(1, {name: 'd', inputShape: [2]});
  const [a, b] = [new Sequential([dense()], {name: 'm'}), new Sequential([dense()], {name: 'm'})];
  class Both extends Sequential {
    readonly parts = [a, b];
    override call(x: Tensor) {
      return a(x).add(b(x));
    }
  }
  const model = new Both([new layers.Dense(1, {inputShape: [2]})]);
  await model.saveWeights(path);
  const before = values(model);
  model.setWeights(model.getWeights().map((weight) => weight.zerosLike()));
  await model.loadWeights(path);
  expect(values(model)).toEqual(before);
});

test('all that does not fit is told at once, and nothing is changed', async () => {
  const path = join(folder, 'odd.safetensors');
  const model = new Sequential([new layers.Dense(2, {name: 'd', inputShape: [2]})], {name: 'm'});
  await saveSafetensors(path, {'m/d/kernel': ops.ones([3, 2]), extra: ops.ones([1])});
  const before = values(model);
  await expect(model.loadWeights(path)).rejects.toThrow(
    `loadWeights: ${path} does not fit model "m": m/d/kernel has shape (3,2) instead of (2,2); m/d/bias is missing; extra is not in the model`,
  );
  expect(values(model)).toEqual(before);
  writeFileSync(join(folder, 'broken.safetensors'), 'nonsense');
  await expect(model.loadWeights(join(folder, 'broken.safetensors'))).rejects.toThrow('loadWeights');
  await expect(model.loadWeights(join(folder, 'none.safetensors'))).rejects.toThrow('ENOENT');
  expect(values(model)).toEqual(before);
});

test.each(['w', 'w.h6', 'model.hs'])('the ending of %s is refused', async (name) => {
  const text = `the file must end in ".weights.h5" (or ".safetensors", ".h5", ".hdf5"`;
  await expect(build().saveWeights(name)).rejects.toThrow(`saveWeights: ${text}), got "${name}"`);
  await expect(build().loadWeights(name)).rejects.toThrow(
    `loadWeights: ${text}, ".weights.json", ".keras"), got "${name}"`,
  );
});

test.each(['w.weights.h5', 'w.h5', 'w.safetensors'])(
  '%s: weights into another model of the same layers',
  async (name) => {
    const path = join(folder, name);
    const model = build();
    await model.saveWeights(path);
    const other = build();
    await other.loadWeights(path);
    expect(values(other)).toEqual(values(model));
  },
);

test('weights of a whole model are read too, with the state of the optimizer', async () => {
  const path = join(folder, 'whole.keras');
  const model = build().compile({optimizer: 'adam', loss: 'mse'});
  model.trainOnBatch(ops.ones([4, 2]), ops.ones([4, 1]));
  await model.save(path);
  const other = build().compile({optimizer: 'adam', loss: 'mse'});
  await other.loadWeights(path);
  expect(values(other)).toEqual(values(model));
  expect(other.optimizer?.variables.map((v) => v.array())).toEqual(model.optimizer?.variables.map((v) => v.array()));
});

test('all that does not fit a .weights.h5 file is told at once; skipMismatch takes the rest', async () => {
  const path = join(folder, 'odd.weights.h5');
  const model = build(4);
  await model.saveWeights(path);
  const other = new Sequential([
    new layers.Dense(4, {inputShape: [2]}),
    new layers.Dense(5),
    new layers.BatchNormalization(),
  ]);
  const before = values(other);
  const error = await other.loadWeights(path).catch((reason: unknown) => (reason as Error).message);
  expect(error).toContain('layers/dense_1/vars/0');
  expect(error).toContain('expected shape (4,5), found shape (4,1)');
  expect(error).toContain('layers/batch_normalization/vars/0');
  expect(error).toContain('expected shape (5,), found shape (4,)');
  expect(values(other)).toEqual(before);
  await other.loadWeights(path, {skipMismatch: true});
  expect(values(other).slice(0, 2)).toEqual(values(model).slice(0, 2));
  expect(values(other).slice(2)).toEqual(before.slice(2));
});

test('layers of .h5 files are found by their names', async () => {
  const path = join(folder, 'names.h5');
  const layer = (units: number, name: string) => new layers.Dense(units, {name, inputShape: [2]});
  const model = new Sequential([layer(2, 'a'), layer(2, 'b')]);
  await model.saveWeights(path);
  const other = new Sequential([layer(2, 'b'), layer(2, 'c')]);
  const before = values(other);
  await other.loadWeights(path, {byName: true});
  expect(values(other)).toEqual([...values(model).slice(2), ...before.slice(2)]);
  await expect(other.loadWeights(join(folder, 'a.weights.h5'), {byName: true})).rejects.toThrow(
    'byName is for .h5 files',
  );
});

test('a model without weights says so', async () => {
  const model = new Sequential([new layers.Dense(1)], {name: 'later'});
  await expect(model.saveWeights('w.safetensors')).rejects.toThrow(
    'saveWeights: model "later" has no weights yet; build it with build(inputShape), or call it once',
  );
  await expect(model.loadWeights('w.safetensors')).rejects.toThrow('loadWeights: model "later" has no weights yet');
});

test('weights in several files of bounded size, which a map names', async () => {
  const own = mkdtempSync(join(folder, 'shards-'));
  const path = join(own, 'm.weights.json');
  const model = build(8).compile({optimizer: 'adam', loss: 'mse'});
  model.trainOnBatch(ops.ones([4, 2]), ops.ones([4, 1]));
  await model.saveWeights(path, {maxShardSize: 100 / 1024 ** 3});
  const names = readdirSync(own).sort();
  expect(names.length).toBeGreaterThan(3);
  expect(names).toEqual([
    'm.weights.json',
    ...names.slice(1).map((_, i) => `m_${String(i).padStart(5, '0')}.weights.h5`),
  ]);
  const other = build(8).compile({optimizer: 'adam', loss: 'mse'});
  await other.loadWeights(path);
  expect(values(other)).toEqual(values(model));
  expect(other.optimizer?.variables.map((v) => v.array())).toEqual(model.optimizer?.variables.map((v) => v.array()));
  rmSync(join(own, 'm_00001.weights.h5'));
  await expect(other.loadWeights(path)).rejects.toThrow('its file m_00001.weights.h5 is missing');
  writeFileSync(path, JSON.stringify({weight_map: {'/vars': '../elsewhere.weights.h5'}}));
  await expect(other.loadWeights(path)).rejects.toThrow('is no map of files of weights: weight_map./vars');
  await expect(model.saveWeights(path, {maxShardSize: 8 / 1024 ** 3})).rejects.toThrow('is larger than maxShardSize');
  await expect(model.saveWeights(join(own, 'w.h5'), {maxShardSize: 1})).rejects.toThrow('must end in');
  await expect(model.saveWeights(path, {maxShardSize: 1, overwrite: false})).rejects.toThrow(
    `saveWeights: ${path} exists, and overwrite is false`,
  );
});
