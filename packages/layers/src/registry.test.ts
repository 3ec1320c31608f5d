import {beforeEach, describe, expect, test} from 'vitest';
import {type Config, type ConfigNode, ops, registerKerasSerializable, type Tensor} from '@keratin/core';
import {activations, layers, type LayerOptions} from './index.js';
import {clearSession} from './internal.js';

beforeEach(clearSession);

class Times extends layers.Layer {
  static override readonly positional = ['factor'];
  constructor(
    readonly factor: number,
    options: LayerOptions = {},
  ) {
    super(options);
  }
  override call(x: Tensor) {
    return x.mul(this.factor);
  }
  override getConfig(): Config {
    return {...super.getConfig(), factor: this.factor};
  }
}

registerKerasSerializable(Times, {package: 'Test'});

function doubled(x: Tensor): Tensor {
  return x.mul(2);
}
registerKerasSerializable(doubled, {package: 'Test'});

describe('a layer and its config', () => {
  test('a registered class comes back, with its options', () => {
    const layer = new Times(3, {name: 'three', trainable: false});
    const node = layers.serialize(layer);
    expect(node).toEqual({
      module: null,
      class_name: 'Times',
      config: {
        name: 'three',
        trainable: false,
        dtype: {module: 'keras', class_name: 'DTypePolicy', config: {name: 'float32'}, registered_name: null},
        factor: 3,
      },
      registered_name: 'Test>Times',
    });
    const copy = layers.deserialize(JSON.parse(JSON.stringify(node)));
    if (!(copy instanceof Times)) expect.fail('another class');
    expect(copy(ops.ones([1])).array(1)).toEqual([3]);
    expect(copy.name).toBe('three');
    expect(copy.trainable).toBe(false);
    expect(Times.fromConfig(layer.getConfig()).factor).toBe(3);
  });

  test('a registered function is an activation by its id and by its config', () => {
    const dense = new layers.Dense(1, {activation: 'Test>doubled', kernelInitializer: 'ones'});
    expect(dense(ops.ones([1, 3])).array()).toEqual([[6]]);
    const node = JSON.parse(JSON.stringify(layers.serialize(dense))) as ConfigNode;
    expect(node.config).toMatchObject({
      activation: {module: 'builtins', class_name: 'function', config: 'Test>doubled', registered_name: 'function'},
    });
    expect(layers.serialize(new layers.InputLayer({shape: [4], dtype: 'int32'}))).toEqual({
      module: 'keras.layers',
      class_name: 'InputLayer',
      config: {
        batch_shape: [null, 4],
        dtype: 'int32',
        sparse: false,
        ragged: false,
        name: 'input_layer',
        optional: false,
      },
      registered_name: null,
    });
    const copy = layers.deserialize(node);
    if (!(copy instanceof layers.Dense)) expect.fail('another class');
    expect(copy.activation).toBe(doubled);
    expect(copy.built).toBe(true);
    expect(() => activations.get('Test>nothing')).toThrow('activation "Test>nothing" is not registered');
  });

  test('customObjects name what is not registered', () => {
    class Local extends layers.Layer {
      override call(x: Tensor) {
        return x;
      }
    }
    const node = layers.serialize(new Local());
    expect(() => layers.deserialize(node)).toThrow(/"Local" is not known; register it/);
    expect(layers.deserialize(node, {Local})).toBeInstanceOf(Local);
  });

  test('a layer of layers is built from its config, so that weights can be read', () => {
    class Nest extends layers.Layer {
      readonly inner = new layers.Dense(2);
      override call(x: Tensor) {
        return this.inner(x);
      }
    }
    const nest = new Nest();
    nest(ops.ones([1, 3]));
    const node = layers.serialize(nest);
    expect(node.build_config).toEqual({input_shape: [1, 3]});
    expect(layers.deserialize(node, {Nest}).weights.map(({path}) => path)).toEqual([
      'nest/dense_1/kernel',
      'nest/dense_1/bias',
    ]);
  });

  test('nodes of older files: without a module, with aliases', () => {
    expect(layers.deserialize({class_name: 'Convolution2D', config: {filters: 2, kernel_size: [3, 3]}})).toBeInstanceOf(
      layers.Conv2D,
    );
    expect(layers.MaxPool2D).toBe(layers.MaxPooling2D);
  });

  test('hostile and broken configs are refused', () => {
    const hostile = JSON.parse(
      '{"module":"keras.layers","class_name":"Dense","config":{"units":3,"__proto__":{"x":1}}}',
    ) as unknown;
    const cases: readonly [unknown, string | RegExp][] = [
      [hostile, 'the config key "__proto__" is not allowed'],
      [{class_name: 'Dense', config: {units: '3'}}, 'Dense: units must be a positive integer, got "3"'],
      [{class_name: 'Dense', config: {units: 3, constructor: 1}}, 'the config key "constructor" is not allowed'],
      [{class_name: 'Dense', config: {units: 3, run: () => 1}}, 'a config holds plain JSON values only'],
      [{class_name: 'Dnese', config: {}}, 'unknown layer "Dnese"; did you mean "dense"?'],
      [{module: 'os', class_name: 'system', config: 'rm'}, '"system" of module "os" is not known'],
      [{module: 'keras.initializers', class_name: 'Zeros', config: {}}, /layer config: Zeros of keras.layers is none/],
      [{class_name: 7}, /class_name/],
      [null, /a config node is a dictionary with class_name and config, got null/],
      [{class_name: '__lambda__', module: 'x', config: {value: 'code'}}, 'a Python lambda cannot be loaded'],
    ];
    for (const [node, message] of cases) expect(() => layers.deserialize(node)).toThrow(message);
    let deep: unknown = 1;
    for (let i = 0; i < 500; i++) deep = [deep];
    expect(() => layers.deserialize({class_name: 'Dense', config: {units: deep}})).toThrow('nested deeper than 128');
  });
});
