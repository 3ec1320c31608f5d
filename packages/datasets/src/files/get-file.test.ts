import {createHash} from 'node:crypto';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {zipSync} from 'fflate';
import {pack} from 'tar-stream';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {type FileServer, serveFiles, type ServerOptions} from '../testing/file-server.js';
import {getFile} from './get-file.js';

const content = Uint8Array.from({length: 300_000}, (_, i) => (i * 7) & 255);
const sha256 = createHash('sha256').update(content).digest('hex');
const quiet = {verbose: 0} as const;

let home = '';
let server: FileServer | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keratin-'));
  vi.stubEnv('KERATIN_HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
  rmSync(home, {recursive: true});
});

const serve = async (files: Readonly<Record<string, Uint8Array>>, options?: ServerOptions) => {
  server = await serveFiles(files, options);
  return server;
};
// Element by element takes seconds.
const isContent = (path: string) => readFileSync(path).equals(content);
const cached = () => readdirSync(join(home, 'datasets')).sort();

describe('downloads', () => {
  test('once, checked, under a name', async () => {
    const {url, asked} = await serve({'a.bin': content});
    const path = await getFile('b.bin', `${url}a.bin`, {fileHash: sha256, ...quiet});
    expect(path).toBe(join(home, 'datasets', 'b.bin'));
    expect(isContent(path)).toBe(true);
    expect(await getFile({fname: 'b.bin', origin: `${url}a.bin`, fileHash: sha256, ...quiet})).toBe(path);
    expect(await getFile(null, `${url}a.bin`, quiet)).toBe(join(home, 'datasets', 'a.bin'));
    expect(asked).toEqual(['', '']);
    expect(cached()).toEqual(['a.bin', 'b.bin']);
    await getFile('b.bin', `${url}a.bin`, {forceDownload: true, ...quiet});
    expect(asked).toHaveLength(3);
  });

  test('a file in the cache with another checksum is fetched anew', async () => {
    const {url} = await serve({'a.bin': content});
    const path = await getFile('a.bin', `${url}a.bin`, quiet);
    writeFileSync(path, 'other');
    await getFile('a.bin', `${url}a.bin`, {md5Hash: createHash('md5').update(content).digest('hex'), ...quiet});
    expect(readFileSync(path)).toHaveLength(content.length);
  });

  test('goes on where it was broken off', async () => {
    const {url, asked} = await serve({'a.bin': content}, {breakAfter: {bytes: 100_000, times: 1}});
    await expect(getFile('a.bin', `${url}a.bin`, quiet)).rejects.toThrow(/cannot be downloaded \(/);
    const held = readFileSync(join(home, 'datasets', 'a.bin.part')).length;
    expect(held).toBeGreaterThan(0);
    const path = await getFile('a.bin', `${url}a.bin`, quiet);
    expect(asked).toEqual(['', `bytes=${String(held)}-`]);
    expect(isContent(path)).toBe(true);
    expect(cached()).toEqual(['a.bin']);
  });

  test('starts again where the file is another one now', async () => {
    const first = await serve(
      {'a.bin': content.map((x) => x ^ 1)},
      {breakAfter: {bytes: 100_000, times: 1}, etag: '"old"'},
    );
    await expect(getFile('a.bin', `${first.url}a.bin`, quiet)).rejects.toThrow();
    await first.close();
    const {url} = await serve({'a.bin': content});
    expect(isContent(await getFile('a.bin', `${url}a.bin`, quiet))).toBe(true);
  });

  test('without a mark of the server it goes on only with a checksum, and starts again where that is wrong', async () => {
    const part = join(home, 'datasets', 'a.bin.part');
    const {url, asked} = await serve({'a.bin': content}, {etag: null});
    await getFile('a.bin', `${url}a.bin`, quiet);
    writeFileSync(part, content.subarray(0, 1000));
    await getFile('a.bin', `${url}a.bin`, {forceDownload: true, ...quiet});
    writeFileSync(part, content.subarray(0, 1000));
    await getFile('a.bin', `${url}a.bin`, {forceDownload: true, fileHash: sha256, ...quiet});
    writeFileSync(part, new Uint8Array(1000));
    const path = await getFile('a.bin', `${url}a.bin`, {forceDownload: true, fileHash: sha256, ...quiet});
    expect(asked).toEqual(['', '', 'bytes=1000-', 'bytes=1000-', '']);
    expect(isContent(path)).toBe(true);
  });

  test('a whole part is taken as it is', async () => {
    const {url} = await serve({'a.bin': content});
    await getFile('b.bin', `${url}a.bin`, quiet);
    writeFileSync(join(home, 'datasets', 'a.bin.part'), content);
    const path = await getFile('a.bin', `${url}a.bin`, {fileHash: sha256, ...quiet});
    expect(readFileSync(path)).toHaveLength(content.length);
  });

  test('what has another checksum is refused and not kept', async () => {
    const {url} = await serve({'a.bin': content});
    const wrong = 'f'.repeat(64);
    await expect(getFile('a.bin', `${url}a.bin`, {fileHash: wrong, ...quiet})).rejects.toThrow(
      `getFile: the checksum of ${url}a.bin is ${sha256}, ${wrong} was expected; put the file at `,
    );
    expect(cached()).toEqual([]);
  });

  test('an abort leaves a part that the next call goes on with', async () => {
    const {url} = await serve({'a.bin': content});
    await expect(getFile('a.bin', `${url}a.bin`, {signal: AbortSignal.abort(), ...quiet})).rejects.toThrow(/aborted/);
    await getFile('a.bin', `${url}a.bin`, quiet);
    expect(cached()).toEqual(['a.bin']);
  });
});

describe('unpacks', () => {
  const tar = async (entries: Readonly<Record<string, string>>): Promise<Uint8Array> => {
    const archive = pack();
    for (const [name, text] of Object.entries(entries)) archive.entry({name}, text);
    archive.finalize();
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const zip = (entries: Readonly<Record<string, string>>): Uint8Array =>
    zipSync(Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)])));
  const files = {'a/b.txt': 'one', 'c.txt': 'two'};

  test.each([
    ['tar', 'f.tar', () => tar(files)],
    ['tar.gz', 'f.tar.gz', async () => gzipSync(await tar(files))],
    ['zip', 'f.zip', () => Promise.resolve(zip(files))],
  ])('%s', async (_, name, make) => {
    const {url} = await serve({[name]: await make()});
    const folder = await getFile(name, `${url}${name}`, {extract: true, ...quiet});
    expect(folder).toBe(join(home, 'datasets', 'f_extracted'));
    expect(readFileSync(join(folder, 'a', 'b.txt'), 'utf8')).toBe('one');
    expect(readFileSync(join(folder, 'c.txt'), 'utf8')).toBe('two');
    expect(await getFile('plain', `${url}${name}`, {extract: true, ...quiet})).toBe(join(home, 'datasets', 'plain'));
    expect(cached()).toEqual(['f_extracted', name, 'plain', 'plain_archive'].sort());
  });

  test.each([
    ['tar', () => tar({'a.txt': 'x', '../evil.txt': 'x'})],
    ['tar with a root', () => tar({'/tmp/keratin-evil.txt': 'x'})],
    ['zip', () => Promise.resolve(zip({'a.txt': 'x', '../evil.txt': 'x'}))],
  ])('%s: nothing is written outside of the folder, nor half of it', async (_, make) => {
    const {url} = await serve({'f.bin': await make()});
    await expect(getFile('f.bin', `${url}f.bin`, {extract: true, ...quiet})).rejects.toThrow(
      /the entry ".*evil\.txt" would be written outside of the folder/,
    );
    expect(cached()).toEqual(['f.bin']);
    expect(existsSync(join(home, 'evil.txt'))).toBe(false);
  });

  test('links are left out, cut archives refused', async () => {
    const archive = pack();
    archive.entry({name: 'a.txt'}, 'x');
    archive.entry({name: 'l', type: 'symlink', linkname: '/etc/passwd'});
    archive.finalize();
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const whole = gzipSync(Buffer.concat(chunks));
    const {url} = await serve({'f.tgz': whole, 'cut.tgz': whole.subarray(0, 60), 'no.tgz': Buffer.from('no archive')});
    const folder = await getFile('f.tgz', `${url}f.tgz`, {untar: true, ...quiet});
    expect(readdirSync(folder)).toEqual(['a.txt']);
    await expect(getFile('cut.tgz', `${url}cut.tgz`, {extract: true, ...quiet})).rejects.toThrow(
      /cut\.tgz is no valid tar archive: /,
    );
    await expect(getFile('no.tgz', `${url}no.tgz`, {extract: true, ...quiet})).rejects.toThrow(
      /no\.tgz is no archive of the format "auto"/,
    );
  });
});

describe('mistakes, a sentence each', () => {
  test.each<[string, () => Promise<string>]>([
    ['getFile: origin must be the address of the file, got none', () => getFile('a', undefined as never)],
    ['getFile: origin must be an address (http, https or file), got "a.txt"', () => getFile('a', 'a.txt')],
    ['getFile: origin must be an address of http, https or file, got "ftp://a/b"', () => getFile('a', 'ftp://a/b')],
    ['getFile: fname must be a name without folders, got "../a"', () => getFile('../a', 'http://a/b')],
    ['getFile: the address http://a/ has no file name; give fname', () => getFile(null, 'http://a/')],
    [
      'getFile: unknown option "filehash"; did you mean "fileHash"?',
      () => getFile('a', 'http://a/b', {filehash: ''} as object),
    ],
  ])('%s', async (message, fn) => {
    await expect(fn()).rejects.toThrow(message);
  });

  test('an address that does not answer: what to put where', async () => {
    const {url} = await serve({});
    await expect(getFile('a.bin', `${url}a.bin`, quiet)).rejects.toThrow(
      `getFile: ${url}a.bin cannot be downloaded (HTTP 404 Not Found); put the file at ${join(home, 'datasets', 'a.bin')}`,
    );
  });
});
