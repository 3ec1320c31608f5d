import {describe, expect, test} from 'vitest';
import {
  CustomObjectScope,
  customObjectScope,
  getCustomObjects,
  deserializeKerasObject,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  serializeKerasObject,
  tensor,
  type Tensor,
} from '../index.js';
import {checkConfig, Registry, toConfigKey, toOptionName, withCustomObjects} from '../internal.js';

class Point {
  readonly x: number;
  constructor({x = 0}: {x?: number} = {}) {
    this.x = x;
  }
  getConfig() {
    return {x: this.x};
  }
}

describe('registerKerasSerializable', () => {
  test('as a call and as what a decorator calls', () => {
    expect(registerKerasSerializable(Point, {package: 'Geo'})).toBe(Point);
    expect(getRegisteredName(Point)).toBe('Geo>Point');
    expect(getRegisteredObject('Geo>Point')).toBe(Point);

    class Other {}
    const context = {kind: 'class', name: 'Other', addInitializer: () => undefined, metadata: {}} as const;
    expect(registerKerasSerializable({package: 'Geo', name: 'Renamed'})(Other, context)).toBe(Other);
    expect(getRegisteredObject('Geo>Renamed')).toBe(Other);

    class Bare {}
    registerKerasSerializable(Bare, context);
    expect(getRegisteredName(Bare)).toBe('Custom>Bare');
  });

  test('refuses names that are taken or malformed', () => {
    expect(() => registerKerasSerializable(class Point {}, {package: 'Geo'})).toThrow(
      '"Geo>Point" is already registered',
    );
    expect(() => registerKerasSerializable(Point, {package: 'a>b'})).toThrow('non-empty strings without ">"');
    expect(() => registerKerasSerializable(Point, {pakage: 'Geo'} as object)).toThrow('did you mean "package"?');
  });
});

describe('nodes', () => {
  test('values, lists, tensors, functions and objects', () => {
    expect(serializeKerasObject([1, 'a', true, null, undefined])).toEqual([1, 'a', true, null, null]);
    expect(serializeKerasObject({a: new Point({x: 2})})).toEqual({
      a: {module: null, class_name: 'Point', config: {x: 2}, registered_name: 'Geo>Point'},
    });
    const node = serializeKerasObject(tensor([1, 2]));
    expect(node).toEqual({class_name: '__tensor__', config: {value: [1, 2], dtype: 'float32'}});
    expect((deserializeKerasObject(node) as Tensor).array(1)).toEqual([1, 2]);
    const named = (x: number) => x;
    expect(serializeKerasObject(named)).toEqual({
      module: 'builtins',
      class_name: 'function',
      config: 'named',
      registered_name: 'function',
    });
    expect(() =>
      serializeKerasObject(
        (
          () => () =>
            1
        )(),
      ),
    ).toThrow('a function without a name cannot be saved');
    expect(() => serializeKerasObject(new Date())).toThrow('a Date has no getConfig');
  });

  test('come back as objects', () => {
    const node = JSON.parse(JSON.stringify(serializeKerasObject([new Point({x: 5})]))) as unknown;
    expect(deserializeKerasObject(node)).toEqual([new Point({x: 5})]);
    class Free extends Point {}
    const free = serializeKerasObject(new Free({x: 1}));
    expect(() => deserializeKerasObject(free)).toThrow('"Free" is not known');
    expect(deserializeKerasObject(free, {customObjects: {Free}})).toBeInstanceOf(Free);
    expect(withCustomObjects({Free}, () => deserializeKerasObject(free))).toBeInstanceOf(Free);
    expect(() => deserializeKerasObject(free, {customObjects: {Free: 3}})).toThrow(
      'customObjects: "Free" must be a class or a function, got 3',
    );
  });
});

describe('Registry', () => {
  const registry = new Registry<Point>({
    kind: 'point',
    module: 'keras.points',
    is: (value): value is Point => value instanceof Point,
  });
  class NearPoint extends Point {}
  registry.add('NearPoint', NearPoint, ['near']);

  test('finds by id, class, object and node', () => {
    expect(registry.get('near_point')).toBeInstanceOf(NearPoint);
    expect(registry.get('near')).toBeInstanceOf(NearPoint);
    expect(registry.get(NearPoint)).toBeInstanceOf(NearPoint);
    const point = new Point();
    expect(registry.get(point)).toBe(point);
    const node = registry.serialize(new NearPoint({x: 3}));
    expect(node).toEqual({module: 'keras.points', class_name: 'NearPoint', config: {x: 3}, registered_name: null});
    expect(registry.deserialize(node)).toEqual(new NearPoint({x: 3}));
    expect(registry.get('Geo>Point')).toBeInstanceOf(Point);
  });

  test('says what is wrong', () => {
    expect(() => registry.get('nera')).toThrow('unknown point "nera"; did you mean "near"?');
    expect(() => registry.get('Geo>Nothing')).toThrow('point "Geo>Nothing" is not registered');
    expect(() => registry.get(3)).toThrow('point: a string id, an object or a config node is needed, got 3');
  });
});

test('names of options and config keys', () => {
  expect(toOptionName('kernel_initializer')).toBe('kernelInitializer');
  expect(toConfigKey('kernelInitializer')).toBe('kernel_initializer');
  expect(toOptionName('beta_1')).toBe('beta1');
});

test('configs hold plain JSON of bounded depth', () => {
  expect(checkConfig('here', {a: [1, {b: null}]})).toEqual({a: [1, {b: null}]});
  for (const bad of [3, [], null, 'x'])
    expect(() => checkConfig('here', bad)).toThrow('here: a config must be a dictionary');
  expect(() => checkConfig('here', {at: new Date()})).toThrow('a config holds plain JSON values only, got a Date');
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  expect(() => checkConfig('here', loop)).toThrow('nested deeper than 128 levels');
});

describe('custom objects', () => {
  const twice = () => 2;
  test('are known within a scope, also to the end of a promise', async () => {
    expect(getRegisteredObject('twice')).toBeUndefined();
    expect(customObjectScope({twice}, () => getRegisteredObject('twice'))).toBe(twice);
    const later = customObjectScope({twice}, async () => {
      await Promise.resolve();
      return getRegisteredObject('twice');
    });
    expect(await later).toBe(twice);
    expect(() =>
      customObjectScope({twice}, () => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    const [a, b] = [new CustomObjectScope({twice}), new CustomObjectScope({twice})];
    a[Symbol.dispose]();
    expect(getRegisteredObject('twice')).toBe(twice);
    b[Symbol.dispose]();
    expect(getRegisteredObject('twice')).toBeUndefined();
    expect(() => new CustomObjectScope([] as never)).toThrow('classes and functions by name are needed');
  });

  test('are in one dictionary', () => {
    getCustomObjects()['twice'] = twice;
    expect(getRegisteredObject('twice')).toBe(twice);
    Reflect.deleteProperty(getCustomObjects(), 'twice');
    registerKerasSerializable(twice, {package: 'objects'});
    expect(getCustomObjects()['objects>twice']).toBe(twice);
  });
});
