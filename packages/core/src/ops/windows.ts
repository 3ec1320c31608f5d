import {ValueError} from '../errors.js';
import {describe} from '../suggest.js';
import {tensor} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {floatx} from '../config.js';
import {castTo} from './convert.js';

// Symmetric window functions of n points.

type Count = number | Tensor;

function window(op: string, n: Count, at: (i: number, last: number) => number): Tensor {
  const count = isTensor(n) ? n.item() : n;
  if (!Number.isInteger(count) || count < 0) {
    throw new ValueError(`${op}: the number of points must be a non-negative integer, got ${describe(n)}`);
  }
  const values = Float64Array.from({length: count}, (_, i) => (count === 1 ? 1 : at(i, count - 1)));
  return castTo(tensor(values), floatx());
}

/** 0.54 - 0.46 cos(2 pi i / (n - 1)) */
export function hamming(n: Count): Tensor {
  return window('hamming', n, (i, last) => 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / last));
}

/** 0.5 - 0.5 cos(2 pi i / (n - 1)) */
export function hanning(n: Count): Tensor {
  return window('hanning', n, (i, last) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / last));
}

/** A triangle from 0 to 1 and back. */
export function bartlett(n: Count): Tensor {
  return window('bartlett', n, (i, last) => 1 - Math.abs((2 * i) / last - 1));
}

/** 0.42 - 0.5 cos(2 pi i / (n - 1)) + 0.08 cos(4 pi i / (n - 1)) */
export function blackman(n: Count): Tensor {
  return window(
    'blackman',
    n,
    (i, last) => 0.42 - 0.5 * Math.cos((2 * Math.PI * i) / last) + 0.08 * Math.cos((4 * Math.PI * i) / last),
  );
}

// The power series of the modified Bessel function of order 0.
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x * x) / (4 * k * k);
    sum += term;
  }
  return sum;
}

/** I0(beta sqrt(1 - (2 i / (n - 1) - 1)^2)) / I0(beta) */
export function kaiser(n: Count, beta: number): Tensor {
  return window(
    'kaiser',
    n,
    (i, last) => bessel(beta * Math.sqrt(Math.max(1 - ((2 * i) / last - 1) ** 2, 0))) / bessel(beta),
  );
}
