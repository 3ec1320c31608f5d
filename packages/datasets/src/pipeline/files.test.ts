import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {saveNpz, tensor} from '@keratin/core';
import {encodeRecord, maskedCrc32c} from '@keratin/core/internal';
import {afterAll, describe, expect, test} from 'vitest';
import {Dataset} from './dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'keratin-files-'));
afterAll(() => rmSync(folder, {recursive: true}));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('text', () => {
  test('lines with either line end, also compressed, without a last line end', async () => {
    const text = 'one\r\ntwo\n\nlast ä';
    for (const path of [file('a.txt', text), file('a.txt.gz', gzipSync(text))]) {
      expect(await Dataset.textLines(path).toArray()).toEqual(['one', 'two', '', 'last ä']);
    }
    const long = 'x'.repeat(200_000);
    expect(await Dataset.textLines([file('b.txt', `${long}\n1\n`), file('c.txt', '2')]).toArray()).toEqual([
      long,
      '1',
      '2',
    ]);
  });

  test('JSON lines; what is none is named by line', async () => {
    expect(await Dataset.jsonl(file('a.jsonl', '{"a": 1}\n\n[2]\n')).toArray()).toEqual([{a: 1}, [2]]);
    await expect(Dataset.jsonl(file('b.jsonl', '1\nx}\n')).toArray()).rejects.toThrow(
      /^Dataset\.jsonl: element 1: .*b\.jsonl: line 2 is no JSON: "x}"$/,
    );
  });

  test('CSV: quotes, numbers, columns', async () => {
    const path = file('a.csv', '\ufeffname,size\n"a, ""b""",1.5\nc,-2e3\n"7",x\n');
    expect(await Dataset.csv(path).toArray()).toEqual([
      {name: 'a, "b"', size: 1.5},
      {name: 'c', size: -2000},
      {name: '7', size: 'x'},
    ]);
    expect(
      await Dataset.csv(path, {selectColumns: ['size'], numbers: false})
        .take(1)
        .toArray(),
    ).toEqual([{size: '1.5'}]);
    const bare = file('b.csv', '1;2\n');
    expect(await Dataset.csv(bare, {columns: ['a', 'b'], delimiter: ';'}).toArray()).toEqual([{a: 1, b: 2}]);
    await expect(Dataset.csv(path, {selectColumns: ['siez']}).toArray()).rejects.toThrow('did you mean "size"?');
    await expect(Dataset.csv(file('c.csv', 'a,b\n1\n')).toArray()).rejects.toThrow(/c\.csv: Invalid Record Length/);
    await expect(Dataset.csv(join(folder, 'none.csv')).toArray()).rejects.toThrow(/^Dataset\.csv: element 0: ENOENT/);
  });
});

describe('TFRecord', () => {
  const records = [new Uint8Array([1, 2, 3]), new Uint8Array(), new Uint8Array(100_000).fill(7)];
  const bytes = Buffer.concat(records.map(encodeRecord));

  test('gives the records', async () => {
    expect(await Dataset.tfrecord(file('a.tfrecord', bytes)).toArray()).toEqual(records);
  });

  test('a length that no record has is refused before anything of it is read', async () => {
    const header = Buffer.alloc(12);
    header.writeBigUInt64LE(2n ** 40n);
    header.writeUInt32LE(maskedCrc32c(header.subarray(0, 8)), 8);
    await expect(Dataset.tfrecord(file('d.tfrecord.gz', gzipSync(header))).toArray()).rejects.toThrow(
      'record 0 at byte 0: the length of 1099511627776 bytes is more than the 2147483647 that a record may have',
    );
  });

  test('every byte that changes, and every cut, is found', async () => {
    const small = Buffer.concat(
      [records[0] ?? [], [], new Uint8Array([9])].map((part) => encodeRecord(Uint8Array.from(part))),
    );
    for (let i = 0; i < small.length; i++) {
      const wrong = Buffer.from(small);
      wrong[i] = (wrong[i] ?? 0) ^ 0x10;
      await expect(Dataset.tfrecord(file('b.tfrecord', wrong)).toArray()).rejects.toThrow(
        /record \d at byte \d+: the /,
      );
    }
    const ends = [0, 19, 35, small.length];
    for (let i = 0; i < small.length; i++) {
      const cut = Dataset.tfrecord(file('c.tfrecord', small.subarray(0, i))).toArray();
      if (ends.includes(i)) expect((await cut).length).toBe(ends.indexOf(i));
      else await expect(cut).rejects.toThrow('the file ends within');
    }
  });
});

test('npz: rows of the arrays by name', async () => {
  const path = join(folder, 'a.npz');
  await saveNpz(path, {
    x: tensor([
      [1, 2],
      [3, 4],
    ]),
    y: tensor([5, 6], 'int32'),
  });
  const batch = await (await Dataset.npz(path)).batch(2).getSingleElement();
  expect([batch['x']?.array(), batch['y']?.array()]).toEqual([
    [
      [1, 2],
      [3, 4],
    ],
    [5, 6],
  ]);
});

describe('cache in a file', () => {
  test('is written by a complete pass, and serves later datasets', async () => {
    const path = join(folder, 'cache');
    let passes = 0;
    const make = () =>
      Dataset.fromGenerator(function* () {
        passes += 1;
        for (let i = 0; i < 3; i++)
          yield {x: tensor([i, i], 'int32'), name: `n${String(i)}`, t: tensor(['a'], 'string'), n: [NaN, 2]};
      }).cache(path);
    await make().take(1).toArray();
    expect(readdirSync(folder).filter((name) => name.startsWith('cache'))).toEqual([]);
    const first = await make().toArray();
    const second = await make().toArray();
    expect(passes).toBe(2);
    expect(second.map(({x, name, t, n}) => [x.array(), x.dtype, name, t.array(), n])).toEqual(
      first.map(({x, name, t, n}) => [x.array(), x.dtype, name, t.array(), n]),
    );
    const damaged = readFileSync(path);
    damaged[20] = (damaged[20] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    await expect(make().toArray()).rejects.toThrow('the checksum of the data is wrong');
  });
});
