import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {
  KeratinError,
  ops,
  ragged,
  type RaggedTensor,
  sparse,
  SparseTensor,
  strings,
  tensor,
  type Tensor,
} from '@keratin/core';
import {Input, layers} from '../index.js';

const folder = mkdtempSync(join(tmpdir(), 'keratin-preprocessing-'));
afterAll(() => {
  rmSync(folder, {recursive: true});
});

const DATA = [
  [1, 10],
  [3, 30],
  [5, 80],
  [7, 20],
];

describe('Normalization', () => {
  const whole = new layers.Normalization();
  whole.adapt(DATA);
  const expected = whole(tensor(DATA)).array();
  const batches = [tensor(DATA.slice(0, 1)), tensor(DATA.slice(1))];

  test('adapts to arrays, tensors and batches of any sizes alike', () => {
    const ways: (() => Iterable<unknown> | Tensor)[] = [
      () => tensor(DATA),
      () => batches,
      () => batches.map((x) => [x, ops.zeros([x.dim(0)])]),
      () => new Set(batches),
      function* () {
        yield* batches;
      },
    ];
    for (const data of ways) {
      const layer = new layers.Normalization();
      layer.adapt(data());
      layer(tensor(DATA))
        .array(2)
        .forEach((row, i) => {
          row.forEach((value, j) => {
            expect(value).toBeCloseTo((expected as number[][])[i]?.[j] ?? NaN, 5);
          });
        });
    }
  });

  test('adapts to asynchronous batches', async () => {
    const layer = new layers.Normalization({axis: null});
    await layer.adapt(
      (async function* () {
        for (const batch of batches) yield await Promise.resolve(batch);
      })(),
    );
    const mean = DATA.flat().reduce((sum, x) => sum + x, 0) / 8;
    expect(layer.weights[0]?.readValue().item()).toBeCloseTo(mean, 5);
  });

  test('inverts itself', () => {
    const back = new layers.Normalization({invert: true});
    back.adapt(DATA);
    expect(ops.max(ops.abs(back(whole(tensor(DATA))).sub(tensor(DATA)))).item()).toBeLessThan(1e-5);
  });

  test('changes nothing where a later batch does not fit', () => {
    const layer = new layers.Normalization();
    layer.adapt(DATA);
    const before = layer.getWeights().map((weight) => weight.array());
    expect(() => layer.adapt([tensor(DATA), tensor([[1, 2, 3]])])).toThrow('got data (1,3)');
    expect(layer.getWeights().map((weight) => weight.array())).toEqual(before);
  });
});

describe('Discretization', () => {
  test('finds about the same bins in batches as at once', () => {
    const values = Float32Array.from({length: 1000}, (_, i) => (i * 7919) % 1000);
    const layer = new layers.Discretization({numBins: 4});
    layer.adapt(values);
    layer.binBoundaries?.forEach((edge, i) => {
      expect(Math.abs(edge - 250 * (i + 1))).toBeLessThan(15);
    });
    const parts = new layers.Discretization({numBins: 4});
    parts.adapt([values.slice(0, 300), values.slice(300)]);
    parts.binBoundaries?.forEach((edge, i) => {
      expect(Math.abs(edge - 250 * (i + 1))).toBeLessThan(25);
    });
    const copy = layers.Discretization.fromConfig(layer.getConfig());
    expect(copy.binBoundaries).toEqual(layer.binBoundaries);
  });
});

describe('sparse and ragged outputs', () => {
  const dense = new layers.StringLookup({vocabulary: ['a', 'b'], outputMode: 'count'});
  const x = tensor([
    ['a', 'a'],
    ['b', 'z'],
  ]);

  test('sparse outputs hold what dense ones do', () => {
    const layer = new layers.StringLookup<SparseTensor>({vocabulary: ['a', 'b'], outputMode: 'count', sparse: true});
    const y = layer(x);
    expect(y).toBeInstanceOf(SparseTensor);
    expect(sparse.toDense(y).array()).toEqual(dense(x).array());
    expect(
      sparse.toDense(new layers.CategoryEncoding<SparseTensor>(3, {sparse: true})(tensor([[2, 0]]))).array(),
    ).toEqual([[1, 0, 1]]);
  });

  test('rows of several lengths are looked up', () => {
    const rows = ragged.constant([['a', 'a', 'b'], [], ['z']]);
    const ids = new layers.StringLookup<RaggedTensor>({vocabulary: ['a', 'b']})(rows);
    expect(ids.array()).toEqual([[1n, 1n, 2n], [], [0n]]);
    expect(dense(rows).array()).toEqual([
      [0n, 2n, 1n],
      [0n, 0n, 0n],
      [1n, 0n, 0n],
    ]);
  });

  test('ragged texts are cut at outputSequenceLength', () => {
    const layer = new layers.TextVectorization<RaggedTensor>({
      vocabulary: ['a'],
      ragged: true,
      outputSequenceLength: 2,
    });
    expect(layer(tensor(['a b c', 'a'])).array()).toEqual([[2n, 1n], [2n]]);
  });
});

