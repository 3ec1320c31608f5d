import {beforeEach, describe, expect, test} from 'vitest';
import {deserializeKerasObject, ops, serializeKerasObject, tensor, type Tensor} from '../index.js';
import {
  callArguments,
  graphArguments,
  originOf,
  registerOperations,
  resetNames,
  symbolicTensor,
  withinCall,
} from '../internal.js';
import {mapStructure} from '../structure.js';
import {signatureOf} from './signature.js';
import {SIGNATURES} from './signatures.js';

registerOperations();
beforeEach(resetNames);

const x: Tensor = symbolicTensor({shape: [null, 4], dtype: 'float32'});
const values = tensor([[1, -2, 3, 4]]);

const range = (start: number | null, stop: number | null, step: number | null = null) => ({
  class_name: '__slice__',
  config: {start, stop, step},
});

/** What a call gives, and what Keras 3.15.1 writes: module, class, config without the name, args, kwargs. '@' is x. */
const CASES: readonly (readonly [() => unknown, string, object, unknown, object?])[] = [
  [() => ops.add(x, 1), 'numpy.Add', {}, ['@', 1]],
  [() => x.add(x), 'numpy.Add', {}, ['@', '@']],
  [() => ops.subtract(2, x), 'numpy.Subtract', {}, [2, '@']],
  [() => x.div(2), 'numpy.TrueDivide', {}, ['@', 2]],
  [() => ops.divide(x, 2), 'numpy.Divide', {}, ['@', 2]],
  [() => x.pow(2), 'numpy.Power', {}, ['@', 2]],
  [() => x.neg(), 'numpy.Negative', {}, ['@']],
  [() => x.abs(), 'numpy.Absolute', {}, ['@']],
  [() => x.sum(-1), 'numpy.Sum', {axis: -1, keepdims: false}, ['@']],
  [() => ops.sum(x, {axis: -1, keepdims: true}), 'numpy.Sum', {axis: -1, keepdims: true}, ['@']],
  [() => ops.max(x, 1), 'numpy.Max', {axis: 1, keepdims: false, initial: null}, ['@']],
  [() => ops.concatenate([x, x], -1), 'numpy.Concatenate', {axis: -1}, [['@', '@']]],
  [() => x.at(':', '1:3'), 'numpy.GetItem', {}, ['@', [range(null, null), range(1, 3)]]],
  [() => x.at('...', 0), 'numpy.GetItem', {}, ['@', [{class_name: '__ellipsis__', config: {}}, 0]]],
  [() => x.at(':', 'newaxis', '::-1'), 'numpy.GetItem', {}, ['@', [range(null, null), null, range(null, null, -1)]]],
  [() => x.at(0), 'numpy.GetItem', {}, ['@', 0]],
  [() => x.at([0, 0]), 'numpy.GetItem', {}, ['@', [[0, 0]]]],
  [() => ops.einsum('ij->ji', x), 'numpy.Einsum', {subscripts: 'ij->ji'}, ['@']],
  [() => x.reshape([-1, 2]), 'numpy.Reshape', {newshape: [-1, 2]}, ['@']],
  [() => x.cast('int32'), 'core.Cast', {dtype: 'int32'}, ['@']],
  [() => x.cast('float32'), 'core.Cast', {dtype: 'float32'}, ['@']],
  [() => ops.where(x, x, 0), 'numpy.Where', {}, ['@', '@', 0]],
  [() => ops.split(x, 2, 1), 'numpy.Split', {indices_or_sections: 2, axis: 1}, ['@']],
  [() => ops.stopGradient(x), 'core.StopGradient', {}, ['@']],
  [() => ops.clip(x, 0, 1), 'numpy.Clip', {x_min: 0, x_max: 1}, ['@']],
  [() => ops.logsumexp(x), 'math.Logsumexp', {axis: null, keepdims: false}, ['@']],
  [() => ops.relu(x), 'nn.Relu', {}, ['@']],
  [() => ops.softmax(x), 'nn.Softmax', {axis: -1}, ['@']],
  [() => ops.gelu(x, {approximate: false}), 'nn.Gelu', {approximate: false}, ['@']],
  [() => ops.topK(x, 2), 'math.TopK', {k: 2, sorted: true}, ['@']],
  [() => ops.unstack(x, 1), 'core.Unstack', {num: null, axis: 1}, ['@']],
  [
    () => ops.pad(x, [[0, 0], [1, 1]]), // prettier-ignore
    'numpy.Pad',
    {pad_width: [[0, 0], [1, 1]], mode: 'constant'}, // prettier-ignore
    ['@'],
    {constant_values: null},
  ],
  [
    () => ops.matmul(x, ops.ones([4, 1])),
    'numpy.Matmul',
    {},
    ['@', {class_name: '__tensor__', config: {value: [[1], [1], [1], [1]], dtype: 'float32'}}],
  ],
];

