/**
 * Deep learning for TypeScript on Node.js, in the style of Keras. Everything is here twice where Keras has it twice: flat (`Sequential`,
 * `Input`, `Variable`) and by namespace (`layers`, `ops`, `losses`); the default export holds the namespaces.
 */
import {backend, config, ops, queues, ragged, random, sets, sparse, strings} from '@keratin/core';
import {data, datasets} from '@keratin/datasets';
import {activations, constraints, initializers, layers, regularizers} from '@keratin/layers';
import {callbacks, losses, metrics, optimizers} from '@keratin/models';
import * as models from './models.js';
import * as saving from './saving.js';
import * as utils from './utils.js';

export * from '@keratin/core';
export * from '@keratin/layers';
export * from '@keratin/models';
export {cacheFolder, data, datasets, type IdxArray, type Pair, parseIdx, type TrainAndTest} from '@keratin/datasets';
export {clearSession} from '@keratin/layers/internal';
export {models, saving, utils};

export default {
  activations,
  backend,
  callbacks,
  config,
  constraints,
  data,
  datasets,
  initializers,
  layers,
  losses,
  metrics,
  models,
  ops,
  optimizers,
  queues,
  ragged,
  random,
  regularizers,
  saving,
  sets,
  sparse,
  strings,
  utils,
};