describe('vocabularies', () => {
  test('of text in batches is that of all the text', () => {
    const texts = ['the cat sat', 'The dog sat!', 'a cat'];
    const all = new layers.TextVectorization();
    all.adapt(texts);
    const parts = new layers.TextVectorization();
    parts.adapt(texts.map((text) => tensor([text])));
    expect(parts.getVocabulary()).toEqual(all.getVocabulary());
    parts.adapt(
      texts.map((text) => tensor([text])),
      {steps: 1},
    );
    expect(parts.getVocabulary(false)).toEqual(['the', 'sat', 'cat']);
    expect(parts.vocabularySize()).toBe(5);
  });

  test('go to files and back', () => {
    const layer = new layers.TextVectorization({outputMode: 'tf_idf'});
    layer.adapt(['a b', 'a c']);
    layer.saveAssets(folder);
    expect(readFileSync(join(folder, 'vocabulary.txt'), 'utf8')).toBe('[UNK]\na\nc\nb');
    const copy = layers.TextVectorization.fromConfig<layers.TextVectorization>(layer.getConfig());
    copy.loadOwnVariables(layer.saveOwnVariables());
    copy.loadAssets(folder);
    expect(copy.getVocabulary()).toEqual(layer.getVocabulary());
    expect(copy(tensor(['a z'])).array()).toEqual(layer(tensor(['a z'])).array());
    const numbers = new layers.IntegerLookup({numOovIndices: 2});
    numbers.adapt(tensor(BigInt64Array.of(2n ** 60n, 5n, 5n)));
    numbers.saveAssets(folder);
    const loaded = new layers.IntegerLookup({numOovIndices: 2});
    loaded.loadAssets(folder);
    expect(loaded.getVocabulary()).toEqual([-1, -1, 5, 2n ** 60n]);
    expect(loaded(tensor(BigInt64Array.of(2n ** 60n, 5n))).array()).toEqual([3n, 2n]);
  });

  test('are read from files by programs, never by configs', () => {
    const path = join(folder, 'words.txt');
    writeFileSync(path, 'x\ny\n');
    expect(new layers.StringLookup({vocabulary: path}).getVocabulary()).toEqual(['[UNK]', 'x', 'y']);
    const config = new layers.StringLookup({vocabulary: ['x']}).getConfig();
    expect(() => layers.StringLookup.fromConfig({...config, vocabulary: path})).toThrow(
      'a config must hold the vocabulary itself',
    );
  });

  test('unknown values go to the same of several indices, as in Keras', () => {
    const texts = new layers.StringLookup({vocabulary: ['a'], numOovIndices: 3});
    expect(texts(tensor(['x', 'y', 'x'])).array(1)[0]).toBe(texts(tensor(['x'])).array(1)[0]);
    const integers = new layers.IntegerLookup({vocabulary: [5, 6], numOovIndices: 3});
    expect(integers(tensor([-1, -2, 7, 8], 'int32')).array()).toEqual([2n, 1n, 1n, 2n]);
  });
});

test('crosses of integers and of three features are those of TensorFlow', () => {
  const crossing = new layers.HashedCrossing(1_000_000);
  expect(crossing([tensor([3, 4], 'int32'), tensor([1, -2], 'int32')]).array()).toEqual([548468n, 863090n]);
  const three = [tensor(['a', 'b']), tensor([1, -2], 'int32'), tensor(['c', 'd'])];
  expect(crossing(three).array()).toEqual([341662n, 452301n]);
});

