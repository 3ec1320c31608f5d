import {
  DtypeError,
  GradientTape,
  ops,
  random,
  registerKerasSerializable,
  setSeed,
  ShapeError,
  type Tensor,
  tensor,
  UnknownOptionError,
  ValueError,
  Variable,
} from '@keratin/core';
import {resetNames} from '@keratin/core/internal';
import {beforeEach, describe, expect, expectTypeOf, test, vi} from 'vitest';
import {expectClose} from '../testing/golden.js';
import * as optimizers from './index.js';

const {Adam, Nadam, Optimizer, RMSprop, schedules, SGD} = optimizers;

beforeEach(() => {
  resetNames();
  setSeed(7);
});

const v = (value: number | readonly number[], name = 'v'): Variable => new Variable(value, {name});

class Momentum extends Optimizer<'velocity', never> {
  protected slots = [{velocity: {}}];
  protected updateStep(
    gradient: Tensor,
    variable: Variable,
    {velocity}: optimizers.Slots<'velocity'>,
    rate: Tensor,
  ): void {
    velocity.assign(velocity.mul(0.5).sub(gradient.mul(rate)));
    variable.assignAdd(velocity);
  }
}

describe('custom optimizers', () => {
  test('are slots and one step', () => {
    const optimizer = new Momentum({learningRate: 0.1});
    const w = v([1, 2], 'w');
    optimizer.apply([tensor([1, 1])], [w]);
    optimizer.apply([tensor([1, 1])], [w]);
    expectClose(w, tensor([0.75, 1.75]), 'w');
    expect(optimizer.variables.map(({path}) => path)).toEqual([
      'momentum/iteration',
      'momentum/learning_rate',
      'momentum/w_velocity',
    ]);
  });

  test('are written and read by their registered name', () => {
    registerKerasSerializable(Momentum, {package: 'OptimizerTest'});
    const node = optimizers.serialize(new Momentum({learningRate: 0.5}));
    const again = optimizers.deserialize(node);
    expect(again).toBeInstanceOf(Momentum);
    expect(again.learningRate).toBe(0.5);
    expect(optimizers.get('OptimizerTest>Momentum')).toBeInstanceOf(Momentum);
  });
});

describe('a loop with a tape', () => {
  test('minimizes', () => {
    const w = v(3, 'w');
    const optimizer = new Adam(0.2);
    for (let i = 0; i < 200; i++) {
      const tape = new GradientTape();
      const loss = tape.record(() => w.sub(1).square());
      optimizer.apply([tape.gradient(loss, w)], [w]);
    }
    expect(w.item()).toBeCloseTo(1, 2);
    expect(optimizer.iterations.item()).toBe(200n);
  });

  test('applyGradients takes pairs', () => {
    const [a, b] = [v(1, 'a'), v(2, 'b')];
    new SGD(0.5).applyGradients([
      [tensor(1), a],
      [tensor(2), b],
    ]);
    expect([a.item(), b.item()]).toEqual([0.5, 1]);
  });
});

describe('state belongs to variables', () => {
  test('new ones may come later, and in another order', () => {
    const optimizer = new SGD(1, {momentum: 0.5});
    const [a, b] = [v(0, 'a'), v(0, 'b')];
    optimizer.apply([tensor(1)], [a]);
    optimizer.apply([tensor(1), tensor(1)], [b, a]);
    expect([a.item(), b.item()]).toEqual([-2.5, -1]);
    expect(optimizer.variables.map(({path}) => path)).toEqual([
      'sgd/iteration',
      'sgd/learning_rate',
      'sgd/a_momentum',
      'sgd/b_momentum',
    ]);
  });

  test('null gradients leave their variables alone, with one warning', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const optimizer = new SGD(1);
    const [a, b] = [v(0, 'a'), v(0, 'b')];
    optimizer.apply([null, tensor(1)], [a, b]);
    optimizer.apply([null, tensor(1)], [a, b]);
    expect([a.item(), b.item()]).toEqual([0, -2]);
    expect(warn.mock.calls).toEqual([['sgd: no gradient for a; the loss does not depend on them']]);
    warn.mockRestore();
  });

  test('constraints hold after the step', () => {
    const w = v([0.5, 2], 'w');
    w.rules = {constraint: (value) => value.maximum(0)};
    new SGD(1).apply([tensor([1, 1])], [w]);
    expect(w.array()).toEqual([0, 1]);
  });

  test('tensors read before a step keep their values', () => {
    const w = v([1, 2], 'w');
    const before = w.readValue();
    new Adam(0.1).apply([tensor([1, 1])], [w]);
    expect(before.array()).toEqual([1, 2]);
  });
});

