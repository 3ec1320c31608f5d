import {ARITHMETIC} from './arithmetic.js';
import {ARRAYS} from './arrays.js';
import {type Cases} from './case.js';
import {CONSTANTS} from './constants.js';
import {CONTROL} from './control.js';
import {ERRORS} from './errors.js';
import {GRADIENTS} from './gradients.js';
import {INDEXING} from './indexing.js';
import {STRINGS} from './strings.js';
import {STRUCTURES} from './structures.js';
import {VARIABLES} from './variables.js';

export {type Case, type Inputs} from './case.js';

/** TensorFlow's recorded expressions in TypeScript, by the ids of the golden suite `tf-ops`. */
export const CASES: Cases = {
  ...ARITHMETIC,
  ...ARRAYS,
  ...CONSTANTS,
  ...CONTROL,
  ...ERRORS,
  ...GRADIENTS,
  ...INDEXING,
  ...STRINGS,
  ...STRUCTURES,
  ...VARIABLES,
};
