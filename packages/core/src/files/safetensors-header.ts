import type {ZodError} from 'zod';
import {DTYPES, type DType} from '../dtype.js';
import {DtypeError, FileFormatError, ValueError} from '../errors.js';
import {schema} from '../serialization/schema.js';

// https://github.com/huggingface/safetensors#format: eight bytes with the length of the header, the header in JSON, the data.

/** Longest header that is read, as in the reference implementation. */
export const MAX_HEADER_BYTES = 100_000_000;
/** What the native kernels take. */
const MAX_RANK = 12;

const CODES: Readonly<Partial<Record<DType, string>>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
  complex64: 'C64',
};

const DTYPE_OF: ReadonlyMap<string, DType> = new Map(
  Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType] as const),
);

const METADATA = '__metadata__';
// A plain object cannot hold it as a name of its own.
const RESERVED: readonly string[] = [METADATA, '__proto__'];

/** One tensor of a file: its bytes are [begin, end) of the data section. */
export interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What a header says, in the order of the data. */
export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
}

const entrySchema = schema((z) => {
  const size = z.int().nonnegative();
  return z.strictObject({
    dtype: z.string(),
    shape: z.array(size).max(MAX_RANK),
    data_offsets: z.tuple([size, size]),
  });
});
const metadataSchema = schema((z) => z.record(z.string(), z.string()));

function problemOf(error: ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'it is malformed';
  const where = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return where + issue.message;
}

/**
 * Checks a header against the bytes that follow it: every tensor has a known dtype and as many bytes as its shape asks
 * for, and the tensors cover the data without gaps or overlaps.
 * @param file begins the messages
 * @param text the header
 * @param dataBytes bytes of the data section
 */
export function parseHeader(file: string, text: string, dataBytes: number): Header {
  const refuse = (problem: string): never => {
    throw new FileFormatError(`${file} is not a valid safetensors file: ${problem}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FileFormatError(`${file} is not a valid safetensors file: its header is not JSON (${String(cause)})`, {
      cause,
    });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return refuse('its header is not a JSON object');
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) return refuse(`the name ${twice} stands twice in one object`);
  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === METADATA) {
      const parsed = metadataSchema.safeParse(value);
      if (!parsed.success) return refuse(`its ${METADATA} must map text to text (${problemOf(parsed.error)})`);
      metadata = parsed.data;
      continue;
    }
    if (RESERVED.includes(name)) return refuse(`the tensor name ${JSON.stringify(name)} is reserved`);
    const label = `tensor ${JSON.stringify(name)}`;
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success) return refuse(`${label}: ${problemOf(parsed.error)}`);
    const {shape, data_offsets: offsets} = parsed.data;
    const dtype = DTYPE_OF.get(parsed.data.dtype);
    if (dtype === undefined) {
      return refuse(
        `${label} has dtype ${JSON.stringify(parsed.data.dtype)}; known are ${[...DTYPE_OF.keys()].join(', ')}`,
      );
    }
    const [begin, end] = offsets;
    const needed = shape.reduce((product, n) => product * n, DTYPES[dtype].bytes);
    if (end - begin !== needed) {
      return refuse(
        `${label} of shape [${shape.join(', ')}] and dtype ${parsed.data.dtype} needs ${String(needed)} bytes,` +
          ` its offsets [${String(begin)}, ${String(end)}] hold ${String(end - begin)}`,
      );
    }
    entries.push({name, dtype, shape, begin, end});
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const {name, begin, end} of entries) {
    if (begin !== covered) {
      return refuse(
        `tensor ${JSON.stringify(name)} begins at byte ${String(begin)} where ${String(covered)} was expected:` +
          ` tensors must not ${begin < covered ? 'overlap' : 'leave gaps'}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    return refuse(
      `its tensors take ${String(covered)} bytes, the file holds ${String(dataBytes)}` +
        (covered > dataBytes ? ' (it is cut short)' : ''),
    );
  }
  return {entries, metadata};
}

/**
 * The first key that an object of valid JSON has twice, as text: `JSON.parse` silently takes the last. Readers that take the first
 * would see another file.
 */
function repeatedKey(text: string): string | undefined {
  // The keys of the objects that are open; null for an array.
  const open: (Set<unknown> | null)[] = [];
  let last = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const start = at;
      for (at += 1; text[at] !== '"'; at++) if (text[at] === '\\') at += 1;
      last = text.slice(start, at + 1);
    } else if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (character === ':') {
      const keys = open.at(-1);
      // Two spellings may be one name.
      const key: unknown = last.includes('\\') ? JSON.parse(last) : last.slice(1, -1);
      if (keys?.has(key) === true) return last;
      keys?.add(key);
    }
  }
  return undefined;
}

/** A tensor as {@link layoutHeader} wants it. */
export interface Item {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/**
 * The first bytes of a file with these tensors, and where their data goes. Wider elements come first and the header is
 * filled up with spaces, so that all data is aligned to its element size.
 */
export function layoutHeader(
  items: readonly Item[],
  metadata: Readonly<Record<string, string>>,
): {readonly bytes: Uint8Array; readonly entries: readonly Entry[]} {
  const checked = metadataSchema.safeParse(metadata);
  if (!checked.success) {
    throw new ValueError(`saveSafetensors: metadata must map text to text (${problemOf(checked.error)})`);
  }
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const order = [...items].sort((a, b) => DTYPES[b.dtype].bytes - DTYPES[a.dtype].bytes || byName(a.name, b.name));
  let at = 0;
  const entries = order.map(({name, dtype, shape}): Entry => {
    if (RESERVED.includes(name)) {
      throw new ValueError(`saveSafetensors: the name ${JSON.stringify(name)} is reserved by the format`);
    }
    if (CODES[dtype] === undefined) {
      throw new DtypeError(`saveSafetensors: the format has no dtype for ${dtype} (tensor ${JSON.stringify(name)})`);
    }
    const begin = at;
    at += shape.reduce((product, n) => product * n, DTYPES[dtype].bytes);
    return {name, dtype, shape, begin, end: at};
  });
  const pairs = entries.map(({name, dtype, shape, begin, end}) => {
    const entry = {dtype: CODES[dtype], shape, data_offsets: [begin, end]};
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  if (Object.keys(metadata).length > 0) pairs.unshift(`${JSON.stringify(METADATA)}:${JSON.stringify(metadata)}`);
  const text = new TextEncoder().encode(`{${pairs.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new ValueError(
      `saveSafetensors: names and metadata take ${String(length)} bytes, more than the format allows`,
    );
  }
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return {bytes, entries};
}
