import {type Config, type ConfigNode, type CustomObjects, ValueError} from '@keratin/core';
import {type Checked, describe, deserializeKerasObject, schema, serializeKerasObject} from '@keratin/core/internal';
import {type AnyLayer, Layer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {Optimizer} from '../optimizers/optimizer.js';
import {isGroups} from '../trainer/optimizer-groups.js';
import {type KnownPart, membership, type ModelPart, nameOf, isPattern, StoredPattern} from '../trainer/parts.js';
import {type Trainer} from '../trainer/trainer.js';
import {compileConfig, compileSettings} from './compile-config.js';
import {saveablesOf} from './saveables.js';

// What Keras has no place for: learning rates and optimizers of parts of a model. It stands beside `compile_config` in the config of a
// model, under a key that Keras passes over: Keras opens such a file, and trains without the multipliers, or compiles anew where parts had
// optimizers of their own.

/** The key beside `compile_config`. */
const PARTS = 'keratin_compile_config';

/** A model whose parts train in ways of their own. */
type PartsModel = AnyModel & {readonly trainer: Trainer};

/**
 * How a model was compiled, as keys of its config.
 * @throws ValueError for what a file cannot hold, such as functions without a name
 */
export function compileNode(model: PartsModel, where: string): Config {
  const {trainer} = model;
  const {settings} = trainer;
  const compiled = compileConfig(trainer) ?? {};
  const multipliers = settings?.learningRateMultipliers ?? [];
  const groups = settings?.optimizer !== undefined && isGroups(settings.optimizer) ? settings.optimizer : null;
  if (groups === null && multipliers.length === 0) return {compile_config: compiled};
  const part = (one: KnownPart): Config => partNode(model, one, where);
  const {optimizer: _, ...rest} = compiled;
  return {
    compile_config: groups === null ? compiled : {},
    [PARTS]: {
      ...(groups === null
        ? {compile_config: compiled}
        : {
            compile_config: rest,
            optimizers: groups.map(([one], i) => [part(one), serializeKerasObject(trainer.optimizers[i])]),
          }),
      ...(multipliers.length === 0 ? {} : {learning_rate_multipliers: multipliers.map(([one, by]) => [part(one), by])}),
    },
  };
}

/**
 * Layers by their place in a file of weights, which two layers never share as they may share a name; patterns with the numbers of the
 * weights that they stand for, where there are weights.
 */
function partNode(model: AnyModel, part: KnownPart, where: string): Config {
  if (isPattern(part)) {
    const belongs = membership(part);
    const weights = model.built ? model.weights.flatMap((variable, i) => (belongs(variable) ? i : [])) : null;
    return {pattern: nameOf(part), weights};
  }
  const place = saveablesOf(model).find(({owner}) => owner === part)?.path;
  if (place !== undefined) return {layer: place};
  throw new ValueError(`${where}: layer "${part.name}", which compile was given, is no part of model "${model.name}"`);
}

const partsSchema = schema((z) => {
  const part = z.union([
    z.object({pattern: z.string(), weights: z.array(z.number().int().min(0)).nullable()}),
    z.object({layer: z.string()}),
  ]);
  return z.object({
    compile_config: z.record(z.string(), z.unknown()),
    optimizers: z
      .array(z.tuple([part, z.unknown()]))
      .min(1)
      .optional(),
    learning_rate_multipliers: z.array(z.tuple([part, z.number()])).optional(),
  });
});

/** A part of a model as a file names it. */
type StoredPart = NonNullable<Checked<typeof partsSchema>['optimizers']>[number][0];

/** The node without how it was compiled, where that needs {@link compileParts}. */
export const withoutParts = (node: ConfigNode): ConfigNode =>
  partsOf(node) === undefined ? node : {...node, compile_config: null};

/** Compiles a model whose parts train in ways of their own as the node says; does nothing for others. */
export function compileParts(model: PartsModel, node: ConfigNode, customObjects: CustomObjects): void {
  const where = `model "${model.name}"`;
  const found = partsOf(node);
  if (found === undefined) return;
  const parsed = partsSchema.safeParse(found);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ValueError(`${where}: ${[PARTS, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? ''}`);
  }
  const {compile_config: config, optimizers, learning_rate_multipliers: multipliers} = parsed.data;
  // `compile` takes what a file names as it takes what a user does.
  const part = (one: StoredPart): ModelPart => partOf(model, one, where) as ModelPart;
  const optimizerOf = (value: unknown): Optimizer => {
    const made = deserializeKerasObject(value, {customObjects});
    if (made instanceof Optimizer) return made as Optimizer;
    throw new ValueError(`${where}: ${PARTS}: an optimizer is needed for each part, got ${describe(made)}`);
  };
  // What stands for one optimizer is not used where there are several.
  const settings = compileSettings(optimizers === undefined ? config : {...config, optimizer: 'sgd'}, where);
  model.trainer.compile({
    ...settings,
    ...(optimizers === undefined
      ? {}
      : {optimizer: optimizers.map(([one, optimizer]) => [part(one), optimizerOf(optimizer)] as const)}),
    ...(multipliers === undefined
      ? {}
      : {learningRateMultipliers: multipliers.map(([one, by]) => [part(one), by] as const)}),
  });
  if (!model.built) return;
  model.trainer.buildOptimizers();
}

const partsOf = (node: ConfigNode): unknown => Reflect.get(node, PARTS);

function partOf(model: AnyModel, part: StoredPart, where: string): KnownPart {
  if ('pattern' in part) {
    const {pattern, weights: indices} = part;
    if (indices === null || !model.built) return pattern;
    const {weights} = model;
    const outside = indices.find((i) => i >= weights.length);
    if (outside !== undefined) {
      throw new ValueError(
        `${where}: ${PARTS}: weight ${String(outside)} of "${pattern}" is not there; the model has ${String(weights.length)}`,
      );
    }
    return new StoredPattern(pattern, new Set(indices.flatMap((i) => weights[i] ?? [])));
  }
  const owner = saveablesOf(model).find(({path}) => path === part.layer)?.owner;
  const layer: AnyLayer | null = owner instanceof Layer ? owner : null;
  if (layer !== null) return layer;
  throw new ValueError(`${where}: ${PARTS}: there is no layer at "${part.layer}"`);
}