describe('the learning rate', () => {
  test('can be set while training', () => {
    const optimizer = new SGD(0.1);
    optimizer.learningRate = 0.5;
    const w = v(1, 'w');
    optimizer.apply([tensor(1)], [w]);
    expect(w.item()).toBe(0.5);
    expect(optimizer.learningRate).toBe(0.5);
  });

  test('follows a schedule or a function of the step', () => {
    const w = v(0, 'w');
    const optimizer = new SGD((step) => (step === 0 ? 1 : 0.25));
    optimizer.apply([tensor(1)], [w]);
    optimizer.apply([tensor(1)], [w]);
    expect(w.item()).toBe(-1.25);
    const scheduled = new SGD(new schedules.PiecewiseConstantDecay([0, 1], [1, 0.5, 0.25]));
    expect(scheduled.learningRate).toBe(1);
    scheduled.apply([tensor(1)], [w]);
    expect(scheduled.learningRate).toBe(0.5);
    expect(scheduled.variables.map(({path}) => path)).toEqual(['sgd_1/iteration']);
    expect(() => (scheduled.learningRate = 0.1)).toThrow('follows a schedule');
  });
});

describe('fused steps equal the composed ones', () => {
  const cases: Readonly<Record<string, () => optimizers.Optimizer>> = {
    sgd: () => new SGD(0.1),
    'sgd momentum': () => new SGD(0.1, {momentum: 0.9}),
    'sgd nesterov': () => new SGD(0.1, {momentum: 0.9, nesterov: true}),
    rmsprop: () => new RMSprop(0.01),
    'rmsprop momentum': () => new RMSprop(0.01, {momentum: 0.5, rho: 0.8}),
    'rmsprop centered': () => new RMSprop(0.01, {centered: true}),
    'rmsprop centered momentum': () => new RMSprop(0.01, {centered: true, momentum: 0.3}),
    adam: () => new Adam(0.01),
    'adam amsgrad': () => new Adam(0.01, {amsgrad: true, beta1: 0.8, beta2: 0.9}),
    nadam: () => new Nadam(0.01),
    'sgd decay': () => new SGD(0.1, {momentum: 0.9, weightDecay: 0.1}),
    'rmsprop decay': () => new RMSprop(0.01, {weightDecay: 0.1}),
    adamw: () => new optimizers.AdamW(0.01, {weightDecay: 0.1}),
    'nadam decay': () => new Nadam(0.01, {weightDecay: 0.1}),
    'nadam betas': () => new Nadam(0.01, {beta1: 0.7, beta2: 0.95, epsilon: 1e-3}),
  };
  for (const dtype of ['float32', 'float64'] as const) {
    test.each(Object.entries(cases))(`%s in ${dtype}`, (_, make) => {
      const composed = make();
      // Without a fused step the base class takes the composed one.
      Reflect.set(composed, 'fusedStep', () => false);
      const fused = make();
      const start = [[3, 5], [7], []].map((shape) => ops.cast(random.normal(shape), dtype));
      const [a, b] = [0, 1].map(() => start.map((value, i) => new Variable(value, {name: `v${String(i)}`}))) as [
        Variable[],
        Variable[],
      ];
      for (let step = 0; step < 4; step++) {
        const gradients = start.map(({shape}) => ops.cast(random.normal(shape as number[]), dtype));
        fused.apply(gradients, a);
        composed.apply(gradients, b);
      }
      const tolerance = dtype === 'float64' ? 1e-12 : 2e-6;
      a.forEach((variable, i) => expectClose(variable, b[i] ?? 0, variable.name, tolerance));
      fused.variables.forEach((state, i) => expectClose(state, composed.variables[i] ?? 0, state.path, tolerance));
    });
  }

  test.each(Object.entries(cases))('%s in float16, which has no fused step', (_, make) => {
    const w = new Variable(ops.cast(tensor([1, -2]), 'float16'), {name: 'w'});
    const optimizer = make();
    optimizer.apply([ops.cast(tensor([0.5, 0.25]), 'float16')], [w]);
    expect(w.dtype).toBe('float16');
    const [first = 1] = w.array(1);
    expect(first).toBeLessThan(1);
  });
});

test('gradients of another float dtype are converted', () => {
  const w = v([1, 2], 'w');
  new SGD(1).apply([ops.cast(tensor([1, 1]), 'float16')], [w]);
  expect(w.array()).toEqual([0, 1]);
});

