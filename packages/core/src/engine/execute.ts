import {addon, opcodes, words} from '@keratin/native';
import {type DType, DTYPES, type Element} from '../dtype.js';
import {IndexError, InternalError, ValueError} from '../errors.js';
import {concrete, contiguousStrides, sameShape, sizeOf} from '../shape.js';
import {noteCreated, outsideScopes, Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';
import {textOf, TextStorage} from '../tensor/text.js';
import {moment, profiling} from './profiling.js';

type AnyTensor = Tensor<Element>;

/** A kernel's number; its absence is a fault of the build. */
export function opcodeOf(kernel: string): number {
  const opcode = opcodes.get(kernel);
  if (opcode === undefined) throw new InternalError(`the native addon has no kernel "${kernel}"`);
  return opcode;
}

// Position in the instruction words.
let at = 0;

function put(value: number): void {
  words[at++] = value;
}

function putShape(shape: readonly number[]): void {
  words[at++] = shape.length;
  for (let i = 0; i < shape.length; i++) words[at++] = shape[i] ?? 0;
}

function handleOf(storage: Storage): number {
  return storage.live;
}

/** Writes the operand for a flat run of `size` elements. */
function putFlat(tensor: AnyTensor, size: number): void {
  const {source} = tensor;
  if (typeof source === 'number') {
    words[at] = -1;
    words[at + 2] = source;
    words[at + 5] = 0;
  } else {
    if (source === null) throw new InternalError('a symbolic tensor reached a kernel');
    words[at] = handleOf(source);
    words[at + 2] = tensor.offset;
    words[at + 5] = 1;
  }
  words[at + 1] = DTYPES[tensor.dtype].code;
  words[at + 3] = 1;
  words[at + 4] = size;
  at += 6;
}

/** Writes the operand as `shape`, to which it broadcasts. */
function putBroadcast(tensor: AnyTensor, shape: readonly number[]): void {
  const own = concrete(tensor.shape);
  const {source} = tensor;
  if (typeof source === 'number') {
    put(-1);
    put(DTYPES[tensor.dtype].code);
    put(source);
    putShape(shape);
    for (let i = 0; i < shape.length; i++) put(0);
    return;
  }
  if (source === null) throw new InternalError('a symbolic tensor reached a kernel');
  put(handleOf(source));
  put(DTYPES[tensor.dtype].code);
  put(tensor.offset);
  putShape(shape);
  const strides = tensor.strides ?? contiguousStrides(own);
  const lead = shape.length - own.length;
  for (let i = 0; i < shape.length; i++) {
    const axis = i - lead;
    put(axis < 0 || (own[axis] === 1 && shape[i] !== 1) ? 0 : (strides[axis] ?? 0));
  }
}

function putFresh(dtype: DType, shape: readonly number[]): void {
  put(0);
  put(DTYPES[dtype].code);
  put(0);
  putShape(shape);
}

/** Errors of kernels become typed ones that name the op. */
export function rethrow(error: unknown, op: string): never {
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'index') throw new IndexError(`${op}: ${error.message}`);
    if (error.code === 'value') throw new ValueError(`${op}: ${error.message}`);
    throw new InternalError(`${op}: ${error.message}`);
  }
  throw error;
}

/**
 * An elementwise kernel: every input broadcasts to `shape`. The fast way for small operands: one native call, about
 * twenty words.
 */
export function runElementwise(
  opcode: number,
  inputs: readonly AnyTensor[],
  dtype: DType,
  shape: readonly number[],
  op: string,
): AnyTensor {
  at = 0;
  put(opcode);
  put(inputs.length);
  put(1);
  put(0);
  let flat = true;
  for (const input of inputs) {
    if (typeof input.source !== 'number' && (input.strides !== null || !sameShape(input.shape, shape))) {
      flat = false;
      break;
    }
  }
  if (flat) {
    const size = sizeOf(shape) ?? 0;
    for (const input of inputs) putFlat(input, size);
    put(0);
    put(DTYPES[dtype].code);
    put(0);
    put(1);
    put(size);
  } else {
    for (const input of inputs) putBroadcast(input, shape);
    putFresh(dtype, shape);
  }
  const storage = new Storage();
  const begin = moment();
  try {
    addon.run(storage);
  } catch (error) {
    rethrow(error, op);
  }
  const end = moment();
  storage.handle = words[0] ?? 0;
  if (profiling !== null) profiling.kernel(op, opcode, inputs, [], [{shape, dtype}], begin, end);
  return Tensor.create(shape, dtype, noteCreated(storage));
}

