// The same training and the same operations, with the kernels of the instruction set that KERATIN_ISA names.
import {addon} from '@keratin/native';
import {Input, layers, ops, optimizers, random, Sequential, setSeed, type Tensor, tensor} from 'keratin';

const numbers = (x: Tensor): number[] => Array.from(x.data() as Float32Array);

async function xor(): Promise<number[]> {
  setSeed(7);
  const x = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const y = tensor([[0], [1], [1], [0]]);
  const model = new Sequential([
    Input({shape: [2]}),
    new layers.Dense(16, {activation: 'tanh'}),
    new layers.Dense(1, {activation: 'sigmoid'}),
  ]).compile({optimizer: new optimizers.Adam(0.05), loss: 'binary_crossentropy'});
  await model.fit(x, y, {epochs: 200, batchSize: 4, shuffle: false, verbose: 0});
  return numbers(model(x));
}

async function mlp(): Promise<number[]> {
  setSeed(8);
  const x = random.normal([256, 50]);
  const y = x.matmul(random.normal([50, 3])).div(7);
  const model = new Sequential([
    Input({shape: [50]}),
    new layers.Dense(70, {activation: 'relu'}),
    new layers.Dense(3),
  ]).compile({optimizer: new optimizers.SGD(0.05), loss: 'mse'});
  const {history} = await model.fit(x, y, {epochs: 3, batchSize: 64, shuffle: false, verbose: 0});
  return [...history.loss, ...numbers(model(x.at(':8')))];
}

function operations(): Record<string, number[]> {
  setSeed(9);
  const x = random.normal([7, 37]);
  const images = random.normal([2, 9, 9, 5]);
  return {
    add: numbers(x.add(x.transpose().transpose().mul(2))),
    exp: numbers(ops.exp(x)),
    tanh: numbers(ops.tanh(x)),
    sum: numbers(x.sum(0)),
    mean: numbers(x.mean(1)),
    max: numbers(x.max(1)),
    softmax: numbers(ops.softmax(x)),
    matmul: numbers(x.matmul(x.transpose())),
    convolution: numbers(ops.conv(images, random.normal([3, 3, 5, 6]), {strides: 2, padding: 'same'})),
    pooling: numbers(ops.maxPool(images, 2)),
    cast: numbers(x.mul(100).cast('int32').cast('float32')),
  };
}

console.log(JSON.stringify({isa: addon.isa, xor: await xor(), mlp: await mlp(), operations: operations()}));
