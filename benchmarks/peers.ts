import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {type Row} from './harness.js';

/** One figure of a peer, as its script prints it: a JSON line. */
export interface PeerRow {
  readonly peer: string;
  readonly workload: string;
  readonly unit: string;
  readonly value: number;
}

const SCRIPTS = ['peers/keras_tensorflow.py', 'peers/pytorch.py'];

const isPeerRow = (value: unknown): value is PeerRow =>
  typeof value === 'object' && value !== null && 'peer' in value && 'workload' in value && 'value' in value;

/** Runs the peers' scripts and prints their figures beside ours. */
export function runPeers(python: string, filters: readonly string[], ours: readonly Row[]): PeerRow[] {
  const rows: PeerRow[] = [];
  for (const script of SCRIPTS) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const {stdout, status, stderr} = spawnSync(python, [path, ...filters], {encoding: 'utf8', maxBuffer: 1 << 26});
    if (status !== 0) console.error(`${script} ended with ${status}: ${stderr.slice(-400)}`);
    for (const line of stdout.split('\n')) {
      if (!line.startsWith('{')) continue;
      const row: unknown = JSON.parse(line);
      if (isPeerRow(row)) rows.push(row);
    }
  }
  console.log('\npeers in the same run (ratio: our time by theirs, or their speed by ours; below 1 is faster)');
  for (const row of rows) {
    const own = ours.find(({workload}) => workload === row.workload);
    if (own === undefined) continue;
    const isSpeed = row.unit === 'GFLOP/s' || row.unit === '1/s';
    const ratio = isSpeed ? row.value / own.value : own.value / row.value;
    console.log(
      `  ${row.workload.padEnd(44)} ${row.peer.padEnd(18)} ${row.value.toPrecision(3)} ${row.unit}, ours ${own.value.toPrecision(3)}: ratio ${ratio.toFixed(2)}`,
    );
  }
  return rows;
}
