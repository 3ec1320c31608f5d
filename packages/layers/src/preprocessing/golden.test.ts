import {isTensor, RaggedTensor, tensor} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {Golden} from '../../../../tests/golden.js';
import {layers} from '../index.js';

// What real Keras gave for programs with preprocessing layers (tests/golden/preprocessing.json), written in TypeScript.

interface Case {
  readonly id: string;
  readonly python: string;
  readonly dtype: string | null;
  readonly result: unknown;
}

const golden = new Golden<Case>('preprocessing');

const TEXTS = ['the cat sat', 'The dog sat!', 'a cat, a dog; the END'];
const MORE = tensor([...TEXTS, 'unknown words cat fish']);

const text = (options: layers.TextVectorizationOptions = {}) => {
  const layer = new layers.TextVectorization<unknown>(options);
  layer.adapt(TEXTS);
  return {'TextVectorization/vocabulary': () => layer.getVocabulary(), 'TextVectorization/call': () => layer(MORE)};
};

const lookup = (options: layers.StringLookupOptions = {}, inputs: readonly string[] = ['a', 'b', 'zzz', '']) => {
  const layer = new layers.StringLookup<unknown>(options);
  layer.adapt(['b', 'a', 'b', 'c', 'b', 'c']);
  return {
    'StringLookup/vocabulary': () => layer.getVocabulary(),
    'StringLookup/call': () => layer(tensor([...inputs])),
  };
};

const integers = (options: layers.IntegerLookupOptions = {}) => {
  const layer = new layers.IntegerLookup<unknown>(options);
  layer.adapt([12, 36, 12, 5]);
  return {'IntegerLookup/call': () => [layer.getVocabulary(), layer(tensor([12, 36, 7, 0], 'int32'))]};
};

const normalized = (data: number[][], options: layers.NormalizationLayerOptions = {}) => {
  const layer = new layers.Normalization(options);
  layer.adapt(data);
  return {'Normalization/call': () => layer(tensor(data))};
};

/** The functions of a program under the arguments that stand in its id. */
const under = (args: string, programs: Readonly<Record<string, () => unknown>>) =>
  Object.fromEntries(Object.entries(programs).map(([name, run]) => [`${name}(${args})`, run]));

const WORDS = tensor(['a', 'bc', '', 'héllo']);

