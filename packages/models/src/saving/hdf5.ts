import {type DType, type Element, FileFormatError, type Tensor} from '@keratin/core';
import {PieceReader} from '@keratin/core/internal';
import {Hdf5Thread, type StoredEntry, type StoredMetadata} from './hdf5-thread.js';

/** What a path of an HDF5 file leads to. */
export type H5Kind = 'group' | 'dataset';

/** An array in a file, not read yet. */
export interface H5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Reads it: check the shape first. */
  read(): Promise<Tensor<Element>>;
}

const INTEGER = 0;
const FLOAT = 1;
const OPAQUE = 5;
const ENUM = 8;

/** What deflate can make of one byte. */
const MAX_RATIO = 1032;
const SLACK_BYTES = 1 << 20;

/** Groups and arrays: of a file, or of several side by side. */
export type H5Source = Pick<
  H5Reader,
  'kind' | 'names' | 'datasets' | 'dataset' | 'text' | 'texts' | 'elements' | 'close'
>;

/**
 * An HDF5 file that is open for reading: a thread of its own reads it, in memory, so that nothing in it can lead to another file, stop the
 * process or take its memory. Links are refused where they are met; arrays that are larger than the file can hold are refused before
 * memory is taken.
 */
export class H5Reader {
  readonly #thread: Hdf5Thread;
  readonly #entries: ReadonlyMap<string, StoredEntry>;
  readonly #bytes: number;
  readonly #label: string;

  private constructor(thread: Hdf5Thread, entries: ReadonlyMap<string, StoredEntry>, bytes: number, label: string) {
    this.#thread = thread;
    this.#entries = entries;
    this.#bytes = bytes;
    this.#label = label;
  }

  /**
   * @param label begins the messages: the function and the file
   * @throws FileFormatError where the bytes are no HDF5 file, or not all of one
   */
  static async open(bytes: Uint8Array, label: string): Promise<H5Reader> {
    if (bytes.length === 0) throw new FileFormatError(`${label} is empty, so it is not an HDF5 file`);
    try {
      const {thread, entries} = await Hdf5Thread.open(bytes);
      return new H5Reader(thread, entries, bytes.length, label);
    } catch (error) {
      throw new FileFormatError(`${label} is not a valid HDF5 file: ${reasonOf(error)}`, {cause: error});
    }
  }

  /** The file must not be used afterwards. */
  close(): Promise<void> {
    return this.#thread.close();
  }