export interface OutputSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Any kernel: inputs with their own shapes and strides, fresh contiguous outputs. */
export function runKernel(
  opcode: number,
  inputs: readonly AnyTensor[],
  attributes: readonly number[],
  outputs: readonly OutputSpec[],
  op: string,
): AnyTensor[] {
  at = 0;
  put(opcode);
  put(inputs.length);
  put(outputs.length);
  put(attributes.length);
  for (const attribute of attributes) put(attribute);
  for (const input of inputs) putBroadcast(input, concrete(input.shape));
  for (const {dtype, shape} of outputs) putFresh(dtype, shape);
  const storages = outputs.map(() => new Storage());
  const begin = moment();
  try {
    addon.run(...storages);
  } catch (error) {
    rethrow(error, op);
  }
  const end = moment();
  const made = outputs.map(({shape, dtype}, i) => {
    const storage = storages[i];
    if (storage === undefined) throw new InternalError('an output has no storage');
    storage.handle = words[i] ?? 0;
    return Tensor.create<Element>(shape, dtype, noteCreated(storage));
  });
  if (profiling !== null) profiling.kernel(op, opcode, inputs, attributes, outputs, begin, end);
  return made;
}

/** A kernel that writes into existing buffers, such as a Variable's. */
export function runInto(
  opcode: number,
  inputs: readonly AnyTensor[],
  attributes: readonly number[],
  targets: readonly AnyTensor[],
  op: string,
  broadcastTo?: readonly number[],
): void {
  at = 0;
  put(opcode);
  put(inputs.length);
  put(targets.length);
  put(attributes.length);
  for (const attribute of attributes) put(attribute);
  for (const input of inputs) putBroadcast(input, broadcastTo ?? concrete(input.shape));
  for (const target of targets) putBroadcast(target, concrete(target.shape));
  const begin = moment();
  try {
    addon.run();
  } catch (error) {
    rethrow(error, op);
  }
  if (profiling === null) return;
  const outputs = targets.map(({shape, dtype}) => ({shape: concrete(shape), dtype}));
  profiling.kernel(op, opcode, inputs, attributes, outputs, begin, moment());
}

const COPY = 'copy';
const FILL = 'fill';

/** The same values in a buffer of their own, row-major without gaps; the tensor itself where it already is. */
export function contiguous<E extends Element>(tensor: Tensor<E>): Tensor<E> {
  if (tensor.source instanceof Storage && tensor.strides === null) return tensor;
  return copyOf(tensor);
}

/** The same values in a new buffer. */
export function copyOf<E extends Element>(tensor: Tensor<E>): Tensor<E> {
  const shape = concrete(tensor.shape);
  if (tensor.dtype === 'string') return Tensor.create<E>(shape, 'string', new TextStorage([...textOf(tensor)]));
  const storage = Storage.allocate((sizeOf(shape) ?? 0) * DTYPES[tensor.dtype].bytes);
  const target = Tensor.create<E>(shape, tensor.dtype, storage);
  if (typeof tensor.source === 'number') runInto(opcodeOf(FILL), [], [tensor.source], [target], FILL);
  else runInto(opcodeOf(COPY), [tensor], [], [target], COPY);
  return target;
}

/** The buffer of a tensor; one that holds a single number for all elements gets its memory now. */
export function storageOf(tensor: AnyTensor): Storage {
  if (tensor.source instanceof Storage) {
    // A view of what is gone fails here, not at its first use.
    tensor.source.assertLive();
    return tensor.source;
  }
  if (tensor.source === null) throw new InternalError('a symbolic tensor has no storage');
  // Not part of any scope: it belongs to the tensor, which may outlive the scope that happens to be open.
  const made = outsideScopes(() => copyOf(tensor).source);
  if (!(made instanceof Storage)) throw new InternalError('a copy has no storage');
  tensor.source = made;
  return made;
}
