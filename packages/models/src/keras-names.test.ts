import {readFileSync} from 'node:fs';
import {type Config} from '@keratin/core';
import {constructFrom, toOptionName} from '@keratin/core/internal';
import {layers} from '@keratin/layers';
import {describe, expect, test} from 'vitest';
import {callbacks, losses, metrics, optimizers, Sequential} from './index.js';

// All that Keras has for training is here by its names: classes and functions, the methods of models, and every option of every class
// with the same default.

interface Parameter {
  readonly name: string;
  /** Absent where it is required, or where the default is no plain value. */
  readonly default?: unknown;
}

interface Entry {
  readonly name: string;
  readonly kind: 'class' | 'function';
  readonly parameters: readonly Parameter[];
  readonly aliases?: readonly string[];
}

const keras = JSON.parse(
  readFileSync(new URL('../../../tests/golden/keras-training.json', import.meta.url), 'utf8'),
) as {
  readonly namespaces: Readonly<Record<string, readonly Entry[]>>;
  readonly model: readonly string[];
};

const NAMESPACES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  optimizers,
  'optimizers.schedules': optimizers.schedules,
  losses,
  metrics,
  callbacks,
};

/** Classes that are not here, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  OrbaxCheckpoint: 'wraps a Python library; BackupAndRestore keeps the state of a run',
};

/** Bases, and the list that models make; there is nothing to choose in them. */
const BASES = ['Callback', 'CallbackList', 'LearningRateSchedule', 'Loss', 'Metric', 'Optimizer'];

/** Values for what Keras requires. */
const REQUIRED: Readonly<Record<string, Config>> = {
  LossScaleOptimizer: {inner_optimizer: new optimizers.SGD()},
  MultiOptimizer: {optimizer_map: new optimizers.OptimizerMap(new optimizers.SGD())},
  OptimizerMap: {default_optimizer: new optimizers.SGD(), optimizer_map: {}},
  CosineDecay: {initial_learning_rate: 0.1, decay_steps: 10},
  CosineDecayRestarts: {initial_learning_rate: 0.1, first_decay_steps: 10},
  ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 0.5},
  InverseTimeDecay: {initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 0.5},
  PiecewiseConstantDecay: {boundaries: [1], values: [0.1, 0.2]},
  PolynomialDecay: {initial_learning_rate: 0.1, decay_steps: 10},
  IoU: {num_classes: 3, target_class_ids: [1]},
  MeanIoU: {num_classes: 3},
  MeanMetricWrapper: {fn: losses.meanSquaredError},
  OneHotIoU: {num_classes: 3, target_class_ids: [1]},
  OneHotMeanIoU: {num_classes: 3},
  PrecisionAtRecall: {recall: 0.5},
  RecallAtPrecision: {precision: 0.5},
  SensitivityAtSpecificity: {specificity: 0.5},
  SpecificityAtSensitivity: {sensitivity: 0.5},
  BackupAndRestore: {backup_dir: 'backup'},
  CSVLogger: {filename: 'log.csv'},
  LearningRateScheduler: {schedule: () => 0.1},
  ModelCheckpoint: {filepath: 'model.keras'},
};

/** Where the default is another one, with the reason. */
const OTHER_DEFAULTS: Readonly<Record<string, string>> = {
  'AUC.thresholds': 'the numbers that numThresholds stands for',
  'BackupAndRestore.double_checkpoint': 'the checkpoint before is kept for the case that the last one is damaged',
  'Muon.exclude_layers': 'null and an empty list mean the same',
  'RemoteMonitor.headers': 'null and no headers mean the same',
};

/** Options that leave no field behind, with the reason. */
const UNSEEN: Readonly<Record<string, string>> = {
  'ModelCheckpoint.initial_value_threshold': 'what `best` begins with; tested by the golden cases of callbacks',
};