  #refuse(problem: string): never {
    throw new FileFormatError(`${this.#label}: ${problem}`);
  }

  /** What is at a path that can be read. */
  #entry(path: string): StoredEntry | null {
    // What is around it comes first, since a link on the way is refused.
    if (path !== '') this.kind(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    const entry = this.#entries.get(path);
    if (entry === undefined) return null;
    if (entry.kind === 'link') this.#refuse(`${path} is ${entry.target ?? 'a link'}; links are not followed`);
    if (entry.problem !== undefined) this.#refuse(`${path} cannot be read: ${entry.problem}`);
    return entry;
  }

  /**
   * What a path leads to (`'layers/dense/vars/0'`; `''` is the whole file); null where there is nothing.
   * @throws FileFormatError where the path goes over a link
   */
  kind(path: string): H5Kind | null {
    if (path === '') return 'group';
    const kind = this.#entry(path)?.kind;
    return kind === 'group' || kind === 'dataset' ? kind : null;
  }

  /** The names in a group; none where there is no such group. */
  names(path: string): readonly string[] {
    return this.kind(path) === 'group' ? (this.#entry(path)?.names ?? []) : [];
  }

  /** How many elements all arrays have together. */
  get elements(): number {
    return [...this.#entries.values()].reduce((sum, {metadata}) => sum + (metadata?.count ?? 0), 0);
  }

  /** The paths of all arrays within a group. */
  datasets(path: string): string[] {
    const within = path === '' ? '' : `${path}/`;
    return [...this.#entries.keys()].filter((inner) => inner.startsWith(within) && this.kind(inner) === 'dataset');
  }

  /** An array; null where there is none. */
  dataset(path: string): H5Dataset | null {
    const metadata = this.kind(path) === 'dataset' ? this.#entry(path)?.metadata : undefined;
    if (metadata === undefined) return null;
    const {shape, size, count, isVirtual} = metadata;
    if (shape === null) return this.#refuse(`${path} is an array without a shape`);
    if (isVirtual) this.#refuse(`${path} is made of other files, which are not read`);
    const dtype = dtypeOf(metadata, () => this.text(path, 'dtype'));
    if (dtype === null) return this.#refuse(`${path} holds elements of a kind that is not known`);
    const bytes = size * count;
    const elements = shape.reduce((n, length) => n * length, 1);
    if (!Number.isSafeInteger(bytes) || elements !== count || bytes > this.#bytes * MAX_RATIO + SLACK_BYTES) {
      this.#refuse(`${path} claims ${String(bytes)} bytes, more than a file of ${String(this.#bytes)} bytes can hold`);
    }
    return {path, shape, dtype, read: () => this.#read(path, shape, dtype, bytes)};
  }

  async #read(path: string, shape: readonly number[], dtype: DType, bytes: number): Promise<Tensor<Element>> {
    const elements = shape.reduce((n, size) => n * size, 1);
    if (bytes === 0) return new PieceReader(dtype, elements, false).tensor(shape);
    let stored: Uint8Array;
    try {
      stored = await this.#thread.read(path, bytes);
    } catch (error) {
      return this.#refuse(`${path} cannot be read: ${reasonOf(error)}`);
    }
    const reader = new PieceReader(dtype, elements, false);
    if (!reader.take(stored)) this.#refuse(`${path} holds a boolean that is neither 0 nor 1`);
    return reader.tensor(shape);
  }

  /** The texts of an attribute, also where it is cut into several (`weight_names0`, `weight_names1`); null where it is not there. */
  texts(path: string, name: string): readonly string[] | null {
    if (this.#has(path, name)) return this.#attribute(path, name);
    const parts: string[] = [];
    for (let k = 0; this.#has(path, `${name}${String(k)}`); k++) {
      parts.push(...this.#attribute(path, `${name}${String(k)}`));
    }
    return this.#has(path, `${name}0`) ? parts : null;
  }

  /** A text that belongs to a group or array. */
  text(path: string, name: string): string | null {
    return this.#has(path, name) ? (this.#attribute(path, name)[0] ?? null) : null;
  }

  #has(path: string, name: string): boolean {
    const attributes = this.kind(path) === null ? undefined : this.#entry(path)?.attributes;
    const none = attributes?.get('');
    if (none !== undefined && 'problem' in none) this.#refuse(`attributes of ${path} cannot be read: ${none.problem}`);
    return attributes?.has(name) === true;
  }

  #attribute(path: string, name: string): readonly string[] {
    const found = this.#entry(path)?.attributes?.get(name);
    if (found === undefined) return [];
    if ('texts' in found) return found.texts;
    return this.#refuse(`attribute ${name} of ${path === '' ? 'the file' : path} cannot be read: ${found.problem}`);
  }
}

const FLOATS: Readonly<Record<number, DType>> = {2: 'float16', 4: 'float32', 8: 'float64'};
const SIGNED: Readonly<Record<number, DType>> = {1: 'int8', 2: 'int16', 4: 'int32', 8: 'int64'};
const UNSIGNED: Readonly<Record<number, DType>> = {1: 'uint8', 2: 'uint16', 4: 'uint32', 8: 'uint64'};

function dtypeOf({type, size, signed, choices}: StoredMetadata, named: () => string | null): DType | null {
  if (type === FLOAT) return FLOATS[size] ?? null;
  if (type === INTEGER) return (signed ? SIGNED : UNSIGNED)[size] ?? null;
  // Keras stores bfloat16 as two opaque bytes and says so beside them.
  if (type === OPAQUE && size === 2 && named() === 'bfloat16') return 'bfloat16';
  if (type === ENUM && size === 1 && choices?.['TRUE'] === 1 && choices['FALSE'] === 0) return 'bool';
  return null;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
