/**
 * Builds the kernels with their C++ tests and runs them once for each instruction set that this CPU has.
 *
 *   node tests/run.mjs [--only=reduction,matmul] [--sanitize=address,undefined] [--sanitize=thread] [--isa=avx2]
 *   node tests/run.mjs --suites=program,steps   links all families and runs some test files
 *   node tests/run.mjs --emulate=aarch64    NEON, by a cross compiler (Debian's g++-aarch64-linux-gnu) and qemu-user
 *   node tests/run.mjs --emulate=x86-64     all instruction sets linked, on an emulated CPU without AVX (qemu-user)
 *
 * `--only` links and tests the named families alone: the others are left out, broken or not. `--isa` compiles and tests
 * the kernels of the named instruction sets alone; `best` is the best that this CPU has. Objects that the addon's build has
 * left are linked as they are where they are newer than their sources. The others are kept by a hash of all that went into
 * them, so only what changed is compiled, and several runs at once do not disturb each other.
 */
import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {basename, dirname, join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const NUM_JOBS = 2;
const MAX_AGE_DAYS = 3;

const tests = dirname(fileURLToPath(import.meta.url));
const root = resolve(tests, '..');
const sources = join(root, 'src');
const cache = join(root, '.cache', 'tests');

const options = {only: '', suites: '', sanitize: '', isa: '', emulate: ''};
for (const argument of process.argv.slice(2)) {
  const [, name, value] = /^--(only|suites|sanitize|isa|emulate)=(.+)$/.exec(argument) ?? [];
  if (name === undefined) {
    console.error(
      `run.mjs: unknown argument ${argument}; --only=, --suites=, --sanitize=, --isa= and --emulate= are known`,
    );
    process.exit(2);
  }
  options[name] = value;
}
const only = options.only.split(',').filter(Boolean);
const suites = options.suites.split(',').filter(Boolean);

/** The compiler for another machine than this one, and what runs its programs. */
const emulators = {
  aarch64: {cxx: 'aarch64-linux-gnu-g++', runner: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'], arch: 'arm64'},
  'x86-64': {cxx: 'c++', runner: ['qemu-x86_64', '-cpu', 'qemu64'], arch: 'x64'},
};
const emulator = emulators[options.emulate];
if (options.emulate && !emulator) {
  console.error(`run.mjs: --emulate=${options.emulate}: ${Object.keys(emulators).join(' and ')} are known`);
  process.exit(2);
}
const compiler = process.env.CXX ?? emulator?.cxx ?? 'c++';
const arch = emulator?.arch ?? process.arch;
const runner = emulator?.runner ?? [];

// What binding.gyp compiles the addon with.
const isX86 = arch === 'x64';
const sanitizers = options.sanitize
  ? [`-fsanitize=${options.sanitize}`, '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g1']
  : [];
const common = [
  ...['-std=c++20', '-Wall', '-Wextra', '-Werror', '-fPIC', '-pthread', '-fvisibility=hidden'],
  ...[`-I${sources}`, ...(isX86 ? ['-DKERATIN_HAVE_X86=1'] : [])],
];
// Sanitizers look at the memory and the threads of the engine; what the tests do around it would take most of the time.
const level = options.sanitize ? '-O1' : '-O3';
const coreFlags = [...common, ...sanitizers, level, '-fno-math-errno'];
const hotFlags = [...coreFlags, '-ffp-contract=fast'];
const testFlags = [...common, '-O1', `-I${tests}`];
const isaFlags = {
  baseline: [],
  avx2: ['-mavx2', '-mfma', '-mf16c'],
  avx512: [...['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mfma', '-mf16c'], '-mprefer-vector-width=512'],
};
const isas = isX86 ? ['baseline', 'avx2', 'avx512'] : ['baseline'];

/** The best instruction set that the compiler sees on this CPU. */
function bestIsa() {
  const {stdout} = spawnSync(compiler, ['-march=native', '-dM', '-E', '-x', 'c++', '/dev/null'], {encoding: 'utf8'});
  const has = (...names) => names.every((name) => stdout.includes(`#define __${name}__ `));
  if (!isX86 || !has('AVX2', 'FMA')) return 'baseline';
  return has('AVX512F', 'AVX512BW', 'AVX512DQ', 'AVX512VL') ? 'avx512' : 'avx2';
}

const wanted = options.isa === 'best' ? [bestIsa()] : options.isa.split(',').filter(Boolean);
const chosen = isas.filter((isa) => wanted.length === 0 || wanted.includes(isa));
if (wanted.some((isa) => !isas.includes(isa))) {
  console.error(`run.mjs: --isa=${options.isa}: ${isas.join(', ')} and best are known on ${arch}`);
  process.exit(2);
}

/** Paths of a folder's files that end in `suffix`; none when there is no such folder. */
function list(folder, suffix) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(folder, name));
}

