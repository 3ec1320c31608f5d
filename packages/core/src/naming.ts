// Names that objects get by themselves: `dense`, `dense_1`, ...

const counts = new Map<string, number>();

/** A class name in Keras's snake case: `Conv2D` -> `conv2d`, `ReLU` -> `re_lu`, `RMSprop` -> `rm_sprop`. */
export function toSnakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** `name` where it is new, else with the number of times that it was taken: `dense`, `dense_1`, `dense_2`. */
export function uniqueName(name: string): string {
  const taken = counts.get(name) ?? 0;
  counts.set(name, taken + 1);
  return taken === 0 ? name : `${name}_${String(taken)}`;
}

/** A name for an object of the class, as Keras numbers them. */
export function autoName(className: string): string {
  return uniqueName(toSnakeCase(className));
}

/** Runs `fn` so that names which are taken in it are free afterwards. */
export function withNamesKept<T>(fn: () => T): T {
  const before = new Map(counts);
  try {
    return fn();
  } finally {
    counts.clear();
    for (const [name, taken] of before) counts.set(name, taken);
  }
}

/** Starts all names over, as `clearSession` does. */
export function resetNames(): void {
  counts.clear();
}