test('configs make the same optimizer again', () => {
  const optimizer = new Adam({learningRate: 0.25, beta1: 0.5, clipnorm: 2, useEma: true, name: 'mine'});
  const again = optimizers.deserialize(optimizers.serialize(optimizer));
  expect(again).toBeInstanceOf(Adam);
  expect(again.getConfig()).toEqual(optimizer.getConfig());
  const scheduled = new SGD(new schedules.CosineDecay(0.5, 10, {warmupTarget: 1, warmupSteps: 2}));
  const copy = optimizers.deserialize(optimizers.serialize(scheduled));
  expect(copy.getConfig()).toEqual(scheduled.getConfig());
  expect(copy.learningRate).toBe(0.5);
});

test('customObjects name schedules that are not registered', () => {
  class Halving extends schedules.LearningRateSchedule {
    call(step: Tensor): Tensor {
      return ops.power(0.5, step);
    }
    override getConfig() {
      return {};
    }
  }
  const node = optimizers.serialize(new SGD(new Halving()));
  expect(() => optimizers.deserialize(node)).toThrow('Halving');
  expect(optimizers.deserialize(node, {Halving}).learningRate).toBe(1);
});

describe('ids', () => {
  test.each(['adam', 'Adam', 'ADAM', 'rmsprop', 'sgd', 'nadam', 'adamw', 'lamb', 'schedulefreeadamw'])('%s', (id) => {
    expect(optimizers.get(id)).toBeInstanceOf(Optimizer);
  });

  test('types', () => {
    const id: optimizers.OptimizerId = 'adam';
    // @ts-expect-error a misspelt id
    const wrong: optimizers.OptimizerId = 'adamm';
    expect([id, wrong]).toEqual(['adam', 'adamm']);
    expectTypeOf(new Adam()).toExtend<optimizers.Optimizer>();
    expectTypeOf(new SGD()).toExtend<optimizers.Optimizer>();
    expectTypeOf(new SGD().learningRate).toEqualTypeOf<number>();
    // @ts-expect-error options are closed
    expect(() => new Adam({lr: 0.1})).toThrow();
  });
});

describe('mistakes change nothing', () => {
  const w = v([1, 2], 'dense/kernel');
  const sgd = new SGD({learningRate: 1, name: 'sgd'});
  test.each([
    [
      'NaN',
      () => new Adam(Number.NaN),
      ValueError,
      'Adam: learningRate must be a finite number of at least 0, a schedule or a function of the step, got NaN',
    ],
    [
      'a negative rate',
      () => new Adam({learningRate: -1}),
      ValueError,
      'Adam: learningRate must be a finite number of at least 0',
    ],
    ['setting NaN', () => (sgd.learningRate = Number.NaN), ValueError, 'sgd: learningRate must be a finite number'],
    [
      'a function that gives NaN',
      () => new SGD(() => Number.NaN).apply([tensor([1, 1])], [w]),
      ValueError,
      'learningRate must be a finite number',
    ],
    [
      'lr',
      () => new Adam({lr: 0.1} as object),
      UnknownOptionError,
      'Adam: unknown option "lr"; here it is called "learningRate"',
    ],
    [
      'decay',
      () => new SGD({decay: 0.1} as object),
      UnknownOptionError,
      'a learning rate falls by a schedule, such as optimizers.schedules.InverseTimeDecay',
    ],
    [
      'an option',
      () => new SGD(0.1, {momentun: 0.9} as object),
      UnknownOptionError,
      'SGD: unknown option "momentun"; did you mean "momentum"?',
    ],
    ['momentum', () => new SGD(0.1, {momentum: 2}), ValueError, 'SGD: momentum must be in [0, 1], got 2'],
    [
      'two clips',
      () => new SGD(0.1, {clipnorm: 1, clipvalue: 1}),
      ValueError,
      'SGD: only one of clipnorm, clipvalue and globalClipnorm can be set, got 1, 1 and null',
    ],
    [
      'one accumulation step',
      () => new SGD(0.1, {gradientAccumulationSteps: 1}),
      ValueError,
      'SGD: gradientAccumulationSteps must be an integer of at least 2, got 1',
    ],
    [
      'AdamW without decay',
      () => new optimizers.AdamW(0.1, {weightDecay: null as never}),
      ValueError,
      'AdamW: weightDecay must be a number, got null; use Adam',
    ],
    [
      'lengths',
      () => sgd.apply([tensor([1, 1])], [w, w]),
      ValueError,
      'sgd.apply: one gradient for each variable is needed, got 1 gradients and 2 variables',
    ],
    [
      'shapes',
      () => sgd.apply([tensor([1, 1, 1])], [w]),
      ShapeError,
      "sgd.apply: a gradient has its variable's shape, got (3,) for variable dense/kernel of shape (2,)",
    ],
    [
      'dtypes',
      () => sgd.apply([tensor([1, 1], 'int32')], [w]),
      DtypeError,
      'sgd.apply: only floating variables are trained, got variable dense/kernel of dtype float32 with a gradient of dtype int32',
    ],
    [
      'no variable',
      () => sgd.apply([tensor([1, 1])], [tensor([1, 2]) as never]),
      ValueError,
      'sgd.apply: entry 0 of the variables must be a Variable, got a Tensor',
    ],
    [
      'no gradient',
      () => sgd.apply([null], [w]),
      ValueError,
      'sgd.apply: none of the variables has a gradient (dense/kernel); does the loss depend on them?',
    ],
    [
      'undefined',
      () => sgd.apply([undefined as never], [w]),
      ValueError,
      'sgd.apply: the gradient of dense/kernel must be a tensor or null, got undefined',
    ],
    [
      'no list',
      () => sgd.apply(tensor([1, 1]) as never, [w]),
      ValueError,
      'sgd.apply: a list of gradients and a list of variables are needed, got a Tensor and [a Variable]',
    ],
    ['an id', () => optimizers.get('adamm'), UnknownOptionError, 'unknown optimizer "adamm"; did you mean "adam"?'],
    [
      'steps of a schedule',
      () => new schedules.ExponentialDecay(0.1, 0, 0.5),
      ValueError,
      'ExponentialDecay: decaySteps must be a positive number, got 0',
    ],
    [
      'boundaries',
      () => new schedules.PiecewiseConstantDecay([1], [1]),
      ValueError,
      'PiecewiseConstantDecay: one value more than boundaries is needed, got [1] and [1]',
    ],
  ])('%s', (_, act, type, message) => {
    const state = () => [w.array(), sgd.iterations.item(), sgd.learningRate];
    const before = state();
    expect(act).toThrow(type);
    expect(act).toThrow(message);
    expect(state()).toEqual(before);
  });
});

