// Peers in new processes: their start-up and their memory. Usage: fresh.ts FOLDER PYTHON (either may be empty); workloads come by line.
import {createInterface} from 'node:readline';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';
import {freshProcesses} from '../fresh-process.js';
import {rowOf} from '../harness.js';

const [folder = '', python = ''] = process.argv.slice(2);
const program = (name: string) => fileURLToPath(new URL(`fresh/${name}`, import.meta.url));
const isInstalled = (name: string): boolean => {
  try {
    createRequire(`${folder}/x.js`).resolve(`${name}/package.json`);
    return folder !== '';
  } catch {
    return false;
  }
};

interface Peer {
  readonly name: string;
  readonly command: (task: string, args: readonly string[]) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it trains on MNIST. */
  readonly trains: boolean;
}

const inPython = (name: string, file: string, env: Readonly<Record<string, string>> = {}): readonly Peer[] =>
  python === ''
    ? []
    : [{name, command: (task, args) => [python, program(`${task}_${file}.py`), ...args], env, trains: true}];
const inNode = (name: string, file: string, dependency: string): readonly Peer[] =>
  isInstalled(dependency)
    ? [{name, command: (task) => [process.execPath, program(`${task}-${file}.mjs`), folder], trains: false}]
    : [];

const peers: readonly Peer[] = [
  ...inNode('brain.js', 'brain', 'brain.js'),
  ...inNode('tfjs, wasm', 'tfjs', '@tensorflow/tfjs-backend-wasm'),
  ...inPython('PyTorch', 'pytorch'),
  ...inPython('Keras 3', 'keras', {TF_CPP_MIN_LOG_LEVEL: '3'}),
];

const print = (value: object) => {
  console.log(JSON.stringify(value));
};
const emit = (peer: string, ...row: Parameters<typeof rowOf>) => {
  print({peer, ...rowOf(...row), values: undefined});
};

const tasks: Readonly<Record<string, (peer: Peer) => Promise<void>>> = {
  async 'start-up'({name, command, env}) {
    const all = await freshProcesses(15, command('xor', []), {env});
    emit(
      name,
      'start_up_first_predict',
      's',
      all.map(({seconds}) => seconds),
    );
    emit(
      name,
      'start_up_memory',
      'MiB',
      all.map(({mebibytes}) => mebibytes),
    );
  },
  async memory({name, command, env, trains}) {
    if (!trains) return;
    for (const kind of ['mlp', 'convnet']) {
      const all = await freshProcesses(2, command('mnist', [kind]), {env});
      emit(
        name,
        `mnist_${kind}_memory`,
        'MiB',
        all.map(({mebibytes}) => mebibytes),
      );
    }
  },
};

for await (const line of createInterface({input: process.stdin})) {
  for (const peer of peers) {
    try {
      await tasks[line.trim()]?.(peer);
    } catch (error) {
      print({failure: `${peer.name}: ${error instanceof Error ? error.message : String(error)}`});
    }
  }
  print({end: line.trim()});
}
