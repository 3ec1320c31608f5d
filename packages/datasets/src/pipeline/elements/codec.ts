import {FileFormatError, isTensor, tensor, type Tensor, ValueError} from '@keratin/core';
import {decodeNpy, describe, encodeNpy, isPlainObject} from '@keratin/core/internal';

// An element as bytes: the length of a text, the text (JSON: how it is built, plain values, where tensors are), the tensors in NumPy's
// format one after the other.

type Node =
  | {readonly list: readonly Node[]}
  | {readonly dictionary: readonly (readonly [string, Node])[]}
  | {readonly npy: readonly [start: number, size: number]}
  | {readonly text: readonly string[]; readonly shape: readonly number[]}
  | {readonly value: number | boolean | string | null}
  | {readonly number: string}
  | {readonly bigint: string};

/** An element as bytes. */
export function encodeElement(where: string, element: unknown): Uint8Array {
  const blobs: Uint8Array[] = [];
  let size = 0;
  const encode = (value: unknown): Node => {
    if (isTensor(value)) {
      if (value.dtype === 'string')
        return {text: (value.reshape([-1]) as Tensor<string>).array(1), shape: value.shape as number[]};
      const blob = encodeNpy(value, where);
      const at = size;
      blobs.push(blob);
      size += blob.length;
      return {npy: [at, blob.length]};
    }
    if (Array.isArray(value)) return {list: value.map(encode)};
    if (isPlainObject(value)) return {dictionary: Object.entries(value).map(([key, part]) => [key, encode(part)])};
    if (typeof value === 'bigint') return {bigint: String(value)};
    if (typeof value === 'number' && !Number.isFinite(value)) return {number: String(value)};
    if (value === null || ['number', 'boolean', 'string'].includes(typeof value)) {
      return {value: value as number | boolean | string | null};
    }
    throw new ValueError(
      `${where}: a file keeps tensors, lists, dictionaries and plain values, got ${describe(value)} in an element`,
    );
  };
  const header = Buffer.from(JSON.stringify(encode(element)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, ...blobs]);
}

/** The element of bytes. */
export function decodeElement(where: string, bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = buffer.length < 4 ? Infinity : 4 + buffer.readUInt32LE(0);
  const damaged = (cause?: unknown): never => {
    throw new FileFormatError(`${where}: this is no file that Dataset.cache wrote`, {cause});
  };
  if (start > buffer.length) damaged();
  const decode = (node: Node): unknown => {
    if ('list' in node) return node.list.map(decode);
    if ('dictionary' in node) return Object.fromEntries(node.dictionary.map(([key, part]) => [key, decode(part)]));
    if ('text' in node) return tensor([...node.text], {shape: node.shape});
    if ('bigint' in node) return BigInt(node.bigint);
    if ('number' in node) return Number(node.number);
    if ('value' in node) return node.value;
    const [at, size] = node.npy;
    return decodeNpy(buffer.subarray(start + at, start + at + size), where);
  };
  try {
    return decode(JSON.parse(buffer.toString('utf8', 4, start)) as Node);
  } catch (cause) {
    return damaged(cause);
  }
}
