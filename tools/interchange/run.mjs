/**
 * Lets real Keras judge what this project writes: configs, weights, predictions, and one training step for each optimizer; and real
 * TensorBoard and onnxruntime what it writes for them.
 *
 *   node tools/interchange/run.mjs
 *
 * Keras is installed once into a virtual environment in `$KERATIN_HOME/interchange` (default `~/.keratin/interchange`).
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {homedir, tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const environment = join(process.env.KERATIN_HOME ?? join(homedir(), '.keratin'), 'interchange');
const python = join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const PACKAGES = ['keras==3.15.*', 'tensorflow-cpu', 'safetensors', 'tensorboard', 'onnxruntime'];

// The writer runs on the packages' sources, as the tests do.
const env = {...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.test.json')};

function run(command, args) {
  const {status, error} = spawnSync(command, args, {cwd: root, env, stdio: ['ignore', 'inherit', 'inherit']});
  if (error !== undefined) console.error(String(error));
  return status === 0;
}

/** A stamp says what the environment has: an interrupted installation starts again, and a longer list is completed. */
function install() {
  const stamp = join(environment, 'complete');
  const wanted = `${PACKAGES.join('\n')}\n`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  console.log(`installing ${PACKAGES.join(', ')} into ${environment}`);
  if (!run('python3', ['-m', 'venv', environment])) return false;
  if (!run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES])) return false;
  writeFileSync(stamp, wanted);
  return true;
}

const folder = mkdtempSync(join(tmpdir(), 'keratin-interchange-'));
const succeeded =
  install() &&
  run(process.execPath, ['--import', 'tsx', join(here, 'write.ts'), folder]) &&
  run(python, [join(here, 'judge.py'), folder]);
rmSync(folder, {recursive: true, force: true});
process.exitCode = succeeded ? 0 : 1;
