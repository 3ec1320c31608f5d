import {type Shape, ValueError} from '@keratin/core';
import {broadcastShapes, type Operand, type RecordedCall, sameShape} from '@keratin/core/internal';
import {type GraphBuilder} from './graph.js';

/** One call as all recordings have it, the first one first. */
export class Call {
  constructor(
    readonly graph: GraphBuilder,
    readonly all: readonly RecordedCall[],
    /** Which outputs are used by anything. */
    readonly used: readonly boolean[],
  ) {}

  get first(): RecordedCall {
    const [first] = this.all;
    if (first === undefined) throw new ValueError('a call is missing');
    return first;
  }

  get what(): string {
    const {label, op, primitive} = this.first;
    return `${label === '' ? 'the model' : label}: ${op}${op === primitive ? '' : ` (${primitive})`}`;
  }

  /** The i-th input in the first recording. */
  operand(i: number): Operand {
    const operand = this.first.inputs[i];
    if (operand === undefined) throw new ValueError(`${this.what}: input ${String(i)} is missing`);
    return operand;
  }

  /** The name of the i-th input; a number in all elements comes as the number alone. */
  input(i: number): string {
    return this.graph.operand(this.operand(i));
  }

  /** The same with all elements. */
  whole(i: number): string {
    return this.graph.whole(
      this.all.map(({inputs}) => inputs[i]).filter((one) => one !== undefined),
      `${this.what}: input ${String(i)}`,
    );
  }

  /** The names of all inputs of an elementwise function, which broadcast to its output. */
  get inputs(): readonly string[] {
    const {inputs, outputs} = this.first;
    const shapes = inputs.flatMap(({kind, shape}) => (kind === 'value' ? [shape] : []));
    const whole = shapes.reduce<Shape | null>((all, shape) => (all === null ? null : broadcastShapes(all, shape)), []);
    const reaches = whole !== null && sameShape(whole, outputs[0]?.shape ?? []);
    return inputs.map((_, i) => (reaches ? this.input(i) : this.whole(i)));
  }

  /** An attribute, whatever it is, in each recording. */
  attributes(name: string): readonly unknown[] {
    return this.all.map(({attributes}) =>
      typeof attributes === 'object' && attributes !== null ? (Reflect.get(attributes, name) as unknown) : undefined,
    );
  }

  /** A number or text that must not depend on open sizes. */
  attribute(name: string): unknown {
    const values = this.attributes(name);
    const [first] = values;
    if (typeof first === 'number') return this.graph.sizes.fixed(values.map(Number), `${this.what}: ${name}`);
    return first;
  }
  numberOf(name: string): number {
    return Number(this.attribute(name));
  }

  /** A list of numbers that must not depend on open sizes. */
  numbers(name: string): number[] {
    return this.lists(name).map((values) => this.graph.sizes.fixed(values, `${this.what}: ${name}`));
  }

  /** A list of numbers: for each place what stands there in the recordings. */
  lists(name: string): readonly (readonly number[])[] {
    const lists = this.attributes(name).map((list) => (Array.isArray(list) ? list.map(Number) : []));
    return (lists[0] ?? []).map((_, place) => lists.map((list) => list[place] ?? 0));
  }

  /** The sizes of an axis of an input in the recordings. */
  sizesOf(i: number, axis: number): readonly number[] {
    return this.all.map(({inputs}) => inputs[i]?.shape[axis] ?? 0);
  }
}

/** Makes the nodes of a call and gives the names of its outputs. */
export type Operator = (call: Call) => string | readonly string[];

/** What a kernel applies to its result. */
export function activated(call: Call, x: string): string {
  const activation = String(call.attribute('activation'));
  if (activation === 'linear') return x;
  const types: Readonly<Record<string, string>> = {relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh'};
  const type = types[activation];
  if (type === undefined) throw new ValueError(`${call.what}: activation ${activation} has no ONNX operator`);
  return call.graph.node(type, [x]);
}
