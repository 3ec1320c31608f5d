import {cpSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {packedProject} from '../../tests/user-programs/packed-project.js';
import {freshProcesses} from '../fresh-process.js';
import {rowOf, timeRow, type Workload} from '../harness.js';

let project: string | undefined;

/** A project of a user: what starts there are the packed tarballs, not the compiled sources. */
export function userProject(): string {
  if (project !== undefined) return project;
  const made = packedProject();
  cpSync(fileURLToPath(new URL('../peers/fresh', import.meta.url)), made, {recursive: true});
  process.on('exit', () => rmSync(made, {recursive: true, force: true}));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
  return (project = made);
}

export const startUp: Workload = {
  name: 'start-up',
  description: 'a new process, from its start to the first predict of XOR 2-8-1, by the packed tarballs',
  async run(report) {
    const program = join(userProject(), 'xor-keratin.mjs');
    const all = await freshProcesses(15, [process.execPath, program]);
    report(
      timeRow(
        'start_up_first_predict',
        's',
        all.map(({seconds}) => seconds),
      ),
    );
    report(
      rowOf(
        'start_up_memory',
        'MiB',
        all.map(({mebibytes}) => mebibytes),
      ),
    );
  },
};
