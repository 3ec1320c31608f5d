/** The names of all functions and classes that a module exports, with those of its namespaces, by where they are: `layers.Dense: Dense`. */
export function exportedNames(module: object, path = '', seen = new Set<object>()): string[] {
  if (seen.has(module)) return [];
  seen.add(module);
  return Object.entries(module)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, value]: [string, unknown]) => {
      if (typeof value === 'function') return [`${path}${key}: ${value.name}`];
      const isNamespace = typeof value === 'object' && value !== null && isModule(value);
      return isNamespace ? exportedNames(value, `${path}${key}.`, seen) : [];
    });
}

const isModule = (value: object): boolean => Reflect.get(value, Symbol.toStringTag) === 'Module';
