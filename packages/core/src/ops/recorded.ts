import {recordedModule} from '../graph/recorded.js';
import * as functions from './index.js';

const flat = recordedModule(functions);
const byName: Readonly<Record<string, unknown>> = flat;

/** Every operation, under Keras's names in camelCase; those of `ops.linalg` are the same functions. */
export const ops: typeof functions = {
  ...flat,
  linalg: Object.fromEntries(
    Object.keys(functions.linalg).map((name) => [name, byName[name]]),
  ) as typeof functions.linalg,
};
