import {type Config, ValueError} from '@keratin/core';
import {schema, serializeKerasObject} from '@keratin/core/internal';
import {type LossOption} from '../trainer/compiled-loss.js';
import {type MetricsOption} from '../trainer/compiled-metrics.js';
import {isGroups, type OptimizerSpec} from '../trainer/optimizer-groups.js';
import {type CompileSettings, type Trainer} from '../trainer/trainer.js';

/** Whether parts of the model have optimizers or learning rates of their own, which Keras's config has no key for. */
export function trainsByParts({settings}: Trainer): boolean {
  if (settings === null) return false;
  const {optimizer, learningRateMultipliers = []} = settings;
  return learningRateMultipliers.length > 0 || (optimizer !== undefined && isGroups(optimizer));
}

/**
 * How a model was compiled, as Keras writes it; without what {@link trainsByParts} is about.
 * @throws ValueError for what a file cannot hold, such as functions without a name
 */
export function compileConfig(trainer: Trainer): Config | null {
  const {settings, optimizer} = trainer;
  if (settings === null) return null;
  const {loss, lossWeights, metrics, weightedMetrics, runEagerly, stepsPerExecution, jitCompile} = settings;
  return {
    optimizer: serializeKerasObject(optimizer),
    loss: serializeKerasObject(loss),
    loss_weights: serializeKerasObject(lossWeights),
    metrics: serializeKerasObject(metrics),
    weighted_metrics: serializeKerasObject(weightedMetrics),
    run_eagerly: runEagerly ?? false,
    steps_per_execution: stepsPerExecution ?? 1,
    jit_compile: jitCompile === true,
  };
}

const compileSchema = schema((z) => {
  const specs = z.union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())]);
  const weights = z.union([z.number(), z.array(z.number()), z.record(z.string(), z.number())]);

  return z.looseObject({
    optimizer: z.union([z.string(), z.record(z.string(), z.unknown())]),
    loss: specs.nullish(),
    loss_weights: weights.nullish(),
    metrics: specs.nullish(),
    weighted_metrics: specs.nullish(),
    run_eagerly: z.boolean().nullish(),
    steps_per_execution: z.number().int().min(1).nullish(),
  });
});

/** What `compile` takes, from what {@link compileConfig} gave. The entries themselves are checked by what they make. */
export function compileSettings(config: Config, where: string): CompileSettings {
  const parsed = compileSchema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ValueError(`${where}: compile_config.${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const {optimizer, loss, loss_weights: lossWeights, metrics, weighted_metrics: weightedMetrics} = parsed.data;
  const {run_eagerly: runEagerly, steps_per_execution: stepsPerExecution} = parsed.data;
  return {
    optimizer: optimizer as OptimizerSpec,
    ...(given(loss) ? {loss: loss as LossOption} : {}),
    ...(given(loss) && given(lossWeights) ? {lossWeights: lossWeights} : {}),
    ...(given(metrics) ? {metrics: listed(metrics)} : {}),
    ...(given(weightedMetrics) ? {weightedMetrics: listed(weightedMetrics)} : {}),
    ...(runEagerly === true ? {runEagerly} : {}),
    ...(given(stepsPerExecution) && stepsPerExecution > 1 ? {stepsPerExecution} : {}),
  };
}

const given = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

const listed = (value: unknown): MetricsOption => (typeof value === 'string' ? [value] : value) as MetricsOption;