const PROGRAMS: Readonly<Record<string, () => unknown>> = {
  ...under('', text()),
  ...under('max_tokens=5', text({maxTokens: 5})),
  ...under('output_sequence_length=4', text({outputSequenceLength: 4})),
  ...under("output_mode='multi_hot'", text({outputMode: 'multi_hot'})),
  ...under("output_mode='count'", text({outputMode: 'count'})),
  ...under("output_mode='tf_idf'", text({outputMode: 'tf_idf'})),
  ...under('ngrams=2', text({ngrams: 2})),
  ...under('standardize=None', text({standardize: null})),
  ...under("standardize='lower'", text({standardize: 'lower'})),
  ...under("standardize='strip_punctuation'", text({standardize: 'strip_punctuation'})),
  ...under("split='character', max_tokens=8", text({split: 'character', maxTokens: 8})),
  ...under('split=None', text({split: null})),
  ...under(
    "pad_to_max_tokens=True, max_tokens=20, output_mode='multi_hot'",
    text({padToMaxTokens: true, maxTokens: 20, outputMode: 'multi_hot'}),
  ),
  ...under(
    "output_mode='int', max_tokens=4, output_sequence_length=3",
    text({outputMode: 'int', maxTokens: 4, outputSequenceLength: 3}),
  ),
  ...under('ragged=True', text({ragged: true})),
  'TextVectorization/given-vocabulary': () => {
    const layer = new layers.TextVectorization({vocabulary: ['a', 'b']});
    return [layer.getVocabulary(), layer(tensor(['b z a']))];
  },
  ...under('', lookup()),
  ...under('num_oov_indices=2', lookup({numOovIndices: 2})),
  ...under("mask_token=''", lookup({maskToken: ''})),
  ...under('num_oov_indices=0', lookup({numOovIndices: 0}, ['a', 'b', 'c'])),
  ...under('max_tokens=3', lookup({maxTokens: 3})),
  ...under("output_mode='one_hot'", lookup({outputMode: 'one_hot'})),
  ...under("output_mode='multi_hot'", lookup({outputMode: 'multi_hot'})),
  ...under("output_mode='count'", lookup({outputMode: 'count'})),
  'StringLookup/invert': () =>
    new layers.StringLookup({vocabulary: ['a', 'b', 'c'], invert: true})(tensor([0, 1, 2, 3], 'int32')),
  'StringLookup/vocabulary-size': () => new layers.StringLookup({vocabulary: ['a', 'b']}).vocabularySize(),
  ...under('', integers()),
  ...under('max_tokens=3', integers({maxTokens: 3})),
  ...under("output_mode='multi_hot'", integers({outputMode: 'multi_hot'})),
  ...under('mask_token=0', integers({maskToken: 0})),
  ...under('num_oov_indices=2', integers({numOovIndices: 2})),
  ...under(
    '',
    normalized([
      [-2.4, -2.4, 4.11],
      [-4.38, -1.79, -0.96],
      [0.67, 1.73, -3.75],
      [-5.19, -0.01, 3.64],
    ]),
  ),
  ...under(
    'invert=True',
    normalized(
      [
        [2.27, 0.65, -0.95],
        [0.88, -0.73, 2.45],
        [-2.38, 0.4, -0.33],
        [1.63, 0.67, 7.65],
      ],
      {invert: true},
    ),
  ),
  ...under(
    'axis=None',
    normalized(
      [
        [4.5, 4.49, -6.12],
        [-1.02, -1.83, 1.6],
        [-6.84, 3.52, 3.2],
        [-3.91, -2.94, -2.4],
      ],
      {axis: null},
    ),
  ),
  ...under(
    'axis=0',
    normalized(
      [
        [0.13, 1.92, 6.14],
        [-0.59, 2.3, 0.47],
        [5.28, 2.23, 4.11],
        [-3.23, -0.58, -2.44],
      ],
      {axis: 0},
    ),
  ),
  'Discretization/call': () => {
    const data = [4.51, 1.97, -0.92, -1.36, 1.45, -2.1];
    const layer = new layers.Discretization({numBins: 4, epsilon: 0.01});
    layer.adapt(data);
    return [layer.binBoundaries, layer(tensor(data))];
  },
  'Discretization/boundaries': () =>
    new layers.Discretization({binBoundaries: [0, 1, 2]})(tensor([[-1.5, 0.2, 3.4, 10]])),
  'Hashing/num_bins=5': () => new layers.Hashing(5)(WORDS),
  "Hashing/num_bins=5, mask_value=''": () => new layers.Hashing(5, {maskValue: ''})(WORDS),
  'Hashing/num_bins=7, salt=133': () => new layers.Hashing(7, {salt: 133})(WORDS),
  'Hashing/int': () => new layers.Hashing(8)(tensor([1, 2, 100], 'int32')),
  'CategoryEncoding/multi_hot': () =>
    new layers.CategoryEncoding(4)(
      tensor([
        [0, 1],
        [2, 2],
      ]),
    ),
  'CategoryEncoding/count': () =>
    new layers.CategoryEncoding(4, {outputMode: 'count'})(
      tensor([
        [0, 1],
        [2, 2],
      ]),
    ),
  'CategoryEncoding/out-of-range': () => new layers.CategoryEncoding(4)(tensor([[7]])),
};

/** Plain values, as the file has them. */
function plain(value: unknown): unknown {
  if (isTensor(value)) return plain(value.array());
  if (value instanceof RaggedTensor) return {ragged: plain(value.array())};
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'bigint' ? Number(value) : value;
}

function expectSame(actual: unknown, expected: unknown, at: string): void {
  if (typeof expected === 'number') expect(actual, at).toBeCloseTo(expected, 5);
  else if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) expect.fail(`${at}: no list`);
    expect(actual.length, at).toBe(expected.length);
    expected.forEach((entry, i) => {
      expectSame(actual[i], entry, `${at}[${String(i)}]`);
    });
  } else if (typeof expected === 'object' && expected !== null) {
    expectSame((actual as {ragged?: unknown}).ragged, (expected as {ragged?: unknown}).ragged, at);
  } else expect(actual, at).toBe(expected);
}

describe('preprocessing layers as Keras computes them', () => {
  test('every case has its program', () => {
    expect(Object.keys(PROGRAMS).sort()).toEqual(golden.cases.map(({id}) => id).sort());
  });

  test.each(golden.cases.map((one) => [one.id, one] as const))('%s', (id, {dtype, result}) => {
    const value = PROGRAMS[id]?.();
    expectSame(plain(value), result, id);
    if (dtype !== null && isTensor(value)) expect(value.dtype).toBe(dtype);
  });
});
