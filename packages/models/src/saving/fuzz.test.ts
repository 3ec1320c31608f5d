import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {KeratinError} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Sequential} from '../model/sequential.js';
import {loadModel} from './load-model.js';

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'keratin-fuzz-'))));
afterAll(() => rmSync(folder, {recursive: true}));

const build = () => new Sequential([Input({shape: [3]}), new layers.Dense(4), new layers.Dense(1)]);

/** The same numbers each time (Lehmer's generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

function mutated(bytes: Buffer, draw: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const kind = draw(4);
  if (kind === 0) return copy.subarray(0, draw(copy.length));
  if (kind === 1) {
    const at = draw(copy.length);
    copy.fill(draw(2) * 255, at, at + 1 + draw(16));
    return copy;
  }
  for (let i = 0; i <= draw(8); i++) copy[draw(copy.length)] = draw(256);
  return copy;
}

// Each file is refused in a sentence of the library's, or read.
test.each([
  ['m.keras', 1],
  ['m.h5', 2],
  ['m.weights.h5', 3],
])('damaged copies of %s never end the process', async (name, seed) => {
  const path = join(folder, name);
  const model = build();
  await (name.includes('weights') ? model.saveWeights(path) : model.save(path));
  const bytes = readFileSync(path);
  const draw = numbers(seed);
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    writeFileSync(path, mutated(bytes, draw));
    const reading: Promise<unknown> = name.includes('weights') ? build().loadWeights(path) : loadModel(path);
    const error: unknown = await reading.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error === null) continue;
    refused += 1;
    expect(error).toBeInstanceOf(KeratinError);
  }
  expect(refused).toBeGreaterThan(50);
  writeFileSync(path, bytes);
  await (name.includes('weights') ? build().loadWeights(path) : loadModel(path));
});
