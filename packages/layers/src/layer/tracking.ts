import {Variable} from '@keratin/core';
import {isPlainObject} from '@keratin/core/internal';

/** What a layer holds in its public fields, in the order of the fields. */
export interface Holdings<L> {
  readonly variables: readonly Variable[];
  readonly layers: readonly L[];
}

/**
 * The Variables and sublayers in an object's own fields, and in the arrays, maps, sets and dictionaries there. Fields named with `#`
 * cannot be seen from outside of their class.
 */
export function holdingsOf<L extends object>(owner: object, isLayer: (value: unknown) => value is L): Holdings<L> {
  const variables = new Set<Variable>();
  const layers = new Set<L>();
  const seen = new Set<object>([owner]);
  const visit = (value: unknown): void => {
    if (value instanceof Variable) variables.add(value as Variable);
    else if (isLayer(value)) layers.add(value);
    else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      const entries = entriesOf(value);
      if (entries === undefined) return;
      seen.add(value);
      for (const entry of entries) visit(entry);
    }
  };
  for (const key of Object.keys(owner)) {
    const field = Object.getOwnPropertyDescriptor(owner, key);
    // Reading an accessor would run code of the user.
    if (field !== undefined && 'value' in field) visit(field.value);
  }
  layers.delete(owner as L);
  return {variables: [...variables], layers: [...layers]};
}

function entriesOf(value: object): Iterable<unknown> | undefined {
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>;
  if (value instanceof Map) return value.values();
  return isPlainObject(value) ? Object.values(value) : undefined;
}
