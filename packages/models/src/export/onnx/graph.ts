import {type DType, type Element, tensor, type Tensor, ValueError} from '@keratin/core';
import {concrete, type Operand, piecesOf, type RecordedCall, type Value} from '@keratin/core/internal';
import {type Attribute, DATA_TYPES, type OnnxNode, type OnnxTensor} from './proto.js';
import {type OpenSize, type Size, type Sizes} from './sizes.js';

/** The largest file that protocol buffers can hold. */
const MAX_BYTES = 2 ** 31 - 1;

/** Makes the nodes and tensors of a graph. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  readonly sizes: Sizes;
  readonly #names = new Map<Value, string>();
  readonly #taken = new Map<string, number>();
  readonly #constants = new Map<string, string>();
  readonly #openNames = new Map<number, string>();
  readonly #inputNames: readonly string[];
  #bytes = 0;
  #label = '';

  constructor(sizes: Sizes, inputNames: readonly string[]) {
    this.sizes = sizes;
    this.#inputNames = inputNames;
    for (const name of inputNames) this.#taken.set(name, 1);
  }

  /** Says where the nodes made from now on come from. */
  at({label, op}: RecordedCall): void {
    this.#label = label === '' ? op : `${label}/${op}`;
  }

  /** A name that nothing else in the graph has. */
  fresh(name: string): string {
    const count = this.#taken.get(name) ?? 0;
    this.#taken.set(name, count + 1);
    return count === 0 ? name : this.fresh(`${name}_${String(count)}`);
  }

  /** Adds a node with one output and gives the output's name. */
  node(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const [output = ''] = this.nodeOf(type, inputs, [true], attributes);
    return output;
  }

  /** Adds a node with several outputs; those that nobody wants have no name. */
  nodeOf(
    type: string,
    inputs: readonly string[],
    wanted: readonly boolean[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const name = this.fresh(`${this.#label}/${type}`);
    const outputs = wanted.map((is, i) => (is ? this.fresh(`${name}:${String(i)}`) : ''));
    this.nodes.push({type, name, inputs, outputs, attributes});
    return outputs;
  }

  /** Gives a value of the first recording its name in the graph. */
  name(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  /** Stores a tensor. */
  store(name: string, value: Tensor<Element>): string {
    const own = this.fresh(name);
    const raw = Buffer.concat([...piecesOf(value)].map((piece) => Buffer.from(piece)));
    this.#bytes += raw.length;
    if (this.#bytes > MAX_BYTES) {
      throw new ValueError('its weights are larger than 2 GB, which one ONNX file cannot hold');
    }
    this.tensors.push({name: own, shape: concrete(value.shape), dataType: dataType(value.dtype), raw});
    return own;
  }

  /** Whole numbers as a list, which shapes and axes are. */
  ints(values: readonly number[]): string {
    return this.#constant(`ints[${values.join(',')}]`, () => tensor(values.map(BigInt), {shape: [values.length]}));
  }
  int(value: number): string {
    return this.#constant(`int ${String(value)}`, () => tensor(BigInt(value)));
  }

  /** One number. */
  number(value: number, dtype: DType): string {
    const text = Object.is(value, -0) ? '-0' : String(value);
    return this.#constant(`${dtype} ${text}`, () =>
      dtype === 'bool' ? tensor(value !== 0) : tensor(value, 'float64').cast(dtype),
    );
  }

  /** 0, step, 2 step, ... along an axis of open size, in the dtype and the other sizes of a tensor. */
  positions(size: Size, step: number, axis: number, {shape, dtype}: Tensor<Element>): string {
    const count = this.node('Squeeze', [this.shape([size]), this.ints([0])]);
    const places = this.node('Range', [this.int(0), count, this.int(1)]);
    const multiples = step === 1 ? places : this.node('Mul', [places, this.int(step)]);
    const typed = this.node('Cast', [multiples], {to: dataType(dtype)});
    const along = this.node('Reshape', [typed, this.ints(shape.map((_, i) => (i === axis ? -1 : 1)))]);
    return this.node('Expand', [along, this.ints(shape.map((n, i) => (i === axis ? 1 : (n ?? 1))))]);
  }

  /** A matrix of ones on the diagonal, whose columns are blocks in another order. */
  identity(blocks: readonly number[], units: number, dtype: DType): string {
    const n = blocks.length * units;
    return this.#constant(`identity ${blocks.join(',')} ${String(units)} ${dtype}`, () => {
      const rows = new Float32Array(n * n);
      blocks.forEach((from, to) => {
        for (let i = 0; i < units; i++) rows[(to * units + i) * n + from * units + i] = 1;
      });
      return tensor(rows, {shape: [1, n, n]}).cast(dtype);
    });
  }

  #constant(key: string, make: () => Tensor<Element>): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.store(key, make());
    this.#constants.set(key, name);
    return name;
  }

  /** The name of an operand; of a number in all elements, the number alone, which broadcasts. */
  operand(operand: Operand): string {
    if (operand.kind === 'scalar') return this.number(operand.value, operand.dtype);
    const name = this.#names.get(operand);
    if (name === undefined) throw new ValueError('a value that only gradients need cannot be exported');
    return name;
  }

  /** The name of an operand with all its elements. @param at its operands in all recordings */
  whole(at: readonly Operand[], what: string): string {
    const [operand] = at;
    if (operand === undefined) throw new ValueError(`${what} is missing`);
    const name = this.operand(operand);
    if (operand.kind === 'value' || operand.shape.length === 0) return name;
    const shape = operand.shape.map((_, axis) => this.sizeAt(at, axis, what));
    return this.node('Expand', [name, this.shape(shape)]);
  }

  /** The size of an axis. */
  sizeAt(at: readonly Operand[], axis: number, what: string): Size {
    const size = this.sizes.size(at.map((operand) => operand.shape[axis] ?? 0));
    if (size !== null) return size;
    throw new ValueError(`${what} has a size that follows the open sizes in no simple way; fix them`);
  }

  /** Sizes as a list: constant, or computed from the shapes of the inputs. */
  shape(sizes: readonly Size[]): string {
    const numbers = sizes.filter((size) => typeof size === 'number');
    if (numbers.length === sizes.length) return this.ints(numbers);
    const parts = sizes.map((size) => (typeof size === 'number' ? this.ints([size]) : this.#computed(size)));
    return this.node('Concat', parts, {axis: 0});
  }

  #computed({factor, offset, of}: Exclude<Size, number>): string {
    let value = of.map((i) => this.#open(i)).reduce((a, b) => this.node('Mul', [a, b]));
    if (factor !== 1) value = this.node('Mul', [value, this.ints([factor])]);
    return offset === 0 ? value : this.node('Add', [value, this.ints([offset])]);
  }

  #open(index: number): string {
    const known = this.#openNames.get(index);
    if (known !== undefined) return known;
    const place: OpenSize | undefined = this.sizes.open[index];
    if (place === undefined) throw new ValueError('an open size is missing');
    const shape = this.node('Shape', [this.#inputNames[place.input] ?? '']);
    const name = this.node('Gather', [shape, this.ints([place.axis])], {axis: 0});
    this.#openNames.set(index, name);
    return name;
  }
}

/** The number of a dtype in the file. */
export function dataType(dtype: DType): number {
  const number = DATA_TYPES[dtype];
  if (number === undefined) throw new ValueError(`dtype ${dtype} does not exist in ONNX graphs of numbers`);
  return number;
}
