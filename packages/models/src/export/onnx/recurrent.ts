import {ValueError} from '@keratin/core';
import {type Call, type Operator} from './call.js';
import {onlyLastStep} from './movement.js';

// Whole sequences x [t, b, gates u], which are the products of inputs and kernel already: the graph's own kernel is an identity, which
// brings the gates into ONNX's order.

interface Net {
  readonly type: 'LSTM' | 'GRU' | 'RNN';
  /** ONNX's gates by their places here. */
  readonly gates: readonly number[];
  /** Where the recurrent kernel is among the inputs. */
  readonly kernel: number;
}

/** Rows of the recurrent kernel [1, gates u, u]. */
function recurrentKernel(call: Call, {gates, kernel}: Net, units: number): string {
  const {graph} = call;
  const rows = graph.node('Transpose', [call.whole(kernel)], {perm: [1, 0]});
  const order = gates.flatMap((gate) => Array.from({length: units}, (_, i) => gate * units + i));
  const sorted = graph.node('Gather', [rows, graph.ints(order)], {axis: 0});
  return graph.node('Unsqueeze', [sorted, graph.ints([0])]);
}

function unitsOf(call: Call): number {
  return call.graph.sizes.fixed(call.sizesOf(1, 1), `${call.what}: units`);
}

/** A state [b, u] as [1, b, u]. */
const state = (call: Call, i: number): string => call.graph.node('Unsqueeze', [call.whole(i), call.graph.ints([0])]);

/** All states [t, 1, b, u] as [t, b, u]. */
const sequence = (call: Call, y: string): string => call.graph.node('Squeeze', [y, call.graph.ints([1])]);

const lstm: Operator = (call) => {
  const net: Net = {type: 'LSTM', gates: [0, 3, 1, 2], kernel: 3};
  const units = unitsOf(call);
  const {graph} = call;
  if (call.used[2] === true) throw new ValueError(`${call.what}: ONNX does not give the gates of an LSTM`);
  const weights = [graph.identity(net.gates, units, call.operand(0).dtype), recurrentKernel(call, net, units)];
  const [y = '', , last = ''] = graph.nodeOf(
    net.type,
    [call.whole(0), ...weights, '', '', state(call, 1), state(call, 2)],
    [true, false, call.used[1] === true],
    {hidden_size: units},
  );
  // [1, b, u], as the last of [t, b, u] is too
  if (last !== '') onlyLastStep(call, 1, last);
  return [sequence(call, y), '', ''];
};

const gru: Operator = (call) => {
  const net: Net = {type: 'GRU', gates: [0, 1, 2], kernel: 2};
  const units = unitsOf(call);
  const {graph} = call;
  if (call.used[1] === true) throw new ValueError(`${call.what}: ONNX does not give the gates of a GRU`);
  const {dtype} = call.operand(0);
  const weights = [graph.identity(net.gates, units, dtype), recurrentKernel(call, net, units)];
  const none = graph.node('Expand', [graph.number(0, dtype), graph.ints([3 * units])]);
  const bias = graph.node('Unsqueeze', [graph.node('Concat', [none, call.whole(3)], {axis: 0}), graph.ints([0])]);
  const y = graph.node(net.type, [call.whole(0), ...weights, bias, '', state(call, 1)], {
    hidden_size: units,
    linear_before_reset: 1,
  });
  return [sequence(call, y), ''];
};

const simple: Operator = (call) => {
  const net: Net = {type: 'RNN', gates: [0], kernel: 2};
  const units = unitsOf(call);
  const {graph} = call;
  const weights = [graph.identity(net.gates, units, call.operand(0).dtype), recurrentKernel(call, net, units)];
  const y = graph.node(net.type, [call.whole(0), ...weights, '', '', state(call, 1)], {hidden_size: units});
  return sequence(call, y);
};

export const recurrent: Readonly<Record<string, Operator>> = {
  lstm_sequence: lstm,
  gru_sequence: gru,
  simple_rnn_sequence: simple,
};
