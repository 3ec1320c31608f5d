import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {KeratinError} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest';
import {Sequential} from '../model/sequential.js';
import {type KerasFile, readKerasFile, writeKerasFile} from './keras-file.js';
import {loadModel} from './load-model.js';

// Damaged files are read rightly or refused in a sentence; they neither end nor stop the process, nor take its memory. The numbers are the same in
// each run. KERATIN_FUZZ says how many files there are of each kind.
const FILES = Number(process.env['KERATIN_FUZZ'] ?? 40);
const SECONDS = 'KERATIN_HDF5_SECONDS';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keratin-fuzz-'));
  // State of an optimizer that does not fit makes a warning.
  vi.spyOn(process, 'emitWarning').mockReturnValue();
});
afterAll(() => {
  rmSync(folder, {recursive: true});
  Reflect.deleteProperty(process.env, SECONDS);
});

const build = () =>
  new Sequential([Input({shape: [6]}), new layers.Dense(4, {activation: 'relu'}), new layers.Dense(1)]).compile({
    optimizer: 'adam',
    loss: 'mse',
  });

/** Lehmer's generator. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}
type Draw = ReturnType<typeof numbers>;

const FIELDS = [0, 1, 0x7f, 0xff, 0xffff, 0xffffffff, 0x7fffffff, 0x80000000];

function mutated(bytes: Buffer, draw: Draw): Buffer {
  const copy = Buffer.from(bytes);
  switch (draw(6)) {
    case 0:
      return copy.subarray(0, draw(copy.length));
    case 1: {
      const at = draw(copy.length);
      return copy.fill(draw(2) * 255, at, Math.min(copy.length, at + 1 + draw(16)));
    }
    case 2: {
      // Sizes and places are numbers of four and eight bytes.
      const at = draw(copy.length - 4) & ~3;
      copy.writeUInt32LE(FIELDS[draw(FIELDS.length)] ?? 0, at);
      return copy;
    }
    case 3: {
      const [from, to] = [draw(copy.length), draw(copy.length)];
      return copy.fill(copy.subarray(from, from + 1 + draw(64)), to, Math.min(copy.length, to + 1 + draw(64)));
    }
    default:
      for (let i = 0; i <= draw(8); i++) copy[draw(copy.length)] = draw(256);
      return copy;
  }
}

/** Runs `load`; what it throws must be an error of the library. */
async function isRefused(load: () => Promise<unknown>, what: string): Promise<boolean> {
  const error: unknown = await load().then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error === null) return false;
  expect(error, `${what}: ${error instanceof Error ? (error.stack ?? '') : JSON.stringify(error)}`).toBeInstanceOf(
    KeratinError,
  );
  return true;
}

const KINDS = ['m.keras', 'm.h5', 'm.weights.h5', 'w.h5', 'w.safetensors'];

describe('damaged copies never end the process', () => {
  test.each(KINDS.map((name, i) => [name, i + 1] as const))(
    '%s',
    async (name, seed) => {
      process.env[SECONDS] = '2';
      const path = join(folder, name);
      const model = build();
      const isWhole = name.startsWith('m.') && !name.includes('weights');
      await (isWhole ? model.save(path) : model.saveWeights(path));
      const load = () => (isWhole ? loadModel(path) : build().loadWeights(path));
      const bytes = readFileSync(path);
      const draw = numbers(seed);
      let refused = 0;
      for (let i = 0; i < FILES; i++) {
        writeFileSync(path, mutated(bytes, draw));
        if (await isRefused(load, `file ${String(i)}`)) refused += 1;
      }
      expect(refused).toBeGreaterThan(FILES / 5);
      Reflect.deleteProperty(process.env, SECONDS);
      writeFileSync(path, bytes);
      await load();
    },
    FILES * 1000 + 60_000,
  );
});

const ODD: readonly unknown[] = [
  null,
  true,
  '',
  'x',
  'Dense',
  -1,
  0,
  0.5,
  1e9,
  1e300,
  [],
  {},
  [null],
  [1, 2, 3],
  {class_name: 'Dense', config: {}},
  'a'.repeat(10_000),
  {module: 'keras.layers', class_name: 'Dense', config: {units: 1e9}},
  '__proto__',
  Number.NaN,
];

