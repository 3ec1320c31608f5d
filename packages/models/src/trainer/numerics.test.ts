import {ops, random, tensor, type Tensor, Variable} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {expect, test} from 'vitest';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';

class Apply extends layers.Layer {
  constructor(
    name: string,
    readonly fn: (x: Tensor) => Tensor,
  ) {
    super({name});
  }
  override call(x: Tensor): Tensor {
    return this.fn(x);
  }
}

const options = {batchSize: 4, shuffle: false, verbose: 0} as const;

function modelOf(fn: (x: Tensor) => Tensor, optimizer = new optimizers.SGD(0.1), debugNumerics = true) {
  const model = new Sequential(
    [Input({shape: [2]}), new layers.Dropout(0.01, {seed: 3}), new Apply('odd', fn), new layers.Dense(1)],
    {
      name: 'net',
    },
  );
  return model.compile({optimizer, loss: 'mse', debugNumerics});
}

const x = random.uniform([8, 2], {minval: 1, maxval: 2, seed: 1});
const y = ops.ones([8, 1]);
/** Ones, but for the rows that are named. */
const withRows = (rows: Readonly<Record<number, number>>) =>
  tensor(Array.from({length: 8}, (_, row) => [1, rows[row] ?? 1]));

test('finite numbers change nothing', async () => {
  const run = async (debugNumerics: boolean) => {
    const model = modelOf((t) => t.square(), undefined, debugNumerics);
    model.setWeights([tensor([[1], [2]]), tensor([0])]);
    const [dropout] = model.layers;
    if (!(dropout instanceof layers.Dropout)) throw new Error('no dropout');
    dropout.seedGenerator.continueFrom(1, 0);
    await model.fit(x, y, options);
    return model.getWeights().map((weight) => weight.array());
  };
  expect(await run(true)).toEqual(await run(false));
});

test('names the layer, the operation and the rows of the forward pass', async () => {
  const model = modelOf((t) => ops.log(t.sub(t)).add(t));
  await expect(model.fit(x, y, options)).rejects.toThrow(
    'debugNumerics: step 1, forward: log in layer net/odd gave infinity in rows 0, 1, 2, 3 of the batch',
  );
});

test('names the step and the row', async () => {
  const model = modelOf((t) => ops.sqrt(t.add(2)));
  await expect(model.fit(withRows({6: -50}), y, options)).rejects.toThrow(
    /^debugNumerics: step 2, forward: sqrt in layer net\/odd gave NaN in row 2 of the batch$/,
  );
});

test('names the operation whose gradient is not finite', async () => {
  // The square root of 0 is finite, and its gradient is not.
  const scale = new Variable(ops.ones([2]));
  class Root extends layers.Layer {
    readonly factor = scale;
    override call(t: Tensor): Tensor {
      return ops.sqrt(ops.relu(t.sub(5)).mul(this.factor));
    }
  }
  const model = new Sequential([Input({shape: [2]}), new Root({name: 'root'}), new layers.Dense(1)], {name: 'net'});
  model.compile({optimizer: 'sgd', loss: 'mse', debugNumerics: true});
  await expect(model.fit(x, y, options)).rejects.toThrow(
    /^debugNumerics: step 1, backward: the gradient of sqrt in layer net\/root has (NaN|infinity|NaN and infinity) in rows 0, 1, 2, 3 of the batch$/,
  );
});

test('names data and weights that were not finite before', async () => {
  await expect(modelOf((t) => t).fit(withRows({7: NaN}), y, options)).rejects.toThrow(
    'debugNumerics: step 2, data: x has NaN in row 3 of the batch',
  );
  const model = modelOf((t) => t);
  model.setWeights([tensor([[Infinity], [1]]), tensor([0])]);
  await expect(model.fit(x, y, options)).rejects.toThrow('debugNumerics: step 1, weights: net/dense');
});

test('names the weight that an update has spoilt', async () => {
  const model = modelOf((t) => t, new optimizers.SGD({learningRate: 3e38, name: 'fast'}));
  await expect(model.fit(x.mul(100), y, options)).rejects.toThrow(
    /^debugNumerics: step 1, update: fast at 3.*e\+38 gave/,
  );
});
