import fc from 'fast-check';
import {expect, it} from 'vitest';
import {type Block, layOutArena} from './arena.js';

it('takes no more than is needed at one time where blocks come and go like a stack', () => {
  const blocks = Array.from({length: 20}, (_, i) => ({bytes: 64 * (i + 1), first: i, last: 40 - i}));
  const {bytes, liveBytes} = layOutArena(blocks);
  expect(liveBytes).toBe(64 * 210);
  expect(bytes).toBe(liveBytes);
});

it('finds the better of two layouts', () => {
  // In the order of time the small block in between parts what the large one needs.
  const blocks = [
    {bytes: 640, first: 0, last: 1},
    {bytes: 64, first: 1, last: 4},
    {bytes: 704, first: 2, last: 4},
  ];
  expect(layOutArena(blocks)).toEqual({bytes: 768, liveBytes: 768, offsets: [0, 704, 0]});
});

it('lets no blocks overlap that are needed at one time', () => {
  const block = fc
    .record({bytes: fc.nat(2000), first: fc.nat(30), length: fc.nat(12)})
    .map(({bytes, first, length}): Block => ({bytes, first, last: first + length}));
  fc.assert(
    fc.property(fc.array(block, {maxLength: 40}), (blocks) => {
      const {bytes, liveBytes, offsets} = layOutArena(blocks);
      expect(bytes).toBeGreaterThanOrEqual(liveBytes);
      blocks.forEach((a, i) => {
        const at = offsets[i] ?? -1;
        expect(at % 64).toBe(0);
        expect(at + a.bytes).toBeLessThanOrEqual(bytes);
        blocks.slice(0, i).forEach((b, j) => {
          const other = offsets[j] ?? -1;
          const apart = a.last < b.first || b.last < a.first;
          expect(apart || at + a.bytes <= other || other + b.bytes <= at).toBe(true);
        });
      });
    }),
    {seed: 7, numRuns: 100},
  );
});
