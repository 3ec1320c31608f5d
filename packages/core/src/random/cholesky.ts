import {ValueError} from '../errors.js';

/** The lower triangular L with L L^T = a, for a small symmetric positive semi-definite matrix (Cholesky-Banachiewicz). */
export function choleskySmall(a: readonly (readonly number[])[], op: string): number[][] {
  const n = a.length;
  const at = (m: readonly (readonly number[])[], i: number, j: number): number => m[i]?.[j] ?? 0;
  const scale = Math.max(...a.flat().map(Math.abs), Number.MIN_VALUE);
  const factor: number[][] = [];
  for (let i = 0; i < n; i++) {
    const row: number[] = [];
    for (let j = 0; j <= i; j++) {
      if (Math.abs(at(a, i, j) - at(a, j, i)) > 1e-6 * scale) {
        throw new ValueError(
          `${op}: the covariance must be symmetric, got ${String(at(a, i, j))} and ${String(at(a, j, i))}`,
        );
      }
      let rest = at(a, i, j);
      for (let k = 0; k < j; k++) rest -= (row[k] ?? 0) * (i === j ? (row[k] ?? 0) : at(factor, j, k));
      if (i === j) {
        if (rest < -1e-6 * scale) throw new ValueError(`${op}: the covariance must be positive semi-definite`);
        row.push(Math.sqrt(Math.max(rest, 0)));
      } else {
        const pivot = at(factor, j, j);
        row.push(pivot === 0 ? 0 : rest / pivot);
      }
    }
    factor.push([...row, ...new Array<number>(n - i - 1).fill(0)]);
  }
  return factor;
}
