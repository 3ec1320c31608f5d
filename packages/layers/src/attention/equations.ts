// The einsum equations of attention with several heads, for inputs of any rank, as Keras builds them.

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

const letter = (at: number): string => LETTERS.charAt(at);
const letters = (from: number, count: number): string => LETTERS.slice(from, from + count);

/** A projection: `free` axes stay, `bound` axes are summed over, `output` axes come out. */
export function projectionEquation(
  free: number,
  bound: number,
  output: number,
): {readonly equation: string; readonly biasAxes: string; readonly rank: number} {
  const kept = letters(0, free);
  const summed = letters(free, bound);
  const made = letters(free + bound, output);
  return {equation: `${kept}${summed},${summed}${made}->${kept}${made}`, biasAxes: made, rank: free + output};
}

/**
 * The products of attention for projected inputs (batch, ..., heads, size) of this rank.
 * @param axes the axes that attention is over
 */
export function attentionEquations(
  rank: number,
  axes: readonly number[],
): {readonly scores: string; readonly combine: string; readonly scoresRank: number} {
  const target = letters(0, rank);
  const all = Array.from({length: rank}, (_, axis) => axis);
  const batch = all.filter((axis) => axis !== rank - 1 && !axes.includes(axis));
  let next = rank;
  const source = all.map((axis) => (batch.includes(axis) || axis === rank - 1 ? target.charAt(axis) : letter(next++)));
  const pick = (from: ArrayLike<string>, at: readonly number[]) => at.map((axis) => from[axis] ?? '').join('');
  const product = pick(Array.from(target), batch) + pick(Array.from(target), axes) + pick(source, axes);
  return {
    scores: `${source.join('')},${target}->${product}`,
    combine: `${product},${source.join('')}->${target}`,
    scoresRank: product.length,
  };
}
