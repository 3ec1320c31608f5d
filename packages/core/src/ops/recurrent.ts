import {InternalError} from '../errors.js';
import {applyAll} from '../engine/dispatch.js';
import {isRecording} from '../engine/recording.js';
import * as recurrent from '../primitives/recurrent.js';
import {type Tensor} from '../tensor/tensor.js';

// The fused forms that layers use, float32 or float64; the composed ones are the layers' cells, and a test holds both equal.

/** What goes into a sequence; one step or more. */
export interface SequenceInputs {
  /** The inputs (batch, time, features); (batch, time, gates units) where the kernel has no rows: times their kernel already. */
  readonly x: Tensor;
  /** The first state, (batch, units). */
  readonly h0: Tensor;
  /** What multiplies the inputs, (features, gates units) or (0, gates units). */
  readonly kernel: Tensor;
  /** What multiplies the states, (units, gates units). */
  readonly recurrent: Tensor;
  /** (gates units). */
  readonly bias: Tensor;
}

/** What comes of a sequence. */
export interface SequenceOutputs {
  /** The last state, (batch, units). */
  readonly last: Tensor;
  /** The states after each step, (batch, time, units); without steps where they were not asked for. */
  readonly h: Tensor;
}

/** A tape may want all that the way back reads. */
function attributesOf(sequence: boolean): recurrent.SequenceAttributes {
  const keep = isRecording();
  return {keep, sequence: sequence || keep};
}

/**
 * An LSTM (Hochreiter and Schmidhuber, 1997) over a whole sequence, with tanh and sigmoid; gates in the order i, f, g, o.
 * @param sequence whether the states after each step are wanted
 */
export function lstmSequence(
  {x, h0, c0, kernel, recurrent: states, bias}: SequenceInputs & {readonly c0: Tensor},
  sequence: boolean,
  op = 'LSTM',
): SequenceOutputs & {readonly cell: Tensor} {
  const inputs = [x, h0, c0, kernel, states, bias];
  const [last, cell, h] = applyAll(recurrent.lstmSequence, inputs, attributesOf(sequence), op);
  if (last === undefined || cell === undefined || h === undefined)
    throw new InternalError('lstm_sequence gave too little');
  return {last, cell, h};
}

/**
 * A GRU (Cho et al., 2014) whose reset gate multiplies after the product, over a whole sequence; gates in the order z, r, g.
 * `recurrentBias` is added to the product of the states.
 * @param sequence whether the states after each step are wanted
 */
export function gruSequence(
  {x, h0, kernel, recurrent: states, bias, recurrentBias}: SequenceInputs & {readonly recurrentBias: Tensor},
  sequence: boolean,
  op = 'GRU',
): SequenceOutputs {
  const inputs = [x, h0, kernel, states, bias, recurrentBias];
  const [last, h] = applyAll(recurrent.gruSequence, inputs, attributesOf(sequence), op);
  if (last === undefined || h === undefined) throw new InternalError('gru_sequence gave too little');
  return {last, h};
}

/**
 * h' = tanh(x kernel + h recurrent + bias) over a whole sequence.
 * @param sequence whether the states after each step are wanted
 */
export function simpleSequence(
  {x, h0, kernel, recurrent: states, bias}: SequenceInputs,
  sequence: boolean,
  op = 'SimpleRNN',
): SequenceOutputs {
  const [last, h] = applyAll(recurrent.simpleSequence, [x, h0, kernel, states, bias], attributesOf(sequence), op);
  if (last === undefined || h === undefined) throw new InternalError('simple_rnn_sequence gave too little');
  return {last, h};
}
