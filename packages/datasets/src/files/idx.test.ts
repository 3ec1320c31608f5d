import {describe, expect, test} from 'vitest';
import {parseIdx} from './idx.js';

const header = (...sizes: number[]) => [
  0,
  0,
  8,
  sizes.length,
  ...sizes.flatMap((n) => [n >>> 24, n >>> 16, n >>> 8, n].map((b) => b & 255)),
];

describe('parseIdx', () => {
  test('reads sizes and elements', () => {
    const {shape, data} = parseIdx(Uint8Array.from([...header(2, 3), 1, 2, 3, 4, 5, 6]), 'a');
    expect(shape).toEqual([2, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each([
    [[], /a: not an idx file/],
    [[1, 2, 8, 1, 0, 0, 0, 0], /a: not an idx file/],
    [[0, 0, 13, 1, 0, 0, 0, 0], /a: idx element type 0xd is not supported/],
    [[0, 0, 8, 3, 0, 0, 0, 1], /a: the idx header of 3 axes is cut off/],
    [[...header(2, 3), 1, 2], /a: shape \(2,3\) needs 6 bytes after the header, the file has 2/],
    [[...header(4294967295, 4294967295)], /needs .* bytes after the header, the file has 0/],
  ])('refuses %j', (bytes, message) => {
    expect(() => parseIdx(Uint8Array.from(bytes), 'a')).toThrow(message);
  });
});
