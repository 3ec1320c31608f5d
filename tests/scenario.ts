import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a process of its own printed. */
export interface ScenarioRun {
  /** The last line, which is JSON; undefined where the process failed. */
  readonly result: unknown;
  readonly stderr: string;
  /** Exit code, or the signal that ended it. */
  readonly status: number | string;
}

/**
 * Runs a program of `tests/scenarios` in a process of its own, on the packages' sources: what concerns the whole process, such as
 * its memory, must not share one with the test runner.
 */
export function runScenario(
  name: string,
  options: {
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** Options of Node.js. */
    readonly node?: readonly string[];
  } = {},
): Promise<ScenarioRun> {
  const program = fileURLToPath(new URL(`scenarios/${name}.ts`, import.meta.url));
  const env = {...process.env, TSX_TSCONFIG_PATH: `${root}tsconfig.test.json`, ...options.env};
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...(options.node ?? []), '--import', 'tsx', program, ...(options.args ?? [])],
      {cwd: root, env, maxBuffer: 1 << 26},
      (error, stdout, stderr) => {
        const status = error === null ? 0 : (error.code ?? error.signal ?? 'unknown');
        const last = stdout.trim().split('\n').at(-1) ?? '';
        resolve({result: error === null ? (JSON.parse(last) as unknown) : undefined, stderr, status});
      },
    );
  });
}

/** The result of a scenario that must succeed. */
export async function scenarioResult<T>(...args: Parameters<typeof runScenario>): Promise<T> {
  const {result, status, stderr} = await runScenario(...args);
  if (status !== 0) throw new Error(`scenario ${args[0]} ended with ${status}: ${stderr}`);
  return result as T;
}
