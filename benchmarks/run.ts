// Benchmarks: named workloads with their shapes and FLOPs, medians of repetitions, JSON out.
//
//   npx --yes pnpm@10 bench                          all workloads
//   npx --yes pnpm@10 bench mnist eager              those whose names contain a word
//   npx --yes pnpm@10 bench --json=results.json
//   npx --yes pnpm@10 bench --peers=/path/to/python  the same rows by Keras and PyTorch in the same run (they must be installed there)
//
// Absolute times say little on a shared machine: read the ratios of one run.
import {arch, cpus, platform} from 'node:os';
import {addon} from '@keratin/native';
import {type Row, runWorkloads, writeRows} from './harness.js';
import {runPeers} from './peers.js';
import {compiled} from './workloads/compiled.js';
import {customLoop} from './workloads/custom-loop.js';
import {eagerOverhead} from './workloads/eager-overhead.js';
import {eventLoop} from './workloads/event-loop.js';
import {fashionCnn} from './workloads/fashion-cnn.js';
import {layerGradients} from './workloads/layers.js';
import {lstm} from './workloads/lstm.js';
import {mnistMlp} from './workloads/mnist-mlp.js';
import {pipeline} from './workloads/pipeline.js';
import {sgemm} from './workloads/sgemm.js';
import {tensors} from './workloads/tensors.js';
import {tinyNetwork} from './workloads/tiny-network.js';
import {transformer} from './workloads/transformer.js';

const workloads = [
  sgemm,
  eagerOverhead,
  tensors,
  compiled,
  customLoop,
  tinyNetwork,
  mnistMlp,
  fashionCnn,
  lstm,
  layerGradients,
  pipeline,
  transformer,
  eventLoop,
];

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

const rows: Row[] = await runWorkloads(workloads, filters);
const python = option('peers');
const peers = python === undefined ? [] : runPeers(python, filters, rows);
const json = option('json');
if (json !== undefined) writeRows(json, rows, {...about, peers});
