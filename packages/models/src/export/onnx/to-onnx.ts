import {type DType, type Element, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {
  type Operand,
  recordCalls,
  type RecordedCall,
  type Recording,
  type Value,
  withNamesKept,
} from '@keratin/core/internal';
import {Call} from './call.js';
import {dataType, GraphBuilder} from './graph.js';
import {OPERATORS} from './operators.js';
import {encodeModel, type OnnxPort} from './proto.js';
import {type OpenSize, type Size, Sizes} from './sizes.js';

/** An input of a graph: open sizes are null. */
export interface GraphInput {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What is exported. */
export interface Exported {
  readonly name: string;
  readonly inputs: readonly GraphInput[];
  /** Names for the outputs; others are numbered. */
  readonly outputNames: readonly string[];
  readonly run: (inputs: readonly Tensor[]) => unknown;
  /** Where the function is now, such as the path of a layer. */
  readonly place: () => string;
}

/** Numbers for open sizes: one after the other, so that what depends on divisibility shows. */
const BATCH = 5;
const LENGTHS = [11, 67, 259];

/**
 * The bytes of an ONNX file that computes what a function does. The function is run on tensors without values, once for one set of open
 * sizes and once more for each of them changed, so that the graph leaves them open.
 * @throws ValueError that names the layer and the operation that has no form in ONNX
 */
export function toOnnx(exported: Exported): Uint8Array {
  for (const length of LENGTHS) {
    try {
      return encoded(exported, recordingsOf(exported, length));
    } catch (error) {
      // A window may be larger than the number tried.
      if (!(error instanceof ShapeError) || length === LENGTHS.at(-1)) throw error;
    }
  }
  throw new ValueError('the sizes of the inputs do not fit the model');
}

function recordingsOf({inputs, run, place}: Exported, length: number): Sizes {
  const open = inputs.flatMap(({shape}, input) =>
    shape.flatMap((size, axis): OpenSize[] => {
      if (size !== null) return [];
      const base = axis === 0 ? BATCH : length;
      return [
        {
          input,
          axis,
          name: axis === 0 ? 'batch' : `${inputs[input]?.name ?? ''}_${String(axis)}`,
          base,
          other: base + 1,
        },
      ];
    }),
  );
  // All inputs have the same batch; other open sizes are each their own.
  const batch = open.filter(({axis}) => axis === 0);
  const apart = [...batch.slice(0, 1), ...open.filter(({axis}) => axis > 0)];
  const record = (changed: OpenSize | null): Recording => {
    const specs = inputs.map(({shape, dtype}, input) => {
      const sizes = shape.map((size, axis) => {
        if (size !== null) return size;
        const isChanged = changed?.axis === axis && (axis === 0 || changed.input === input);
        return (axis === 0 ? BATCH : length) + (isChanged ? 1 : 0);
      });
      return {shape: sizes, dtype};
    });
    return withNamesKept(() => recordCalls(run, specs, place));
  };
  return new Sizes(apart, [record(null), ...apart.map(record)]);
}

function encoded({name, inputs, outputNames}: Exported, sizes: Sizes): Uint8Array {
  const [first] = sizes.recordings;
  if (first === undefined) throw new ValueError('nothing was recorded');
  const names = uniqueNames(inputs.map((input) => input.name));
  const graph = new GraphBuilder(sizes, names);
  first.inputs.forEach((value, i) => graph.name(value, names[i] ?? ''));
  const needed = neededValues(first);
  for (const {variable, initial} of first.variables) {
    if (needed.has(initial)) graph.name(initial, graph.store(variable.path, variable.readValue()));
  }
  addConstants(graph, sizes, first, needed);
  addCalls(graph, sizes, first, needed);
  const outputs = first.results.map((result, i): OnnxPort => {
    const all = sizes.recordings.map(({results}) => results[i]).filter((one) => one !== undefined);
    const own = graph.fresh(outputNames[i] ?? `output_${String(i)}`);
    graph.nodes.push({
      type: 'Identity',
      name: own,
      inputs: [graph.whole(all, `output ${String(i)}`)],
      outputs: [own],
      attributes: {},
    });
    const shape = result.shape.map((_, axis) =>
      sizeText(sizes, sizes.size(all.map((operand) => operand.shape[axis] ?? 0)), `${own}_${String(axis)}`),
    );
    return {name: own, shape, dataType: dataType(result.dtype)};
  });
  const ports = inputs.map(({shape, dtype}, i): OnnxPort => {
    const own = names[i] ?? '';
    const text = shape.map((size, axis) => size ?? (axis === 0 ? 'batch' : `${own}_${String(axis)}`));
    return {name: own, shape: text, dataType: dataType(dtype)};
  });
  return encodeModel({name, nodes: graph.nodes, tensors: graph.tensors, inputs: ports, outputs});
}

/** Tensors that were computed before the graph begins, or found outside of it. */
function addConstants(graph: GraphBuilder, sizes: Sizes, first: Recording, needed: ReadonlySet<Operand>): void {
  first.constants.forEach(({value, tensor}, k) => {
    if (!needed.has(value)) return;
    const all = sizes.recordings.map(({constants}) => constants[k]?.tensor).filter((one) => one !== undefined);
    const axes = tensor.shape.flatMap((size, axis) => (all.every(({shape}) => shape[axis] === size) ? [] : [axis]));
    const [axis, ...others] = axes;
    if (axis === undefined) {
      graph.name(value, graph.store('constant', tensor));
      return;
    }
    const size = sizes.size(all.map(({shape}) => shape[axis] ?? 0));
    const step = stepAlong(tensor, axis);
    const isCount = others.length === 0 && step !== null && all.every((one) => stepAlong(one, axis) === step);
    if (isCount && size !== null) {
      graph.name(value, graph.positions(size, step, axis, tensor));
      return;
    }
    const user = first.calls.find(({inputs: read}) => read.includes(value));
    const what = user === undefined ? 'a constant' : `${user.label}: a constant in ${user.op}`;
    sizes.fixed(
      all.map(({shape}) => shape[axis] ?? 0),
      what,
    );
  });
}

/** The number whose multiples stand along an axis, and the same ones everywhere else; null where others do. */
function stepAlong(tensor: Tensor<Element>, axis: number): number | null {
  const {shape, dtype} = tensor;
  if (dtype !== 'int32' && dtype !== 'int64') return null;
  const inner = shape.slice(axis + 1).reduce<number>((n, size) => n * (size ?? 1), 1);
  const values = Array.from(tensor.data() as ArrayLike<number | bigint>, Number);
  const step = values[inner] ?? 0;
  return values.every((value, i) => value === step * (Math.floor(i / inner) % (shape[axis] ?? 1))) ? step : null;
}

const sizeText = (sizes: Sizes, size: Size | null, otherwise: string): number | string => {
  if (typeof size === 'number') return size;
  const isOpen = size?.factor === 1 && size.offset === 0 && size.of.length === 1;
  return (isOpen ? sizes.open[size.of[0] ?? 0]?.name : undefined) ?? otherwise;
};

/** Values that the results depend on. */
function neededValues({calls, results}: Recording): ReadonlySet<Operand> {
  const needed = new Set<Operand>(results);
  for (const call of calls.toReversed()) {
    if (call.outputs.some((output) => needed.has(output))) for (const input of call.inputs) needed.add(input);
  }
  return needed;
}

function addCalls(graph: GraphBuilder, {recordings}: Sizes, first: Recording, needed: ReadonlySet<Operand>): void {
  for (const [k, call] of first.calls.entries()) {
    if (!call.outputs.some((output) => needed.has(output))) continue;
    const all = recordings.map(({calls}) => calls[k]);
    const same = all.filter((one): one is RecordedCall => one?.primitive === call.primitive);
    const where = call.label === '' ? 'the model' : call.label;
    if (same.length < all.length || recordings.some(({calls}) => calls.length !== first.calls.length)) {
      throw new ValueError(`${where}: ${call.op} is computed otherwise for other sizes; fix the open sizes`);
    }
    checkScalars(same, where);
    const operator = OPERATORS[call.primitive];
    if (operator === undefined) {
      throw new ValueError(
        `${where}: ${call.op}${call.op === call.primitive ? '' : ` (${call.primitive})`} has no form in ONNX`,
      );
    }
    graph.at(call);
    const made = [
      operator(
        new Call(
          graph,
          same,
          call.outputs.map((output) => needed.has(output)),
        ),
      ),
    ].flat();
    call.outputs.forEach((output: Value, i) => {
      const name = made[i] ?? '';
      if (name !== '') graph.name(output, name);
    });
  }
}

/** A number that differs with a size would be wrong for all others. */
function checkScalars(all: readonly RecordedCall[], where: string): void {
  const [first] = all;
  first?.inputs.forEach((input, i) => {
    if (input.kind !== 'scalar') return;
    const values = all.map(({inputs}) => {
      const other = inputs[i];
      return other?.kind === 'scalar' ? other.value : Number.NaN;
    });
    if (values.some((value) => !Object.is(value, input.value))) {
      throw new ValueError(`${where}: a number in ${first.op} depends on an open size; fix it by an inputSignature`);
    }
  });
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let k = 1; taken.has(own); k++) own = `${name}_${String(k)}`;
    taken.add(own);
    return own;
  });
}
