import {describe, expect, test} from 'vitest';
import {toOptionName} from '@keratin/core/internal';
import {activations, constraints, initializers, regularizers} from './index.js';

// Every name under which Keras 3.15.1 exports an initializer, a regularizer, a constraint or an activation: a class has its name here, and
// each name is an id too.

const KINDS: readonly (readonly [kind: string, module: object, names: string])[] = [
  [
    'initializers',
    initializers,
    'Constant constant GlorotNormal glorot_normal GlorotUniform glorot_uniform HeNormal he_normal HeUniform he_uniform Identity IdentityInitializer identity Initializer LecunNormal lecun_normal LecunUniform lecun_uniform Ones ones Orthogonal OrthogonalInitializer orthogonal RandomNormal random_normal RandomUniform random_uniform STFT STFTInitializer stft TruncatedNormal truncated_normal VarianceScaling variance_scaling Zeros zeros',
  ],
  ['regularizers', regularizers, 'L1 l1 L1L2 l1_l2 L2 l2 OrthogonalRegularizer orthogonal_regularizer Regularizer'],
  ['constraints', constraints, 'Constraint MaxNorm max_norm MinMaxNorm min_max_norm NonNeg non_neg UnitNorm unit_norm'],
  [
    'activations',
    activations,
    'celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu swish soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus tanh tanh_shrink threshold',
  ],
];

/** Bases of classes of one's own. */
const BASES = ['Constraint', 'Initializer', 'Regularizer'];

interface Kind {
  get(identifier: unknown): unknown;
  serialize(value: unknown): unknown;
  deserialize(node: unknown): unknown;
}

const isNode = (value: unknown): value is object => typeof value === 'object' && value !== null;

describe.each(KINDS)('%s', (kind, module, list) => {
  const exported = module as Kind & Readonly<Record<string, unknown>>;
  const names = list.split(' ');
  test('are exported: classes under their names, functions in camel case', () => {
    const isClass = (name: string) => /^[A-Z]/.test(name);
    const wanted = kind === 'activations' ? names.map(toOptionName) : names.filter(isClass);
    expect(wanted.filter((name) => !(name in exported))).toEqual([]);
  });

  test.each(names.filter((name) => !BASES.includes(name)))(
    '%s from its id, from its config and from itself',
    (name) => {
      const value = exported.get(name);
      const node = exported.serialize(value);
      const copy = isNode(node) ? exported.deserialize(JSON.parse(JSON.stringify(node))) : exported.get(node);
      expect((copy as object).constructor).toBe((value as object).constructor);
      expect(exported.serialize(copy)).toEqual(node);
      expect(exported.get(value)).toBe(value);
    },
  );
});
