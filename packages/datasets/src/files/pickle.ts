import {FileFormatError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {type PickledValue, PickledArray, PickledDType, Tuple} from './pickle-values.js';

// https://docs.python.org/3/library/pickletools.html: a program for a stack machine. The instructions that call Python code can name
// four functions here, which build NumPy arrays and bytes; all else is refused, so that a file runs nothing.

const MARK: unique symbol = Symbol('mark');
type Entry = PickledValue | Global | typeof MARK;

/** A function of Python's that the pickle names. */
class Global {
  constructor(readonly name: string) {}
}

const GLOBALS: ReadonlyMap<string, string> = new Map([
  ['numpy ndarray', 'ndarray'],
  ['numpy dtype', 'dtype'],
  ['numpy.core.multiarray _reconstruct', 'reconstruct'],
  ['numpy._core.multiarray _reconstruct', 'reconstruct'],
  ['_codecs encode', 'encode'],
]);

const MAX_BIGINT_BYTES = 1024;

/**
 * The value of a pickle (protocols 0 to 5) of numbers, text, bytes, lists, tuples, dictionaries and NumPy arrays. Text of Python 2 comes as
 * bytes, but for keys of dictionaries.
 *
 * @throws FileFormatError where the pickle is damaged, or names anything else than NumPy's arrays
 */
export function readPickle(bytes: Uint8Array, label: string): PickledValue {
  return new PickleMachine(bytes, label).run();
}

class PickleMachine {
  readonly #bytes: Buffer;
  readonly #label: string;
  readonly #memo = new Map<number, PickledValue | Global>();
  #stack: Entry[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, label: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#label = label;
  }

  run(): PickledValue {
    for (;;) {
      const code = this.#uint(1);
      if (code === 0x2e) {
        const value = this.#pop();
        if (this.#stack.length > 0) this.#refuse('values are left over at its end');
        return value;
      }
      this.#step(code);
    }
  }

  #step(code: number): void {
    if (this.#literal(code) || this.#container(code) || this.#memory(code) || this.#call(code)) return;
    this.#refuse(`instruction 0x${code.toString(16)} at byte ${String(this.#at - 1)} is not one of data`);
  }

  /** Numbers, text and bytes. */
  #literal(code: number): boolean {
    switch (String.fromCharCode(code)) {
      case '\x80': // PROTO
        if (this.#uint(1) > 5) this.#refuse('its protocol is newer than 5');
        return true;
      case '\x95': // FRAME
        this.#take(8);
        return true;
      case 'N':
        return this.#push(null);
      case '\x88':
        return this.#push(true);
      case '\x89':
        return this.#push(false);
      case 'I': {
        const text = this.#line();
        return this.#push(text === '01' ? true : text === '00' ? false : this.#number(text));
      }
      case 'J':
        return this.#push(this.#take(4).readInt32LE(0));
      case 'K':
        return this.#push(this.#uint(1));
      case 'M':
        return this.#push(this.#uint(2));
      case 'L':
        return this.#push(this.#number(this.#line().replace(/L$/, '')));
      case '\x8a':
        return this.#push(this.#long(this.#uint(1)));
      case '\x8b':
        return this.#push(this.#long(this.#uint(4)));
      case 'F':
        return this.#push(this.#number(this.#line()));
      case 'G':
        return this.#push(this.#take(8).readDoubleBE(0));
      case 'S': {
        const quoted = /^(['"])(.*)\1$/s.exec(this.#line());
        return this.#push(Buffer.from(quoted?.[2] ?? this.#refuse('a text has no quotes'), 'latin1'));
      }
      case 'T':
      case 'B':
        return this.#push(this.#take(this.#uint(4)));
      case 'U':
      case 'C':
        return this.#push(this.#take(this.#uint(1)));
      case '\x8e':
      case '\x96':
        return this.#push(this.#take(this.#uint(8)));
      case 'V':
        return this.#push(this.#line());
      case 'X':
        return this.#push(this.#take(this.#uint(4)).toString('utf8'));
      case '\x8c':
        return this.#push(this.#take(this.#uint(1)).toString('utf8'));
      case '\x8d':
        return this.#push(this.#take(this.#uint(8)).toString('utf8'));
      default:
        return false;
    }
  }

  /** Lists, tuples and dictionaries. */
  #container(code: number): boolean {
    switch (String.fromCharCode(code)) {
      case '(':
        this.#stack.push(MARK);
        return true;
      case ']':
        return this.#push([]);
      case 'l':
        return this.#push(this.#toMark());
      case 'a': {
        const value = this.#pop();
        this.#list(this.#peek()).push(value);
        return true;
      }
      case 'e': {
        const values = this.#toMark();
        const list = this.#list(this.#peek());
        for (const value of values) list.push(value);
        return true;
      }
      case ')':
        return this.#push(new Tuple([]));
      case 't':
        return this.#push(new Tuple(this.#toMark()));
      case '\x85':
      case '\x86':
      case '\x87': {
        const values = Array.from({length: code - 0x84}, () => this.#pop());
        return this.#push(new Tuple(values.reverse()));
      }
      case '}':
        return this.#push(new Map<string, PickledValue>());
      case 'd': {
        const pairs = this.#toMark();
        return this.#push(this.#put(new Map<string, PickledValue>(), pairs));
      }
      case 's': {
        const value = this.#pop();
        const key = this.#pop();
        this.#put(this.#dictionary(this.#peek()), [key, value]);
        return true;
      }
      case 'u': {
        const pairs = this.#toMark();
        this.#put(this.#dictionary(this.#peek()), pairs);
        return true;
      }
      default:
        return false;
    }
  }

  /** The stack and what is remembered. */
  #memory(code: number): boolean {
    switch (String.fromCharCode(code)) {
      case '0':
        if (this.#stack.pop() === undefined) this.#refuse('it takes a value that is not there');
        return true;
      case '1':
        this.#toMark();
        return true;
      case '2':
        return this.#push(this.#peek());
      case 'p':
        return this.#remember(this.#number(this.#line()));
      case 'q':
        return this.#remember(this.#uint(1));
      case 'r':
        return this.#remember(this.#uint(4));
      case '\x94':
        return this.#remember(this.#memo.size);
      case 'g':
        return this.#recall(this.#number(this.#line()));
      case 'h':
        return this.#recall(this.#uint(1));
      case 'j':
        return this.#recall(this.#uint(4));
      default:
        return false;
    }
  }

  /** NumPy's arrays. */
  #call(code: number): boolean {
    switch (String.fromCharCode(code)) {
      case 'c': {
        const module = this.#line();
        return this.#global(`${module} ${this.#line()}`);
      }
      case '\x93': {
        const name = this.#pop();
        const module = this.#pop();
        if (typeof name !== 'string' || typeof module !== 'string') this.#refuse('the name of a function is no text');
        return this.#global(`${module} ${name}`);
      }
      case 'R': {
        const values = this.#pop();
        const fn = this.#stack.pop();
        if (!(fn instanceof Global) || !(values instanceof Tuple)) return this.#refuse('it calls what is no function');
        return this.#push(this.#apply(fn.name, values.values));
      }
      case 'b': {
        const state = this.#pop();
        const target = this.#peek();
        if (target instanceof PickledArray) target.setState(state, (problem) => this.#refuse(problem));
        else if (target instanceof PickledDType) target.setState(state, (problem) => this.#refuse(problem));
        else this.#refuse('it sets the state of what is no array');
        return true;
      }
      default:
        return false;
    }
  }

  #global(name: string): true {
    const known = GLOBALS.get(name);
    if (known === undefined) {
      throw new FileFormatError(
        `${this.#label}: the pickle names ${describe(name.replace(' ', '.'))}; only NumPy's arrays are read, nothing is run`,
      );
    }
    this.#stack.push(new Global(known));
    return true;
  }

  #apply(name: string, values: readonly PickledValue[]): PickledValue {
    const [first, second] = values;
    if (name === 'reconstruct') return new PickledArray();
    if (name === 'dtype') {
      const text = first instanceof Uint8Array ? Buffer.from(first).toString('latin1') : first;
      return new PickledDType(typeof text === 'string' ? text : this.#refuse('a dtype has no name'));
    }
    if (name === 'encode' && typeof first === 'string' && (second === 'latin1' || second === 'latin-1')) {
      return Buffer.from(first, 'latin1');
    }
    return this.#refuse('it calls a function in a way that is not known');
  }

  #push(value: PickledValue): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): PickledValue {
    const value = this.#stack.pop();
    // The class ndarray is an argument of _reconstruct.
    if (value instanceof Global) return null;
    if (value === undefined || value === MARK) return this.#refuse('it takes a value that is not there');
    return value;
  }

  #peek(): PickledValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK || value instanceof Global) {
      return this.#refuse('it needs a value that is not there');
    }
    return value;
  }

  #toMark(): PickledValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) this.#refuse('a mark is missing');
    const values = this.#stack.slice(at + 1).map((value) => (value instanceof Global ? null : (value as PickledValue)));
    this.#stack.length = at;
    return values;
  }

  #list(value: PickledValue): PickledValue[] {
    return Array.isArray(value) ? value : this.#refuse('it adds to what is no list');
  }

  #dictionary(value: PickledValue): Map<string, PickledValue> {
    return value instanceof Map ? value : this.#refuse('it adds keys to what is no dictionary');
  }

  #put(target: Map<string, PickledValue>, pairs: readonly PickledValue[]): Map<string, PickledValue> {
    if (pairs.length % 2 !== 0) this.#refuse('a key has no value');
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      const text = key instanceof Uint8Array ? Buffer.from(key).toString('utf8') : key;
      if (typeof text !== 'string' && typeof text !== 'number') this.#refuse('a key is no text');
      target.set(String(text), pairs[i + 1] ?? null);
    }
    return target;
  }

  #remember(index: number): true {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) this.#refuse('it remembers a value that is not there');
    this.#memo.set(index, value);
    return true;
  }

  #recall(index: number): true {
    const value = this.#memo.get(index);
    if (value === undefined) this.#refuse(`it recalls value ${String(index)}, which is not there`);
    this.#stack.push(value);
    return true;
  }

  #take(count: number): Buffer {
    if (count > this.#bytes.length - this.#at) this.#refuse('it ends within a value');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  #uint(size: 1 | 2 | 4 | 8): number {
    const bytes = this.#take(size);
    return size === 8 ? Number(bytes.readBigUInt64LE(0)) : bytes.readUIntLE(0, size);
  }

  #long(size: number): number | bigint {
    if (size > MAX_BIGINT_BYTES) this.#refuse('an integer is too large');
    const bytes = this.#take(size);
    const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const signed = BigInt.asIntN(size * 8, value);
    return signed === BigInt(Number(signed)) && Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.#refuse('it ends within a line');
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #number(text: string): number {
    const value = Number(text.trim());
    return text.trim() === '' || Number.isNaN(value) ? this.#refuse(`${describe(text)} is no number`) : value;
  }

  #refuse(problem: string): never {
    throw new FileFormatError(`${this.#label} holds no valid pickle of data: ${problem}`);
  }
}