/** The value with one place of it changed, removed or exchanged for another place. */
function changed(value: unknown, draw: Draw): unknown {
  const places: (readonly [holder: Record<string, unknown>, key: string])[] = [];
  const copy: Record<string, unknown> = structuredClone({value});
  const visit = (holder: Record<string, unknown>): void => {
    for (const key of Object.keys(holder)) {
      places.push([holder, key]);
      const inner = holder[key];
      if (typeof inner === 'object' && inner !== null) visit(inner as Record<string, unknown>);
    }
  };
  visit(copy);
  for (let i = 0; i <= draw(2); i++) {
    const [holder, key] = places[draw(places.length)] ?? [copy, 'value'];
    const other = places[draw(places.length)];
    const kind = draw(4);
    if (kind === 0) Reflect.deleteProperty(holder, key);
    else holder[key] = kind === 1 && other !== undefined ? structuredClone(other[0][other[1]]) : ODD[draw(ODD.length)];
  }
  return copy['value'];
}

const models: Readonly<Record<string, () => Sequential>> = {
  dense: build,
  convolutional: () =>
    new Sequential([
      Input({shape: [8, 8, 1]}),
      new layers.Conv2D(2, 3, {kernelRegularizer: 'l2'}),
      new layers.BatchNormalization(),
      new layers.MaxPooling2D(2),
      new layers.Flatten(),
      new layers.Dropout(0.5),
      new layers.Dense(2),
    ]),
  recurrent: () =>
    new Sequential([
      Input({shape: [4, 3]}),
      new layers.Bidirectional(new layers.LSTM(2, {returnSequences: true})),
      new layers.TimeDistributed(new layers.Dense(2)),
      new layers.GRU(2),
    ]),
};

describe('odd configs are refused', () => {
  test.each(Object.keys(models).map((name, i) => [name, i + 10] as const))(
    '%s',
    async (name, seed) => {
      const path = join(folder, 'config.keras');
      await models[name]?.().save(path);
      const file = await readKerasFile(path, path);
      const draw = numbers(seed);
      let refused = 0;
      for (let i = 0; i < FILES; i++) {
        const node = (changed(file.node, draw) ?? null) as KerasFile['node'];
        const handle = await open(path, 'w');
        await writeKerasFile(handle, {...file, node});
        await handle.close();
        if (await isRefused(() => loadModel(path), `config ${JSON.stringify(node).slice(0, 3000)}`)) refused += 1;
      }
      expect(refused).toBeGreaterThan(FILES / 5);
    },
    FILES * 1000 + 60_000,
  );
});

test('a file that leads in a circle is given up after a while', async () => {
  const circle = fileURLToPath(new URL('../testing/files/circle.weights.h5', import.meta.url));
  const model = new Sequential([Input({shape: [3]}), new layers.Dense(4), new layers.Dense(1)]);
  process.env[SECONDS] = '1';
  await expect(model.loadWeights(circle)).rejects.toThrow(
    `loadWeights: ${circle} is not a valid HDF5 file: it took more than 1 s, as damaged files do`,
  );
  Reflect.deleteProperty(process.env, SECONDS);
  const path = join(folder, 'whole.weights.h5');
  await model.saveWeights(path);
  await model.loadWeights(path);
});

test('a config that asks for more than the file holds is refused before memory is taken', async () => {
  const path = join(folder, 'huge.keras');
  await build().save(path);
  const file = await readKerasFile(path, path);
  const node = JSON.parse(JSON.stringify(file.node).replace('"units":4', '"units":1000000000')) as KerasFile['node'];
  const handle = await open(path, 'w');
  await writeKerasFile(handle, {...file, node});
  await handle.close();
  await expect(loadModel(path)).rejects.toThrow(
    /the config asks for weight "kernel" of shape \(6,1000000000\), but all weights in the file have \d+ elements together/,
  );
});
