import {beforeEach, describe, expect, test, vi} from 'vitest';
import {ops, type Shape, tensor, type Tensor, type Variable} from '@keratin/core';
import {layers} from '../index.js';
import {clearSession} from '../internal.js';

beforeEach(clearSession);

describe('weights', () => {
  test('getWeights and setWeights', () => {
    const layer = new layers.Dense(2);
    layer(ops.ones([1, 2]));
    const values = layer.getWeights();
    layer.setWeights([
      [
        [1, 2],
        [3, 4],
      ],
      tensor([5, 6], 'int32'),
    ]);
    expect(layer(tensor([[1, 1]])).array(2)).toEqual([[9, 12]]);
    layer.setWeights(values);
    expect(layer.kernel.array()).toEqual(values[0]?.array());
  });

  test('setWeights changes nothing where one does not fit', () => {
    const layer = new layers.Dense(2);
    layer(ops.ones([1, 2]));
    const before = layer.bias?.array();
    expect(() => layer.setWeights([ops.ones([2, 2])])).toThrow(
      'dense.setWeights: this layer has 2 weights, got 1 values',
    );
    expect(() => layer.setWeights([ops.ones([2, 2]), ops.ones([3])])).toThrow(
      'dense.setWeights: weight 1 (dense/bias) has shape (2,), got (3,)',
    );
    expect(layer.bias?.array()).toEqual(before);
  });

  test('are made in the constructor or in build only, and all sizes are known', () => {
    class Late extends layers.Layer {
      override call(x: Tensor) {
        this.addWeight({shape: [1], name: 'late'});
        return x;
      }
    }
    expect(() => new Late()(ops.ones([1]))).toThrow(
      'late.addWeight: weights can be added in the constructor or in build only, and this layer is built',
    );
    class Open extends layers.Layer {
      override build(shape: Shape) {
        this.addWeight({shape: [null], name: 'open'});
        super.build(shape);
      }
      override call(x: Tensor) {
        return x;
      }
    }
    const open = new Open();
    expect(() => open(ops.ones([1]))).toThrow('open.addWeight: all sizes of weight "open" must be known');
    expect(open.built).toBe(false);
  });

  test('a build that fails leaves nothing behind', () => {
    let fail = true;
    class Fragile extends layers.Layer {
      override build(shape: Shape) {
        this.addWeight({shape: [2], name: 'w'});
        if (fail) throw new Error('not yet');
        super.build(shape);
      }
      override call(x: Tensor) {
        return x;
      }
    }
    const layer = new Fragile();
    expect(() => layer(ops.ones([1]))).toThrow('not yet');
    expect(layer.weights).toEqual([]);
    fail = false;
    layer(ops.ones([1]));
    expect(layer.weights.length).toBe(1);
  });

  test('a layer of one’s own is built again for another shape while nobody has changed its weights', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    class Own extends layers.Layer {
      declare w: Variable;
      override build(shape: Shape) {
        this.w = this.addWeight({shape: shape.slice(-1), initializer: 'ones', name: 'w'});
        super.build(shape);
      }
      override call(x: Tensor) {
        return x.mul(this.w);
      }
    }
    const layer = new Own();
    layer(ops.ones([5, 2]));
    expect(layer(ops.ones([4, 3])).shape).toEqual([4, 3]);
    expect(layer.weights.map(({path, shape}) => [path, shape])).toEqual([['own/w', [3]]]);
    expect(warn.mock.calls[0]?.[0]).toBe(
      'own: built again for inputs of another shape than before; its weights had not been changed',
    );
    layer.setWeights([[1, 2, 3]]);
    expect(() => layer(ops.ones([4, 5]))).toThrow('multiply: shapes must broadcast, got a (4,5) and b (3,)');
    warn.mockRestore();
  });

  test('countParams needs weights', () => {
    expect(() => new layers.Dense(2).countParams()).toThrow(
      'dense.countParams: the layer has no weights yet; call it or use build(inputShape)',
    );
  });
});
