import {isRecording, recordFunction, withoutRecorder} from '../engine/recording.js';
import {type Tensor} from '../tensor/tensor.js';
import {zerosLike} from './create.js';

/**
 * Parts of a tensor that together are all of it, recorded as one step: its gradient is those of the parts joined. Part by part, each
 * gradient would be as large as the whole, and a sequence of n steps would cost n of them.
 * @param cut makes the parts
 * @param join the inverse of `cut`
 */
export function inParts(
  op: string,
  x: Tensor,
  cut: () => readonly Tensor[],
  join: (gradients: readonly Tensor[]) => Tensor,
): Tensor[] {
  if (!isRecording() || x.symbolic) return [...cut()];
  const parts = withoutRecorder(null, cut);
  recordFunction(op, [x], parts, (cotangents) => [join(parts.map((part, i) => cotangents[i] ?? zerosLike(part)))]);
  return [...parts];
}
