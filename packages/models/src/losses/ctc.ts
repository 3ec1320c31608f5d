import {ops, ShapeError, type Tensor} from '@keratin/core';
import {show} from '@keratin/core/internal';
import {baseOptions, Loss, type LossOptions} from './loss.js';
import {type Labels, toDType, toFloat, toTensor} from './shapes.js';

// Less than the log-probability of any path; not -Infinity, whose differences are NaN.
const IMPOSSIBLE = -1e30;

/**
 * Connectionist temporal classification (Graves et al., 2006): minus the log-probability of all ways in which the steps of a
 * sequence can spell its labels. Class 0 is the blank, and pads labels.
 * @param yTrue class numbers (batch, labels), padded with 0
 * @param yPred logits (batch, steps, classes)
 */
export function ctc(yTrue: Labels, yPred: Labels): Tensor {
  const logits = toFloat(yPred, 'ctc');
  const labels = toDType(yTrue, 'int32', 'ctc');
  if (labels.ndim !== 2 || logits.ndim !== 3 || labels.shape[0] !== logits.shape[0]) {
    throw new ShapeError(
      `ctc: yTrue must be (batch, labels) and yPred (batch, steps, classes), got yTrue ${show(labels.shape)} and yPred ${show(logits.shape)}`,
    );
  }
  const path = withBlanks(labels);
  const [first, ...rest] = emissions(logits, path);
  const states = path.dim(1);

  // Two states on at once: over a blank, to another label.
  const jumps = path.notEqual(0).logicalAnd(path.notEqual(shifted(path, 2, 0)));
  // A path begins with a blank or the first label.
  let forward: Tensor = ops.where(ops.arange(states).less(2), first ?? 0, IMPOSSIBLE);
  for (const emission of rest) {
    const jumped = ops.where(jumps, shifted(forward, 2, IMPOSSIBLE), IMPOSSIBLE);
    forward = ops.logsumexp(ops.stack([forward, shifted(forward, 1, IMPOSSIBLE), jumped]), 0).add(emission);
  }
  // It ends with the last label or the blank after it.
  const last: Tensor = ops.cast(labels.notEqual(0), 'int32').sum({axis: 1, keepdims: true}).mul(2);
  const state = ops.arange(states);
  const ends = last.equal(state).logicalOr(last.sub(1).equal(state));
  const loss = ops.logsumexp(ops.where(ends, forward, IMPOSSIBLE), 1).neg();
  return ops.where(loss.less(-IMPOSSIBLE / 10), loss, Infinity);
}

/** Blank, label, blank, label, ..., blank. */
function withBlanks(labels: Tensor): Tensor {
  const [batch, length] = [labels.dim(0), labels.dim(1)];
  const blanks: Tensor = ops.zerosLike(labels);
  const pairs = ops.stack([blanks, labels], 2).reshape([batch, 2 * length]);
  return ops.concatenate([pairs, ops.zeros([batch, 1], 'int32')], 1);
}

/** For each step the log-probability of each state's class, (batch, states). */
function emissions(logits: Tensor, path: Tensor): Tensor[] {
  const classes: Tensor = ops.oneHot(path, logits.dim(2), {dtype: logits.dtype});
  const all = logits.logSoftmax().matmul(classes.transpose([0, 2, 1]));
  return ops.unstack(all, 1);
}

/** States moved on by n, the first ones filled. */
function shifted(x: Tensor, n: number, fill: number): Tensor {
  const moved = ops.slice(x, [0, 0], [x.dim(0), x.dim(1) - n]);
  const width = [
    [0, 0],
    [n, 0],
  ] as const;
  return ops.pad(moved, width, {constantValues: fill});
}

/** The CTC loss of each sequence, reduced. */
export class CTC extends Loss {
  constructor(options: LossOptions = {}) {
    super(baseOptions('CTC', options, 'ctc'));
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return ctc(yTrue, yPred);
  }

  protected override toTarget(yTrue: Labels): Tensor {
    return toTensor(yTrue, this.name);
  }
}
