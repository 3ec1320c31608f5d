import {type Metadata} from 'h5wasm';
import {type DType, type Element, FileFormatError, type Tensor} from '@keratin/core';
import {PieceReader} from '@keratin/core/internal';
import {type H5Module, hdf5Library, temporaryFile} from './hdf5-library.js';

/** What a path of an HDF5 file leads to. */
export type H5Kind = 'group' | 'dataset';

/** An array in a file, not read yet. */
export interface H5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Reads it: check the shape first. */
  read(): Tensor<Element>;
}

/** Where a link to another file leads; nothing for what is no such link. */
interface External {
  readonly filename: string;
  readonly obj_path: string;
}

const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;
const OPAQUE = 5;
const ENUM = 8;

/** No array needs more levels, and files may lead in circles. */
const MAX_DEPTH = 64;
const MAX_ENTRIES = 1_000_000;
/** What deflate can make of one byte. */
const MAX_RATIO = 1032;
const SLACK_BYTES = 1 << 20;
/** Longer names and texts than any file has. */
const MAX_TEXT_BYTES = 1 << 28;

/**
 * An HDF5 file that is open for reading, in memory: nothing in it can lead to another file. Links are refused where they are met;
 * arrays that are larger than the file can hold are refused before memory is taken.
 */
export class H5Reader {
  readonly #library: H5Module;
  readonly #id: bigint;
  readonly #bytes: number;
  readonly #label: string;
  readonly #remove: () => void;
  readonly #kinds = new Map<string, H5Kind | null>();

  private constructor(library: H5Module, id: bigint, bytes: number, label: string, remove: () => void) {
    this.#library = library;
    this.#id = id;
    this.#bytes = bytes;
    this.#label = label;
    this.#remove = remove;
  }

  /**
   * @param label begins the messages: the function and the file
   * @throws FileFormatError where the bytes are no HDF5 file, or not all of one
   */
  static async open(bytes: Uint8Array, label: string): Promise<H5Reader> {
    const library = await hdf5Library();
    if (bytes.length === 0) throw new FileFormatError(`${label} is empty, so it is not an HDF5 file`);
    const {path, remove} = temporaryFile(library, bytes);
    try {
      const id = library.open(path, library.H5F_ACC_RDONLY, false, -1, -1);
      return new H5Reader(library, id, bytes.length, label, remove);
    } catch (error) {
      remove();
      throw new FileFormatError(`${label} is not a valid HDF5 file: ${reasonOf(error)}`, {cause: error});
    }
  }

  /** The file must not be used afterwards. */
  close(): void {
    try {
      this.#library.close_file(this.#id);
    } catch {
      // What is damaged may not be closed in good order; nothing was written.
    } finally {
      this.#remove();
    }
  }