/** The families that families.h names: `[generic, hot]`. */
function familyNames() {
  const text = readFileSync(join(sources, 'kernels', 'families.h'), 'utf8');
  return ['GENERIC', 'HOT'].map((kind) => {
    const [, body] = new RegExp(`define KERATIN_${kind}_FAMILIES\\(X\\)((?:.*\\\\\\n)*.*)`).exec(text);
    return [...body.matchAll(/X\((\w+)\)/g)].map(([, name]) => name);
  });
}

const [genericFamilies, hotFamilies] = familyNames();
const families = [...new Set([...genericFamilies, ...hotFamilies])];

/** Whether a file is of a wanted family itself. With `--only`, what is not may fail to compile and is left out. */
function isOwn(path) {
  const stem = basename(path).split('.')[0];
  return only.length === 0 || only.some((name) => stem === name || stem.startsWith(`${name}_`));
}

/** Families whose code others call: the contracts read chains of elementwise operations. */
const SHARED = ['elementwise'];

/** Whether `--only` keeps a file: its family is wanted, or it holds code that families share. */
function isWanted(path) {
  if (only.length === 0) return true;
  const stem = basename(path).split('.')[0];
  const family = families
    .filter((name) => stem === name || stem.startsWith(`${name}_`))
    .sort((a, b) => b.length - a.length)[0];
  return family === undefined || SHARED.includes(family) || only.includes(family);
}

/** Families without sources, and those that `--only` leaves out, register nothing: a weak body gives way to a real one. */
function stubs() {
  const stub = (family) => `  [[gnu::weak]] void register_${family}(Registry&) {}`;
  const space = (name, list_) => [`namespace ${name} {`, ...list_.map(stub), '}'];
  return [
    '#include "kernels/families.h"',
    'namespace keratin {',
    ...space('generic', genericFamilies),
    ...isas.flatMap((isa) => space(isa, hotFamilies)),
    '}',
    '',
  ].join('\n');
}

/** A generated source in the cache; rewritten only when its text changes. */
function generate(name, text) {
  const path = join(cache, `${createHash('sha256').update(text).digest('hex').slice(0, 12)}-${name}`);
  if (!existsSync(path)) {
    writeFileSync(`${path}.${process.pid}`, text);
    renameSync(`${path}.${process.pid}`, path);
  }
  return path;
}

/** The text of a file and of all project headers that it includes, for the hash. */
function closure(path, seen = new Map()) {
  if (seen.has(path)) return seen;
  const text = readFileSync(path, 'utf8');
  seen.set(path, text);
  for (const [, name] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    const found = [dirname(path), sources, tests].map((folder) => join(folder, name)).find((file) => existsSync(file));
    if (found) closure(found, seen);
  }
  return seen;
}

/** Runs a program to its end; the output is shown only when it fails. */
function execute(program, args) {
  return new Promise((done) => {
    const child = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe']});
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', (error) => done({status: 1, output: String(error)}));
    child.on('close', (status) => done({status, output}));
  });
}

const compilerVersion = spawnSync(compiler, ['--version'], {encoding: 'utf8'}).stdout;

/** The object that the addon's build made of a source for one of its targets; undefined where it made none of this text. */
function builtObject(source, target) {
  if (options.sanitize || process.env.CXX || arch !== process.arch) return undefined;
  const folder = join(root, 'build', 'Release', 'obj.target', target);
  const object = join(folder, relative(root, source).replace(/\.cpp$/, '.o'));
  const made = statSync(object, {throwIfNoEntry: false})?.mtimeMs ?? 0;
  return [...closure(source).keys()].every((path) => statSync(path).mtimeMs < made) ? object : undefined;
}

/** A source with its flags -> {source, flags, object}. */
function unit(source, flags) {
  const hash = createHash('sha256').update(JSON.stringify([compilerVersion, source, flags]));
  for (const [path, text] of closure(source)) hash.update(`\0${path}\0${text}`);
  return {source, flags, object: join(cache, `${basename(source)}-${hash.digest('hex').slice(0, 24)}.o`)};
}

/** A source of the engine: the addon's own object where it is up to date. */
function engineUnit(source, target, flags) {
  const object = builtObject(source, target);
  return object === undefined ? unit(source, flags) : {source, flags, object};
}

