// Runs one workload in a process of its own: once for each message, so that peers can be measured in between.
import {type Row} from './harness.js';
import {workloads} from './workloads/index.js';

/** What a workload's process tells of one pass. */
export type Report = {readonly row: Row} | {readonly failure: string} | {readonly end: true};

const tell = (report: Report) => process.send?.(report);
const workload = workloads.find(({name}) => name === process.argv[2]);

process.on('message', () => {
  void (async () => {
    try {
      if (workload === undefined) throw new Error(`no workload is named ${String(process.argv[2])}`);
      await workload.run((row) => tell({row}));
    } catch (error) {
      tell({failure: error instanceof Error ? (error.stack ?? error.message) : String(error)});
    }
    tell({end: true});
  })();
});
