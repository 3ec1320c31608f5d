/**
 * Bundles one compiled package into `dist/bundle`, which is what its tarball holds of JavaScript: a program starts three times as fast from a
 * dozen files as from eight hundred. The package manager runs it before it packs (`prepack`); `tsc -b` must have run.
 *
 *   node tools/bundle.mjs packages/core
 *
 * Entries are what `publishConfig.exports` names. All other packages stay imports, so that each exists once in a process.
 */
import {existsSync, readFileSync} from 'node:fs';
import {isAbsolute, join, resolve} from 'node:path';
import {rolldown} from 'rolldown';

// Programs of worker threads, which lie beside what starts them.
const THREADS = {'@keratin/datasets': {thread: 'pipeline/workers/thread.js'}};
const PREFIX = './dist/bundle/';

const folder = resolve(process.argv[2] ?? '.');
const {name, publishConfig} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const input = {};
for (const entry of Object.values(publishConfig.exports)) {
  if (typeof entry === 'string') continue;
  const [file] = entry.default.split(PREFIX).slice(1);
  input[file.replace(/\.js$/, '')] = join(folder, 'dist', file);
}
for (const [entry, file] of Object.entries(THREADS[name] ?? {})) input[entry] = join(folder, 'dist', file);
for (const file of Object.values(input)) {
  if (!existsSync(file)) throw new Error(`${file} is not there: run "tsc -b" first`);
}

const bundle = await rolldown({
  input,
  platform: 'node',
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
  // So that stack traces lead to the sources.
  plugins: [
    {
      name: 'source maps of the compiler',
      load: (id) =>
        existsSync(`${id}.map`) ? {code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8')} : null,
    },
  ],
  onLog(level, {message}) {
    if (level === 'warn') throw new Error(message);
  },
});
await bundle.write({
  dir: join(folder, 'dist', 'bundle'),
  cleanDir: true,
  format: 'esm',
  chunkFileNames: '[name]-[hash].js',
  // Names of classes are names in files and messages, also where two modules have one of the same name.
  keepNames: true,
  sourcemap: true,
  // The sources are in the tarball.
  sourcemapExcludeSources: true,
});
