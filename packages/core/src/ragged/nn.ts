import {type DType, type Element} from '../dtype.js';
import {oneHot as oneHotTensor} from '../ops/nn.js';
import {type RaggedTensor} from './ragged-tensor.js';
import {toRagged} from './rows.js';

/** A new last axis with 1 at the index and 0 elsewhere. */
export function oneHot(
  x: RaggedTensor | RaggedTensor<bigint>,
  numClasses: number,
  options: {dtype?: DType | undefined} = {},
): RaggedTensor {
  const given = toRagged<Element>(x, 'ragged.oneHot');
  return given.withFlatValues(oneHotTensor(given.flatValues, numClasses, options));
}
