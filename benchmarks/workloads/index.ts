import {type Workload} from '../harness.js';
import {adam} from './adam.js';
import {competition} from './competition.js';
import {compiled} from './compiled.js';
import {convnet} from './convnet.js';
import {convolution} from './convolution.js';
import {customLoop} from './custom-loop.js';
import {eagerOverhead} from './eager-overhead.js';
import {eventLoop} from './event-loop.js';
import {fashionCnn} from './fashion-cnn.js';
import {kernels} from './kernels.js';
import {layerGradients} from './layers.js';
import {lstm} from './lstm.js';
import {memory} from './memory.js';
import {mnistMlp} from './mnist-mlp.js';
import {pipeline} from './pipeline.js';
import {scaling} from './scaling.js';
import {sgemm} from './sgemm.js';
import {startUp} from './start-up.js';
import {tensors} from './tensors.js';
import {tinyNetwork} from './tiny-network.js';
import {transformer} from './transformer.js';

/** All workloads, in the order of a run. */
export const workloads: readonly Workload[] = [
  sgemm,
  eagerOverhead,
  tensors,
  compiled,
  adam,
  customLoop,
  tinyNetwork,
  mnistMlp,
  fashionCnn,
  convnet,
  lstm,
  layerGradients,
  convolution,
  kernels,
  pipeline,
  transformer,
  scaling,
  startUp,
  memory,
  eventLoop,
  competition,
];
