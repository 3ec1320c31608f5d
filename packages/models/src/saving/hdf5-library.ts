// `import {type ready}` would load the module for its effects.
import type {ready} from 'h5wasm';

// The HDF5 library, compiled to WebAssembly, with a file system in memory. It is loaded when the first file needs it.

/** The library's functions. */
export type H5Module = Awaited<typeof ready>;

let library: Promise<H5Module> | null = null;
let count = 0;

/** The library, with errors thrown instead of printed. */
export function hdf5Library(): Promise<H5Module> {
  library ??= import('h5wasm')
    .then((module) => module.ready)
    .then((loaded) => {
      loaded.activate_throwing_error_handler();
      return loaded;
    });
  return library;
}

/** A file in the library's memory, and what takes it away again. */
export function temporaryFile(
  {FS}: H5Module,
  bytes: Uint8Array | null,
): {readonly path: string; readonly remove: () => void} {
  count += 1;
  const path = `/keratin-${String(count)}.h5`;
  if (bytes !== null) FS.writeFile(path, bytes);
  return {
    path,
    remove: () => {
      if (FS.analyzePath(path).exists) FS.unlink(path);
    },
  };
}
