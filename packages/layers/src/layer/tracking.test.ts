import {beforeEach, describe, expect, test} from 'vitest';
import {ops, tensor, type Tensor, Variable} from '@keratin/core';
import {layers} from '../index.js';
import {clearSession} from '../internal.js';

beforeEach(clearSession);

describe('what belongs to a layer', () => {
  test('fields, arrays, maps, dictionaries and Variables in them', () => {
    class Holder extends layers.Layer {
      readonly map = new Map([['one', new layers.Dense(1)]]);
      readonly dictionary = {two: {deep: new layers.Dense(1)}};
      readonly set = new Set([new layers.Dense(1)]);
      readonly loose = [new Variable([1, 2], {name: 'v'}), new Variable([3], {name: 'n', trainable: false})];
      self: unknown = this;
      override call(x: Tensor) {
        let y = this.dictionary.two.deep(x);
        for (const layer of [...this.map.values(), ...this.set]) y = layer(y);
        return y;
      }
    }
    const holder = new Holder();
    holder(ops.ones([1, 1]));
    expect(holder.flattenLayers().length).toBe(4);
    expect(holder.weights.length).toBe(2 + 6);
    expect(holder.weights.slice(0, 2).map(({name}) => name)).toEqual(['v', 'n']);
    expect(holder.trainableWeights.length).toBe(7);
  });

  test('a variable in two places counts once', () => {
    class Twice extends layers.Layer {
      readonly a = new layers.Dense(2);
      readonly b = this.a;
      override call(x: Tensor) {
        return this.b(this.a(x));
      }
    }
    const layer = new Twice();
    layer(ops.ones([1, 2]));
    expect(layer.weights.length).toBe(2);
  });

  test('a layer in a #private field is named when it is called', () => {
    class Secret extends layers.Layer {
      readonly #hidden = new layers.Dense(2);
      override call(x: Tensor) {
        return this.#hidden(x);
      }
    }
    expect(() => new Secret()(ops.ones([1, 2]))).toThrow(
      'secret: calls layer "dense", which it does not hold in a public field, array, map or dictionary, so its weights would ' +
        "not be trained or saved; TypeScript's private fields are fine, #private ones are not",
    );
    class Harmless extends layers.Layer {
      readonly #hidden = new layers.Activation('relu');
      override call(x: Tensor) {
        return this.#hidden(x);
      }
    }
    expect(new Harmless()(tensor([-1, 1])).array(1)).toEqual([0, 1]);
  });

  test('a layer that an outer one holds may be called by an inner one', () => {
    class Inner extends layers.Layer {
      constructor(readonly run: (x: Tensor) => Tensor) {
        super();
      }
      override call(x: Tensor) {
        return this.run(x);
      }
    }
    class Outer extends layers.Layer {
      readonly dense = new layers.Dense(2);
      readonly inner = new Inner((x) => this.dense(x));
      override call(x: Tensor) {
        return this.inner(x);
      }
    }
    expect(new Outer()(ops.ones([1, 2])).shape).toEqual([1, 2]);
  });
});
