import {type ChildProcess, spawn} from 'node:child_process';
import {createInterface, type Interface} from 'node:readline';
import {fileURLToPath} from 'node:url';

/** One figure of a peer, as its script prints it: a JSON line. */
export interface PeerRow {
  /** Library and version, and what it was told where it is not as it comes: `PyTorch 2.15.0, fused`. */
  readonly peer: string;
  readonly workload: string;
  readonly unit: string;
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  readonly repetitions?: number;
}

/** A library to be measured beside ours, in a process that lives as long as the run and waits between workloads. */
interface Peer {
  /** The workloads that its script knows; it is not asked for others. */
  readonly workloads: readonly string[];
  readonly command: (options: PeerOptions) => readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

export interface PeerOptions {
  /** A Python with TensorFlow, Keras, PyTorch, NumPy and JAX. */
  readonly python?: string | undefined;
  /** A Python with JAX and Keras, where the other one has no JAX. */
  readonly jax?: string | undefined;
  /** A folder with `node_modules` of brain.js and TensorFlow.js. */
  readonly node?: string | undefined;
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const python = (script: string) => (options: PeerOptions) =>
  options.python === undefined ? undefined : [options.python, file('peers/serve.py'), file(`peers/${script}`)];
const jax = (script: string) => (options: PeerOptions) => python(script)({python: options.jax ?? options.python});
const node = (script: string) => (options: PeerOptions) =>
  options.node === undefined ? undefined : [process.execPath, file(`peers/${script}`), options.node];

/** A name that no workload's contains: a script that is asked for it only loads its libraries. */
const NO_WORKLOAD = '(none)';

/** All workloads. */
const ALL: readonly string[] = [];

const PEERS: Readonly<Record<string, Peer>> = {
  PyTorch: {workloads: ALL, command: python('pytorch.py')},
  'Keras on TensorFlow': {workloads: ALL, command: python('keras_tensorflow.py')},
  'Keras on JAX': {
    workloads: ['mnist-mlp', 'fashion-cnn', 'convnet', 'lstm', 'transformer'],
    command: jax('keras_jax.py'),
    env: {KERAS_BACKEND: 'jax', JAX_PLATFORMS: 'cpu'},
  },
  JAX: {
    workloads: ['eager', 'compiled', 'adam', 'layers', 'sgemm'],
    command: jax('jax_jit.py'),
    env: {JAX_PLATFORMS: 'cpu'},
  },
  OpenBLAS: {workloads: ['sgemm'], command: python('openblas.py')},
  oneDNN: {workloads: ['sgemm', 'convnet'], command: python('onednn.py')},
  'brain.js': {workloads: ['tiny'], command: node('brain.mjs')},
  'TensorFlow.js on libtensorflow': {
    workloads: ['tiny', 'eager', 'mnist-mlp', 'compiled'],
    command: node('tfjs.mjs'),
    env: {TFJS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3'},
  },
  'TensorFlow.js on WebAssembly': {
    workloads: ['tiny', 'eager', 'mnist-mlp'],
    command: node('tfjs.mjs'),
    env: {TFJS_BACKEND: 'wasm'},
  },
  'new processes': {
    workloads: ['start-up', 'memory'],
    command: ({python = '', node = ''}) =>
      python === '' && node === ''
        ? undefined
        : [process.execPath, '--import', 'tsx', file('peers/fresh.ts'), node, python],
  },
};

type Answer = PeerRow | {readonly failure: string} | {readonly end: string};

function answerOf(text: string): Answer | undefined {
  if (!text.startsWith('{')) return undefined;
  const value: unknown = JSON.parse(text);
  const isAnswer = (it: unknown): it is Answer =>
    typeof it === 'object' &&
    it !== null &&
    ('end' in it || 'failure' in it || ('peer' in it && 'workload' in it && 'value' in it));
  return isAnswer(value) ? value : undefined;
}

/** A peer's process: workloads go in by name, rows come out, a line each. */
class PeerProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #errors = '';
  #isOver = false;

  constructor(
    readonly name: string,
    readonly workloads: readonly string[],
    [program = '', ...args]: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    const child = spawn(program, args, {stdio: ['pipe', 'pipe', 'pipe'], env: {...process.env, ...env}});
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors = (this.#errors + text).slice(-600)));
    child.on('error', () => (this.#isOver = true)).on('exit', () => (this.#isOver = true));
    child.stdin.on('error', () => (this.#isOver = true));
    this.#lines = createInterface({input: child.stdout});
    this.#child = child;
  }

  /** Rows of one workload; none where the peer is gone, which is said once. */
  measure(workload: string): Promise<PeerRow[]> {
    const isKnown = workload === NO_WORKLOAD || this.workloads.length === 0 || this.workloads.includes(workload);
    if (this.#isOver || !isKnown) return Promise.resolve([]);
    const rows: PeerRow[] = [];
    return new Promise((resolve) => {
      const done = () => {
        this.#lines.off('line', take).off('close', gone);
        resolve(rows);
      };
      const gone = () => {
        this.#isOver = true;
        console.error(`  ${this.name} is not measured: ${this.#errors.trim().split('\n').at(-1) ?? ''}`);
        done();
      };
      const take = (text: string) => {
        const answer = answerOf(text);
        if (answer === undefined) return;
        if ('end' in answer) done();
        else if ('failure' in answer) console.error(`  ${this.name} failed at ${workload}: ${answer.failure}`);
        else rows.push(answer);
      };
      this.#lines.on('line', take).on('close', gone);
      this.#child.stdin?.write(`${workload}\n`);
    });
  }

  end(): void {
    this.#child.kill();
  }
}

/** The peers that the options give: each is measured in its own process, one after the other. */
export class Peers {
  readonly #processes: readonly PeerProcess[];

  constructor(options: PeerOptions) {
    this.#processes = Object.entries(PEERS).flatMap(([name, {workloads, command, env}]) => {
      const line = command(options);
      return line === undefined ? [] : [new PeerProcess(name, workloads, line, env ?? {})];
    });
  }

  /** Waits until all have loaded their libraries, which would disturb whoever is measured meanwhile. */
  async load(): Promise<void> {
    for (const peer of this.#processes) await peer.measure(NO_WORKLOAD);
  }

  async measure(workload: string, report: (row: PeerRow) => void): Promise<void> {
    for (const peer of this.#processes) for (const row of await peer.measure(workload)) report(row);
  }

  get areThere(): boolean {
    return this.#processes.length > 0;
  }

  end(): void {
    for (const peer of this.#processes) peer.end();
  }
}
