/** Inputs and labels of one part of a data set. */
export type PairOf<X, Y> = readonly [x: X, y: Y];

/** Both parts of a data set, by name or by position: `{train: [x, y], test}` and `[[x, y], test]`. */
export type PartsOf<X, Y> = {readonly train: PairOf<X, Y>; readonly test: PairOf<X, Y>} & readonly [
  train: PairOf<X, Y>,
  test: PairOf<X, Y>,
];

/** Both parts, by name and by position. */
export function partsOf<X, Y>(train: PairOf<X, Y>, test: PairOf<X, Y>): PartsOf<X, Y> {
  const parts: [PairOf<X, Y>, PairOf<X, Y>] = [train, test];
  return Object.assign(parts, {train, test});
}
