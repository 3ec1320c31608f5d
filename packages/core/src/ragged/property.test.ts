import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {ops, ragged, type RaggedTensor, slice, tensor, type Tensor} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

// Ragged operations against the same on nested arrays. Whole numbers in float64, so that sums are exact in any order.

checkLeaks();

type Lists = number[][];
type Deep = number[][][];

const element = fc.integer({min: -4, max: 4});
const lists = fc.array(fc.array(element, {maxLength: 4}), {minLength: 1, maxLength: 6});
const deep = fc.array(fc.array(fc.array(element, {maxLength: 3}), {maxLength: 3}), {minLength: 1, maxLength: 4});

const flatten = (x: Lists) => Float64Array.from(x.flat());
const make = (x: Lists): RaggedTensor =>
  ragged.fromRowLengths(
    tensor(flatten(x)),
    x.map((row) => row.length),
  );
const makeDeep = (x: Deep): RaggedTensor =>
  ragged.fromNestedRowLengths(tensor(Float64Array.from(x.flat(2))), [
    x.map((row) => row.length),
    x.flat().map((row) => row.length),
  ]);
const array = (x: {array(): unknown}) => x.array();

const total = (row: readonly number[]) => row.reduce((sum, n) => sum + n, 0);
const product = (row: readonly number[]) => row.reduce((made, n) => made * n, 1);
const HIGHEST = Number.MAX_VALUE;
const columns = (x: Lists): Lists =>
  Array.from({length: Math.max(0, ...x.map((row) => row.length))}, (_, i) =>
    x.flatMap((row) => (i < row.length ? [row[i] ?? NaN] : [])),
  );
const plus0 = (x: unknown): unknown => (Array.isArray(x) ? x.map(plus0) : Object.is(x, -0) ? 0 : x);

const holds = <T>(given: fc.Arbitrary<T>, test: (x: T) => void, numRuns = 60) => {
  fc.assert(fc.property(given, test), {numRuns, seed: 7});
};