test('functions standardize and split', () => {
  const layer = new layers.TextVectorization({
    standardize: (x) => tensor(x.array(1).map((text) => text.replaceAll('-', ' '))),
    split: (x) => strings.split(x),
    vocabulary: ['a', 'b'],
  });
  expect(layer(tensor(['a-b', 'b'])).array()).toEqual([
    [2n, 3n],
    [3n, 0n],
  ]);
});

test('strings that are tokens are cut and filled up too', () => {
  const layer = new layers.TextVectorization({vocabulary: ['a'], split: null, outputSequenceLength: 3});
  expect(layer(tensor([['a', 'b']])).array()).toEqual([[2n, 1n, 0n]]);
  expect(layer(tensor([['a', 'b', 'a', 'a']])).array()).toEqual([[2n, 1n, 2n]]);
});

test('strings flow through symbolic layers', () => {
  const words = Input<string>({shape: [1], dtype: 'string'});
  const ids = new layers.TextVectorization({vocabulary: ['a'], outputSequenceLength: 7})(words);
  expect([ids.shape, ids.dtype]).toEqual([[null, 7], 'int64']);
  expect(new layers.Embedding(3, 4)(ids).shape).toEqual([null, 7, 4]);
  const counts = new layers.StringLookup({vocabulary: ['a'], outputMode: 'count'})(words);
  expect(counts.shape).toEqual([null, 2]);
});

const text = tensor(['a']);
const words = (options: layers.StringLookupOptions = {}) => new layers.StringLookup({name: 's', ...options});

