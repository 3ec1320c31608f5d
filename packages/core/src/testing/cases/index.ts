import {type PrimitiveCases} from './case.js';
import {COMPLEX} from './complex.js';
import {ELEMENTWISE} from './elementwise.js';
import {LAYERS} from './layers.js';
import {LINALG} from './linalg.js';
import {MOVEMENT} from './movement.js';
import {PRODUCTS} from './products.js';
import {REDUCTIONS} from './reductions.js';
import {SEQUENCES} from './sequences.js';

// For every primitive: inputs and attributes on which its gradients are compared with finite differences.

export {type PrimitiveCase, type PrimitiveCases} from './case.js';

const NO_GRADIENT = [
  'floor_divide',
  'equal',
  'not_equal',
  'less',
  'less_equal',
  'greater',
  'greater_equal',
  'logical_and',
  'logical_or',
  'logical_xor',
  'logical_not',
  'floor',
  'ceil',
  'round',
  'isnan',
  'isinf',
  'isfinite',
  'any',
  'all',
  'argmax',
  'argmin',
  'one_hot',
  'range',
  'random_uniform',
  'random_normal',
  'random_truncated_normal',
  'random_permutation',
  'random_gamma',
  'random_beta',
  'random_binomial',
  'random_categorical',
  'stop_gradient',
  'attention_gradient',
  'layer_normalization_gradient',
  'batch_normalization_gradient',
  'lstm_sequence_gradient',
  'gru_sequence_gradient',
  'simple_rnn_sequence_gradient',
  'argsort',
  'searchsorted',
  'lu_factor',
  'eig',
  'trunc',
  'nextafter',
  'gcd',
  'bitwise_and',
  'bitwise_or',
  'bitwise_xor',
  'bitwise_not',
  'left_shift',
  'right_shift',
];

const REAL: Readonly<Record<string, PrimitiveCases>> = {
  ...ELEMENTWISE,
  ...MOVEMENT,
  ...REDUCTIONS,
  ...PRODUCTS,
  ...LAYERS,
  ...SEQUENCES,
  ...LINALG,
  ...Object.fromEntries(NO_GRADIENT.map((name) => [name, 'no gradient' as const])),
};

const both = (real: PrimitiveCases | undefined, complex: PrimitiveCases): PrimitiveCases =>
  real === undefined || real === 'no gradient' || complex === 'no gradient' ? complex : [...real, ...complex];

/** By the name of the primitive; a test holds the names equal to those of the registry. */
export const PRIMITIVE_CASES: Readonly<Record<string, PrimitiveCases>> = {
  ...REAL,
  ...Object.fromEntries(Object.entries(COMPLEX).map(([name, cases]) => [name, both(REAL[name], cases)])),
};
