/**
 * A function that gives what `make` gave at the first call. For libraries that few programs need: loading one takes 5 to 80 ms.
 *
 * @example
 * const yaml = lazy(() => createRequire(import.meta.url)('yaml') as typeof Yaml);
 */
export function lazy<T>(make: () => T): () => T {
  let made: {readonly value: T} | undefined;
  return () => (made ??= {value: make()}).value;
}
