/**
 * Everything that has to hold before a change goes in, one stage after another; a failing stage does not stop the
 * later ones. The last line is `N passed, N failed`: vitest counts its tests, every other check counts one.
 *
 *   node tools/ci.mjs
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pnpm = 'npx --yes pnpm@10';
const scratch = mkdtempSync(join(tmpdir(), 'keratin-ci-'));
const report = join(scratch, 'vitest.json');
// All of it has to end within 25 minutes, also on a slow machine: the sanitizers run where there is time left.
const SANITIZERS = [
  {name: 'address,undefined', mostMinutesBefore: 18},
  {name: 'thread', mostMinutesBefore: 17},
];
// Last of all, the families that emulated CPUs run through in a minute or so; `run.mjs --emulate=...` alone runs all of them.
const EMULATED = [
  {cpu: 'x86-64', families: 'softmax,normalization,pooling', program: 'qemu-x86_64', packages: 'qemu-user'},
  {
    cpu: 'aarch64',
    families: 'softmax,normalization',
    program: 'aarch64-linux-gnu-g++',
    packages: 'qemu-user g++-aarch64-linux-gnu',
  },
];
const MOST_MINUTES_BEFORE_EMULATED = 18;
const total = {passed: 0, failed: 0};
const summary = [];

/** Runs one command line in the repository with no input and returns whether it exited with 0. */
function run(command, env = {}) {
  const {status} = spawnSync(command, {
    cwd: root,
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {...process.env, CI: 'true', NO_COLOR: '1', FORCE_COLOR: undefined, ...env},
  });
  return status === 0;
}

/** Prints a stage's name and time around it and adds its result to the total. */
function stage(name, check) {
  console.log(`\n=== ${name}`);
  const start = performance.now();
  let result;
  try {
    result = check();
  } catch (error) {
    console.error(error);
    result = false;
  }
  const {passed, failed} = typeof result === 'boolean' ? {passed: Number(result), failed: Number(!result)} : result;
  total.passed += passed;
  total.failed += failed;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const line = `${failed === 0 ? 'ok' : 'FAILED'}: ${name} (${passed} passed, ${failed} failed, ${seconds} s)`;
  summary.push(line);
  console.log(`=== ${line}`);
}

/**
 * The counts of vitest and of the C++ tests. A file that does not load, a failed build or an error outside of any test counts
 * as a failure.
 */
function countTests(succeeded) {
  if (!existsSync(report)) return {passed: 0, failed: 1};
  const {numPassedTests, numFailedTests, testResults} = JSON.parse(readFileSync(report, 'utf8'));
  const notLoaded = testResults.filter(
    ({status, assertionResults}) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const native = nativeCounts();
  const failed = numFailedTests + notLoaded + native.failed;
  return {passed: numPassedTests + native.passed, failed: failed === 0 && !succeeded ? 1 : failed};
}

/** What the C++ tests wrote last. */
function nativeCounts() {
  const path = `${report}.native`;
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {passed: 0, failed: 1};
}

/** The runnable examples: every TypeScript file directly in `examples/` that is neither a test nor a declaration. */
function examples() {
  const folder = join(root, 'examples');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts'))
    .sort();
}

/** The C++ tests of one instruction set, which is enough here: the sources are the same. */
function sanitized(sanitizers) {
  stage(`C++ tests, sanitizers: ${sanitizers}`, () => {
    rmSync(`${report}.native`, {force: true});
    const succeeded = run(`node packages/native/tests/run.mjs --isa=best --sanitize=${sanitizers}`, {
      KERATIN_TEST_REPORT: report,
    });
    const {passed, failed} = nativeCounts();
    return {passed, failed: failed === 0 && !succeeded ? 1 : failed};
  });
}

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Whether an emulator is there, or could be installed quickly. */
function hasEmulator({program, packages}) {
  const install = `timeout 90 sh -c "apt-get update -qq && apt-get install -y -qq ${packages}" >/dev/null 2>&1`;
  return has(program) || (process.getuid?.() === 0 && has('apt-get') && run(install) && has(program));
}

/** The C++ tests of a few families on a CPU that is not this one. */
function emulated({cpu, families}) {
  stage(`C++ tests, emulated ${cpu}: ${families}`, () => {
    rmSync(`${report}.native`, {force: true});
    const succeeded = run(`node packages/native/tests/run.mjs --emulate=${cpu} --only=${families}`, {
      KERATIN_TEST_REPORT: report,
    });
    const {passed, failed} = nativeCounts();
    return {passed, failed: failed === 0 && !succeeded ? 1 : failed};
  });
}

stage('pnpm test', () => countTests(run(`${pnpm} test`, {KERATIN_TEST_REPORT: report})));
stage('lint', () => run(`${pnpm} lint`));
stage('types', () => run(`${pnpm} types`));
stage('format', () => run(`${pnpm} format:check`));
for (const name of examples()) {
  stage(`examples/${name}`, () => run(`${pnpm} exec tsx examples/${name}`, {KERATIN_EXAMPLE_BUDGET: 'ci'}));
}
if (existsSync(join(root, 'tools', 'interchange', 'run.mjs'))) {
  stage('interchange', () => run('node tools/interchange/run.mjs'));
}
for (const {name, mostMinutesBefore} of SANITIZERS) {
  if (performance.now() < mostMinutesBefore * 60_000) sanitized(name);
  else summary.push(`left out for want of time: C++ tests, sanitizers: ${name}`);
}
for (const emulator of EMULATED) {
  if (performance.now() >= MOST_MINUTES_BEFORE_EMULATED * 60_000) {
    summary.push(`left out for want of time: C++ tests, emulated ${emulator.cpu}`);
  } else if (hasEmulator(emulator)) {
    emulated(emulator);
  } else {
    summary.push(`left out: C++ tests, emulated ${emulator.cpu} (${emulator.packages} could not be installed)`);
  }
}

rmSync(scratch, {recursive: true, force: true});
console.log(`\n${summary.join('\n')}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
