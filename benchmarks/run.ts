// Benchmarks: named workloads with their shapes and FLOPs, medians of repetitions, beside other libraries in the same run.
//
//   npx --yes pnpm@10 bench                          all workloads
//   npx --yes pnpm@10 bench mnist eager              those whose names contain a word
//   npx --yes pnpm@10 bench --peers=/path/to/python  beside them Keras, PyTorch, JAX, OpenBLAS, oneDNN, as far as they are installed there
//
// README.md says what else can be asked for. Absolute times say little on a shared machine: read the ratios of one run.
import {writeFileSync} from 'node:fs';
import {arch, cpus, platform} from 'node:os';
import {addon} from '@keratin/native';
import {isWanted, join, line, type Row, writeRows} from './harness.js';
import {OwnProcess} from './ours.js';
import {type PeerRow, Peers} from './peers.js';
import {markdown, peerLines} from './table.js';
import {workloads} from './workloads/index.js';

const option = (name: string) => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1];
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const about = {
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  platform: `${platform()}-${arch()}`,
  node: process.versions.node,
  isa: addon.isa,
  threads: addon.numThreads(),
};
console.log(about);

const peers = new Peers({python: option('peers'), jax: option('peers-jax'), node: option('peers-node')});
await peers.load();
const rows: Row[] = [];
const peerRows: PeerRow[] = [];
for (const {name, description} of workloads) {
  if (!isWanted(name, filters)) continue;
  console.log(`\n${name}: ${description}`);
  const own = new OwnProcess(name);
  const first: Row[] = [];
  await own.pass((row) => first.push(row));
  const beside: PeerRow[] = [];
  await peers.measure(name, (row) => beside.push(row));
  // Ours before and after the peers: what drifts hits both.
  const second: Row[] = [];
  if (peers.areThere) await own.pass((row) => second.push(row));
  own.end();
  for (const row of first) {
    const again = second.find(({workload}) => workload === row.workload);
    const joined = again === undefined ? row : join(row, again);
    rows.push(joined);
    console.log(line(joined));
    for (const text of peerLines(joined, beside)) console.log(text);
  }
  peerRows.push(...beside);
}
peers.end();

const json = option('json');
if (json !== undefined) writeRows(json, rows, {...about, peers: peerRows});
const table = option('markdown');
if (table !== undefined) writeFileSync(table, markdown(rows, peerRows, about));
