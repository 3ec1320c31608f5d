import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ops, type Tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import {readOnnx} from '../testing/onnx-reader.js';
import {type ExportOptions, onnxOf} from './export-model.js';

// What the graphs compute is judged by onnxruntime (tools/interchange); here is what they look like, and what is refused.

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'keratin-onnx-'))));
afterAll(() => rmSync(folder, {recursive: true}));

const graphOf = (model: Model<never, unknown>) => readOnnx(onnxOf(model, undefined, 'export'));
const stacked = (shape: (number | null)[], ...parts: layers.Layer[]) =>
  new Sequential([Input({shape, name: 'x'}), ...parts]);

test('a net of dense layers', async () => {
  const path = join(folder, 'mlp.onnx');
  const model = stacked(
    [3],
    new layers.Dense(2, {activation: 'relu', name: 'hidden'}),
    new layers.Dense(1, {name: 'head'}),
  );
  const [kernel] = model.weights;
  if (kernel === undefined) throw new Error('no weights');
  await model.export(path, {format: 'onnx'});
  expect(readdirSync(folder)).toEqual(['mlp.onnx']);
  const {opset, inputs, outputs, nodes, tensors} = readOnnx(readFileSync(path));
  expect({opset, inputs, outputs}).toEqual({
    opset: 18,
    inputs: ['x: float32[batch,3]'],
    outputs: ['output_0: float32[batch,1]'],
  });
  const types = nodes.map((node) => node.slice(0, node.indexOf('(')));
  expect(types).toEqual(['MatMul', 'Add', 'Relu', 'MatMul', 'Add', 'Identity']);
  expect(nodes[0]).toBe(`MatMul(x, ${kernel.path})`);
  const stored = tensors[kernel.path];
  expect(stored?.shape).toEqual([3, 2]);
  expect(Buffer.from(stored?.raw ?? [])).toEqual(Buffer.from(new Float32Array(kernel.data() as Float32Array).buffer));
});

test('sizes that are open stay open: they are copied, left over or computed from the inputs', () => {
  const flat = graphOf(stacked([4, 5], new layers.Flatten(), new layers.Reshape([10, 2])));
  expect(flat.inputs).toEqual(['x: float32[batch,4,5]']);
  expect(flat.outputs).toEqual(['output_0: float32[batch,10,2]']);
  const long = graphOf(stacked([null, 3], new layers.LSTM(2, {returnSequences: true})));
  expect(long.inputs).toEqual(['x: float32[batch,x_1,3]']);
  expect(long.outputs).toEqual(['output_0: float32[batch,x_1,2]']);
  // The first state is as large as the batch.
  expect(long.nodes.some((node) => node.startsWith('Expand'))).toBe(true);
  expect(long.nodes.filter((node) => node.startsWith('LSTM'))).toHaveLength(1);
  const fixed = readOnnx(onnxOf(stacked([null, 3], new layers.GRU(2)), [{shape: [1, 6, 3], name: 'series'}], 'export'));
  expect(fixed.inputs).toEqual(['series: float32[1,6,3]']);
});

test('several inputs and outputs have the names of their layers', () => {
  const [a, b] = [Input({shape: [2], name: 'a'}), Input({shape: [2], name: 'b'})];
  const sum = new layers.Add({name: 'sum'})([a, b]);
  const model = new Model({inputs: {first: a, second: b}, outputs: [sum, new layers.Dense(1, {name: 'score'})(sum)]});
  const graph = graphOf(model);
  expect(graph.inputs).toEqual(['a: float32[batch,2]', 'b: float32[batch,2]']);
  expect(graph.outputs).toEqual(['sum: float32[batch,2]', 'score: float32[batch,1]']);
});

class Net extends Model {
  readonly head = new layers.Dense(2, {name: 'head'});
  override call(x: Tensor) {
    return ops.softmax(this.head(x));
  }
}

test('a subclass is exported for the shape that it was called with', () => {
  const net = new Net();
  expect(() => onnxOf(net as never, undefined, 'export')).toThrow('has no weights yet');
  net(ops.ones([4, 3]));
  expect(graphOf(net as never).inputs).toEqual(['input: float32[batch,3]']);
});

describe('what has no form in ONNX is refused, with its layer', () => {
  class Odd extends layers.Layer {
    constructor(readonly fn: (x: Tensor) => Tensor) {
      super({name: 'odd'});
    }
    override call(x: Tensor) {
      return this.fn(x);
    }
  }
  const cases: Readonly<Record<string, readonly [(x: Tensor) => Tensor, string]>> = {
    'a primitive': [(x) => ops.arctan2(x, ops.ones([3])), 'm/odd: arctan2 (atan2) has no form in ONNX'],
    'a value that is read': [
      (x) => (x.symbolic || x.sum().item() > 0 ? x : x.neg()),
      'the value of a tensor decides what is computed, which a graph cannot hold',
    ],
    'a number that depends on the batch': [
      (x) => (x.shape[0] === null ? x : x.mul(1 / x.dim(0))),
      'm/odd: a number in multiply depends on an open size; fix it by an inputSignature',
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [fn, message]) => {
    const path = join(folder, 'odd.onnx');
    const model = new Sequential([Input({shape: [3]}), new Odd(fn)], {name: 'm'});
    await expect(model.export(path, {format: 'onnx'})).rejects.toThrow(message);
    expect(existsSync(path)).toBe(false);
  });

  const options: readonly (readonly [unknown, string])[] = [
    [undefined, `{format: "onnx"}; Keras's default, a SavedModel, needs TensorFlow`],
    [{}, `{format: "onnx"}; Keras's default, a SavedModel, needs TensorFlow`],
    [{format: 'openvino'}, '{format: "onnx"}; got "openvino", whose library exists for Python only'],
    [{format: 'onx'}, 'did you mean'],
    [{format: 'onnx', input_signature: []}, 'inputSignature'],
    [{format: 'onnx', inputSignature: [{shape: [null, 4]}]}, 'must fit its shape (None,3), got'],
  ];
  test.each(options)('options %j', async (given, message) => {
    await expect(stacked([3], new layers.Dense(1)).export('m.onnx', given as ExportOptions)).rejects.toThrow(message);
  });

  test('another ending', async () => {
    await expect(stacked([3], new layers.Dense(1)).export('m.pb', {format: 'onnx'})).rejects.toThrow(
      'export: the file must end in ".onnx", got "m.pb"',
    );
  });
});
