import {ops, random, setSeed} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, expect, test, vi} from 'vitest';
import {type CompileOptions} from '../model/types.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';

beforeEach(() => {
  clearSession();
  setSeed(1);
});

const mixed = (options: CompileOptions, dtype: 'mixed_float16' | 'mixed_bfloat16' | 'float32' = 'mixed_float16') =>
  new Sequential([
    Input({shape: [3]}),
    new layers.Dense(4, {activation: 'relu', dtype}),
    new layers.Dense(1, {dtype: 'float32'}),
  ]).compile({loss: 'mse', ...options});

test('the optimizer of a model of mixed_float16 layers scales the loss, and no other', () => {
  const optimizer = mixed({optimizer: 'sgd'}).optimizer;
  expect([optimizer?.constructor.name, optimizer?.name]).toEqual(['LossScaleOptimizer', 'loss_scale_optimizer']);
  const own = new optimizers.SGD({lossScaleFactor: 8});
  expect(mixed({optimizer: own}).optimizer).toBe(own);
  const wrapped = new optimizers.LossScaleOptimizer(new optimizers.SGD());
  expect(mixed({optimizer: wrapped}).optimizer).toBe(wrapped);
  expect(mixed({optimizer: 'sgd', autoScaleLoss: false}).optimizer).toBeInstanceOf(optimizers.SGD);
  expect(mixed({optimizer: 'sgd'}, 'mixed_bfloat16').optimizer).toBeInstanceOf(optimizers.SGD);
  expect(mixed({optimizer: 'sgd'}, 'float32').optimizer).toBeInstanceOf(optimizers.SGD);
});

test('optimizers of parts do not, which a warning says', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  expect(mixed({optimizer: [['*', 'sgd']]}).optimizer).toBeNull();
  expect(String(warned.mock.calls[0]?.[0])).toContain('do not scale the loss, which mixed_float16 needs');
  warned.mockRestore();
});

test('it keeps gradients that would vanish: in mixed precision training ends where it does in float32', async () => {
  const x = random.normal([64, 3]);
  // The gradients of so small a loss are below the least float16.
  const y = ops.ones([64, 1]);
  const run = async (dtype: 'mixed_float16' | 'float32', autoScaleLoss: boolean) => {
    clearSession();
    setSeed(1);
    const model = mixed({optimizer: new optimizers.SGD(1e4), loss: tiny, autoScaleLoss}, dtype);
    const before = model.getWeights()[0];
    await model.fit(x, y, {epochs: 1, batchSize: 64, verbose: 0});
    return ops.max(ops.abs((model.getWeights()[0] ?? y).sub(before ?? y))).item();
  };
  const whole = await run('float32', true);
  expect(whole).toBeGreaterThan(0);
  expect(await run('mixed_float16', true)).toBeCloseTo(whole, 4);
  expect(await run('mixed_float16', false)).toBe(0);
});

function tiny(yTrue: Parameters<typeof ops.subtract>[0], yPred: Parameters<typeof ops.subtract>[0]) {
  return ops.mean(ops.square(ops.subtract(yTrue, yPred)), -1).mul(1e-7);
}