const MISTAKES: readonly (readonly [what: string, mistake: () => unknown, message: string])[] = [
  [
    'Normalization mean alone',
    () => new layers.Normalization({mean: 1}),
    'Normalization: mean and variance go together, got mean 1 and variance null',
  ],
  [
    'Normalization axis',
    () => new layers.Normalization({name: 'n', axis: 3})(tensor(DATA)),
    'n: axis 3 does not exist in a tensor of rank 2',
  ],
  [
    'Normalization no batch',
    () => new layers.Normalization({name: 'n'}).adapt(new Set()),
    'n.adapt: the data have no batch',
  ],
  [
    'Normalization data',
    () => new layers.Normalization({name: 'n'}).adapt({}),
    'n.adapt: a tensor, an array or batches of them are needed, got an object',
  ],
  [
    'Discretization both',
    () => new layers.Discretization({binBoundaries: [1], numBins: 2}),
    'Discretization: either binBoundaries or numBins must be given, got [1] and 2',
  ],
  [
    'Discretization order',
    () => new layers.Discretization({binBoundaries: [2, 1]}),
    'Discretization: binBoundaries must be a list of ascending numbers, got [2, 1]',
  ],
  [
    'Discretization before adapt',
    () => new layers.Discretization({name: 'd', numBins: 2})(tensor([1])),
    'd: the bins are not known; call adapt, or give binBoundaries',
  ],
  [
    'CategoryEncoding weights',
    () => new layers.CategoryEncoding(3, {name: 'c'})(tensor([[1]]), {countWeights: [[1]]} as never),
    'c: countWeights go with outputMode "count", got "multi_hot"',
  ],
  [
    'CategoryEncoding tokens',
    () => new layers.CategoryEncoding(0),
    'CategoryEncoding: numTokens must be a positive integer, got 0',
  ],
  [
    'Hashing dtype',
    () => new layers.Hashing(3, {dtype: 'float32'}),
    'Hashing: bins are int32 or int64, got dtype float32',
  ],
  [
    'Hashing salt',
    () => new layers.Hashing(3, {salt: [1] as never}),
    'Hashing: salt must be an integer or two of them, got [1]',
  ],
  [
    'Hashing sparse',
    () => new layers.Hashing(3, {sparse: true}),
    'Hashing: sparse goes with vectors only, got outputMode "int"',
  ],
  [
    'HashedCrossing shapes',
    () => new layers.HashedCrossing(3, {name: 'h'})([text, tensor(['a', 'b'])]),
    'h: inputs must have one shape, (), (batch,) or (batch,1), got (1,), (2,)',
  ],
  [
    'HashedCrossing dtype',
    () => new layers.HashedCrossing(3, {name: 'h'})([text, tensor([1.5])]),
    'h: inputs must be strings or integers, got float32',
  ],
  ['lookup without vocabulary', () => words()(text), 's: there is no vocabulary; call adapt, or give vocabulary'],
  [
    'lookup vectors without vocabulary',
    () => words({outputMode: 'count'})(text),
    's: with outputMode "count" the size of the vocabulary must be known; call adapt, give vocabulary, or set padToMaxTokens',
  ],
  ['lookup twice', () => words({vocabulary: ['a', 'a']}), 's.setVocabulary: tokens must differ, "a" is there twice'],
  [
    'lookup unknown',
    () => words({vocabulary: ['b'], numOovIndices: 0})(text),
    's: with numOovIndices 0 all inputs must be in the vocabulary, got "a"',
  ],
  [
    'lookup dtype',
    () => words({vocabulary: ['b']})(tensor([1])),
    's: strings are looked up, got inputs of float32 (1,)',
  ],
  ['lookup adapt', () => words({vocabulary: ['b']}).adapt(['a']), 's.adapt: the layer was made with its vocabulary'],
  [
    'lookup too many',
    () => words({vocabulary: ['a', 'b'], maxTokens: 2}),
    's.setVocabulary: the vocabulary has 3 tokens with those for masks and unknown values, more than maxTokens 2',
  ],
  [
    'lookup mask inside',
    () => words({vocabulary: ['a', 'b'], maskToken: 'b'}),
    's.setVocabulary: "b" is the token for masks or unknown values, which stand in front or nowhere, got it at 1',
  ],
  [
    'lookup invert',
    () => words({invert: true, outputMode: 'count'}),
    'StringLookup: invert goes with outputMode "int", got "count"',
  ],
  [
    'lookup idf',
    () => words({outputMode: 'tf_idf', vocabulary: ['a'], idfWeights: [1, 2]}),
    's.setVocabulary: idfWeights must have a number for each of 1 tokens, got 2',
  ],
  [
    'lookup file',
    () => words({vocabulary: '/no/such/file'}),
    's.setVocabulary: the vocabulary file "/no/such/file" cannot be read',
  ],
  [
    'IntegerLookup fraction',
    () => new layers.IntegerLookup({name: 'i', vocabulary: [1]})(tensor([1.5])),
    'i: an integer is needed, got 1.5',
  ],
  [
    'IntegerLookup salt',
    () => new layers.IntegerLookup({salt: 1}),
    'IntegerLookup: salt goes with oovMethod "farmhash", got "floormod"',
  ],
  [
    'TextVectorization shape',
    () => new layers.TextVectorization({name: 't', vocabulary: ['a']})(tensor([['a', 'b']])),
    't: texts must have shape (batch,) or (batch,1), got (1,2)',
  ],
  [
    'TextVectorization length',
    () => new layers.TextVectorization({outputMode: 'count', outputSequenceLength: 3}),
    'TextVectorization: outputSequenceLength goes with outputMode "int", got "count"',
  ],
  [
    'TextVectorization split',
    () => new layers.TextVectorization({split: 'words' as never}),
    'TextVectorization: split must be one of whitespace, character, got "words"',
  ],
  [
    'TextVectorization numbers',
    () => new layers.TextVectorization({name: 't', vocabulary: ['a']})(tensor([1]) as never),
    't: texts are needed, got float32 of shape (1,)',
  ],
  [
    'TextVectorization ngrams',
    () => new layers.TextVectorization({ngrams: 0}),
    'TextVectorization: ngrams must be a positive integer or a list of them, got 0',
  ],
  [
    'STFTSpectrogram step',
    () => new layers.STFTSpectrogram({frameLength: 8, frameStep: 9}),
    'STFTSpectrogram: frameStep must not be above frameLength 8, got 9',
  ],
  [
    'MelSpectrogram length',
    () => new layers.MelSpectrogram({fftLength: 8, sequenceLength: 9}),
    'MelSpectrogram: fftLength must be at least sequenceLength 9, got 8',
  ],
  [
    'MelSpectrogram rank',
    () => new layers.MelSpectrogram({name: 'm'})(ops.ones([1, 2, 3])),
    'm: signals are (time,) or (batch,time), got inputs (1,2,3)',
  ],
];

describe('mistakes with features and text', () => {
  test.each(MISTAKES)('%s', (_, mistake, message) => {
    let caught: unknown;
    try {
      mistake();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(KeratinError);
    expect((caught as Error).message).toBe(message);
  });
});
