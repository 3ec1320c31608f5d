import {recordedModule} from '../graph/recorded.js';
import * as functions from './index.js';

/** Every operation, under Keras's names in camelCase. */
export const ops: typeof functions = recordedModule(functions);
