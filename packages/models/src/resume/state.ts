import {FileFormatError, isTensor, SeedGenerator, type Tensor, type Variable} from '@keratin/core';
import {
  type Checked,
  continueRandomState,
  type ProcessRandomState,
  processRandomState,
  sameShape,
  schema,
  show,
} from '@keratin/core/internal';
import {type AnyModel, type Callback} from '../callbacks/callback.js';
import {ProgbarLogger} from '../callbacks/progbar-logger.js';
import {type Metric} from '../metrics/index.js';
import {type Optimizer} from '../optimizers/index.js';
import {type SavedIterator} from '../trainer/data/batch.js';
import {type DataPosition} from '../trainer/data/epochs.js';
import {LossTracker} from '../trainer/loss-tracker.js';

// All that a run of training needs to go on exactly where it stood.

/** The form of a checkpoint; what a file holds is checked against it. */
export const runSchema = schema((z) => {
  const tensors = z.array(z.custom<Tensor>(isTensor));
  const count = z.int().nonnegative();
  const randomSchema = z.object({initial: count, drawn: count, seed: count, counter: count});
  const values = z.record(z.string(), z.union([z.number(), z.array(z.unknown())]));

  const savedSchema = z.object({stages: z.string(), position: count, rounds: z.array(z.tuple([count, count]))});
  const dataSchema = z.object({
    given: count,
    round: z.object({seen: count, random: randomSchema, saved: savedSchema.nullable().default(null)}).nullable(),
    past: savedSchema.nullable().default(null),
  });

  return z.object({
    version: z.literal(1),
    /** The epoch that the run goes on with, and the steps that it has taken in it. */
    epoch: count,
    batch: count,
    /** Steps of an epoch; null where they are not known. */
    steps: count.nullable(),
    stopTraining: z.boolean(),
    /** The values of the last step, and the logs of the last epoch. */
    last: values,
    logs: values,
    data: dataSchema,
    /** The random orders of the last validation. */
    tests: savedSchema.nullable().default(null),
    random: randomSchema,
    generators: z.array(z.object({seed: count, counter: count})),
    weights: tensors,
    states: tensors,
    optimizers: z.array(z.object({built: z.boolean(), tracked: z.array(count), variables: tensors})),
    metrics: z.array(z.object({variables: tensors, samples: count.nullable()})),
    callbacks: z.array(z.object({name: z.string(), state: z.unknown()})),
  });
});

/** A checkpoint. */
export type RunState = Checked<typeof runSchema>;

/** What {@link captureRun} needs to know beside the model. */
export interface RunPosition {
  readonly epoch: number;
  readonly batch: number;
  readonly steps: number | null;
  readonly last: RunState['last'];
  readonly logs: RunState['logs'];
  readonly data: DataPosition;
  readonly tests: SavedIterator | null;
  readonly callbacks: readonly Callback[];
}

/** The state of a run, as it is at this moment. */
export function captureRun(model: AnyModel, {callbacks, ...position}: RunPosition): RunState {
  const {weights} = model;
  return {
    version: 1,
    ...position,
    data: structuredClone(position.data) as RunState['data'],
    tests: structuredClone(position.tests) as RunState['tests'],
    stopTraining: model.stopTraining,
    random: processRandomState(),
    generators: generatorsOf(model).map(({seed, counter}) => ({seed, counter})),
    weights: weights.map((variable) => variable.readValue()),
    states: statesOf(model).map((variable) => variable.readValue()),
    optimizers: outerOptimizers(model).map((optimizer) => ({
      built: optimizer.built,
      tracked: optimizer.trackedVariables.map((variable) => positionOf(variable, weights, optimizer)),
      variables: optimizer.variables.map((variable) => variable.readValue()),
    })),
    metrics: metricsOf(model).map((metric) => ({
      variables: metric.variables.map((variable) => variable.readValue() as Tensor),
      samples: metric instanceof LossTracker ? metric.samples : null,
    })),
    callbacks: callbacks.map((callback) => ({name: callback.constructor.name, state: callback.getState()})),
  };
}

/**
 * Puts everything back except for metrics. The model is built, and the data stands where the checkpoint has it.
 * @throws FileFormatError where the checkpoint is of another model, before anything changes
 */
