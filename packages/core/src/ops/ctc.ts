import {type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toTensor} from './convert.js';
import {arange, full} from './create.js';
import {where} from './elementwise.js';
import {logSoftmax, oneHot} from './nn.js';
import {logsumexp} from './reduction.js';
import {concatenate, pad, slice, stack, unstack} from './shape.js';

// Less than the log-probability of any path; not -Infinity, whose differences are NaN.
const IMPOSSIBLE = -1e30;

/**
 * Connectionist temporal classification (Graves et al., 2006): for each sequence minus the log-probability of all ways in which its
 * steps can spell its labels.
 * @param target class numbers (batch, labels)
 * @param output logits (batch, steps, classes)
 * @param targetLength how many labels count, (batch,)
 * @param outputLength how many steps count, (batch,)
 */
export function ctcLoss(
  target: AnyTensorLike,
  output: AnyTensorLike,
  targetLength: AnyTensorLike,
  outputLength: AnyTensorLike,
  options: {maskIndex?: number | undefined} = {},
): Tensor {
  const op = 'ctcLoss';
  checkOptions(op, options, ['maskIndex']);
  const blank = options.maskIndex ?? 0;
  const logits = toFloat(output, op);
  const labels: Tensor = castTo(toTensor<Element>(target, op), 'int32');
  const counts: Tensor = castTo(toTensor<Element>(targetLength, op), 'int32');
  const steps: Tensor = castTo(toTensor<Element>(outputLength, op), 'int32');
  if (labels.ndim !== 2 || logits.ndim !== 3 || labels.shape[0] !== logits.shape[0]) {
    throw new ShapeError(
      `${op}: target must be (batch,labels) and output (batch,steps,classes), got ${show(labels.shape)} and ${show(logits.shape)}`,
    );
  }
  const path = withBlanks(labels, blank);
  const states = path.dim(1);
  const classes = oneHot(path, logits.dim(2), {dtype: logits.dtype});
  const emissions = unstack(logSoftmax(logits).matmul(classes.transpose([0, 2, 1])), 1);
  // Two states on at once: over a blank, to another label.
  const jumps = path.notEqual(blank).logicalAnd(path.notEqual(shifted(path, 2, blank)));
  const length = steps.reshape([-1, 1]);
  // A path begins with a blank or the first label.
  const start = where(arange(states).less(2), emissions[0] ?? 0, IMPOSSIBLE);
  const forward = emissions.slice(1).reduce<Tensor>((before, emission, i) => {
    const jumped = where(jumps, shifted(before, 2, IMPOSSIBLE), IMPOSSIBLE);
    const next = logsumexp(stack([before, shifted(before, 1, IMPOSSIBLE), jumped]), 0).add(emission);
    return where(length.greater(i + 1), next, before);
  }, start);
  // It ends with the last label or the blank after it.
  const last = counts.reshape([-1, 1]).mul(2);
  const state = arange(states);
  const ends = last.equal(state).logicalOr(last.sub(1).equal(state));
  const loss = logsumexp(where(ends, forward, IMPOSSIBLE), 1).neg();
  return where(loss.less(-IMPOSSIBLE / 10), loss, Infinity);
}

/** Blank, label, blank, label, ..., blank. */
function withBlanks(labels: Tensor, blank: number): Tensor {
  const [batch, length] = [labels.dim(0), labels.dim(1)];
  const blanks = full([batch, length], blank, 'int32');
  const pairs = stack([blanks, labels], 2).reshape([batch, 2 * length]);
  return concatenate([pairs, full([batch, 1], blank, 'int32')], 1);
}

/** States moved on by n, the first ones filled. */
function shifted(x: Tensor, n: number, fill: number): Tensor {
  const kept = Math.max(x.dim(1) - n, 0);
  const width = [[0, 0] as const, [x.dim(1) - kept, 0] as const];
  return pad(slice(x, [0, 0], [x.dim(0), kept]), width, {constantValues: fill});
}
