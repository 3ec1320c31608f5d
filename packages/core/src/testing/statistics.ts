// What samples are held against: moments, Kolmogorov and Smirnov's distance, chi-square, and the distributions.

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
};

/** The mean of the products of two samples' deviations from their means. */
export function covariance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [ma, mb] = [mean(a), mean(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - ma) * ((b[i] ?? 0) - mb);
  return sum / a.length;
}

/**
 * Kolmogorov and Smirnov's largest distance between a sample and a distribution, times sqrt(n): below {@link KOLMOGOROV_LIMIT}
 * but for one sample in ten thousand.
 */
export function kolmogorov(values: ArrayLike<number>, cumulative: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  let distance = 0;
  sorted.forEach((x, i) => {
    const f = cumulative(x);
    distance = Math.max(distance, f - i / sorted.length, (i + 1) / sorted.length - f);
  });
  return distance * Math.sqrt(sorted.length);
}
export const KOLMOGOROV_LIMIT = 2.23;

/**
 * The chi-square of counts against expected ones, as a normal deviate (Wilson and Hilferty): within
 * {@link DEVIATE_LIMIT} but for one sample in ten thousand. Small expectations are joined.
 */
export function chiSquareDeviate(counts: readonly number[], expected: readonly number[]): number {
  let chi = 0;
  let cells = 0;
  let [count, wanted] = [0, 0];
  counts.forEach((n, i) => {
    count += n;
    wanted += expected[i] ?? 0;
    if (wanted < 5 && i < counts.length - 1) return;
    if (wanted > 0) {
      chi += (count - wanted) ** 2 / wanted;
      cells += 1;
    } else if (count > 0) chi = Infinity;
    [count, wanted] = [0, 0];
  });
  const degrees = cells - 1;
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(chi / degrees) - (1 - spread)) / Math.sqrt(spread);
}
export const DEVIATE_LIMIT = 3.9;

/** How often each of the numbers 0 to bins - 1 occurs. */
export function countsOf(values: ArrayLike<number>, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const bin = values[i] ?? -1;
    if (!(bin in counts)) throw new RangeError(`${String(bin)} is not in [0, ${String(bins)})`);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

// ---- Special functions --------------------------------------------------------------------------------------------

// Lanczos's approximation with g = 7 and 9 terms.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x - 1 + 7.5;
  const sum = LANCZOS.reduce((total, c, i) => total + (i === 0 ? c : c / (x - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The regularized lower incomplete gamma function: the gamma distribution (series, or Lentz's continued fraction). */
export function gammaCumulative(a: number, x: number): number {
  if (x <= 0) return 0;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < 10_000 && term > sum * 1e-16; n++) sum += term *= x / (a + n);
    return sum * scale;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 10_000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return 1 - h * scale;
}

/** The regularized incomplete beta function: the beta distribution (Lentz's continued fraction). */
export function betaCumulative(a: number, b: number, x: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCumulative(b, a, 1 - x);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * h;
}

/** The standard normal distribution, by the incomplete gamma function. */
export function normalCumulative(x: number): number {
  const half = 0.5 * gammaCumulative(0.5, (x * x) / 2);
  return x < 0 ? 0.5 - half : 0.5 + half;
}

/** The chances of 0 to n successes. */
export function binomialChances(n: number, p: number): number[] {
  return Array.from({length: n + 1}, (_, k) => {
    if (p === 0 || p === 1) return Number(k === n * p);
    const ways = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
    return Math.exp(ways + k * Math.log(p) + (n - k) * Math.log1p(-p));
  });
}
