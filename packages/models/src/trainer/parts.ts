import {type AnyLayer} from '@keratin/layers';

/** A part of a model: a layer with all that is in it, or a pattern of variable paths such as `'encoder/*'`. */
export type ModelPart = AnyLayer | string;

export const nameOf = (part: ModelPart): string => (typeof part === 'string' ? part : part.name);

/** `*` stands for any characters. */
export function pathPattern(pattern: string): RegExp {
  const escaped = pattern.split('*').map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`);
}
