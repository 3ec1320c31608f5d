import {type ChildProcess, fork} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {type Row} from './harness.js';
import {type Report} from './workload-process.js';

/**
 * A workload of ours in a process of its own, as the peers' are: what ran before it (the heap it left, what V8 learnt of shared
 * functions) is none of its business.
 */
export class OwnProcess {
  readonly #child: ChildProcess;

  constructor(workload: string) {
    const program = fileURLToPath(new URL('workload-process.ts', import.meta.url));
    this.#child = fork(program, [workload], {execArgv: process.execArgv});
  }

  /** One pass over the workload: its rows, as they come. */
  pass(report: (row: Row) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const ended = (code: number | null) => {
        reject(new Error(`the process of a workload ended with ${String(code)}`));
      };
      const listen = (message: Report) => {
        if ('row' in message) report(message.row);
        else if ('failure' in message) console.error(`  failed: ${message.failure}`);
        else {
          child.off('message', listen).off('exit', ended);
          resolve();
        }
      };
      child.on('message', listen).on('exit', ended);
      child.send('run');
    });
  }

  end(): void {
    this.#child.kill();
  }
}
