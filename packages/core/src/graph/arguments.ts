import {type Element} from '../dtype.js';
import {ValueError} from '../errors.js';
import {isNode} from '../serialization/config.js';
import {deserializeKerasObject, serializeKerasObject} from '../serialization/serialize.js';
import {isPlainObject} from '../structure.js';
import {describe} from '../suggest.js';
import {isSlice, parseSlice, type Slice} from '../tensor/indexing/slice.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';

// Arguments of the calls in a graph, as files hold them. The index of `at` is the one argument that is written differently there.

type SymbolicNode = (tensor: Tensor<Element>) => unknown;

/** An argument of a call as Keras writes it; `symbolic` writes the tensors of the graph. */
export function graphArguments(value: unknown, symbolic: SymbolicNode): unknown {
  if (isTensor(value)) return value.symbolic ? symbolic(value) : serializeKerasObject(value);
  if (Array.isArray(value)) return value.map((entry: unknown) => graphArguments(entry, symbolic));
  if (isPlainObject(value)) {
    if (isSlice(value)) return sliceNode(value);
    if (value['class_name'] === '__slice__' || value['class_name'] === '__ellipsis__') return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, graphArguments(entry, symbolic)]));
  }
  return serializeKerasObject(value);
}

/** An argument of a call from what {@link graphArguments} gave; `symbolic` finds the tensors of the graph. */
export function callArguments(value: unknown, symbolic: (config: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => callArguments(entry, symbolic));
  if (isNode(value)) {
    if (value['class_name'] === '__keras_tensor__') return symbolic(value['config']);
    if (value['class_name'] === '__slice__' || value['class_name'] === '__ellipsis__') return value;
    return deserializeKerasObject(value);
  }
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, callArguments(entry, symbolic)]));
  }
  return value;
}

const sliceNode = ({start, stop, step}: Slice): unknown => ({
  class_name: '__slice__',
  config: {start, stop, step: step === 1 ? null : step},
});

/** The index of `at` as Keras writes it: a list of entries, or the only entry itself. */
export function toKerasKey(key: unknown): unknown {
  if (!Array.isArray(key)) return key;
  const entries = key.map(toKerasEntry);
  return entries.length === 1 && !Array.isArray(entries[0]) ? entries[0] : entries;
}

function toKerasEntry(entry: unknown): unknown {
  if (entry === '...') return {class_name: '__ellipsis__', config: {}};
  if (entry === 'newaxis') return null;
  if (typeof entry === 'string') {
    const range = parseSlice(entry);
    if (range === undefined) throw new ValueError(`getItem: ${describe(entry)} is no range`);
    return sliceNode(range);
  }
  if (ArrayBuffer.isView(entry)) return Array.from(entry as Int32Array, Number);
  return entry;
}

/** The index of `at` from what Keras wrote. */
export function fromKerasKey(key: unknown): readonly unknown[] {
  return Array.isArray(key) ? key.map(fromKerasEntry) : [fromKerasEntry(key)];
}

function fromKerasEntry(entry: unknown): unknown {
  if (entry === null || entry === undefined) return 'newaxis';
  if (!isNode(entry)) return entry;
  if (entry['class_name'] === '__ellipsis__') return '...';
  const config = entry['config'];
  const {start, stop, step} = (isPlainObject(config) ? config : {}) as Partial<Slice>;
  return {start: start ?? null, stop: stop ?? null, step: step ?? 1};
}
