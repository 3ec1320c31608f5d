import {spawn} from 'node:child_process';
import {SECONDS} from './harness.js';

/** What a process of its own cost. */
export interface Fresh {
  /** From its start to the line that it writes when its work is done. */
  readonly seconds: number;
  /** The most memory that it had resident. */
  readonly mebibytes: number;
}

/**
 * Runs a program in a new process. It writes one line when its work is done: the most memory that it had, in kB, as `VmHWM` of
 * /proc/self/status says it. (The maximum that a parent is told counts what the parent itself had when it forked.)
 */
export function freshProcess(
  [program = '', ...args]: readonly string[],
  options: {readonly cwd?: string | undefined; readonly env?: Readonly<Record<string, string>> | undefined} = {},
): Promise<Fresh> {
  const start = performance.now();
  const env = {...process.env, NODE_OPTIONS: '', ...options.env};
  const child = spawn(program, args, {cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe']});
  let [text, errors] = ['', ''];
  let result: Fresh | undefined;
  child.stderr.setEncoding('utf8').on('data', (data: string) => (errors = (errors + data).slice(-400)));
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    text += data;
    const [, kilobytes] = /^(\d+)$/m.exec(text) ?? [];
    if (kilobytes === undefined || result !== undefined) return;
    result = {seconds: (performance.now() - start) / 1000, mebibytes: Number(kilobytes) / 1024};
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => {
      if (code === 0 && result !== undefined) resolve(result);
      else reject(new Error(`${args.join(' ')} ended with ${String(code)}: ${errors}`));
    });
  });
}

/** One process after the other, for at most the seconds of a figure. The first, which reads files from the disk, does not count. */
export async function freshProcesses(
  repetitions: number,
  ...process: Parameters<typeof freshProcess>
): Promise<Fresh[]> {
  await freshProcess(...process);
  const start = performance.now();
  const all: Fresh[] = [];
  while (all.length < repetitions && (all.length === 0 || performance.now() - start < SECONDS * 1000)) {
    all.push(await freshProcess(...process));
  }
  return all;
}
