/**
 * Formats the C++ sources, or checks their format, with the clang-format that the workspace pins.
 *
 *   node tools/clang-format.mjs --write | --check
 */
import {spawnSync} from 'node:child_process';
import {accessSync, chmodSync, constants, existsSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const ignored = new Set(['node_modules', 'build', 'dist', '.cache', '.git', 'third_party']);

/** All C++ files under a folder, in a stable order. */
function cppFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, {withFileTypes: true})
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return ignored.has(entry.name) ? [] : cppFiles(path);
      return /\.(c|cc|cpp|h|hpp|inc)$/.test(entry.name) ? [path] : [];
    });
}

/** The pinned binary for this platform, or undefined where the package ships none. */
function findClangFormat() {
  const folder = dirname(createRequire(import.meta.url).resolve('clang-format-node/package.json'));
  const name = process.platform === 'win32' ? 'clang-format.exe' : 'clang-format';
  const path = join(folder, 'bin', `cfn-${process.platform}-${process.arch}`, name);
  if (!existsSync(path)) return undefined;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
  return path;
}

const mode = process.argv[2];
if (mode !== '--write' && mode !== '--check') throw new Error('usage: node tools/clang-format.mjs --write | --check');

const clangFormat = findClangFormat();
const files = cppFiles(join(root, 'packages')).map((path) => relative(root, path));
if (clangFormat === undefined) {
  console.log(`no clang-format for ${process.platform} ${process.arch}: ${files.length} C++ files not looked at`);
} else if (files.length > 0) {
  const flags = mode === '--write' ? ['-i'] : ['--dry-run', '-Werror'];
  const {status, error} = spawnSync(clangFormat, ['--style=file', ...flags, ...files], {cwd: root, stdio: 'inherit'});
  if (error) throw error;
  if (status !== 0) process.exitCode = 1;
  else
    console.log(`clang-format: ${files.length} C++ files ${mode === '--write' ? 'formatted' : 'are well formatted'}`);
}
