import {type Element, type Tensor, ValueError} from '@keratin/core';
import {describe, isNode, isPlainObject} from '@keratin/core/internal';
import * as losses from '../losses/index.js';
import {Mean} from '../metrics/index.js';
import {alignTo, type OutputNames, type Outputs, outputsOf, perOutput} from './outputs.js';

/** One loss: an id, an object, a function of targets and predictions, or a config. */
export type LossSpec = losses.LossLike | 'crossentropy' | 'ce';

/** The loss of each output: one for all, a list in their order, or by name; null leaves an output out. */
export type LossOption = LossSpec | readonly (LossSpec | null)[] | {readonly [output: string]: LossSpec | null};

/** A factor for the loss of each output. */
export type LossWeights = number | readonly number[] | {readonly [output: string]: number};

interface Part {
  readonly loss: losses.Loss;
  readonly weight: number | null;
  readonly output: number;
  /** The mean of this loss alone, where the model has several outputs. */
  readonly tracker: Mean<string> | null;
}

const isSpec = (value: unknown): value is LossSpec =>
  typeof value === 'string' || typeof value === 'function' || value instanceof losses.Loss || isNode(value);

const isSpecOrNull = (value: unknown): value is LossSpec | null => value === null || isSpec(value);

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** The losses of a compiled model: which loss each output has, their weights and their sum. */
export class CompiledLoss {
  readonly #option: LossOption;
  readonly #weights: LossWeights | undefined;
  #parts: readonly Part[] | null = null;

  constructor(option: LossOption, weights: LossWeights | undefined) {
    checkOption(option);
    checkWeights(weights);
    this.#option = resolveStrings(option);
    this.#weights = weights;
  }

  /** The means of the single losses, where the model has several outputs. */
  get trackers(): readonly Mean<string>[] {
    return (this.#parts ?? []).flatMap(({tracker}) => (tracker === null ? [] : [tracker]));
  }

  /** How many outputs have a loss; 0 before the first step. */
  get count(): number {
    return this.#parts?.length ?? 0;
  }

  /** The weighted sum of the losses: a scalar. */
  call(yTrue: unknown, yPred: unknown, sampleWeight: unknown, where: string, names: OutputNames = null): Tensor {
    const outputs = outputsOf(where, yPred, names);
    if (yTrue === undefined) throw new ValueError(`${where}: the loss needs targets, and no y was given`);
    const targets = alignTo(where, 'y', yTrue, outputs);
    const weights = sampleWeight === undefined ? null : alignTo(where, 'sampleWeight', sampleWeight, outputs);
    this.#parts ??= this.#build(where, targets, outputs);
    let total: Tensor | null = null;
    for (const {loss, weight, output, tracker} of this.#parts) {
      const target = targets[output] ?? null;
      const prediction = outputs.tensors[output];
      if (target === null || prediction === undefined) {
        throw new ValueError(`${where}: output ${outputs.names?.[output] ?? String(output)} has a loss but no targets`);
      }
      const given = weights?.[output] ?? null;
      let value =
        given === null
          ? loss(target as Tensor, prediction)
          : loss(target as Tensor, prediction, {sampleWeight: given as Tensor});
      // By samples, so that these add up to the total; Keras counts each batch once, whatever its size.
      tracker?.updateState(value, {sampleWeight: prediction.shape[0] ?? 1});
      if (weight !== null) value = value.mul(weight);
      total = total === null ? value : total.add(value);
    }
    if (total === null) throw new ValueError(`${where}: no output has a loss`);
    return total;
  }

  /** Makes the losses for outputs of these shapes; what can be wrong with them is found here. */
  prepare(yTrue: unknown, yPred: unknown, where: string, names: OutputNames = null): void {
    if (this.#parts !== null || yTrue === undefined) return;
    const outputs = outputsOf(where, yPred, names);
    this.#parts = this.#build(where, alignTo(where, 'y', yTrue, outputs), outputs);
  }

  #build(where: string, targets: readonly (Tensor<Element> | null)[], outputs: Outputs): readonly Part[] {
    const specs = perOutput<LossSpec | null>(where, 'loss', this.#option, outputs, isSpecOrNull);
    const weights =
      this.#weights === undefined ? null : perOutput(where, 'lossWeights', this.#weights, outputs, isNumber);
    const used = specs.filter((spec) => spec !== null).length;
    const taken = new Map<string, number>();
    return specs.flatMap((spec, output) => {
      if (spec === null) return [];
      const target = targets[output] ?? null;
      const loss = resolveLoss(spec, target, outputs.tensors[output]);
      const name = `${outputs.names?.[output] ?? loss.name}_loss`;
      const count = taken.get(name) ?? 0;
      taken.set(name, count + 1);
      const unique = count === 0 ? name : `${name}_${String(count)}`;
      return [{loss, weight: weights?.[output] ?? null, output, tracker: used > 1 ? new Mean({name: unique}) : null}];
    });
  }
}

function checkOption(option: unknown): void {
  if (isSpec(option)) return;
  const entries = Array.isArray(option)
    ? (option as readonly unknown[])
    : isPlainObject(option)
      ? Object.values(option)
      : null;
  if (entries === null || entries.length === 0) {
    throw new ValueError(
      `compile: loss must be an id, a loss, a function, or a list or object of them by output, got ${describe(option)}`,
    );
  }
  const odd = entries.find((entry) => !isSpecOrNull(entry));
  if (odd !== undefined) throw new ValueError(`compile: a loss is an id, a loss or a function, got ${describe(odd)}`);
}

function checkWeights(weights: unknown): void {
  if (weights === undefined) return;
  const list = typeof weights === 'number' ? [weights] : Object.values(weights as Readonly<Record<string, unknown>>);
  const odd = list.find((weight) => typeof weight !== 'number' || Number.isNaN(weight));
  if (odd !== undefined || list.length === 0) {
    throw new ValueError(`compile: lossWeights must be numbers, got ${describe(odd ?? weights)}`);
  }
}

/** Turns ids and functions into losses at once, so that a misspelt id is an error of `compile`; two ids wait for shapes. */
function resolveStrings(option: LossOption): LossOption {
  const resolve = (spec: LossSpec | null): LossSpec | null =>
    spec === null || spec === 'crossentropy' || spec === 'ce' ? spec : named(spec);
  if (isSpec(option)) return resolve(option) ?? option;
  if (Array.isArray(option)) return (option as readonly (LossSpec | null)[]).map(resolve);
  return Object.fromEntries(
    Object.entries(option as Readonly<Record<string, LossSpec | null>>).map(([key, spec]) => [key, resolve(spec)]),
  );
}

function named(spec: Exclude<LossSpec, 'crossentropy' | 'ce'>): losses.Loss {
  if (
    typeof spec === 'function' &&
    !(spec instanceof losses.Loss) &&
    Object.prototype.isPrototypeOf.call(losses.Loss, spec)
  ) {
    const {name} = spec;
    throw new ValueError(`compile: loss is the class ${name}; give an object of it, new ${name}()`);
  }
  return losses.get(spec);
}

function resolveLoss(spec: LossSpec, target: Tensor<Element> | null, prediction: Tensor | undefined): losses.Loss {
  if (spec !== 'crossentropy' && spec !== 'ce') return named(spec);
  return losses.resolveCrossentropy(target?.shape ?? [], prediction?.shape ?? []);
}
