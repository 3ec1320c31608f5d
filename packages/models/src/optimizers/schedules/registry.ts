import {type ConfigNode, type CustomObjects} from '@keratin/core';
import {Registry} from '@keratin/core/internal';
import {CosineDecay} from './cosine-decay.js';
import {CosineDecayRestarts} from './cosine-decay-restarts.js';
import {ExponentialDecay} from './exponential-decay.js';
import {InverseTimeDecay} from './inverse-time-decay.js';
import {PiecewiseConstantDecay} from './piecewise-constant-decay.js';
import {PolynomialDecay} from './polynomial-decay.js';
import {LearningRateSchedule} from './schedule.js';

const registry = new Registry<LearningRateSchedule>({
  kind: 'learning rate schedule',
  module: 'keras.optimizers.schedules',
  is: (value) => value instanceof LearningRateSchedule,
});

for (const cls of [
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
]) {
  registry.add(cls.name, cls);
}

/** The Keras 3 node of a schedule. */
export function serialize(schedule: LearningRateSchedule): ConfigNode {
  return registry.serialize(schedule) as ConfigNode;
}

/** The schedule of a Keras 3 node, which is checked and never trusted. */
export function deserialize(node: ConfigNode, customObjects?: CustomObjects): LearningRateSchedule {
  return registry.deserialize(node, customObjects);
}
