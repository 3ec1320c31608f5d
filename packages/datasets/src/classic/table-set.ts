import {loadNpz, ops, type Tensor, tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {RandomState} from '../random/random-state.js';
import {type PartsOf, partsOf} from './train-and-test.js';

/** A share of the rows that is kept for the test. */
export function checkTestSplit(op: string, testSplit: unknown): number {
  if (typeof testSplit === 'number' && testSplit >= 0 && testSplit < 1) return testSplit;
  throw new ValueError(`${op}: testSplit must be at least 0 and below 1, got ${describe(testSplit)}`);
}

/** Rows and targets of an .npz file in Keras's seeded order, the last ones for the test. */
export async function tableSet(
  op: string,
  path: string,
  options: {readonly testSplit: number; readonly seed: number; readonly rows?: number | undefined},
): Promise<PartsOf<Tensor, Tensor>> {
  const {testSplit, seed} = options;
  checkTestSplit(op, testSplit);
  const {x, y} = await loadNpz(path);
  if (x === undefined || y === undefined || x.length !== y.length) {
    throw new ValueError(`${op}: ${path} must have arrays x and y of one length`);
  }
  const order = new RandomState(seed, op).order(Math.min(options.rows ?? x.length, x.length));
  const at = Math.trunc(order.length * (1 - testSplit));
  const part = (rows: readonly number[]) => {
    const ids = tensor(Int32Array.from(rows));
    return [ops.take(x, ids, 0), ops.take(y, ids, 0)] as const;
  };
  return partsOf(part(order.slice(0, at)), part(order.slice(at)));
}
