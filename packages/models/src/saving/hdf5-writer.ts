import {type DType, type Element, type Tensor, ValueError} from '@keratin/core';
import {concrete, piecesOf} from '@keratin/core/internal';
import {type H5Module, hdf5Library, temporaryFile} from './hdf5-library.js';

const INTEGER = 0;
const FLOAT = 1;

interface Stored {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
}

/** How elements are stored. The library has no half floats: they are stored as float32, which holds each of their values. */
const STORED: Readonly<Partial<Record<DType, Stored>>> = {
  float16: {type: FLOAT, size: 4, signed: false},
  bfloat16: {type: FLOAT, size: 4, signed: false},
  float32: {type: FLOAT, size: 4, signed: false},
  float64: {type: FLOAT, size: 8, signed: false},
  int8: {type: INTEGER, size: 1, signed: true},
  int16: {type: INTEGER, size: 2, signed: true},
  int32: {type: INTEGER, size: 4, signed: true},
  int64: {type: INTEGER, size: 8, signed: true},
  uint8: {type: INTEGER, size: 1, signed: false},
  uint16: {type: INTEGER, size: 2, signed: false},
  uint32: {type: INTEGER, size: 4, signed: false},
  uint64: {type: INTEGER, size: 8, signed: false},
  bool: {type: INTEGER, size: 1, signed: false},
};

/** The most bytes that the attributes of one object may have beside each other. */
const MAX_ATTRIBUTE_BYTES = 64_512;

/** An HDF5 file that is being made in memory. */
export class H5Writer {
  readonly #library: H5Module;
  readonly #id: bigint;
  readonly #path: string;
  readonly #remove: () => void;
  readonly #label: string;
  readonly #groups = new Set<string>(['']);

  private constructor(library: H5Module, label: string) {
    const {path, remove} = temporaryFile(library, null);
    this.#library = library;
    this.#id = library.open(path, library.H5F_ACC_TRUNC, false, -1, -1);
    this.#path = path;
    this.#remove = remove;
    this.#label = label;
  }

  /**
   * The bytes of the file that `write` fills.
   * @param label begins the messages
   */
  static async make(label: string, write: (file: H5Writer) => void): Promise<Uint8Array> {
    const file = new H5Writer(await hdf5Library(), label);
    try {
      try {
        write(file);
      } finally {
        file.#library.close_file(file.#id);
      }
      return file.#library.FS.readFile(file.#path);
    } finally {
      file.#remove();
    }
  }

  /** Makes a group with those around it. */
  group(path: string): void {
    if (this.#groups.has(path)) return;
    this.group(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    this.#library.create_group(this.#id, `/${path}`, false);
    this.#groups.add(path);
  }

  /** Stores an array, with the groups around it. */
  dataset(path: string, value: Tensor<Element>): void {
    const stored = STORED[value.dtype];
    if (stored === undefined) {
      throw new ValueError(`${this.#label}: ${path} of dtype ${value.dtype} cannot be stored in an HDF5 file`);
    }
    this.group(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    const isHalf = value.dtype === 'float16' || value.dtype === 'bfloat16';
    const whole: Tensor<Element> = isHalf ? value.cast('float32') : value;
    const sizes = concrete(whole.shape).map(BigInt);
    const bytes = whole.size * stored.size;
    const library = this.#library;
    const pointer = library._malloc(Math.max(1, bytes));
    if (pointer === 0)
      throw new ValueError(`${this.#label}: ${path} needs ${String(bytes)} bytes, which are not there`);
    try {
      let at = pointer;
      for (const piece of piecesOf(whole)) {
        library.HEAPU8.set(piece, at);
        at += piece.length;
      }
      library.create_dataset(this.#id, `/${path}`, BigInt(pointer), {
        ...stored,
        littleEndian: true,
        vlen: false,
        total_size: whole.size,
        shape: sizes,
        maxshape: sizes,
      });
    } finally {
      library._free(pointer);
    }
    if (value.dtype === 'bfloat16') this.text(path, 'dtype', 'bfloat16');
  }

  /** A text that belongs to a group or an array. */
  text(path: string, name: string, text: string): void {
    this.#attribute(path, name, [text], []);
  }

  /** A list of texts; one that is too large for an attribute is cut into several. */
  texts(path: string, name: string, texts: readonly string[]): void {
    // A text of open length takes 16 bytes in the list itself.
    const most = MAX_ATTRIBUTE_BYTES / 16;
    if (texts.length === 0) {
      this.#emptyAttribute(path, name);
      return;
    }
    if (texts.length <= most) {
      this.#attribute(path, name, texts, [BigInt(texts.length)]);
      return;
    }
    for (let k = 0; k * most < texts.length; k++) {
      const part = texts.slice(k * most, (k + 1) * most);
      this.#attribute(path, `${name}${String(k)}`, part, [BigInt(part.length)]);
    }
  }

  // As h5py writes a list of nothing.
  #emptyAttribute(path: string, name: string): void {
    const pointer = this.#library._malloc(8);
    try {
      this.#library.create_attribute(this.#id, `/${path}`, name, BigInt(pointer), {
        type: FLOAT,
        size: 8,
        signed: false,
        vlen: false,
        littleEndian: true,
        total_size: 0,
        shape: [0n],
        maxshape: [0n],
      });
    } finally {
      this.#library._free(pointer);
    }
  }

  #attribute(path: string, name: string, texts: readonly string[], shape: bigint[]): void {
    this.#library.create_vlen_str_attribute(this.#id, `/${path}`, name, [...texts], {
      type: 3,
      size: 4,
      signed: false,
      cset: 1,
      strpad: 0,
      vlen: true,
      littleEndian: true,
      total_size: texts.length,
      shape,
      maxshape: shape,
    });
  }
}
