import {type DType, DTYPES} from '../dtype.js';
import {InternalError} from '../errors.js';
import {contiguousStrides, sameShape, sizeOf} from '../shape.js';
import {
  type CallNode,
  type ChainNode,
  type Dynamic,
  type Form,
  type Operand,
  type Program,
  type RegionNode,
  type RowsNode,
  type Scalar,
  type UpdateNode,
  type Value,
} from './ir.js';
import {chainAttributes} from './chain.js';

// From values to memory: views become strides, every other value gets a buffer, nodes become kernel calls.

/** Memory for one value, before it is known where it lies. */
export interface Buffer {
  readonly bytes: number;
  /** An external or a result of the program by its number, or null for what the arena holds. */
  slot: {readonly kind: 'external' | 'result'; readonly index: number} | null;
}

/** An operand of a kernel. */
export interface Place {
  readonly kind: 'place';
  readonly buffer: Buffer;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

export type DynamicAttribute =
  {readonly attribute: number; readonly place: Place} | {readonly attribute: number; readonly host: number};

/** One kernel call. */
export interface Instruction {
  /** The function that the user called, for messages. */
  readonly op: string;
  readonly kernel: string;
  readonly inputs: readonly (Place | Scalar)[];
  readonly outputs: readonly Place[];
  readonly attributes: readonly number[];
  readonly dynamic: readonly DynamicAttribute[];
  /** Inputs, by position, whose memory an output of the same layout may take: all elementwise functions allow it. */
  readonly mayShare: readonly (readonly [input: number, output: number])[];
  /** Programs that the kernel runs; their words follow its attributes. */
  readonly programs?: readonly Program[];
  /** What outputs hold before the kernel runs: it changes them in place. */
  readonly becomes: readonly (Place | Scalar)[];
}

export interface Lowered {
  readonly externals: readonly {readonly bytes: number; readonly writable: boolean}[];
  readonly results: readonly Buffer[];
  readonly hostWords: number;
  readonly instructions: readonly Instruction[];
  /** For each written Variable, in their order, what it holds in the end. */
  readonly stores: readonly {readonly from: Place | Scalar; readonly to: Place}[];
}

/** Which external an input of a program is: inputs first, then Variables, then constants. */
export function externalsOf({inputs, variables, constants}: Program): readonly Value[] {
  return [...inputs, ...variables.map(({initial}) => initial), ...constants.map(({value}) => value)];
}

const bytesOf = ({shape, dtype}: {readonly shape: readonly number[]; readonly dtype: DType}): number =>
  (sizeOf(shape) ?? 0) * DTYPES[dtype].bytes;

const isPlain = ({strides, shape}: Place): boolean => {
  const natural = contiguousStrides(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === natural[axis]);
};

/** Whether a place is the whole of its buffer, row-major. */
export const isWhole = (place: Place): boolean =>
  place.offset === 0 && isPlain(place) && bytesOf(place) === place.buffer.bytes;

/** Kernel calls for a program; `results` are the operands that need memory of their own. */
export function lower(program: Program, results: readonly Operand[]): Lowered {
  return new Lowering(program).run(results);
}

class Lowering {
  readonly #program: Program;
  readonly #places = new Map<Value, Place | Scalar>();
  readonly #instructions: Instruction[] = [];
  readonly #externals: {bytes: number; writable: boolean}[] = [];

  constructor(program: Program) {
    this.#program = program;
    externalsOf(program).forEach((value, index) => {
      const constant = program.constants[index - program.inputs.length - program.variables.length];
      const strides = constant?.tensor.strides ?? contiguousStrides(value.shape);
      const size = DTYPES[value.dtype].bytes;
      // A constant may be a view: its buffer is bound where the lowest of its elements lies.
      const low = strides.reduce((sum, stride, axis) => sum + Math.min(0, stride * ((value.shape[axis] ?? 1) - 1)), 0);
      const high = strides.reduce((sum, stride, axis) => sum + Math.max(0, stride * ((value.shape[axis] ?? 1) - 1)), 1);
      const bytes = sizeOf(value.shape) === 0 ? 0 : (high - low) * size;
      const captured = program.variables[index - program.inputs.length];
      this.#externals.push({bytes, writable: captured !== undefined && captured.final !== captured.initial});
      const buffer: Buffer = {bytes, slot: {kind: 'external', index}};
      this.#places.set(value, {kind: 'place', buffer, dtype: value.dtype, shape: value.shape, strides, offset: -low});
    });
  }