/** Methods of models that are not here, with the reason. */
const OTHER_METHODS: Readonly<Record<string, string>> = {
  addMetric: 'raises in Keras',
  addVariable: 'the same as addWeight',
  compiledLoss: 'computeLoss',
  compiledMetrics: 'metrics',
  computeOutputSpec: 'computeOutputShape',
  distributeReductionMethod: 'there is one device',
  distributeStrategy: 'there is one device',
  export: 'writes for serving by TensorFlow',
  fromConfig: 'a static method, as in Keras',
  getQuantizationLayerStructure: 'no quantized layers',
  getStateTree: 'getWeights and the variables of the optimizer',
  inputDtype: 'computeDtype',
  jitCompile: 'an option of compile',
  loadOwnVariables: 'weights are loaded by path',
  makePredictFunction: 'predictStep; compiled by the trainer',
  makeTestFunction: 'testStep; compiled by the trainer',
  makeTrainFunction: 'trainStep; compiled by the trainer',
  quantizationMode: 'no quantized layers',
  quantizationSummary: 'no quantized layers',
  quantize: 'no quantized layers',
  quantizedBuild: 'no quantized layers',
  quantizedCall: 'no quantized layers',
  rematerializedCall: 'computed by XLA in Keras',
  runEagerly: 'an option of compile',
  saveOwnVariables: 'weights are saved by path',
  setStateTree: 'setWeights and the variables of the optimizer',
  statelessCall: 'of JAX',
  statelessComputeLoss: 'of JAX',
  symbolicCall: 'a model called with symbolic tensors',
};

const hasConfig = (made: object): made is {getConfig(): Config} => 'getConfig' in made;

const comparable = (value: unknown): unknown => (typeof value === 'number' ? Math.fround(value) : (value ?? null));

describe.each(Object.entries(NAMESPACES))('keras.%s', (namespace, here) => {
  const entries = (keras.namespaces[namespace] ?? []).filter(({name}) => !(name in LEFT_OUT));
  const classes = entries.filter(({kind, name}) => kind === 'class' && !BASES.includes(name));

  test('has every class and function, also by its other names', () => {
    const wanted = entries.flatMap(({name, kind, aliases = []}) =>
      [name, ...aliases].map((one) => (kind === 'class' ? one : toOptionName(one))),
    );
    expect(wanted.length).toBeGreaterThan(5);
    expect(wanted.filter((name) => !(name in here))).toEqual([]);
  });

  test.each(classes.map(({name, parameters}) => ({name, parameters})))(
    '$name has every option',
    ({name, parameters}) => {
      const cls = here[name] as {readonly positional?: readonly string[]; new (...args: never[]): object};
      const required = Object.keys(REQUIRED[name] ?? {}).map(toOptionName);
      const config = Object.fromEntries(
        // LambdaCallback takes the hooks that there are.
        parameters.flatMap((one) => ('default' in one && name !== 'LambdaCallback' ? [[one.name, one.default]] : [])),
      );
      const made = constructFrom(cls, required.length > 0 ? required : (cls.positional ?? []), {
        ...config,
        ...REQUIRED[name],
      }) as object;
      const given = hasConfig(made) ? made.getConfig() : {};
      const values: Readonly<Record<string, unknown>> = {...made, ...given};
      for (const {name: key, ...rest} of parameters) {
        const isThere =
          key in given || toOptionName(key) in made || name === 'LambdaCallback' || `${name}.${key}` in UNSEEN;
        expect(isThere, `${name}.${key}`).toBe(true);
        if (
          !('default' in rest) ||
          key === 'name' ||
          key === 'dtype' ||
          `${name}.${key}` in {...OTHER_DEFAULTS, ...UNSEEN}
        )
          continue;
        if (name === 'LambdaCallback' || key in (REQUIRED[name] ?? {})) continue;
        const value = key in given ? given[key] : values[toOptionName(key)];
        expect(comparable(value), `${name}.${key}`).toEqual(comparable(rest.default));
      }
    },
  );
});

test('models have the methods of Keras', () => {
  const model = new Sequential([new layers.Dense(1)]);
  const names = keras.model.map(toOptionName);
  expect(names.length).toBeGreaterThan(60);
  expect(names.filter((name) => !(name in model) && !(name in OTHER_METHODS))).toEqual([]);
  expect(Object.keys(OTHER_METHODS).filter((name) => !names.includes(name))).toEqual([]);
});
