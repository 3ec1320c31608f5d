/**
 * Runs every test stage on an installed and built workspace; `pnpm test` installs and builds first.
 *
 *   node tools/test.mjs [vitest arguments]
 *
 * With KERATIN_TEST_REPORT set, vitest's JSON report is written to that file, and the counts of the C++ tests to the same name
 * with `.native` appended.
 */
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const report = process.env.KERATIN_TEST_REPORT;
const reporters = report ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];

/** Node scripts with their arguments. Every stage runs, also after one has failed. */
const stages = [
  ['packages/native/tests/run.mjs'],
  ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2)],
];

for (const stage of stages) {
  const {status} = spawnSync(process.execPath, stage, {cwd: root, stdio: ['ignore', 'inherit', 'inherit']});
  if (status !== 0) process.exitCode = 1;
}