  run(results: readonly Operand[]): Lowered {
    const {nodes, variables, draws} = this.#program;
    for (const node of nodes) {
      if (node.kind === 'call') this.#call(node);
      else if (node.kind === 'update') this.#update(node);
      else if (node.kind === 'chain') this.#chain(node);
      else if (node.kind === 'region') this.#region(node);
      else this.#rows(node);
    }
    const buffers = results.map((result, index) => this.#result(result, index));
    const stores = variables
      .filter(({initial, final}) => initial !== final)
      .map(({initial, final}) => {
        const to = this.#places.get(initial);
        if (to?.kind !== 'place') throw new InternalError('a variable has no memory');
        return {from: this.#place(final), to};
      });
    return {
      externals: this.#externals,
      results: buffers,
      hostWords: draws.length * 4,
      instructions: this.#instructions,
      stores,
    };
  }

  #place(operand: Operand): Place | Scalar {
    if (operand.kind === 'scalar') return operand;
    const place = this.#places.get(operand);
    if (place === undefined) throw new InternalError(`value ${String(operand.id)} is used before it is made`);
    return place;
  }

  #fresh(value: {readonly shape: readonly number[]; readonly dtype: DType}): Place {
    const {shape, dtype} = value;
    const buffer: Buffer = {bytes: bytesOf(value), slot: null};
    return {kind: 'place', buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0};
  }

  #emit(instruction: Pick<Instruction, 'op' | 'kernel' | 'inputs' | 'outputs'> & Partial<Instruction>): void {
    this.#instructions.push({attributes: [], dynamic: [], mayShare: [], becomes: [], ...instruction});
  }

  #make(outputs: readonly Value[]): Place[] {
    return outputs.map((output) => {
      const place = this.#fresh(output);
      this.#places.set(output, place);
      return place;
    });
  }

  /** The elements in row-major order, copied where they are not. */
  #contiguous(place: Place | Scalar, op: string): Place {
    if (place.kind === 'place' && isPlain(place)) return place;
    const copy = this.#fresh(place);
    this.#fillWith(place, copy, op);
    return copy;
  }

  #fillWith(from: Place | Scalar, to: Place, op: string): void {
    if (from.kind === 'scalar') this.#emit({op, kernel: 'fill', inputs: [], outputs: [to], attributes: [from.value]});
    else this.#emit({op, kernel: 'copy', inputs: [from], outputs: [to]});
  }

  #call(node: CallNode): void {
    const {execution, op, inputs} = node;
    const places = inputs.map((input) => this.#place(input));
    switch (execution.kind) {
      case 'view': {
        const [output] = node.outputs;
        const [place] = places;
        if (output === undefined || place === undefined) throw new InternalError('a view of nothing');
        this.#places.set(output, this.#view(place, output, execution.layout, op));
        return;
      }
      case 'elementwise': {
        const outputs = this.#make(node.outputs);
        const [output] = outputs;
        if (output === undefined) throw new InternalError('an elementwise function gives nothing');
        const operands = places.map((place) => broadcast(place, output.shape));
        const mayShare = operands.flatMap((_, i) => [[i, 0] as const]);
        this.#emit({op, kernel: execution.kernel, inputs: operands, outputs, mayShare});
        return;
      }
      case 'strided':
      case 'contiguous': {
        const operands = places.map((place, i) => {
          const shape = execution.broadcasts[i] ?? null;
          const placed = shape === null ? broadcast(place, place.shape) : broadcast(place, shape);
          return execution.kind === 'contiguous' ? this.#contiguous(placed, op) : placed;
        });
        const {writes} = execution;
        const outputs = this.#make(node.outputs).map((place): Place =>
          writes === undefined ? place : {...place, shape: writes, strides: contiguousStrides(writes)},
        );
        this.#emit({
          op,
          kernel: execution.kernel,
          inputs: operands,
          outputs,
          attributes: execution.attributes,
          dynamic: this.#dynamic(node.dynamic, inputs),
        });
      }
    }
  }

  #view(place: Place | Scalar, output: Value, layout: ViewLayoutRule, op: string): Place | Scalar {
    if (place.kind === 'scalar') return {...place, shape: output.shape};
    const found = layout(place);
    if (found !== null) return {...place, shape: output.shape, strides: found.strides, offset: found.offset};
    const copy = this.#contiguous(place, op);
    const again = layout(copy);
    if (again === null) throw new InternalError(`${op} cannot view a contiguous tensor`);
    return {...copy, shape: output.shape, strides: again.strides, offset: again.offset};
  }

  #update(node: UpdateNode): void {
    const {op, kernel, reads, attributes, inputs, outputs} = node;
    const places = inputs.map((input) => this.#place(input));
    this.#emit({
      op,
      kernel,
      inputs: places.slice(0, reads).map((place) => this.#contiguous(place, op)),
      outputs: this.#make(outputs),
      attributes,
      dynamic: this.#dynamic(node.dynamic, inputs),
      becomes: places.slice(reads, reads + outputs.length),
    });
  }

  #chain(node: ChainNode): void {
    const outputs = this.#make(node.outputs);
    const [output] = outputs;
    if (output === undefined) throw new InternalError('a chain gives nothing');
    const inputs = node.inputs.map((input) => broadcast(this.#place(input), output.shape));
    const {attributes, mayShare} = chainAttributes(node);
    this.#emit({op: node.op, kernel: 'chain', inputs, outputs, attributes, mayShare});
  }

  #rows(node: RowsNode): void {
    const {op, rows, length, forms, reduces} = node;
    const outputs = this.#make(node.outputs).map((place): Place => {
      const size = sizeOf(place.shape) ?? 0;
      const shape = size === rows * length ? [rows, length] : reduces === 'rows' ? [rows, 1] : [1, length];
      return {...place, shape, strides: contiguousStrides(shape)};
    });
    const inputs = node.inputs.map((input, i): Place | Scalar => {
      const place = this.#place(input);
      const shape = [rows, length];
      if (place.kind === 'scalar') return {...place, shape};
      return {...this.#contiguous(place, op), shape, strides: STRIDES[forms[i] ?? 'whole'](length)};
    });
    const {attributes, mayShare} = chainAttributes(node);
    this.#emit({op, kernel: reduces, inputs, outputs, attributes, mayShare});
  }

  #region(node: RegionNode): void {
    const {op, region, programs, inputs: given, outputs} = node;
    const inputs = given.map((input) => this.#contiguous(this.#place(input), op));
    const kernel = region === 'cond' ? 'branch' : 'loop';
    this.#emit({op, kernel, inputs, outputs: this.#make(outputs), attributes: regionAttributes(node), programs});
  }

  #dynamic(dynamic: readonly Dynamic[], inputs: readonly Operand[]): DynamicAttribute[] {
    return dynamic.map((each): DynamicAttribute => {
      if ('draw' in each) return {attribute: each.attribute, host: 4 * each.draw + each.word};
      const input = inputs[each.input];
      if (input === undefined) throw new InternalError('a dynamic attribute has no value');
      return {attribute: each.attribute, place: this.#contiguous(this.#place(input), 'attribute')};
    });
  }

  /** The memory of a result: that of the value where it can be handed out, else a copy's. */
  #result(operand: Operand, index: number): Buffer {
    const place = this.#place(operand);
    const slot = {kind: 'result', index} as const;
    if (place.kind === 'place' && place.buffer.slot === null && isWhole(place)) {
      place.buffer.slot = slot;
      return place.buffer;
    }
    const copy = this.#fresh(place);
    copy.buffer.slot = slot;
    this.#fillWith(place, copy, 'jit');
    return copy.buffer;
  }
}

