import {type Variable} from '@keratin/core';
import {type AnyLayer, Layer} from '@keratin/layers';

/** A part of a model: a layer with all that is in it, or a pattern of variable paths such as `'encoder/*'`. */
export type ModelPart = AnyLayer | string;

/**
 * What a pattern of paths stood for in a model that was stored: a layer that is made again has its weights before it is a part of a model,
 * so their paths may be shorter.
 */
export class StoredPattern {
  constructor(
    readonly pattern: string,
    readonly weights: ReadonlySet<Variable>,
  ) {}
}

/** A part as `compile` holds it. */
export type KnownPart = ModelPart | StoredPattern;

export const isPart = (value: unknown): value is KnownPart =>
  value instanceof Layer || typeof value === 'string' || value instanceof StoredPattern;

/** Whether a part is given by paths of variables instead of a layer. */
export const isPattern = (part: KnownPart): part is string | StoredPattern =>
  typeof part === 'string' || part instanceof StoredPattern;

export function nameOf(part: KnownPart): string {
  if (typeof part === 'string') return part;
  return part instanceof StoredPattern ? part.pattern : part.name;
}

/** Whether a variable belongs to a part. */
export function membership(part: KnownPart): (variable: Variable) => boolean {
  if (typeof part === 'string') {
    const pattern = pathPattern(part);
    return ({path}) => pattern.test(path);
  }
  const owned = new Set<Variable>(part.weights);
  return (variable) => owned.has(variable);
}

/** `*` stands for any characters. */
function pathPattern(pattern: string): RegExp {
  const escaped = pattern.split('*').map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`);
}

/** The part of a model that is what a part of another one of the same layers is. */
export function partLike(part: KnownPart, other: AnyLayer, model: AnyLayer): KnownPart {
  if (typeof part === 'string') return part;
  if (part instanceof StoredPattern) {
    const {weights} = model;
    const mine = other.weights.flatMap((variable, i) => (part.weights.has(variable) ? (weights[i] ?? []) : []));
    return new StoredPattern(part.pattern, new Set(mine));
  }
  const layers = model.flattenLayers();
  const same = layers[other.flattenLayers().indexOf(part)];
  return same?.name === part.name ? same : (layers.find(({name}) => name === part.name) ?? part);
}
