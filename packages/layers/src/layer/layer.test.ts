import {inspect} from 'node:util';
import {describe, expect, test} from 'vitest';
import {GradientTape, ops, type Shape, tensor, type Tensor, type Variable} from '@keratin/core';
import {Input, Layer, layers} from '../index.js';

describe('Layer', () => {
  test('is called like a function, builds itself and has Keras names', () => {
    const dense = new layers.Dense(3, {name: 'd'});
    expect(dense.built).toBe(false);
    const y = dense(ops.ones([2, 4]));
    expect(y.shape).toEqual([2, 3]);
    expect(dense.weights.map((w) => w.path)).toEqual(['d/kernel', 'd/bias']);
    expect(dense.countParams()).toBe(15);
    expect(inspect(dense)).toBe('<Dense name=d, built=true>');
    expect(JSON.parse(JSON.stringify({dense}))).toMatchObject({dense: {class_name: 'Dense', config: {units: 3}}});
    expect(dense).toBeInstanceOf(layers.Dense);
    expect([dense]).toEqual([dense]);
  });

  test('subclass with fields, gradient', () => {
    class Scale extends layers.Layer {
      private factor!: Variable;
      constructor(readonly by: number) {
        super();
      }
      override build(inputShape: Shape) {
        this.factor = this.addWeight({shape: inputShape.slice(-1), initializer: 'ones'});
        super.build(inputShape);
      }
      override call(x: Tensor) {
        return x.mul(this.factor).mul(this.by);
      }
    }
    const layer = new Scale(2);
    const tape = new GradientTape();
    const x = tensor([[1, 2, 3]]);
    const loss = tape.record(() => layer(x).sum());
    const [g] = tape.gradient(loss, [...layer.trainableVariables]);
    expect(g?.array(1)).toEqual([2, 4, 6]);
    expect(layer.name).toBe('scale');
  });

  test('symbolic', () => {
    const x = Input({shape: [4]});
    const dense = new layers.Dense(3);
    const y = dense(x);
    expect(y.shape).toEqual([null, 3]);
    expect(dense.output).toBe(y);
    expect(dense).toBeInstanceOf(Layer);
  });
});
