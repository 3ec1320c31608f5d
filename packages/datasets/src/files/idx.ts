import {FileFormatError, tensor, type Tensor} from '@keratin/core';

/** The array that an idx file holds: LeCun's format of MNIST, of unsigned bytes. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an idx file: two zero bytes, the element type (0x08, unsigned byte), the number of axes, each axis's size as a big-endian
 * 32-bit number, then the elements.
 * @throws FileFormatError where the bytes are anything else, or more or fewer than the sizes say
 */
export function parseIdx(bytes: Uint8Array, path: string): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 4 || view.getUint16(0) !== 0) {
    throw new FileFormatError(`${path}: not an idx file (it must begin with two zero bytes)`);
  }
  const type = view.getUint8(2);
  if (type !== UNSIGNED_BYTE) {
    throw new FileFormatError(
      `${path}: idx element type 0x${type.toString(16)} is not supported, only unsigned bytes (0x8)`,
    );
  }
  const rank = view.getUint8(3);
  const header = 4 + 4 * rank;
  if (bytes.byteLength < header)
    throw new FileFormatError(`${path}: the idx header of ${String(rank)} axes is cut off`);
  const shape = Array.from({length: rank}, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, n) => product * n, 1);
  const held = bytes.byteLength - header;
  if (held !== size) {
    throw new FileFormatError(
      `${path}: shape (${shape.join(',')}) needs ${String(size)} bytes after the header, the file has ${String(held)}`,
    );
  }
  return {shape, data: bytes.subarray(header)};
}

/** The array of an idx file as a uint8 tensor. */
export function idxTensor(bytes: Uint8Array, path: string): Tensor {
  const {shape, data} = parseIdx(bytes, path);
  return tensor(data, {shape});
}