export async function restoreRun(
  model: AnyModel,
  state: RunState,
  callbacks: readonly Callback[],
  where: string,
): Promise<void> {
  const {weights} = model;
  const generators = generatorsOf(model);
  const states = statesOf(model);
  const optimizers = outerOptimizers(model);
  check(where, 'weights', weights, state.weights);
  check(where, 'recurrent states', states, state.states);
  differ(where, 'random generators', generators.length, state.generators.length);
  differ(where, 'optimizers', optimizers.length, state.optimizers.length);
  optimizers.forEach((optimizer, i) => {
    const saved = state.optimizers[i];
    if (saved?.built !== true) return;
    optimizer.build(saved.tracked.flatMap((at) => weights[at] ?? []));
    check(where, `variables of ${optimizer.name}`, optimizer.variables, saved.variables);
  });
  assign(weights, state.weights);
  assign(states, state.states);
  optimizers.forEach((optimizer, i) => {
    assign(optimizer.variables, state.optimizers[i]?.variables ?? []);
  });
  await restoreCallbacks(callbacks, state);
  generators.forEach((generator, i) => {
    const saved = state.generators[i];
    if (saved !== undefined) generator.continueFrom(saved.seed, saved.counter);
  });
  continueRandomState(state.random satisfies ProcessRandomState);
  model.stopTraining = state.stopTraining;
}

/** Puts the accumulators of the metrics back, which exist once the model knows its outputs. */
export function restoreMetrics(model: AnyModel, state: RunState, where: string): void {
  const metrics = metricsOf(model);
  differ(where, 'metrics', metrics.length, state.metrics.length);
  metrics.forEach((metric, i) => {
    const saved = state.metrics[i];
    if (saved === undefined) return;
    const variables = metric.variables as readonly Variable[];
    check(where, `variables of metric ${metric.name}`, variables, saved.variables);
    assign(variables, saved.variables);
    if (metric instanceof LossTracker) metric.samples = saved.samples ?? 0;
  });
}

// Callbacks of one class are told apart by their order.
async function restoreCallbacks(callbacks: readonly Callback[], state: RunState): Promise<void> {
  const left = [...state.callbacks];
  for (const callback of callbacks) {
    if (callback instanceof ProgbarLogger) continue;
    const at = left.findIndex(({name}) => name === callback.constructor.name);
    if (at < 0) continue;
    const [saved] = left.splice(at, 1);
    if (saved?.state !== null) await callback.setState(saved?.state);
  }
}

const outerOptimizers = (model: AnyModel): readonly Optimizer[] =>
  model.optimizer === null ? model.optimizers : [model.optimizer];

const metricsOf = (model: AnyModel): readonly Metric[] => [...new Set([...model.metrics, ...model.trainer.metrics()])];

/** The generators that layers hold in their fields, each once. */
function generatorsOf(model: AnyModel): readonly SeedGenerator[] {
  const found = new Set<SeedGenerator>();
  for (const layer of model.flattenLayers()) {
    for (const value of Object.values(layer) as unknown[]) if (value instanceof SeedGenerator) found.add(value);
  }
  return [...found];
}

/** What stateful recurrent layers go on from. */
function statesOf(model: AnyModel): readonly Variable[] {
  return model.flattenLayers().flatMap((layer) => {
    const states: unknown = 'states' in layer ? layer.states : null;
    return Array.isArray(states) ? (states as readonly Variable[]) : [];
  });
}

function positionOf(variable: Variable, weights: readonly Variable[], {name}: Optimizer): number {
  const at = weights.indexOf(variable);
  if (at >= 0) return at;
  throw new FileFormatError(
    `BackupAndRestore: optimizer ${name} trains ${variable.path}, which is no weight of the model`,
  );
}

function differ(where: string, what: string, now: number, saved: number): void {
  if (now === saved) return;
  throw new FileFormatError(
    `${where} is of another run: it has ${String(saved)} ${what}, and this one has ${String(now)}`,
  );
}

function check(where: string, what: string, variables: readonly Variable[], saved: readonly Tensor[]): void {
  differ(where, what, variables.length, saved.length);
  variables.forEach(({path, shape, dtype}, i) => {
    const value = saved[i];
    if (value === undefined || (sameShape(shape, value.shape) && dtype === value.dtype)) return;
    throw new FileFormatError(
      `${where} is of another run: ${path} has shape ${show(value.shape)} and dtype ${value.dtype} there, here ${show(shape)} and ${dtype}`,
    );
  });
}

function assign(variables: readonly Variable[], saved: readonly Tensor[]): void {
  variables.forEach((variable, i) => {
    const value = saved[i];
    if (value !== undefined) variable.assign(value);
  });
}
