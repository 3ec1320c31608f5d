import {type Call, type Operator} from './call.js';

// Whole sequences x [b, t, f]; ONNX's are [t, b, f]. Where the kernel of the inputs has no rows they are products with it already, and an
// identity, which brings the gates into ONNX's order, stands in its place.

interface Net {
  readonly type: 'LSTM' | 'GRU' | 'RNN';
  /** ONNX's gates by their places here. */
  readonly gates: readonly number[];
  /** How many states go in before the kernels. */
  readonly states: number;
}

/** The places of ONNX's gates, unit by unit. */
const orderOf = ({gates}: Net, units: number): number[] =>
  gates.flatMap((gate) => Array.from({length: units}, (_, i) => gate * units + i));

/** Rows of a kernel: [1, gates u, its rows]. */
function kernelOf(call: Call, net: Net, at: number, units: number): string {
  const {graph} = call;
  if (call.sizesOf(at, 0).every((rows) => rows === 0)) return graph.identity(net.gates, units, call.operand(0).dtype);
  const rows = graph.node('Transpose', [call.whole(at)], {perm: [1, 0]});
  const sorted = graph.node('Gather', [rows, graph.ints(orderOf(net, units))], {axis: 0});
  return graph.node('Unsqueeze', [sorted, graph.ints([0])]);
}

/** The bias of the inputs and that of the states, which not all have: [1, 2 gates u]. */
function biasOf(call: Call, net: Net, units: number): string {
  const {graph} = call;
  const at = net.states + 3;
  const sorted = (i: number): string =>
    graph.node('Gather', [call.whole(i), graph.ints(orderOf(net, units))], {axis: 0});
  const wide = net.gates.length * units;
  const none = (): string => graph.node('Expand', [graph.number(0, call.operand(0).dtype), graph.ints([wide])]);
  const ofStates = call.first.inputs.length > at + 1 ? sorted(at + 1) : none();
  return graph.node('Unsqueeze', [graph.node('Concat', [sorted(at), ofStates], {axis: 0}), graph.ints([0])]);
}

/** A state [b, u] as [1, b, u]. */
const state = (call: Call, i: number): string => call.graph.node('Unsqueeze', [call.whole(i), call.graph.ints([0])]);

const sequence =
  (net: Net, attributes: Readonly<Record<string, number>> = {}): Operator =>
  (call) => {
    const {graph, used} = call;
    const units = graph.sizes.fixed(call.sizesOf(1, 1), `${call.what}: units`);
    const kernelAt = net.states + 1;
    const x = graph.node('Transpose', [call.whole(0)], {perm: [1, 0, 2]});
    const weights = [kernelOf(call, net, kernelAt, units), kernelOf(call, net, kernelAt + 1, units)];
    const states = Array.from({length: net.states}, (_, i) => state(call, i + 1));
    const hasCell = net.states > 1;
    const all = hasCell ? 2 : 1;
    const [y = '', last = '', cell = ''] = graph.nodeOf(
      net.type,
      [x, ...weights, biasOf(call, net, units), '', ...states],
      [used[all] === true, used[0] === true, ...(hasCell ? [used[1] === true] : [])],
      {hidden_size: units, ...attributes},
    );
    // [1, b, u] as [b, u], [t, 1, b, u] as [b, t, u].
    const squeezed = (name: string): string => (name === '' ? '' : graph.node('Squeeze', [name, graph.ints([0])]));
    const whole = (): string =>
      graph.node('Transpose', [graph.node('Squeeze', [y, graph.ints([1])])], {perm: [1, 0, 2]});
    const outputs = [squeezed(last), ...(hasCell ? [squeezed(cell)] : []), y === '' ? '' : whole()];
    // What only gradients read has no steps here.
    return [...outputs, ...call.first.outputs.slice(outputs.length).map(() => '')];
  };

export const recurrent: Readonly<Record<string, Operator>> = {
  lstm_sequence: sequence({type: 'LSTM', gates: [0, 3, 1, 2], states: 2}),
  gru_sequence: sequence({type: 'GRU', gates: [0, 1, 2], states: 1}, {linear_before_reset: 1}),
  simple_rnn_sequence: sequence({type: 'RNN', gates: [0], states: 1}),
};