  #refuse(problem: string): never {
    throw new FileFormatError(`${this.#label}: ${problem}`);
  }

  /** Runs what reads the file; the library's own messages are many lines of places in its source. */
  #reading<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof FileFormatError) throw error;
      return this.#refuse(`${what} cannot be read: ${reasonOf(error)}`);
    }
  }

  /**
   * What a path leads to (`'layers/dense/vars/0'`; `''` is the whole file); null where there is nothing.
   * @throws FileFormatError where the path goes over a link
   */
  kind(path: string): H5Kind | null {
    if (path === '') return 'group';
    const known = this.#kinds.get(path);
    if (known !== undefined) return known;
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const found = this.kind(parent) === 'group' ? this.#kindWithin(path) : null;
    this.#kinds.set(path, found);
    return found;
  }

  #kindWithin(path: string): H5Kind | null {
    const library = this.#library;
    const type = this.#reading(path, () => library.get_type(this.#id, `/${path}`));
    if (type === -1) return null;
    const external: Partial<External> = this.#reading(path, () => library.get_external_link(this.#id, `/${path}`));
    const {filename, obj_path: target} = external;
    if (filename !== undefined || type === library.H5G_UDLINK) {
      this.#refuse(
        `${path} is an external link to ${String(target)} of the file ${String(filename)}; links are not followed`,
      );
    }
    const soft = this.#reading(path, () => library.get_symbolic_link(this.#id, `/${path}`));
    if (typeof soft === 'string' || type === library.H5G_LINK) {
      this.#refuse(`${path} is a soft link to ${soft}; links are not followed`);
    }
    if (type === library.H5G_GROUP) return 'group';
    return type === library.H5G_DATASET ? 'dataset' : null;
  }

  /** The names in a group; none where there is no such group. */
  names(path: string): readonly string[] {
    if (this.kind(path) !== 'group') return [];
    return this.#reading(path, () => this.#library.get_names(this.#id, `/${path}`, false));
  }

  /** The paths of all arrays within a group. */
  datasets(path: string): string[] {
    const found: string[] = [];
    let entries = 0;
    const visit = (at: string, depth: number): void => {
      if (depth > MAX_DEPTH) this.#refuse(`its groups are nested deeper than ${String(MAX_DEPTH)} levels`);
      for (const name of this.names(at)) {
        entries += 1;
        if (entries > MAX_ENTRIES) this.#refuse(`it has more than ${String(MAX_ENTRIES)} entries`);
        const inner = at === '' ? name : `${at}/${name}`;
        const kind = this.kind(inner);
        if (kind === 'dataset') found.push(inner);
        else if (kind === 'group') visit(inner, depth + 1);
      }
    };
    visit(path, 0);
    return found;
  }

  /** An array; null where there is none. */
  dataset(path: string): H5Dataset | null {
    if (this.kind(path) !== 'dataset') return null;
    const metadata = this.#reading(path, () => this.#library.get_dataset_metadata(this.#id, `/${path}`));
    const {shape, size, total_size: count, virtual_sources: sources} = metadata;
    if (shape === null) return this.#refuse(`${path} is an array without a shape`);
    if ((sources ?? []).length > 0) this.#refuse(`${path} is made of other files, which are not read`);
    const dtype = dtypeOf(metadata, () => this.text(path, 'dtype'));
    if (dtype === null) return this.#refuse(`${path} holds elements of a kind that is not known`);
    const bytes = size * count;
    if (!Number.isSafeInteger(bytes) || bytes > this.#bytes * MAX_RATIO + SLACK_BYTES) {
      this.#refuse(`${path} claims ${String(bytes)} bytes, more than a file of ${String(this.#bytes)} bytes can hold`);
    }
    return {path, shape, dtype, read: () => this.#read(path, shape, dtype, bytes)};
  }

  #read(path: string, shape: readonly number[], dtype: DType, bytes: number): Tensor<Element> {
    return this.#reading(path, () => {
      const library = this.#library;
      const reader = new PieceReader(
        dtype,
        shape.reduce((n, size) => n * size, 1),
        false,
      );
      if (bytes === 0) return reader.tensor(shape);
      const pointer = library._malloc(bytes);
      if (pointer === 0) this.#refuse(`${path} needs ${String(bytes)} bytes, which are not there`);
      try {
        library.get_dataset_data(this.#id, `/${path}`, null, null, null, BigInt(pointer));
        if (!reader.take(library.HEAPU8.subarray(pointer, pointer + bytes))) {
          this.#refuse(`${path} holds a boolean that is neither 0 nor 1`);
        }
      } finally {
        library._free(pointer);
      }
      return reader.tensor(shape);
    });
  }

  /** The texts of an attribute, also where it is cut into several (`weight_names0`, `weight_names1`); null where it is not there. */
  texts(path: string, name: string): readonly string[] | null {
    const names = new Set(this.#attributes(path));
    if (names.has(name)) return this.#attribute(path, name);
    const parts: string[] = [];
    for (let k = 0; names.has(`${name}${String(k)}`); k++) parts.push(...this.#attribute(path, `${name}${String(k)}`));
    return names.has(`${name}0`) ? parts : null;
  }

  /** A text that belongs to a group or array. */
  text(path: string, name: string): string | null {
    return this.#attributes(path).includes(name) ? (this.#attribute(path, name)[0] ?? null) : null;
  }

  #attributes(path: string): readonly string[] {
    if (this.kind(path) === null) return [];
    return this.#reading(path, () => this.#library.get_attribute_names(this.#id, `/${path}`));
  }

  #attribute(path: string, name: string): readonly string[] {
    const what = `attribute ${name} of ${path === '' ? 'the file' : path}`;
    return this.#reading(what, () => {
      const library = this.#library;
      const {type, size, total_size: count, shape, vlen} = library.get_attribute_metadata(this.#id, `/${path}`, name);
      if (shape === null || count === 0) return [];
      if (type !== STRING) return this.#refuse(`${what} is not a text`);
      const bytes = size * count;
      if (!(bytes <= MAX_TEXT_BYTES)) return this.#refuse(`${what} claims ${String(bytes)} bytes`);
      const pointer = library._malloc(bytes);
      if (pointer === 0) return this.#refuse(`${what} needs ${String(bytes)} bytes, which are not there`);
      try {
        library.get_attribute_data(this.#id, `/${path}`, name, BigInt(pointer));
        const held = library.HEAPU8.slice(pointer, pointer + bytes);
        if (!vlen) return textsOfSize(held, size);
        const texts = [...new Uint32Array(held.buffer)].map((at) => library.UTF8ToString(at));
        library.reclaim_vlen_memory(this.#id, `/${path}`, name, BigInt(pointer));
        return texts;
      } finally {
        library._free(pointer);
      }
    });
  }
}

/** Texts of one size each, filled up with zeros. */
function textsOfSize(bytes: Uint8Array, size: number): string[] {
  const decoder = new TextDecoder();
  return Array.from({length: Math.floor(bytes.length / size)}, (_, i) => {
    const part = bytes.subarray(i * size, (i + 1) * size);
    const end = part.indexOf(0);
    return decoder.decode(end === -1 ? part : part.subarray(0, end));
  });
}

const FLOATS: Readonly<Record<number, DType>> = {2: 'float16', 4: 'float32', 8: 'float64'};
const SIGNED: Readonly<Record<number, DType>> = {1: 'int8', 2: 'int16', 4: 'int32', 8: 'int64'};
const UNSIGNED: Readonly<Record<number, DType>> = {1: 'uint8', 2: 'uint16', 4: 'uint32', 8: 'uint64'};

function dtypeOf({type, size, signed, enum_type}: Metadata, named: () => string | null): DType | null {
  if (type === FLOAT) return FLOATS[size] ?? null;
  if (type === INTEGER) return (signed ? SIGNED : UNSIGNED)[size] ?? null;
  // Keras stores bfloat16 as two opaque bytes and says so beside them.
  if (type === OPAQUE && size === 2 && named() === 'bfloat16') return 'bfloat16';
  if (type === ENUM && size === 1 && enum_type?.members['TRUE'] === 1 && enum_type.members['FALSE'] === 0)
    return 'bool';
  return null;
}

/** The innermost of the messages that the library gives, one for each of its layers. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = [...text.matchAll(/#\d+: \S+ line \d+ in \w+\(\): (.*)/g)];
  const reason = lines.at(-1)?.[1] ?? text.split('\n')[0] ?? text;
  return reason.trim();
}
