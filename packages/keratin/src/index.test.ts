import {describe, expect, expectTypeOf, test} from 'vitest';
import keras, * as keratin from './index.js';
import {type History, layers, metrics, Model, Sequential, type Tensor} from './index.js';

const NAMESPACES = [
  'activations',
  'backend',
  'callbacks',
  'config',
  'constraints',
  'data',
  'datasets',
  'initializers',
  'layers',
  'losses',
  'metrics',
  'models',
  'ops',
  'optimizers',
  'queues',
  'ragged',
  'random',
  'regularizers',
  'saving',
  'sets',
  'sparse',
  'strings',
  'utils',
] as const;

describe('what the package exports', () => {
  test('namespaces, by name and in the default export', () => {
    expect(Object.keys(keras).sort()).toEqual([...NAMESPACES]);
    for (const name of NAMESPACES) {
      expect(keratin[name], name).toBeTypeOf('object');
      expect(Object.keys(keras[name]), name).toEqual(Object.keys(keratin[name]));
    }
  });

  test('flat names of Keras', () => {
    const names = ['Sequential', 'Model', 'Input', 'Variable', 'Layer', 'Loss', 'Metric', 'Optimizer', 'Callback'];
    const more = ['tensor', 'GradientTape', 'setSeed', 'clearSession', 'memory', 'setNumThreads', 'range', 'dim'];
    for (const name of [...names, ...more]) expect(Reflect.get(keratin, name), name).toBeTypeOf('function');
    expect(keratin.models.Sequential).toBe(keratin.Sequential);
    expect(keratin.utils.setRandomSeed).toBe(keratin.setSeed);
    expect(keratin.backend.square).toBe(keratin.ops.square);
  });
});

describe('types of results follow from the metrics', () => {
  const base = new Sequential([new layers.Dense(1)]);

  type Keys<F extends (...args: never[]) => Promise<{readonly history: object}>> = keyof Awaited<
    ReturnType<F>
  >['history'];

  test('of fit', () => {
    const model = base.compile({loss: 'mse', metrics: ['mae', new metrics.Mean({name: 'own'})]});
    expectTypeOf(model).toExtend<Sequential>();
    const fit = () => model.fit([[1]], [[1]], {epochs: 1});
    const validated = () => model.fit([[1]], [[1]], {validationSplit: 0.5});
    expectTypeOf(fit).returns.resolves.toEqualTypeOf<History<'loss' | 'mae' | 'own'>>();
    expectTypeOf(validated).returns.resolves.toHaveProperty('history');
    expectTypeOf<Keys<typeof validated>>().toEqualTypeOf<'loss' | 'mae' | 'own' | 'val_loss' | 'val_mae' | 'val_own'>();
    // @ts-expect-error an option that does not exist, beside one that does
    expectTypeOf(() => model.fit([[1]], [[1]], {epochs: 1, epoch: 2})).toBeFunction();
  });

  test('of evaluate', () => {
    const model = base.compile({loss: 'mse', metrics: ['mae'], weightedMetrics: ['mae', 'mse']});
    const evaluate = () => model.evaluate([[1]], [[1]]);
    expectTypeOf(evaluate).returns.resolves.toExtend<readonly number[]>();
    type Result = Awaited<ReturnType<typeof evaluate>>;
    expectTypeOf<Result['weighted_mae']>().toEqualTypeOf<number>();
    expectTypeOf<Result['mse']>().toEqualTypeOf<number>();
    expectTypeOf<Result[0]>().toEqualTypeOf<number>();
    expectTypeOf<'accuracy' extends keyof Result ? true : false>().toEqualTypeOf<false>();
  });

  test('of predict, by the outputs of the model', () => {
    class Two extends Model<readonly [Tensor, Tensor], {a: Tensor; b: Tensor}> {
      override call([x, y]: readonly [Tensor, Tensor]) {
        return {a: x, b: y};
      }
    }
    const model = new Two();
    expectTypeOf(() => model.predict([[1]])).returns.resolves.toEqualTypeOf<{a: Tensor; b: Tensor}>();
    const compiled = model.compile({loss: {a: 'mse', b: 'mae'}, metrics: {a: ['mae']}});
    expectTypeOf(() => compiled.fit([[1]], [[1]])).returns.resolves.toEqualTypeOf<History>();
  });

  test('ids are closed', () => {
    // @ts-expect-error misspelt id
    expect(() => base.compile({optimizer: 'adamm'})).toThrow('did you mean "adam"?');
    // @ts-expect-error misspelt id
    expect(() => base.compile({loss: 'msee'})).toThrow('did you mean "mse"?');
    // @ts-expect-error misspelt id
    expect(() => base.compile({metrics: ['maee']})).toThrow('did you mean "mae"?');
    // @ts-expect-error an option of another name
    expect(() => base.compile({lossWeight: 1})).toThrow('did you mean "lossWeights"?');
  });
});
