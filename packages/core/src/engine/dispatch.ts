import {type Element, holdsNumbers} from '../dtype.js';
import {InternalError} from '../errors.js';
import {concrete, contiguousStrides, isConcrete, sameShape} from '../shape.js';
import {itemOf} from '../tensor/read.js';
import {noteView, outsideScopes, Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';
import {contiguous, opcodeOf, runElementwise, runKernel, storageOf} from './execute.js';
import {type AnyTensor, type Primitive, type Spec} from './primitive.js';
import {isRecording, record} from './recording.js';
import {runText} from './text.js';
import {tracing, type Tracing} from './tracing.js';
import {watched, watcher} from './watch.js';

const opcodeCache = new Map<Primitive<never>, number>();

function opcode(primitive: Primitive<never>): number {
  let code = opcodeCache.get(primitive);
  if (code === undefined) {
    const {run} = primitive.definition;
    code = opcodeOf(run.kind === 'view' ? 'copy' : (run.kernel ?? primitive.name));
    opcodeCache.set(primitive, code);
  }
  return code;
}

function isSpecList(specs: Spec | readonly Spec[]): specs is readonly Spec[] {
  return Array.isArray(specs);
}

/** Applies a primitive with one output. `op` is the name of the function that the user called, for messages. */
export function apply<A, E extends Element = number>(
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  attributes: A,
  op: string = primitive.name,
): Tensor<E> {
  const spec = primitive.definition.infer(inputs, attributes, op);
  if (isSpecList(spec)) throw new InternalError(`${primitive.name} has several outputs`);
  if (tracing !== null) return traceOne(tracing, primitive, inputs, attributes, spec, op) as Tensor<E>;
  const output = run(primitive, inputs, attributes, spec, op);
  if (watcher !== null) watched(op, [output]);
  if (isRecording()) record(primitive, inputs, [output], attributes);
  // The element type follows from the dtype that the rule gave.
  return output as Tensor<E>;
}

/** Applies a primitive with several outputs. */
export function applyAll<A>(
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  attributes: A,
  op: string = primitive.name,
): Tensor[] {
  const inferred = primitive.definition.infer(inputs, attributes, op);
  const specs = isSpecList(inferred) ? inferred : [inferred];
  const symbolic = inputs.some((input) => input.source === null);
  const outputs = (
    symbolic
      ? specs.map((spec) => Tensor.create(spec.shape, spec.dtype, null))
      : tracing === null
        ? runMany(primitive, inputs, attributes, specs, op)
        : trace(tracing, primitive, inputs, attributes, specs, op)
  ) as Tensor[];
  if (watcher !== null) watched(op, outputs);
  if (!symbolic && isRecording()) record(primitive, inputs, outputs, attributes);
  return outputs;
}

function traceOne<A>(
  into: Tracing,
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  attributes: A,
  spec: Spec,
  op: string,
): AnyTensor {
  const output = trace(into, primitive, inputs, attributes, [spec], op)[0] ?? missing(primitive.name);
  if (isRecording()) record(primitive, inputs, [output], attributes);
  return output;
}

/** Adds an instruction to the program of the function that is being compiled; what depends on constants alone runs now. */
function trace<A>(
  into: Tracing,
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  attributes: A,
  specs: readonly Spec[],
  op: string,
): AnyTensor[] {
  for (const input of inputs) {
    if (input.source === null) return specs.map((spec) => Tensor.create(spec.shape, spec.dtype, null));
  }
  const traced = into.apply(primitive, inputs, attributes, specs, op);
  if (traced !== null) return traced;
  const [spec] = specs;
  // The program may have it: no scope that is open takes it away.
  return outsideScopes(() => {
    if (spec === undefined || specs.length > 1) return runMany(primitive, inputs, attributes, specs, op);
    const {kind} = primitive.definition.run;
    const uniform = kind === 'elementwise' && inputs.length > 0 && inputs.every(isUniform) && holdsNumbers(spec.dtype);
    if (!uniform) return [run(primitive, inputs, attributes, spec, op)];
    // One number throughout stays one: a program has it without memory.
    const ones = inputs.map(({dtype, source}) => Tensor.create<Element>([], dtype, source));
    const value = Number(itemOf(run(primitive, ones, attributes, {shape: [], dtype: spec.dtype}, op)));
    return [Tensor.create<Element>(spec.shape, spec.dtype, value)];
  });
}

const isUniform = ({source, dtype}: AnyTensor): boolean => typeof source === 'number' && holdsNumbers(dtype);

function run<A>(
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  attributes: A,
  spec: Spec,
  op: string,
): AnyTensor {
  for (const input of inputs) if (input.source === null) return Tensor.create(spec.shape, spec.dtype, null);
  const how = primitive.definition.run;
  if (how.kind === 'elementwise') {
    if (hasText(inputs)) {
      const [output] = runText(primitive, inputs, [spec], op, (codes, specs) =>
        specs.map((each) => run(primitive, codes, attributes, each, op)),
      );
      return output ?? missing(primitive.name);
    }
    return runElementwise(opcode(primitive), inputs, spec.dtype, concrete(spec.shape), op);
  }
  if (how.kind === 'view') {
    const [input] = inputs;
    if (input === undefined) throw new InternalError(`${primitive.name} views nothing`);
    return runView(primitive, input, attributes, spec);
  }
  const [output] = runMany(primitive, inputs, attributes, [spec], op);
  return output ?? missing(primitive.name);
}

function hasText(inputs: readonly AnyTensor[]): boolean {
  for (const input of inputs) if (input.dtype === 'string') return true;
  return false;
}

function missing(name: string): never {
  throw new InternalError(`${name} gave no output`);
}

function runMany<A>(
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  attributes: A,
  specs: readonly Spec[],
  op: string,
): AnyTensor[] {
  const how = primitive.definition.run;
  if (how.kind !== 'strided' && how.kind !== 'contiguous') {
    throw new InternalError(`${primitive.name} is not a kernel of several outputs`);
  }
  if (hasText(inputs)) {
    return runText(primitive, inputs, specs, op, (codes, coded) => runMany(primitive, codes, attributes, coded, op));
  }
  const operands = inputs.map((input, index) => {
    const shape = how.broadcast?.(inputs, specs, index) ?? null;
    const placed = shape === null ? input : broadcastView(input, concrete(shape));
    return how.kind === 'contiguous' ? contiguous(placed) : placed;
  });
  const outputs = specs.map(({shape, dtype}) => ({shape: concrete(shape), dtype}));
  return runKernel(opcode(primitive), operands, how.encode?.(attributes, inputs, specs) ?? [], outputs, op);
}

/** The tensor with strides of 0 on the axes that it is broadcast over. */
export function broadcastView(input: AnyTensor, shape: readonly number[]): AnyTensor {
  if (sameShape(input.shape, shape)) return input;
  if (typeof input.source === 'number') return Tensor.create(shape, input.dtype, input.source);
  const own = concrete(input.shape);
  const strides = input.strides ?? contiguousStrides(own);
  const lead = shape.length - own.length;
  const view = shape.map((size, i) => (i < lead || (own[i - lead] === 1 && size !== 1) ? 0 : (strides[i - lead] ?? 0)));
  return Tensor.create(shape, input.dtype, storageOf(input), view, input.offset);
}

function runView<A>(primitive: Primitive<A>, input: AnyTensor, attributes: A, spec: Spec): AnyTensor {
  const how = primitive.definition.run;
  if (how.kind !== 'view' || !isConcrete(spec.shape)) throw new InternalError(`${primitive.name} is no view`);
  if (typeof input.source === 'number') return Tensor.create(spec.shape, spec.dtype, input.source);
  let from = input;
  const shape = concrete(input.shape);
  let layout = how.layout(
    {shape, strides: input.strides ?? contiguousStrides(shape), offset: input.offset},
    attributes,
    spec.shape,
  );
  if (layout === null) {
    from = contiguous(input);
    layout = how.layout({shape, strides: contiguousStrides(shape), offset: from.offset}, attributes, spec.shape);
    if (layout === null) throw new InternalError(`${primitive.name} cannot view a contiguous tensor`);
  }
  const storage = storageOf(from);
  // Whoever holds the view must not see a Variable's later values.
  noteView(storage);
  const natural = contiguousStrides(spec.shape);
  const {strides} = layout;
  const plain = spec.shape.every((size, axis) => size === 1 || strides[axis] === natural[axis]);
  return Tensor.create(spec.shape, spec.dtype, storage, plain ? null : strides, layout.offset);
}

/** Makes an input's memory safe to keep: a Variable will not write into it any more. */
export function share(tensor: AnyTensor): void {
  if (tensor.source instanceof Storage) tensor.source.shared = true;
}
