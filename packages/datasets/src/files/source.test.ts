import {createHash} from 'node:crypto';
import {existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'fflate';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {loadFile} from './source.js';

const content = Uint8Array.from([1, 2, 3, 4]);
const sha256 = createHash('sha256').update(content).digest('hex');
const source = {dataset: 'toy', url: 'https://example.org/toy/'};

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keratin-'));
  vi.stubEnv('KERATIN_HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(home, {recursive: true});
});

const answer = (bytes: Uint8Array, status = 200) =>
  vi.fn(() => Promise.resolve(new Response(Uint8Array.from(bytes), {status})));

test('downloads once, checks and keeps', async () => {
  const fetch = answer(gzipSync(content));
  vi.stubGlobal('fetch', fetch);
  const first = await loadFile(source, {name: 'a', sha256});
  expect([...first.bytes]).toEqual([1, 2, 3, 4]);
  const second = await loadFile(source, {name: 'a', sha256});
  expect([...second.bytes]).toEqual([1, 2, 3, 4]);
  expect(fetch.mock.calls).toEqual([['https://example.org/toy/a.gz']]);
  expect(readdirSync(join(home, 'datasets', 'toy'))).toEqual(['a.gz']);
});

test('content with another checksum is refused and not kept', async () => {
  vi.stubGlobal('fetch', answer(gzipSync(Uint8Array.from([9]))));
  await expect(loadFile(source, {name: 'a', sha256})).rejects.toThrow(
    /toy\/a\.gz: SHA-256 of the content is \w+, \w+ was expected; put a or a\.gz into /,
  );
  expect(existsSync(join(home, 'datasets', 'toy'))).toBe(false);
});

test('without a network the message says which file to put where', async () => {
  vi.stubGlobal(
    'fetch',
    vi.fn(() => Promise.reject(new Error('fetch failed', {cause: new Error('no route')}))),
  );
  await expect(loadFile(source, {name: 'a', sha256})).rejects.toThrow(
    `toy: a was not found in ${join(home, 'datasets', 'toy')}, and https://example.org/toy/a.gz cannot be downloaded (fetch failed: no route); put a or a.gz into ${join(home, 'datasets', 'toy')}`,
  );
  vi.stubGlobal('fetch', answer(Uint8Array.from([]), 404));
  await expect(loadFile(source, {name: 'a', sha256})).rejects.toThrow('(HTTP 404)');
});
