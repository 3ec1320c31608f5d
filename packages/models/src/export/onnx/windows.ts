import {activated, type Call, type Operator} from './call.js';

// Windows slide over channels-last tensors here and over channels-first ones in ONNX; runtimes merge the transpositions.

const axesOf = (rank: number): number[] => Array.from({length: rank}, (_, i) => i + 1);

/** Puts channels first, makes a node, and puts them last again. */
function channelsFirst(call: Call, make: (x: string, rank: number) => string): string {
  const rank = call.operand(0).shape.length - 2;
  const x = call.graph.node('Transpose', [call.whole(0)], {perm: [0, rank + 1, ...axesOf(rank)]});
  return call.graph.node('Transpose', [make(x, rank)], {perm: [0, ...axesOf(rank).map((axis) => axis + 1), 1]});
}

/** [window..., c / groups, o] as [o, c / groups, window...] */
const filter = (call: Call, rank: number): string =>
  call.graph.node('Transpose', [call.whole(1)], {perm: [rank + 1, rank, ...axesOf(rank).map((axis) => axis - 1)]});

const padding = (call: Call): number[] => [...call.numbers('low'), ...call.numbers('high')];

const convolution: Operator = (call) => {
  const y = channelsFirst(call, (x, rank) =>
    call.graph.node('Conv', [x, filter(call, rank), ...(call.first.inputs.length > 2 ? [call.whole(2)] : [])], {
      strides: call.numbers('strides'),
      dilations: call.numbers('dilations'),
      pads: padding(call),
      group: call.numberOf('groups'),
    }),
  );
  return activated(call, y);
};

const transposed: Operator = (call) =>
  channelsFirst(call, (x, rank) => {
    const [strides, dilations] = [call.numbers('strides'), call.numbers('dilations')];
    const [low, high] = [call.numbers('low'), call.numbers('high')];
    const shapes = call.lists('shape');
    // What the window's steps leave over at the end.
    const rest = strides.map((stride, i) => {
      const window = ((call.operand(1).shape[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
      const sizes = call.sizesOf(0, i + 1);
      const left = (shapes[i + 1] ?? []).map(
        (size, k) => size - (stride * ((sizes[k] ?? 1) - 1) + window - (low[i] ?? 0) - (high[i] ?? 0)),
      );
      return call.graph.sizes.fixed(left, `${call.what}: the output's size`);
    });
    // More than a step is padding that is not there.
    const cut = high.map((pad, i) => pad - Math.max(0, (rest[i] ?? 0) - (strides[i] ?? 1) + 1));
    const output = rest.map((left, i) => left - ((high[i] ?? 0) - (cut[i] ?? 0)));
    return call.graph.node('ConvTranspose', [x, filter(call, rank)], {
      strides,
      dilations,
      pads: [...low, ...cut],
      output_padding: output,
      group: call.numberOf('groups'),
    });
  });

const pooling =
  (type: string): Operator =>
  (call) =>
    channelsFirst(call, (x) =>
      call.graph.node(type, [x], {
        kernel_shape: call.numbers('window'),
        strides: call.numbers('strides'),
        pads: padding(call),
      }),
    );

export const windows: Readonly<Record<string, Operator>> = {
  convolution: (call) => convolution(call),
  convolution_bias: convolution,
  convolution_input_gradient: transposed,
  max_pool: pooling('MaxPool'),
  // Its mean leaves padding out, unless told otherwise.
  average_pool: pooling('AveragePool'),
};