const firstTensor = (value: unknown): Tensor => (Array.isArray(value) ? (value as Tensor[])[0] : value) as Tensor;

describe('a call on a symbolic tensor is one node, as Keras writes it, and runs again from its config', () => {
  test.each(CASES.map((row) => [row[1], ...row] as const))('%s', (_, call, path, config, args, kwargs = {}) => {
    const result = call();
    const origin = originOf(firstTensor(result));
    if (origin === undefined) throw new Error('no node');
    const {operation, inputs, options} = origin.node;
    const [module = '', className = ''] = path.split('.');
    const node = serializeKerasObject(operation) as {config: {name: string}};
    const {name} = node.config;
    expect(node).toEqual({
      module: `keras.src.ops.${module}`,
      class_name: className,
      config: {name, ...config},
      registered_name: className,
    });
    const written = graphArguments(inputs, () => '@');
    expect(written).toEqual(args);
    const named = Object.fromEntries(
      Object.entries(options).map(([key, value]) => [key.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
    );
    expect(named).toEqual(kwargs);
    expect(operation.nodes).toHaveLength(1);

    const again = deserializeKerasObject(JSON.parse(JSON.stringify(node))) as (...given: unknown[]) => unknown;
    const given = mapStructure(written, (leaf) => (leaf === '@' ? values : leaf)) as unknown[];
    const computed = firstTensor(again(...(callArguments(given, () => values) as unknown[]), options));
    expect(computed.shape.length).toBe(firstTensor(result).shape.length);
    expect(computed.dtype).toBe(firstTensor(result).dtype);
  });
});

test('names count on as those of layers do', () => {
  const names = [x.add(1), x.add(2), ops.relu(x)].map((y) => originOf(y)?.node.operation.name);
  expect(names).toEqual(['add', 'add_1', 'relu']);
});

test('only the outermost call is a node; a call that fails takes no name', () => {
  expect(() => ops.reshape(x, [-1, -1])).toThrow('reshape');
  const y = ops.logsumexp(x, 1);
  expect(originOf(y)?.node.inputs[0]).toBe(x);
  expect(originOf(withinCall(() => x.add(1)))).toBeUndefined();
  expect(originOf(ops.reshape(x, [-1]))?.node.operation.name).toBe('reshape');
});

test('an operation that Keras does not have is written under its own name', () => {
  const origin = originOf(ops.addN([x, x]));
  expect(serializeKerasObject(origin?.node.operation)).toMatchObject({module: 'keratin', class_name: 'AddN'});
  expect(originOf(ops.clip(x, x, 1))?.node.options['xMin']).toBe(x);
});

test('operations of ops.image and ops.linalg are nodes too', () => {
  const pictures: Tensor = symbolicTensor({shape: [null, 8, 6, 3], dtype: 'float32'});
  const resized = originOf(ops.image.resize(pictures, [4, 3], {interpolation: 'nearest'}));
  expect(serializeKerasObject(resized?.node.operation)).toMatchObject({
    module: 'keras.src.ops.image',
    class_name: 'Resize',
    config: {size: [4, 3], interpolation: 'nearest', antialias: false, fill_value: 0, data_format: null},
  });
  const image: Tensor = symbolicTensor({shape: [8, 6, 3], dtype: 'float32'});
  const moved = originOf(
    ops.image.scaleAndTranslate(image, [4, 3, 3], [0.5, 0.5], [0, 0], [0, 1], 'linear', {antialias: false}),
  );
  expect(serializeKerasObject(moved?.node.operation)).toMatchObject({
    class_name: 'ScaleAndTranslate',
    config: {spatial_dims: [0, 1], method: 'linear', antialias: false},
  });
  expect(ops.linalg.norm).toBe(ops.norm);
  expect(originOf(ops.linalg.norm(x))?.node.operation.name).toBe('norm');
});

test('what looks at shapes only is no node', () => {
  expect(ops.shape(x)).toEqual([null, 4]);
  expect(ops.ndim(x)).toBe(2);
  expect(x.add(1).shape).toEqual([null, 4]);
});

test('arguments that this library does not have are refused', () => {
  const node = {
    module: 'keras.src.ops.nn',
    class_name: 'OneHot',
    config: {name: 'one_hot', num_classes: 3, axis: -1, dtype: null, sparse: true},
    registered_name: 'OneHot',
  };
  expect(() => deserializeKerasObject(node)).toThrow('OneHot: this library has no argument sparse, got true');
});

test('every signature belongs to an operation and can be read', () => {
  const functions: Readonly<Record<string, unknown>> = {...ops, ...ops.image};
  for (const name of Object.keys(SIGNATURES)) {
    expect(functions[name], name).toBeTypeOf('function');
    expect(signatureOf(name).className, name).toMatch(/^[A-Z]/);
  }
});