describe('the same as of nested arrays', () => {
  it('reading, cutting in every way, equality', () => {
    holds(lists, (x) => {
      const r = make(x);
      expect(array(r)).toEqual(x);
      expect(r.equals(ragged.fromRowSplits(r.flatValues, r.rowSplits))).toBe(true);
      expect(r.equals(ragged.fromValueRowIds(r.flatValues, r.valueRowIds, r.nrows))).toBe(true);
      expect(r.equals(ragged.fromRowStarts(r.flatValues, r.rowStarts))).toBe(true);
      expect(r.equals(ragged.fromRowLimits(r.flatValues, r.rowLimits))).toBe(true);
      expect([...r].map(array)).toEqual(x);
      expect(r.equals(make([...x, []]))).toBe(false);
    });
    holds(deep, (x) => {
      const r = makeDeep(x);
      expect(array(r)).toEqual(x);
      expect(r.equals(ragged.fromNestedRowSplits(r.flatValues, r.nestedRowSplits))).toBe(true);
      const nrows = r.nestedRowLengths.map((each) => each.size);
      expect(r.equals(ragged.fromNestedValueRowIds(r.flatValues, r.nestedValueRowIds, nrows))).toBe(true);
    });
  });

  it('reductions over each axis', () => {
    holds(lists, (x) => {
      const r = make(x);
      const over = columns(x);
      expect(array(r.sum(1))).toEqual(x.map(total));
      expect(array(r.sum(0))).toEqual(over.map(total));
      expect(plus0(array(r.prod(1)))).toEqual(plus0(x.map(product)));
      expect(array(r.max(1))).toEqual(x.map((row) => Math.max(-HIGHEST, ...row)));
      expect(array(r.min(0))).toEqual(over.map((column) => Math.min(HIGHEST, ...column)));
      expect(array(r.greater(1).any(1))).toEqual(x.map((row) => row.some((n) => n > 1)));
      expect(array(r.greater(1).all(0))).toEqual(over.map((column) => column.every((n) => n > 1)));
      expect(r.sum().array()).toBe(total(x.flat()));
      const means = array(r.mean(1)) as number[];
      x.forEach((row, i) => {
        expect(Math.abs((means[i] ?? 0) - total(row) / row.length) < 1e-12 || row.length === 0).toBe(true);
      });
      expect(means.map(Number.isNaN)).toEqual(x.map((row) => row.length === 0));
      const spread = array(r.variance({axis: 1, keepdims: true})) as number[][];
      x.forEach((row, i) => {
        const mean = total(row) / row.length;
        const wanted = total(row.map((n) => (n - mean) ** 2)) / row.length;
        expect(Math.abs((spread[i]?.[0] ?? 0) - wanted) < 1e-10 || row.length === 0).toBe(true);
      });
    });
    holds(deep, (x) => {
      const r = makeDeep(x);
      expect(array(r.sum(2))).toEqual(x.map((rows) => rows.map(total)));
      expect(array(r.sum(1))).toEqual(x.map((rows) => columns(rows).map(total)));
      expect(array(r.sum([1, 2]))).toEqual(x.map((rows) => total(rows.flat())));
      expect(array(r.sum([0, 2]))).toEqual(columns(x.map((rows) => rows.map(total))).map(total));
      const widest = Math.max(0, ...x.map((rows) => rows.length));
      const stacked = Array.from({length: widest}, (_, i) =>
        columns(x.flatMap((rows) => (i < rows.length ? [rows[i] ?? []] : []))),
      );
      expect(array(r.sum(0))).toEqual(stacked.map((rows) => rows.map(total)));
    });
  });

  it('to tensors and back', () => {
    holds(fc.tuple(lists, fc.integer({min: 0, max: 5})), ([x, width]) => {
      const r = make(x);
      const filled = x.map((row) => [...row, ...new Array<number>(9).fill(7)]);
      const longest = Math.max(0, ...x.map((row) => row.length));
      expect(array(r.toTensor({defaultValue: 7}))).toEqual(filled.map((row) => row.slice(0, longest)));
      const cut = r.toTensor({defaultValue: 7, shape: [null, width]});
      expect(array(cut)).toEqual(filled.map((row) => row.slice(0, width)));
      const back = ragged.fromTensor(cut, {lengths: r.rowLengths});
      expect(array(back)).toEqual(x.map((row) => row.slice(0, width)));
      const ended = ragged.fromTensor(r.toTensor(), {padding: 0});
      expect(array(ended)).toEqual(x.map((row) => row.slice(0, row.findLastIndex((n) => n !== 0) + 1)));
      if (longest > 0) expect(ragged.fromSparse(r.toSparse()).equals(r)).toBe(true);
    });
    holds(deep, (x) => {
      const r = makeDeep(x);
      const [, m = 0, k = 0] = r.boundingShape;
      const fill = (row: readonly number[] = []) => Array.from({length: k}, (_, i) => row[i] ?? 0);
      expect(array(r.toTensor())).toEqual(x.map((rows) => Array.from({length: m}, (_, i) => fill(rows[i]))));
      const cut = r.toTensor({shape: [null, 1, 2]});
      expect(array(cut)).toEqual(x.map((rows) => [[rows[0]?.[0] ?? 0, rows[0]?.[1] ?? 0]]));
    });
  });

  it('indexing', () => {
    const bound = fc.option(fc.integer({min: -5, max: 5}), {nil: null});
    const step = fc.constantFrom(1, 2, 3, -1, -2);
    const cut = <T>(row: readonly T[], [start, stop, by]: readonly [number | null, number | null, number]): T[] =>
      tensor(Int32Array.from(row.keys()))
        .at(slice(start, stop, by))
        .array(1)
        .map((i) => row[i] as T);
    holds(fc.tuple(lists, bound, bound, step), ([x, start, stop, by]) => {
      const r = make(x);
      const range = [start, stop, by] as const;
      expect(array(r.at(':', slice(...range)))).toEqual(x.map((row) => cut(row, range)));
      const outer = r.at(slice(...range), slice(...range));
      expect(array(outer)).toEqual(cut(x, range).map((row) => cut(row, range)));
      expect(array(r.at(-1))).toEqual(x.at(-1));
    });
    holds(fc.tuple(deep, bound, bound, step), ([x, start, stop, by]) => {
      const r = makeDeep(x);
      const range = [start, stop, by] as const;
      expect(array(r.at('...', slice(...range)))).toEqual(x.map((rows) => rows.map((row) => cut(row, range))));
      expect(array(r.at(':', slice(...range)))).toEqual(x.map((rows) => cut(rows, range)));
      expect(array(r.at(0, slice(...range)))).toEqual(cut(x[0] ?? [], range));
    });
  });

  it('gathering and masking', () => {
    holds(fc.tuple(lists, fc.infiniteStream(fc.nat())), ([x, stream]) => {
      const next = (n: number) => Number(stream.next().value) % n;
      const r = make(x);
      const rows = Array.from({length: 5}, () => next(x.length));
      expect(array(ragged.gather(r, tensor(rows, 'int32')))).toEqual(rows.map((i) => x[i]));
      const picks = x.map((row) => (row.length === 0 ? [] : Array.from({length: next(4)}, () => next(row.length))));
      const index = make(picks).cast('int32');
      expect(array(ragged.gather(r, index, {batchDims: 1}))).toEqual(
        picks.map((list, i) => list.map((j) => x[i]?.[j])),
      );
      const pairs = picks.flatMap((list, i) => list.map((j) => [i, j]));
      const found = ragged.gatherNd(r, tensor(Int32Array.from(pairs.flat()), {shape: [pairs.length, 2]}));
      expect(array(found)).toEqual(pairs.map(([i = 0, j = 0]) => x[i]?.[j]));
      const kept = ragged.booleanMask(r, r.greater(0));
      expect(array(kept)).toEqual(x.map((row) => row.filter((n) => n > 0)));
      const odd = x.map((_, i) => i % 2 === 1);
      expect(array(ragged.booleanMask(r, odd))).toEqual(x.filter((_, i) => i % 2 === 1));
    });
  });

  it('arranging', () => {
    holds(fc.tuple(lists, lists), ([x, y]) => {
      const [a, b] = [make(x), make(y)];
      expect(array(ragged.concat([a, b]))).toEqual([...x, ...y]);
      expect(array(ragged.stack([a, b]))).toEqual([x, y]);
      const same = x.map((_, i) => y[i % y.length] ?? []);
      expect(array(ragged.concat([a, make(same)], 1))).toEqual(x.map((row, i) => [...row, ...(same[i] ?? [])]));
      expect(array(ragged.stack([a, make(same)], 1))).toEqual(x.map((row, i) => [row, same[i] ?? []]));
      expect(array(a.reverse([0, 1]))).toEqual([...x].reverse().map((row) => [...row].reverse()));
      expect(array(a.tile([2, 3]))).toEqual([...x, ...x].map((row) => [...row, ...row, ...row]));
      expect(array(a.expandDims(1))).toEqual(x.map((row) => [row]));
      expect(array(a.expandDims(2))).toEqual(x.map((row) => row.map((n) => [n])));
      expect(array(a.mergeDims(0, 1))).toEqual(x.flat());
    });
    holds(deep, (x) => {
      const r = makeDeep(x);
      expect(array(r.mergeDims(1, 2))).toEqual(x.map((rows) => rows.flat()));
      expect(array(r.mergeDims(0, 1))).toEqual(x.flat());
      expect(array(r.reverse([1, 2]))).toEqual(x.map((rows) => [...rows].reverse().map((row) => [...row].reverse())));
      expect(array(r.tile([1, 2, 1]))).toEqual(x.map((rows) => [...rows, ...rows]));
      expect(array(ragged.concat([r, r], 2))).toEqual(x.map((rows) => rows.map((row) => [...row, ...row])));
    });
  });

  it('elements of several, with broadcasting', () => {
    holds(fc.tuple(lists, element), ([x, n]) => {
      const r = make(x);
      const column = tensor(
        Float64Array.from(x, (_, i) => i + n),
        {shape: [x.length, 1]},
      );
      expect(array(r.mul(r).sub(n))).toEqual(x.map((row) => row.map((each) => each * each - n)));
      expect(array(r.add(column))).toEqual(x.map((row, i) => row.map((each) => each + i + n)));
      const other = ragged.elementwise(ops.subtract, column, r);
      expect(array(other)).toEqual(x.map((row, i) => row.map((each) => i + n - each)));
      const chosen = ragged.where(r.greater(n), r, column);
      expect(array(chosen)).toEqual(x.map((row, i) => row.map((each) => (each > n ? each : i + n))));
    });
    holds(deep, (x) => {
      const r = makeDeep(x);
      const scale = tensor(Float64Array.from(x.keys()), {shape: [x.length, 1, 1]});
      expect(array(r.add(scale))).toEqual(x.map((rows, i) => rows.map((row) => row.map((each) => each + i))));
      const sums = r.sum({axis: 2, keepdims: true}) as RaggedTensor;
      expect(array(r.add(sums))).toEqual(x.map((rows) => rows.map((row) => row.map((each) => each + total(row)))));
    });
  });

  it('ranges and segment ids', () => {
    const bounds = fc.array(fc.tuple(element, element, fc.constantFrom(1, 2, -1, -3)), {minLength: 1, maxLength: 5});
    holds(bounds, (rows) => {
      const pick = (i: number): Tensor =>
        tensor(
          rows.map((row) => row[i] ?? 0),
          'int32',
        );
      const wanted = rows.map(([start, limit, by]) => {
        const list: number[] = [];
        for (let n = start; by > 0 ? n < limit : n > limit; n += by) list.push(n);
        return list;
      });
      expect(array(ragged.range(pick(0), pick(1), pick(2)))).toEqual(wanted);
    });
    holds(lists, (x) => {
      const {rowSplits, valueRowIds, nrows} = make(x);
      expect(array(ragged.rowSplitsToSegmentIds(rowSplits))).toEqual(array(valueRowIds));
      expect(array(ragged.segmentIdsToRowSplits(valueRowIds, {numSegments: nrows}))).toEqual(array(rowSplits));
    });
  });
});
