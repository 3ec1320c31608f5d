import {recordedModule} from '../graph/recorded.js';
import * as functions from './index.js';

/** The functions of {@link ops}. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- a name that the declarations of other packages can use
export interface Ops extends Readonly<typeof functions> {}

/** Every operation, under Keras's names in camelCase. */
export const ops: Ops = recordedModule(functions);