test('a multi-optimizer asks each part for its own rate', () => {
  const map = new optimizers.OptimizerMap(new SGD(1), {'a.*': new SGD(0.5)});
  const optimizer = new optimizers.MultiOptimizer(map);
  const [a, b] = [v(0, 'a1'), v(0, 'b1')];
  optimizer.apply([tensor(1), tensor(1)], [a, b]);
  expect([a.item(), b.item()]).toEqual([-0.5, -1]);
  expect(() => optimizer.learningRate).toThrow('each of its optimizers has a learning rate of its own');
});

test('a multi-optimizer scales the loss of all its parts', () => {
  const {MultiOptimizer, OptimizerMap} = optimizers;
  const optimizer = new MultiOptimizer(new OptimizerMap(new SGD(1), {'a.*': new SGD(0.5)}), {lossScaleFactor: 8});
  const [a, b] = [v(0, 'a1'), v(0, 'b1')];
  expect(optimizer.scaleLoss(tensor(2)).item()).toBe(16);
  optimizer.apply([tensor(8), null], [a, b]);
  optimizer.apply([tensor(8), tensor(16)], [a, b]);
  expect([a.item(), b.item()]).toEqual([-1, -2]);
  expect(optimizers.deserialize(optimizers.serialize(optimizer)).lossScaleFactor).toBe(8);
  expect(() => new MultiOptimizer(new OptimizerMap(new SGD({name: 's', lossScaleFactor: 4})))).toThrow(
    'MultiOptimizer: its optimizers share one loss, so lossScaleFactor is an option of the MultiOptimizer, got 4 in s',
  );
});

test('a loss-scale optimizer skips steps that are not finite', () => {
  const optimizer = new optimizers.LossScaleOptimizer(new SGD(1), {initialScale: 4, dynamicGrowthSteps: 2});
  const w = v(0, 'w');
  expect(optimizer.scaleLoss(tensor(2)).item()).toBe(8);
  optimizer.apply([tensor(Infinity)], [w]);
  expect([w.item(), optimizer.dynamicScale]).toEqual([0, 2]);
  optimizer.apply([tensor(2)], [w]);
  optimizer.apply([tensor(2)], [w]);
  expect([w.item(), optimizer.dynamicScale, optimizer.iterations.item()]).toEqual([-2, 4, 2n]);
});
