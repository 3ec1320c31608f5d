/**
 * What is kept of data that came in batches, so that their quantiles are known roughly: values in ascending order, each with the number of
 * elements that it stands for.
 */
export interface Summary {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

export const EMPTY: Summary = {values: [], weights: []};

/** The summary of one batch: every step-th of the sorted elements, at most 1 / epsilon of them. */
export function summarize(data: Float32Array, epsilon: number): Summary {
  const sorted = Float32Array.from(data).sort();
  const step = Math.max(sorted.length * epsilon, 1);
  const stride = Math.trunc(step);
  const values: number[] = [];
  for (let i = Math.trunc(step - 1); i < sorted.length; i += stride) values.push(sorted[i] ?? 0);
  return {values, weights: values.map(() => Math.fround(step))};
}

/** Two summaries as one of at most 1 / epsilon values. */
export function mergeSummaries(a: Summary, b: Summary, epsilon: number): Summary {
  const pairs = [a, b].flatMap(({values, weights}) => values.map((value, i) => [value, weights[i] ?? 0] as const));
  pairs.sort(([x], [y]) => x - y);
  return compress({values: pairs.map(([value]) => value), weights: pairs.map(([, weight]) => weight)}, epsilon);
}

/** The edges between `numBins` bins that hold about equally many elements. */
export const binBoundaries = (summary: Summary, numBins: number): number[] =>
  compress(summary, 1 / numBins).values.slice(0, -1);

function compress(summary: Summary, epsilon: number): Summary {
  if (summary.values.length * epsilon < 1) return summary;
  let sum = 0;
  // As NumPy adds up float32.
  const cumulative = summary.weights.map((weight) => (sum = Math.fround(sum + weight)));
  const fractions = cumulative.map((weight) => Math.fround(weight / sum));
  const count = Math.ceil(1 / epsilon);
  const wanted = Array.from({length: count}, (_, i) => epsilon + i * epsilon);
  const values = wanted.map((at) => Math.fround(interpolate(at, fractions, summary.values)));
  const totals = wanted.map((at) => interpolate(at, fractions, cumulative));
  const weights = totals.map((total, i) => Math.fround(total - (totals[i - 1] ?? 0)));
  return {values, weights};
}

/** The value at `at` of the line through points with ascending `xs`; the first and last value outside of them. */
function interpolate(at: number, xs: readonly number[], ys: readonly number[]): number {
  const next = xs.findIndex((x) => x > at);
  if (next === 0) return ys[0] ?? 0;
  if (next < 0) return ys.at(-1) ?? 0;
  const [x0 = 0, x1 = 0] = [xs[next - 1], xs[next]];
  const [y0 = 0, y1 = 0] = [ys[next - 1], ys[next]];
  return y0 + ((y1 - y0) / (x1 - x0)) * (at - x0);
}
