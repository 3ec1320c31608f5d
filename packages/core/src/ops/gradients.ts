import {type Element} from '../dtype.js';
import {share} from '../engine/dispatch.js';
import {Tensor} from '../tensor/tensor.js';

/** The same values, through which no gradient flows. */
export function stopGradient<E extends Element>(x: Tensor<E>): Tensor<E> {
  // Another identity: tapes do not know it. A Variable must not write into what is shared.
  share(x);
  return Tensor.create<E>(x.shape, x.dtype, x.source, x.strides, x.offset);
}
