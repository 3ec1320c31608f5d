import {type DType} from '@keratin/core';

/** How a dtype rounds the numbers that Keras computes in it (the rate of a step, powers of betas). */
export function roundingOf(dtype: DType): (x: number) => number {
  return dtype === 'float32' ? Math.fround : (x) => x;
}
