/**
 * Builds the native addon with node-gyp into `build/Release/keratin.node`.
 *
 *   node scripts/build.mjs [-Dname=value ...] [--name=value ...]
 *
 * `-D` arguments go to gyp as they are; `--name=value` becomes the gyp variable `name`. Does nothing when the addon is
 * newer than all of its sources and was built with the same arguments.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const script = fileURLToPath(import.meta.url);
const root = resolve(dirname(script), '..');
const addon = join(root, 'build', 'Release', 'keratin.node');
const stamp = join(root, 'build', 'keratin.args');
const args = process.argv.slice(2);

/** The latest modification time, in ms, of a file or of anything under a folder that goes into the addon. */
function latestChange(path) {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return /\.(ts|md)$/.test(path) ? 0 : stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => latestChange(join(path, name))));
}

/** What the last finished build was made with. The stamp's time is the start of that build. */
const fingerprint = JSON.stringify({platform: process.platform, arch: process.arch, args});

function isUpToDate() {
  if (!existsSync(addon) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== fingerprint) return false;
  const sources = ['src', 'binding.gyp', 'scripts'].map((name) => latestChange(join(root, name)));
  return statSync(stamp).mtimeMs > Math.max(...sources);
}

/** Node's own headers when they are installed next to the executable, so that nothing has to be downloaded. */
function localHeaders() {
  const prefix = resolve(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

function nodeGyp(...gypArgs) {
  const bin = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const {status, error} = spawnSync(process.execPath, [bin, ...gypArgs], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`node-gyp ${gypArgs[0]} failed`);
}

if (isUpToDate()) {
  console.log('native addon up to date');
} else {
  const start = new Date();
  try {
    const defines = args.filter((arg) => arg.startsWith('-D'));
    const variables = args.filter((arg) => !arg.startsWith('-D'));
    const log = process.env.KERATIN_BUILD_VERBOSE ? [] : ['--loglevel=warn'];
    nodeGyp('configure', ...log, ...localHeaders(), ...variables, ...(defines.length > 0 ? ['--', ...defines] : []));
    nodeGyp('build', ...log, '-j', '2');
    if (!existsSync(addon)) throw new Error(`node-gyp made no ${addon}`);
    writeFileSync(stamp, fingerprint);
    utimesSync(stamp, start, start);
  } catch (error) {
    console.error(
      `Building Keratin's native addon failed on ${process.platform} ${process.arch}, Node.js ${process.version} ` +
        `(${error.message}): a C++20 compiler (gcc >= 11, clang >= 14 or MSVC 2022) and Python 3 are needed.`,
    );
    process.exitCode = 1;
  }
}
