import {addon} from '@keratin/native';
import {DTYPES, type DType, type Element} from '../dtype.js';
import {contiguous} from '../engine/execute.js';
import {Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';

// Files are copied piece by piece: memory use does not depend on their size.

const PIECE_BYTES = 16 << 20;

/** The elements' bytes in row-major order, little-endian. Each piece is valid until the next is asked for. */
export function* piecesOf(tensor: Tensor<Element>): Generator<Uint8Array, void, undefined> {
  const bytes = tensor.size * DTYPES[tensor.dtype].bytes;
  if (bytes === 0) return;
  const whole = contiguous(tensor);
  const {source} = whole;
  if (!(source instanceof Storage)) return;
  const start = whole.offset * DTYPES[whole.dtype].bytes;
  const piece = new Uint8Array(Math.min(bytes, PIECE_BYTES));
  for (let at = 0; at < bytes; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, bytes - at));
    addon.read(source.live, part, start + at);
    yield part;
  }
}

/** A tensor that comes piece by piece. */
export class PieceReader {
  readonly bytes: number;
  readonly #dtype: DType;
  readonly #storage: Storage;
  readonly #swap: number;
  #at = 0;
  /** The beginning of an element that the next piece goes on with. */
  #rest: Buffer = Buffer.alloc(0);

  /** Takes the memory at once: check the sizes before. */
  constructor(dtype: DType, size: number, bigEndian: boolean) {
    const {bytes, kind} = DTYPES[dtype];
    this.bytes = bytes * size;
    this.#dtype = dtype;
    this.#storage = Storage.allocate(this.bytes);
    const wordBytes = kind === 'complex' ? bytes / 2 : bytes;
    this.#swap = bigEndian && wordBytes > 1 ? wordBytes : 0;
  }

  /** Takes the next bytes; false says that a boolean among them is neither 0 nor 1. */
  take(bytes: Uint8Array): boolean {
    if (this.#dtype === 'bool' && bytes.some((value) => value > 1)) return false;
    if (this.#swap > 0) this.#put(this.#swapped(bytes));
    else this.#put(bytes);
    return true;
  }

  /** How many bytes were taken. */
  get taken(): number {
    return this.#at + this.#rest.length;
  }

  tensor(shape: readonly number[]): Tensor<Element> {
    return Tensor.create<Element>(shape, this.#dtype, this.#storage);
  }

  /** Gives the memory back, where nothing comes of it. */
  release(): void {
    this.#storage.release();
  }

  #put(bytes: Uint8Array): void {
    // A view of a pooled Buffer may not be aligned; the engine takes bytes.
    if (bytes.length > 0)
      addon.write(this.#storage.live, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), this.#at);
    this.#at += bytes.length;
  }

  #swapped(bytes: Uint8Array): Buffer {
    const all = Buffer.concat([this.#rest, bytes]);
    const whole = all.length - (all.length % this.#swap);
    this.#rest = all.subarray(whole);
    const words = all.subarray(0, whole);
    if (this.#swap === 2) return words.swap16();
    return this.#swap === 4 ? words.swap32() : words.swap64();
  }
}