function collectUnits() {
  const main = 'int main(int n, char** arguments) { return keratin::check::run(n, arguments); }';
  return [
    ...['runtime', 'runtime/contracts', 'program'].flatMap((folder) =>
      list(join(sources, folder), '.cpp').map((path) => engineUnit(path, 'keratin', coreFlags)),
    ),
    ...list(join(sources, 'kernels'), '.cpp')
      .filter(isWanted)
      .map((path) => engineUnit(path, 'keratin', coreFlags)),
    ...list(join(sources, 'kernels', 'hot'), '.cpp')
      .filter(isWanted)
      .flatMap((path) =>
        chosen.map((isa) =>
          engineUnit(path, `kernels_${isa}`, [...hotFlags, `-DKERATIN_ISA=${isa}`, ...isaFlags[isa]]),
        ),
      ),
    unit(generate('stubs.cpp', stubs()), coreFlags),
    unit(generate('main.cpp', `#include "check.h"\n${main}\n`), testFlags),
    ...list(tests, '.test.cpp')
      .filter(isOwn)
      .map((path) => unit(path, testFlags)),
  ];
}

/** Compiles what the cache does not have, `NUM_JOBS` at a time. Returns the number of units that failed. */
async function compile(units) {
  const queue = units.filter(({object}) => !existsSync(object));
  let failed = 0;
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const temporary = `${next.object}.${process.pid}`;
      const start = Date.now();
      const {status, output} = await execute(compiler, [...next.flags, '-c', next.source, '-o', temporary]);
      const isa = next.flags.find((flag) => flag.startsWith('-DKERATIN_ISA='))?.slice(14) ?? '';
      console.log(`  compiled ${basename(next.source)} ${isa} ${((Date.now() - start) / 1000).toFixed(1)} s`);
      if (status === 0) {
        renameSync(temporary, next.object);
      } else {
        rmSync(temporary, {force: true});
        if (isOwn(next.source)) failed += 1;
        console.error(isOwn(next.source) ? output : `  ${basename(next.source)} failed and is left out`);
      }
    }
  };
  await Promise.all(Array.from({length: NUM_JOBS}, worker));
  return failed;
}

async function link(units) {
  const objects = units.map(({object}) => object).filter((object) => existsSync(object));
  const hash = createHash('sha256');
  for (const object of objects) hash.update(`${object} ${statSync(object).mtimeMs}\n`);
  const program = join(cache, `tests-${hash.digest('hex').slice(0, 24)}`);
  if (existsSync(program)) return program;
  const temporary = `${program}.${process.pid}`;
  const {status, output} = await execute(compiler, [...sanitizers, '-pthread', ...objects, '-o', temporary]);
  if (status !== 0) {
    console.error(output);
    return null;
  }
  renameSync(temporary, program);
  return program;
}

/** Removes what no run has made for some days. */
function prune() {
  const limit = Date.now() - MAX_AGE_DAYS * 24 * 3600 * 1000;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (statSync(path, {throwIfNoEntry: false})?.mtimeMs < limit) rmSync(path, {force: true});
  }
}

/** Runs the program for one instruction set. Returns `[passed, failed]`. */
function runFor(isa, program) {
  // Emulated floating point is slow, long double most of all: a sample of the numbers is enough there.
  const fewer = emulator ? {KERATIN_ACCURACY_BITS: '14'} : {};
  const env = {
    ...fewer,
    ...process.env,
    KERATIN_ISA: isa,
    TSAN_OPTIONS: 'halt_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const [command, ...before] = [...runner, program];
  const active = spawnSync(command, [...before, '--isa'], {env, encoding: 'utf8'});
  if (active.error) {
    console.error(`run.mjs: ${command} could not be run: ${active.error.message}`);
    return [0, 1];
  }
  if (active.stdout.trim() !== isa) {
    console.log(`${isa}: not on this CPU${active.stderr}`);
    return active.status === 0 ? [0, 0] : [0, 1];
  }
  console.log(`${isa}:`);
  const start = Date.now();
  const {stdout, stderr, status, signal} = spawnSync(command, [...before, ...suites], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (emulator) console.log(`  ${((Date.now() - start) / 1000).toFixed(0)} s`);
  const [, passed, failed] = /^total (\d+) (\d+)$/m.exec(stdout) ?? [];
  process.stdout.write(stdout.replace(/^total .*\n/m, ''));
  process.stderr.write(stderr);
  if (passed === undefined || (status !== 0 && failed === '0')) {
    console.log(`  the tests ended early: ${signal ?? `exit code ${status}`}`);
    return [Number(passed ?? 0), Number(failed ?? 0) + 1];
  }
  return [Number(passed), Number(failed)];
}

mkdirSync(cache, {recursive: true});
prune();
const units = collectUnits();
let passed = 0;
let failed = await compile(units);
if (failed === 0) {
  const program = await link(units);
  if (program === null) {
    failed = 1;
  } else {
    for (const isa of chosen) {
      const [p, f] = runFor(isa, program);
      passed += p;
      failed += f;
    }
  }
}
if (process.env.KERATIN_TEST_REPORT) {
  writeFileSync(`${process.env.KERATIN_TEST_REPORT}.native`, JSON.stringify({passed, failed}));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
