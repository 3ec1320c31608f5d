import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {plotHistory, sparkline} from './plot-history.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keratin-plots-'));
});
afterEach(() => {
  rmSync(folder, {recursive: true});
});

const history = {
  accuracy: [0.5, 0.75, 0.875],
  loss: [1, 0.5, NaN],
  val_accuracy: [0.4, 0.6, 0.7],
  val_loss: [1.25, 0.75, 0.5],
  learning_rate: [0.1, 0.1, 0.05],
};

const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text ?? '');

test('draws a picture for each value, with that of the validation, as SVG', async () => {
  const toFile = join(folder, 'history.svg');
  await plotHistory({history, epoch: [0, 1, 2]}, {toFile, title: 'A run'});
  const svg = readFileSync(toFile, 'utf8');
  expect(svg).toMatch(/^<svg [^>]*width="800" height="820"/);
  const shown = texts(svg);
  expect(shown).toContain('A run');
  for (const name of Object.keys(history)) expect(shown.filter((text) => text === name).length).toBeGreaterThan(0);
  expect(shown.filter((text) => text === 'epoch')).toHaveLength(3);
  expect(shown.filter((text) => text === '3').length).toBeGreaterThanOrEqual(3);
  // One curve for each value, which NaN ends.
  const curves = [
    ...svg.matchAll(/<path d="(M[^"]*)" fill="none" pointer-events="visible" stroke="#\w+" stroke-width="2"/g),
  ];
  expect(curves.map(([, path = '']) => path.split('L').length)).toEqual([3, 3, 2, 3, 3]);
  expect(readdirSync(folder)).toEqual(['history.svg']);
});

test('draws only what is asked for, from the lists alone', async () => {
  const toFile = join(folder, 'loss.svg');
  await plotHistory(history, {toFile, metrics: ['loss'], width: 400});
  const shown = texts(readFileSync(toFile, 'utf8'));
  expect(shown).toContain('val_loss');
  expect(shown).not.toContain('accuracy');
});

test('draws PNG without any program of the system', async () => {
  const toFile = join(folder, 'history.png');
  await plotHistory(history, {toFile, metrics: ['accuracy']});
  const bytes = readFileSync(toFile);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1600, 520]);
});

test('sparklines', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([3, NaN, 1])).toBe('█ ▁');
  expect(sparkline([2, 2])).toBe('▁▁');
  expect(sparkline([])).toBe('');
  expect(sparkline([0, 0, 6, 8], 2)).toBe('▁█');
  expect(sparkline(Array.from({length: 1000}, (_, i) => i))).toHaveLength(60);
});

test('mistakes', async () => {
  await expect(plotHistory(history, {toFile: 'history.pdf'})).rejects.toThrow(
    'plotHistory: toFile must end in .svg or .png, got "history.pdf"',
  );
  await expect(plotHistory(history, {metrics: ['acc']})).rejects.toThrow(
    'plotHistory: metrics names "acc", which the history does not have; it has accuracy, loss, val_accuracy, val_loss, learning_rate',
  );
  await expect(plotHistory({})).rejects.toThrow(
    'plotHistory: what fit gave is needed, with at least one epoch, got an object',
  );
  await expect(plotHistory(history, {width: 5})).rejects.toThrow('plotHistory: width must be from 100 to 10000, got 5');
  // @ts-expect-error -- the name is toFile
  await expect(plotHistory(history, {file: 'x.svg'})).rejects.toThrow('toFile');
  expect(() => sparkline([1], 0)).toThrow('sparkline: width must be a positive integer, got 0');
});