/** The attributes before the words of a region's programs. */
function regionAttributes({
  region,
  limit,
  reverse,
  states,
  xs,
  saves,
  restores,
  programs,
  outputs,
}: RegionNode): number[] {
  const flags = [saves, restores].map(Number);
  if (region === 'cond') return flags;
  const own = outputs.length - states - (saves ? 1 : 0);
  // What its trips save lives longer than they do where they save the numbers of it.
  const keeps =
    saves && (programs.at(-1)?.results.some((result) => result.kind === 'value' && result.isSaved === true) ?? false);
  return [limit ?? -1, Number(reverse), states, xs, own, ...flags, Number(keeps), ...(region === 'scan' ? [0] : [])];
}

/** The strides of the inputs of a program over rows. */
const STRIDES: Readonly<Record<Form, (length: number) => readonly number[]>> = {
  whole: (length) => [length, 1],
  row: () => [1, 0],
  column: () => [0, 1],
  scalar: () => [0, 0],
};

type ViewLayoutRule = Extract<CallNode['execution'], {kind: 'view'}>['layout'];

/** The operand with strides of 0 on the axes that it is broadcast over. */
function broadcast(place: Place | Scalar, shape: readonly number[]): Place | Scalar {
  if (place.kind === 'scalar') return sameShape(place.shape, shape) ? place : {...place, shape};
  if (sameShape(place.shape, shape)) return place;
  const lead = shape.length - place.shape.length;
  const strides = shape.map((size, i) =>
    i < lead || (place.shape[i - lead] === 1 && size !== 1) ? 0 : (place.strides[i - lead] ?? 0),
  );
  return {...place, shape, strides};
}
