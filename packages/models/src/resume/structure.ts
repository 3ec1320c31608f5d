import {type Element, isTensor, saveSafetensors, type Tensor, Variable} from '@keratin/core';
import {isPlainObject, readSafetensors} from '@keratin/core/internal';

/** Values in one file: numbers, strings, booleans, null, tensors, and lists and dictionaries of them. */
const KEY = 'keratin_state';

/** Writes a structure into a safetensors file: its tensors as such, the rest as JSON in the metadata. The file appears whole or not at all. */
export async function saveStructure(path: string, value: unknown): Promise<void> {
  const tensors: Record<string, Tensor<Element>> = {};
  const json = JSON.stringify(pack(value, tensors));
  await saveSafetensors(path, tensors, {metadata: {[KEY]: json}});
}

/**
 * Reads what {@link saveStructure} wrote.
 * @throws FileFormatError where the file is not whole
 * @throws SyntaxError where its JSON is not
 */
export async function loadStructure(path: string, where: string): Promise<unknown> {
  const {tensors, metadata} = await readSafetensors(path, where);
  return unpack(JSON.parse(metadata[KEY] ?? ''), tensors);
}

// JSON has no NaN, infinities and negative zero, and tensors stand beside it.
function pack(value: unknown, tensors: Record<string, Tensor<Element>>): unknown {
  if (isTensor(value)) {
    const name = String(Object.keys(tensors).length).padStart(6, '0');
    tensors[name] = value instanceof Variable ? (value as Variable<Element>).readValue() : value;
    return {$tensor: name};
  }
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return {$number: Object.is(value, -0) ? '-0' : String(value)};
  }
  if (Array.isArray(value)) return value.map((entry: unknown) => pack(entry, tensors));
  if (!isPlainObject(value)) return value;
  return {$entries: Object.entries(value).map(([key, entry]) => [key, pack(entry, tensors)])};
}

function unpack(value: unknown, tensors: Readonly<Record<string, Tensor<Element>>>): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => unpack(entry, tensors));
  if (!isPlainObject(value)) return value;
  const {$tensor: name, $number: number, $entries: entries} = value;
  if (typeof name === 'string') return tensors[name];
  if (typeof number === 'string') return Number(number);
  if (!Array.isArray(entries)) throw new SyntaxError('a state has neither a tensor, a number nor entries');
  return Object.fromEntries(
    (entries as readonly (readonly [string, unknown])[]).map(([key, entry]) => [key, unpack(entry, tensors)]),
  );
}
