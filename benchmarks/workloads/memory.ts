import {join} from 'node:path';
import {freshProcesses} from '../fresh-process.js';
import {rowOf, type Workload} from '../harness.js';
import {userProject} from './start-up.js';

export const memory: Workload = {
  name: 'memory',
  description: 'the most memory of a new process that trains on 60,000 x 784 float32 (180 MiB)',
  async run(report) {
    for (const kind of ['mlp', 'convnet']) {
      const program = join(userProject(), 'mnist-keratin.mjs');
      const all = await freshProcesses(2, [process.execPath, program, kind]);
      report(
        rowOf(
          `mnist_${kind}_memory`,
          'MiB',
          all.map(({mebibytes}) => mebibytes),
        ),
      );
    }
  },
};
