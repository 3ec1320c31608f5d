import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ops, type Tensor} from '@keratin/core';
import {tensorsIn} from '@keratin/core/internal';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {H5Writer} from './hdf5-writer.js';
import {loadModel} from './load-model.js';

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'keratin-keras2-'))));
afterAll(() => rmSync(folder, {recursive: true}));

/** A file as Keras 2 wrote it: `batch_input_shape`, nodes as lists, names with `:0`, wrapped metrics. */
async function keras2File(
  name: string,
  config: object,
  weights: Readonly<Record<string, Readonly<Record<string, Tensor>>>>,
): Promise<string> {
  const training = {
    optimizer_config: {
      class_name: 'SGD',
      config: {name: 'SGD', learning_rate: 0.5, decay: 0, momentum: 0, nesterov: false},
    },
    loss: 'mse',
    metrics: [[{class_name: 'MeanMetricWrapper', config: {name: 'mae', dtype: 'float32', fn: 'mean_absolute_error'}}]],
    weighted_metrics: null,
    loss_weights: null,
  };
  const bytes = await H5Writer.make('keras2', (file) => {
    file.text('', 'keras_version', '2.4.0');
    file.text('', 'model_config', JSON.stringify(config));
    file.text('', 'training_config', JSON.stringify(training));
    file.group('model_weights');
    file.texts('model_weights', 'layer_names', Object.keys(weights));
    for (const [layer, arrays] of Object.entries(weights)) {
      const group = `model_weights/${layer}`;
      file.group(group);
      file.texts(group, 'weight_names', Object.keys(arrays));
      for (const [path, value] of Object.entries(arrays)) file.dataset(`${group}/${path}`, value);
    }
  });
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const dense = (name: string, more: object = {}) => ({
  class_name: 'Dense',
  config: {
    name,
    trainable: true,
    dtype: 'float32',
    units: 2,
    activation: 'linear',
    use_bias: true,
    kernel_initializer: {class_name: 'GlorotUniform', config: {seed: null}},
    bias_initializer: {class_name: 'Zeros', config: {}},
    kernel_regularizer: {class_name: 'L2', config: {l2: 0.01}},
    ...more,
  },
});
const arrays = (name: string, factor: number) => ({
  [`${name}/kernel:0`]: ops.eye(2).mul(factor),
  [`${name}/bias:0`]: ops.ones([2]),
});

test('a Sequential model of Keras 2', async () => {
  const layers = [
    dense('a', {batch_input_shape: [null, 2]}),
    {class_name: 'Dropout', config: {name: 'd', rate: 0.5}},
    dense('b'),
  ];
  const config = {class_name: 'Sequential', config: {name: 'old', layers}};
  const path = await keras2File('sequential.h5', config, {a: arrays('a', 2), d: {}, b: arrays('b', 3)});
  const model = await loadModel(path);
  expect(model.predictOnBatch(ops.ones([1, 2])).array()).toEqual([[10, 10]]);
  expect(model.optimizer?.learningRate).toBe(0.5);
  expect(Object.keys(model.trainOnBatch(ops.ones([1, 2]), ops.ones([1, 2])))).toContain('mae');
});

test('a functional model of Keras 2', async () => {
  const input = {
    class_name: 'InputLayer',
    config: {batch_input_shape: [null, 2], dtype: 'float32', sparse: false, ragged: false, name: 'x'},
  };
  const node = (of: string) => [[[of, 0, 0, {}]]];
  const layers = [
    {...input, name: 'x', inbound_nodes: []},
    {...dense('a'), name: 'a', inbound_nodes: node('x')},
    {
      class_name: 'Add',
      config: {name: 'sum', trainable: true, dtype: 'float32'},
      name: 'sum',
      inbound_nodes: [
        [
          ['a', 0, 0, {}],
          ['x', 0, 0, {}],
        ],
      ],
    },
  ];
  const config = {
    class_name: 'Model',
    config: {name: 'old', layers, input_layers: [['x', 0, 0]], output_layers: [['sum', 0, 0]]},
  };
  const path = await keras2File('functional.h5', config, {x: {}, a: arrays('a', 2), sum: {}});
  const model = await loadModel(path, {compile: false});
  const [y] = tensorsIn(model.predictOnBatch(ops.ones([1, 2])));
  expect(y?.array()).toEqual([[4, 4]]);
});
