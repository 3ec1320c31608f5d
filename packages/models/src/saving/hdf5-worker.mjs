/**
 * Reads HDF5 files in a thread of its own, where a damaged file can neither stop the process nor take its memory: what started the thread
 * ends it when an answer takes too long, and the memory of the library is bounded here. Plain JavaScript, since a thread loads it as it
 * is: from the sources and from the package alike. `hdf5-thread.ts` types what goes in and out.
 */
import {parentPort} from 'node:worker_threads';

// The memory of the library grows through this function; where it throws, the library finds no memory and says so.
let mostBytes = 0;
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > mostBytes)
    throw new RangeError('the file needs more memory than it may');
  return grow.call(this, pages);
};

const STRING = 3;
/** No file of weights needs more levels or entries, and groups may lead in circles. */
const MAX_DEPTH = 32;
const MAX_ENTRIES = 200_000;
const FILE = '/file.h5';
/** What the library needs beside the file. */
const OWN_BYTES = 256 << 20;

let library;
let file;
let fileBytes = 0;

/** The innermost of the messages that the library gives, one for each of its layers. */
function reasonOf(error) {
  const text = error instanceof Error ? error.message : String(error);
  const lines = [...text.matchAll(/#\d+: \S+ line \d+ in \w+\(\): (.*)/g)];
  return (lines.at(-1)?.[1] ?? text.split('\n')[0] ?? text).trim();
}

/** Runs what reads one thing; a fault of the library itself ends everything, since its memory cannot be trusted any more. */
function attempt(read) {
  try {
    return {value: read()};
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) throw error;
    return {problem: reasonOf(error)};
  }
}

async function open(bytes) {
  mostBytes = Math.min(2 ** 31, OWN_BYTES + 3 * bytes.length);
  if (library === undefined) {
    const module = await import('h5wasm');
    library = await module.ready;
    library.activate_throwing_error_handler();
  }
  fileBytes = bytes.length;
  library.FS.writeFile(FILE, bytes);
  file = library.open(FILE, library.H5F_ACC_RDONLY, false, -1, -1);
  const entries = new Map();
  addEntry(entries, '', {kind: 'group'}, 0);
  return entries;
}

/** Adds what a path leads to, and all within it. Links are noted, never followed. */
function addEntry(entries, path, found, depth) {
  if (depth > MAX_DEPTH) throw new Error(`its groups are nested deeper than ${MAX_DEPTH} levels`);
  if (entries.size >= MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} entries`);
  entries.set(path, found);
  if (found.kind === 'dataset') {
    const {value, problem} = attempt(() => library.get_dataset_metadata(file, `/${path}`));
    if (problem === undefined) found.metadata = metadataOf(value);
    else found.problem = problem;
  }
  if (found.kind !== 'group' && found.kind !== 'dataset') return;
  found.attributes = attributesOf(path);
  if (found.kind === 'dataset') return;
  const {value: names, problem} = attempt(() => library.get_names(file, `/${path}`, false));
  if (problem !== undefined) {
    found.problem = problem;
    return;
  }
  found.names = names;
  for (const name of names) {
    const inner = path === '' ? name : `${path}/${name}`;
    // A name may come twice in a damaged file.
    if (!entries.has(inner)) addEntry(entries, inner, kindOf(inner), depth + 1);
  }
}

function kindOf(path) {
  const {value: found, problem} = attempt(() => {
    const type = library.get_type(file, `/${path}`);
    if (type === -1) return {kind: 'nothing'};
    const {filename, obj_path: target} = library.get_external_link(file, `/${path}`);
    if (filename !== undefined || type === library.H5G_UDLINK) {
      return {kind: 'link', target: `an external link to ${target} of the file ${filename}`};
    }
    const soft = library.get_symbolic_link(file, `/${path}`);
    if (typeof soft === 'string' || type === library.H5G_LINK) return {kind: 'link', target: `a soft link to ${soft}`};
    if (type === library.H5G_GROUP) return {kind: 'group'};
    return {kind: type === library.H5G_DATASET ? 'dataset' : 'nothing'};
  });
  return found ?? {kind: 'nothing', problem};
}

function metadataOf({type, size, signed, shape, total_size: count, virtual_sources: sources, enum_type: choices}) {
  return {type, size, signed, shape, count, isVirtual: (sources ?? []).length > 0, choices: choices?.members ?? null};
}

/** The texts of all attributes, or what is wrong with them. */
function attributesOf(path) {
  const {value: names, problem} = attempt(() => library.get_attribute_names(file, `/${path}`));
  if (problem !== undefined) return new Map([['', {problem}]]);
  return new Map(
    names.map((name) => {
      const {value, problem: own} = attempt(() => attributeOf(path, name));
      return [name, own === undefined ? {texts: value} : {problem: own}];
    }),
  );
}

function attributeOf(path, name) {
  const {type, size, total_size: count, shape, vlen} = library.get_attribute_metadata(file, `/${path}`, name);
  if (shape === null || count === 0) return [];
  if (type !== STRING) throw new Error('it is not a text');
  const bytes = size * count;
  if (!(bytes <= fileBytes)) throw new Error(`it claims ${bytes} bytes`);
  const pointer = library._malloc(bytes);
  if (pointer === 0) throw new Error(`it needs ${bytes} bytes, which are not there`);
  try {
    library.get_attribute_data(file, `/${path}`, name, BigInt(pointer));
    const held = library.HEAPU8.slice(pointer, pointer + bytes);
    if (!vlen) return textsOfSize(held, size);
    // Many may point to one long text.
    let left = 4 * fileBytes;
    const texts = [...new Uint32Array(held.buffer)].map((at) => {
      if (left < 0) throw new Error('its texts are longer than the file');
      const text = library.UTF8ToString(at, Math.max(1, left));
      left -= text.length;
      return text;
    });
    library.reclaim_vlen_memory(file, `/${path}`, name, BigInt(pointer));
    return texts;
  } finally {
    library._free(pointer);
  }
}

/** Texts of one size each, filled up with zeros. */
function textsOfSize(bytes, size) {
  const decoder = new TextDecoder();
  return Array.from({length: Math.floor(bytes.length / size)}, (_, i) => {
    const part = bytes.subarray(i * size, (i + 1) * size);
    const end = part.indexOf(0);
    return decoder.decode(end === -1 ? part : part.subarray(0, end));
  });
}

/** The bytes of an array, whose number was checked against its shape. */
function read(path, bytes) {
  mostBytes = Math.min(2 ** 31, Math.max(mostBytes, OWN_BYTES + 3 * fileBytes + 2 * bytes));
  const pointer = library._malloc(bytes);
  if (pointer === 0) throw new Error(`it needs ${bytes} bytes, which are not there`);
  try {
    library.get_dataset_data(file, `/${path}`, null, null, null, BigInt(pointer));
    return library.HEAPU8.slice(pointer, pointer + bytes);
  } finally {
    library._free(pointer);
  }
}

function close() {
  const id = file;
  file = undefined;
  try {
    if (id !== undefined) library.close_file(id);
  } finally {
    if (library.FS.analyzePath(FILE).exists) library.FS.unlink(FILE);
  }
  return library.HEAPU8.length;
}

parentPort.on('message', async ({task, bytes, path, size}) => {
  try {
    const value = task === 'open' ? await open(bytes) : task === 'read' ? read(path, size) : close();
    parentPort.postMessage({value}, task === 'read' ? [value.buffer] : []);
  } catch (error) {
    const fatal = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
    parentPort.postMessage({problem: reasonOf(error), fatal});
  }
});
