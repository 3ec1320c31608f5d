import {ValueError} from '@keratin/core';
import {type Call, type Operator} from './call.js';
import {type Size} from './sizes.js';

// Shapes: open sizes are copied from the input where they stand at the same place, or left over, or computed.

const LAST = Number.MAX_SAFE_INTEGER;

function reshape(call: Call): string {
  const {graph} = call;
  const shape = call.lists('shape').map((numbers, axis): number | 'same' | 'open' => {
    const [first = 0, ...rest] = numbers;
    if (first >= 0 && rest.every((number) => number === first)) return first;
    return call.sizesOf(0, axis).every((size, i) => size === numbers[i]) ? 'same' : 'open';
  });
  const known = shape.filter((size) => size === 'open').length <= 1;
  // A size of 0 would be read as "the same".
  if (known && !shape.includes(0)) {
    const sizes = shape.map((size) => (size === 'same' ? 0 : size === 'open' ? -1 : size));
    return graph.node('Reshape', [call.whole(0), graph.ints(sizes)]);
  }
  const output = call.all.map(({outputs}) => outputs[0]).filter((value) => value !== undefined);
  const sizes = shape.map((_, axis) => graph.sizeAt(output, axis, call.what));
  return graph.node('Reshape', [call.whole(0), graph.shape(sizes)], {allowzero: 1});
}

function broadcastTo(call: Call): string {
  const {graph} = call;
  const rank = call.operand(0).shape.length;
  const lists = call.lists('shape');
  const lead = lists.length - rank;
  const sizes = lists.map((numbers, axis): Size => {
    const [first = 0, ...rest] = numbers;
    if (rest.every((number) => number === first)) return first;
    // 1 keeps what is there.
    if (axis >= lead && call.sizesOf(0, axis - lead).every((size, i) => size === numbers[i])) return 1;
    const size = graph.sizes.size(numbers);
    if (size === null) throw new ValueError(`${call.what}: a size follows the open sizes in no simple way; fix them`);
    return size;
  });
  return graph.node('Expand', [call.input(0), graph.shape(sizes)]);
}

/** A place on an axis of these sizes: counted from the start, or (negative) from the end. */
function place(call: Call, numbers: readonly number[], sizes: readonly number[]): number {
  const [first = 0, ...rest] = numbers;
  if (rest.every((number) => number === first)) return first;
  const fromEnd = numbers.map((number, i) => number - (sizes[i] ?? 0));
  const back = call.graph.sizes.fixed(fromEnd, `${call.what}: a place`);
  return back >= 0 ? LAST : back;
}

function slice(call: Call): string {
  const {graph} = call;
  const [steps, starts, lengths] = [call.numbers('steps'), call.lists('starts'), call.lists('sizes')];
  const axes = steps.flatMap((step, axis) => {
    const sizes = call.sizesOf(0, axis);
    const whole = step === 1 && lengths[axis]?.every((length, i) => length === sizes[i]) === true;
    return whole ? [] : [axis];
  });
  const x = call.whole(0);
  if (axes.length === 0) return graph.node('Identity', [x]);
  const first = (axis: number): number => place(call, starts[axis] ?? [], call.sizesOf(0, axis));
  const end = (axis: number): number => {
    const [sizes, step] = [call.sizesOf(0, axis), steps[axis] ?? 1];
    const ends = (starts[axis] ?? []).map((start, i) => start + (lengths[axis]?.[i] ?? 0) * step);
    if (step < 0) return ends.every((one) => one < 0) ? -LAST : place(call, ends, sizes);
    return ends.every((one, i) => one >= (sizes[i] ?? 0)) ? LAST : place(call, ends, sizes);
  };
  const inputs = [axes.map(first), axes.map(end), axes, axes.map((axis) => steps[axis] ?? 1)];
  return graph.node('Slice', [x, ...inputs.map((list) => graph.ints(list))]);
}

export const layout: Readonly<Record<string, Operator>> = {
  reshape,
  broadcast_to: broadcastTo,
  slice,
  transpose: (call) => {
    const rank = call.operand(0).shape.length;
    const perm = call.numbers('axes').map((axis) => (axis < 0 ? axis + rank : axis));
    return call.graph.node('Transpose', [call.whole(0)], {perm});
  },
  pad: (call) => {
    const {graph} = call;
    const pads = graph.ints([...call.numbers('low'), ...call.numbers('high')]);
    const value = graph.number(call.numberOf('value'), call.operand(0).dtype);
    return graph.node('Pad', [call.whole(0), pads, value]);
  },
  concatenate: (call) =>
    call.graph.node(
      'Concat',
      call.first.inputs.map((_, i) => call.whole(i)),
      {axis: call.numberOf('axis')},
    ),
};
