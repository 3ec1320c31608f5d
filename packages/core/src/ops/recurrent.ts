import {InternalError} from '../errors.js';
import {apply, applyAll} from '../engine/dispatch.js';
import * as recurrent from '../primitives/recurrent.js';
import {type Tensor} from '../tensor/tensor.js';

// The fused forms that layers use, float32 or float64; the composed ones are the layers' cells, and a test holds both equal.

/**
 * An LSTM (Hochreiter and Schmidhuber, 1997) over a whole sequence, with tanh and sigmoid; gates in the order i, f, g, o.
 * @param x the inputs times their kernel, with the bias, (time, batch, 4 units); one step or more
 * @param h0 the first state, as `c0` (batch, units)
 * @param kernel what multiplies the states, (units, 4 units)
 * @returns the states after each step, (time, batch, units)
 */
export function lstmSequence(x: Tensor, h0: Tensor, c0: Tensor, kernel: Tensor, op = 'LSTM'): {h: Tensor; c: Tensor} {
  const [h, c] = applyAll(recurrent.lstmSequence, [x, h0, c0, kernel], undefined, op);
  if (h === undefined || c === undefined) throw new InternalError('lstm_sequence gave too little');
  return {h, c};
}

/**
 * A GRU (Cho et al., 2014) whose reset gate multiplies after the product, over a whole sequence; gates in the order z, r, g.
 * @param x the inputs times their kernel, with their bias, (time, batch, 3 units); one step or more
 * @param bias of the states' product, (3 units)
 * @returns the states after each step, (time, batch, units)
 */
export function gruSequence(x: Tensor, h0: Tensor, kernel: Tensor, bias: Tensor, op = 'GRU'): Tensor {
  const [h] = applyAll(recurrent.gruSequence, [x, h0, kernel, bias], undefined, op);
  if (h === undefined) throw new InternalError('gru_sequence gave nothing');
  return h;
}

/** h = tanh(x + h kernel) over a whole sequence: x (time, batch, units) to the states after each step. */
export function simpleSequence(x: Tensor, h0: Tensor, kernel: Tensor, op = 'SimpleRNN'): Tensor {
  return apply(recurrent.simpleSequence, [x, h0, kernel], undefined, op);
}
