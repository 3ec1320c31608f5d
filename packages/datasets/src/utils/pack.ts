/** A batch of `fit` as one value: `x` where it is alone, else `[x, y]` or `[x, y, sampleWeight]`. */
export function packXYSampleWeight(x: unknown, y?: unknown, sampleWeight?: unknown): unknown {
  if (sampleWeight !== undefined && sampleWeight !== null) return [x, y, sampleWeight];
  return y === undefined || y === null ? x : [x, y];
}

/** The parts of a batch of `fit`; null where it has none. */
export function unpackXYSampleWeight(data: unknown): [x: unknown, y: unknown, sampleWeight: unknown] {
  const [x, y = null, sampleWeight = null] = (Array.isArray(data) ? data : [data]) as unknown[];
  return [x, y, sampleWeight];
}
