import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {ops, sparse, type SparseTensor, tensor, type Tensor} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

// Sparse operations against the same on dense tensors. Whole numbers in float64, so that sums are exact in any order.

checkLeaks();

interface Given {
  readonly shape: readonly [number, number];
  readonly a: Tensor;
  readonly b: Tensor;
}

// Most elements are 0.
const element = fc.oneof({weight: 3, arbitrary: fc.constant(0)}, {weight: 2, arbitrary: fc.integer({min: -4, max: 4})});
const given = fc
  .tuple(fc.integer({min: 1, max: 5}), fc.integer({min: 1, max: 5}))
  .chain(([n, m]) => {
    const values = fc.array(element, {minLength: n * m, maxLength: n * m});
    return fc.tuple(fc.constant([n, m] as const), values, values);
  })
  .map(([shape, a, b]): Given => {
    const make = (list: readonly number[]) => tensor(Float64Array.from(list), {shape: [...shape]});
    return {shape, a: make(a), b: make(b)};
  });

const holds = (test: (x: Given) => void, numRuns = 60) => {
  fc.assert(fc.property(given, test), {numRuns, seed: 11});
};

/** -0 is 0. */
const array = (x: Tensor): unknown => x.add(0).array();
const dense = (x: SparseTensor): unknown => array(x.toDense());
/** The elements in another order, by a fixed permutation. */
const shuffled = (x: SparseTensor): SparseTensor => {
  const order = ops.argsort(ops.mod(ops.arange(x.nnz).mul(7).add(3), Math.max(x.nnz, 1)));
  return new sparse.SparseTensor(x.indices.take(order, 0), x.values.take(order, 0), x.denseShape);
};

describe('the same as of dense tensors', () => {
  it('to dense and back, in any order', () => {
    holds(({a}) => {
      const x = sparse.fromDense(a);
      expect(x.nnz).toBe(ops.countNonzero(a).item());
      expect(dense(x)).toEqual(array(a));
      expect(dense(shuffled(x).reorder())).toEqual(array(a));
      expect(array(shuffled(x).toDense({validateIndices: false}))).toEqual(array(a));
      expect(array(x.toDense({defaultValue: 9}))).toEqual(array(ops.where(a.equal(0), 9, a)));
    });
  });

  it('sums, products, extremes', () => {
    holds(({a, b}) => {
      const [x, y] = [sparse.fromDense(a), shuffled(sparse.fromDense(b))];
      expect(dense(x.add(y))).toEqual(array(a.add(b)));
      expect(array(y.add(a))).toEqual(array(a.add(b)));
      expect(dense(sparse.maximum(x, y))).toEqual(array(a.maximum(b)));
      expect(dense(sparse.minimum(x, y))).toEqual(array(a.minimum(b)));
      expect(dense(x.mul(b))).toEqual(array(a.mul(b)));
      expect(dense(x.mul(b.at('0:1')))).toEqual(array(a.mul(b.at('0:1'))));
      expect(dense(x.neg().div(2))).toEqual(array(a.div(-2)));
      const large = sparse.add(x, y, {threshold: 2}).reorder();
      expect(dense(large)).toEqual(array(ops.where(a.add(b).abs().less(2), 0, a.add(b))));
    });
  });

  it('reductions', () => {
    holds(({a}) => {
      const x = shuffled(sparse.fromDense(a));
      for (const axis of [null, 0, 1, -1, [0, 1]]) {
        expect(array(x.sum({axis}))).toEqual(array(a.sum({axis})));
        expect(array(x.sum({axis, keepdims: true}))).toEqual(array(a.sum({axis, keepdims: true})));
      }
      // The largest of those that are there; 0 where none is.
      const largest = ops.where(a.equal(0), -99, a).max(0);
      expect(array(x.max(0))).toEqual(array(ops.where(largest.equal(-99), 0, largest)));
    });
  });

  it('arranging', () => {
    holds(({a, b, shape: [n, m]}) => {
      const [x, y] = [sparse.fromDense(a), sparse.fromDense(b)];
      expect(dense(x.transpose())).toEqual(array(a.transpose()));
      expect(dense(sparse.reshape(x, [m, -1]))).toEqual(array(a.reshape([m, n])));
      expect(dense(sparse.expandDims(x, 1))).toEqual(array(a.expandDims(1)));
      expect(dense(sparse.concat([x, y]))).toEqual(array(ops.concatenate([a, b])));
      expect(dense(sparse.concat([x, y], 1))).toEqual(array(ops.concatenate([a, b], 1)));
      expect(dense(sparse.slice(x, [1, 0], [2, m]))).toEqual(array(a.at('1:3')));
      const parts = sparse.split(x, m, 1);
      expect(parts.map(dense)).toEqual(ops.split(a, m, 1).map(array));
      expect(dense(sparse.concat(parts, 1))).toEqual(array(a));
      expect(dense(sparse.retain(x, x.values.greater(0)))).toEqual(array(a.relu()));
      const [filled, missing] = sparse.fillEmptyRows(x, 5);
      expect(array(filled.sum(1))).toEqual(array(ops.where(a.notEqual(0).any(1), a.sum(1), 5)));
      expect(missing.array()).toEqual(a.equal(0).all(1).array());
    });
  });

  it('matrix products', () => {
    holds(({a, b}) => {
      const x = shuffled(sparse.fromDense(a));
      expect(array(x.matmul(b.transpose()))).toEqual(array(a.matmul(b.transpose())));
      expect(array(x.matmul(b, {adjointB: true}))).toEqual(array(a.matmul(b.transpose())));
      expect(array(x.matmul(b, {adjointA: true}))).toEqual(array(a.transpose().matmul(b)));
      expect(array(sparse.sparseDenseMatmul(b.transpose(), x))).toEqual(array(b.transpose().matmul(a)));
      expect(array(sparse.sparseDenseMatmul(b, x, {adjointB: true}))).toEqual(array(b.matmul(a.transpose())));
      expect(array(sparse.sparseDenseMatmul(b, x, {adjointA: true}))).toEqual(array(b.transpose().matmul(a)));
    });
  });

  it('softmax among the elements', () => {
    holds(({a}) => {
      const x = sparse.fromDense(a);
      const [got] = [sparse.softmax(x).toDense()];
      const whole = ops.where(a.equal(0), -Infinity, a).softmax();
      const wanted = ops.where(a.equal(0), 0, whole);
      expect(got.sub(wanted).abs().max().item()).toBeLessThan(1e-12);
    });
  });

  it('counts', () => {
    const lists = fc.array(fc.nat(6), {maxLength: 12});
    fc.assert(
      fc.property(lists, (list) => {
        const x = tensor(Int32Array.from(list));
        const counted = sparse.bincount(x, {minlength: 9});
        expect(counted.toDense().array()).toEqual(
          Array.from({length: 9}, (_, i) => list.filter((n) => n === i).length),
        );
        const rows = ops.stack([x, x.flip(0)]);
        const each = sparse.bincount(rows, {axis: -1, minlength: 9});
        expect(each.denseShape).toEqual([2, 9]);
        expect(each.toDense().at(1).array()).toEqual(counted.toDense().array());
      }),
      {numRuns: 40, seed: 3},
    );
  });
});
