import {describe, expect, expectTypeOf, it} from 'vitest';
import {
  DisposedError,
  DtypeError,
  IndexError,
  type KeratinError,
  ragged,
  type RaggedTensor,
  ShapeError,
  strings,
  SymbolicTensorError,
  tensor,
  type Tensor,
  ValueError,
} from '../index.js';
import {symbolicTensor} from '../internal.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

const bytes = (...list: number[]) => strings.fromBytes([Uint8Array.from(list)], []);
const f64 = (...values: number[]) => tensor(values, 'float64');

function disposed(): Tensor<string> {
  const t = tensor(['a']);
  t.at(0);
  t.dispose();
  return t;
}

// Values without a golden id are TensorFlow 2.21's.

describe('strings (000-8)', () => {
  it('bytes that are no text are kept, and become text where they come together', () => {
    const parts = strings.bytesSplit('é');
    expect(strings.toBytes(parts)).toEqual([Uint8Array.of(0xc3), Uint8Array.of(0xa9)]);
    expect(strings.reduceJoin(parts).item()).toBe('é');
    expect(strings.join([parts.at(0), parts.at(1)]).item()).toBe('é');
    expect(strings.toBytes(bytes(0x61, 0xff, 0xc3, 0x28, 0xf0, 0x9f, 0x98))).toEqual([
      Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0xf0, 0x9f, 0x98),
    ]);
    expect(strings.length(bytes(0xff, 0xfe, 0x61, 0x80), {unit: 'UTF8_CHAR'}).item()).toBe(3);
    expect(
      strings
        .substr('aé', 1, 1)
        .equal(strings.substr('bé', 1, 1))
        .item(),
    ).toBe(true);
  });

  it('case, white space', () => {
    expect(strings.lower(['İΣ ΑΣ', 'ABC'], {encoding: 'utf-8'}).array()).toEqual(['i̇ς ας', 'abc']);
    expect(strings.upper('straße', {encoding: 'utf-8'}).item()).toBe('STRASSE');
    expect(strings.strip(['\t\n\v\f\r a \0', '\u00a0a']).array()).toEqual(['a \0', '\u00a0a']);
  });

  it('split', () => {
    expect(strings.split([['a b', 'c']]).array()).toEqual([[['a', 'b'], ['c']]]);
    expect(strings.split(['a<>b<><>c'], {sep: '<>', maxsplit: 1}).array()).toEqual([['a', 'b<><>c']]);
    expect(strings.split(['  a b  c d '], {maxsplit: 1}).array()).toEqual([['a', 'b  c d ']]);
    expect(strings.split([' a b '], {maxsplit: 0}).array()).toEqual([[' a b ']]);
    expect(strings.split('a\tb\nc\u00a0d').array()).toEqual(['a', 'b', 'c\u00a0d']);
    expectTypeOf(strings.split('a b')).toEqualTypeOf<Tensor<string>>();
    expectTypeOf(strings.split(['a b'])).toEqualTypeOf<RaggedTensor<string>>();
  });

  it('substr of several positions, and beyond the end', () => {
    expect(strings.substr(['hello', 'world'], [1, 2], [2, 3]).array()).toEqual(['el', 'rld']);
    expect(strings.substr('hello', [1, 2], [2, 3]).array()).toEqual(['el', 'llo']);
    expect(strings.substr(['hello', 'hello'], 3, 20).array()).toEqual(['lo', 'lo']);
    expect(strings.substr('hello', 5, 2).item()).toBe('');
    expect(strings.substr('hello', 1, -1).item()).toBe('ello');
    expect(strings.substr('héllo', -4, 2, {unit: 'UTF8_CHAR'}).item()).toBe('él');
  });

  it('join along axes', () => {
    const x = [
      ['a', 'b'],
      ['c', 'd'],
    ];
    expect(strings.reduceJoin(x, {axis: [1, 0], separator: '-'}).item()).toBe('a-b-c-d');
    expect(strings.reduceJoin(x, {axis: [0, 1], separator: '-'}).item()).toBe('a-c-b-d');
    expect(strings.reduceJoin(x, {axis: -1, keepdims: true}).array()).toEqual([['ab'], ['cd']]);
    expect(strings.reduceJoin('a').item()).toBe('a');
    expect(strings.reduceJoin(tensor([], 'string')).item()).toBe('');
    expect(strings.unsortedSegmentJoin([...x, ['e', 'f']], [1, 0, 1], 3, {separator: '-'}).array()).toEqual([
      ['c', 'd'],
      ['a-e', 'b-f'],
      ['', ''],
    ]);
  });

  it('ngrams', () => {
    expect(strings.ngrams(['a', 'b', 'c'], [1, 2]).array()).toEqual(['a', 'b', 'c', 'a b', 'b c']);
    expect(strings.ngrams(['a', 'b'], 3, {padValues: ['<', '>']}).array()).toEqual([
      '< < a',
      '< a b',
      'a b >',
      'b > >',
    ]);
    expect(strings.ngrams(['a', 'b'], 3, {padValues: ['<', '>'], paddingWidth: 1}).array()).toEqual(['< a b', 'a b >']);
    expect(strings.ngrams(['a', 'b'], 3).shape).toEqual([0]);
    expect(strings.ngrams(['a', 'b'], 3, {preserveShortSequences: true}).array()).toEqual(['a b']);
    const rows = [
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ];
    expect(strings.ngrams(rows, 2, {separator: '|'}).array()).toEqual([
      ['a|b', 'b|c'],
      ['d|e', 'e|f'],
    ]);
    expect(strings.ngrams(ragged.constant([['a', 'b', 'c'], ['d']]), 2).array()).toEqual([['a b', 'b c'], []]);
    expect(strings.ngrams(ragged.constant([[['a', 'b'], []], [['c', 'd', 'e']]]), 2).array()).toEqual([
      [['a b'], []],
      [['c d', 'd e']],
    ]);
  });

  it('regular expressions of RE2', () => {
    expect(strings.regexReplace('abc', 'x*', '-').item()).toBe('-a-b-c-');
    expect(strings.regexReplace('abc', '(?i)B', '[\\0]').item()).toBe('a[b]c');
    expect(strings.regexReplace('abc', 'b', '\\\\').item()).toBe('a\\c');
    expect(strings.regexReplace('abcb', 'b', 'X', {replaceGlobal: false}).item()).toBe('aXcb');
    expect(strings.regexFullMatch(['ab\n', 'ab'], 'a.').array()).toEqual([false, true]);
    // Linear in time, whatever the pattern.
    expect(strings.regexFullMatch('a'.repeat(40), '(a*)*b').item()).toBe(false);
  });

  it('numbers of text', () => {
    expect(strings.toNumber([' 5 ', '0x10', 'inf', '-Infinity', '1e400', '+3', '1.', '.5', '0x1p3']).array()).toEqual([
      5,
      16,
      Infinity,
      -Infinity,
      Infinity,
      3,
      1,
      0.5,
      8,
    ]);
    expect(strings.toNumber('nan').item()).toBeNaN();
    expect(strings.toNumber(['9007199254740993', '-1'], 'int64').array()).toEqual([9007199254740993n, -1n]);
    expect(strings.toNumber('0.1', 'float64').item()).toBe(0.1);
  });

  it('text of numbers', () => {
    expect(strings.asString([1.5, NaN, Infinity, -0], {scientific: true}).array()).toEqual([
      '1.500000e+00',
      'nan',
      'inf',
      '-0.000000e+00',
    ]);
    expect(strings.asString([1.5, 1e20, 123456789, 1e-5], {shortest: true}).array()).toEqual([
      '1.5',
      '1e+20',
      '1.23457e+08',
      '1e-05',
    ]);
    expect(strings.asString([1.5, NaN, Infinity], {width: 8, fill: '0'}).array()).toEqual([
      '1.500000',
      '     nan',
      '     inf',
    ]);
    expect(strings.asString(1e20).item()).toBe('100000002004087734272.000000');
    expect(strings.asString(tensor([1, -5], 'int32'), {width: 5, fill: '+'}).array()).toEqual(['   +1', '   -5']);
    expect(strings.asString(tensor([1, -5], 'int32'), {width: 4, fill: '-'}).array()).toEqual(['1   ', '-5  ']);
    expect(strings.asString(tensor([-3], 'int32'), {width: 4, fill: '0'}).array()).toEqual(['-003']);
    expect(strings.asString(tensor(2n ** 60n)).item()).toBe('1152921504606846976');
    // Ties go to the even digit.
    expect(strings.asString(f64(0.5, 1.5, 2.5), {precision: 0}).array()).toEqual(['0', '2', '2']);
    expect(strings.asString(f64(0.05, 123.456, 0, 0.001, 9.96), {precision: 1}).array()).toEqual([
      '0.1',
      '123.5',
      '0.0',
      '0.0',
      '10.0',
    ]);
    expect(strings.asString(f64(1.23456789e-7, 1e6, 1e15), {shortest: true}).array()).toEqual([
      '1.23457e-07',
      '1e+06',
      '1e+15',
    ]);
    expect(strings.asString(tensor([1], 'complex64')).array()).toEqual(['(1.000000,0.000000)']);
  });

  it('format', () => {
    expect(strings.format('{} and {}', [tensor(['a', 'b']), true]).item()).toBe('["a" "b"] and 1');
    expect(strings.format('{}', tensor('a')).item()).toBe('"a"');
    const grid = tensor(
      Int32Array.from({length: 100}, (_, i) => i),
      {shape: [10, 10]},
    );
    expect(strings.format('{}', grid, {summarize: 1}).item()).toBe('[[0 ... 9]\n ...\n [90 ... 99]]');
    expect(strings.format('%t {}', grid.at(0), {placeholder: '%t', summarize: 2}).item()).toBe('[0 1 ... 8 9] {}');
    expect(strings.format('{}', tensor([[[0, 1]], [[2, 3]]], 'int32')).item()).toBe('[[[0 1]]\n\n [[2 3]]]');
    expect(strings.format('{}', tensor([1e10, 1.5e-7, 1 / 3, 1e6, 123456.7]), {summarize: -1}).item()).toBe(
      '[1e+10 1.5e-07 0.333333343 1e+06 123456.703]',
    );
    expect(strings.format('{}', tensor([], 'float32')).item()).toBe('[]');
    expect(strings.format('{}', tensor(1 / 3, 'float64')).item()).toBe('0.33333333333333331');
  });

  it('code points and back', () => {
    const odd = bytes(0x61, 0xff, 0x62);
    const codes = (options: object) => strings.unicodeDecode(odd, 'UTF-8', options) as Tensor;
    expect(codes({}).array()).toEqual([97, 65533, 98]);
    expect(codes({errors: 'ignore'}).array()).toEqual([97, 98]);
    expect(codes({replacementChar: 63}).array()).toEqual([97, 63, 98]);
    expect(strings.unicodeDecode('a\u0001\n', 'UTF-8', {replaceControlCharacters: true}).array()).toEqual([
      97, 65533, 65533,
    ]);
    const decoded = (encoding: string, ...list: number[]) =>
      (strings.unicodeDecode(bytes(...list), encoding) as Tensor).array();
    expect(decoded('UTF-16-BE', 0, 0x61, 0xd8, 0x3d, 0xde, 0)).toEqual([97, 128512]);
    expect(decoded('UTF-32-BE', 0, 0, 0, 0x61)).toEqual([97]);
    expect(decoded('ISO-8859-1', 0xe9)).toEqual([233]);
    expect(decoded('windows-1252', 0x80)).toEqual([8364]);
    expect(decoded('shift_jis', 0x82, 0xa0)).toEqual([12354]);
    expect(decoded('UTF-8', 0x61, 0xe6, 0x97)).toEqual([97, 65533]);
    const [points, offsets] = strings.unicodeDecodeWithOffsets('aé\u{1f600}b', 'UTF-8');
    expect([points.array(), offsets.array()]).toEqual([
      [97, 233, 128512, 98],
      [0n, 1n, 3n, 7n],
    ]);
    const [letters, starts] = strings.unicodeSplitWithOffsets(['aé'], 'UTF-8');
    expect([letters.array(), starts.array()]).toEqual([[['a', 'é']], [[0n, 1n]]]);
    expect((strings.unicodeEncode([97, 0xd800, 0x110000], 'UTF-8') as Tensor<string>).item()).toBe('a\ufffd\ufffd');
    expect(strings.unicodeEncode(tensor([[97], [98]], 'int32'), 'UTF-16-BE').array()).toEqual(['\0a', '\0b']);
    expect(
      strings
        .unicodeTranscode('a\ufeffb', 'UTF-8', 'UTF-32-BE')
        .equal(bytes(0, 0, 0, 97, 0, 0, 0xfe, 0xff, 0, 0, 0, 98))
        .item(),
    ).toBe(true);
    expect(strings.unicodeScript([0, -1, 0x110000, 32, 0x41]).array()).toEqual([0, -1, -1, 0, 25]);
  });

  it('hash buckets of text longer than a word', () => {
    const text = ['a much longer text of more than eight bytes', '日本'];
    expect(strings.toHashBucket(text, 2 ** 40).array()).toEqual([
      2800245219072192108n % 2n ** 40n,
      978764443724395036n % 2n ** 40n,
    ]);
    expect(strings.toHashBucketFast(bytes(0xff), 10).item()).toBe(3n);
    expect(strings.toHashBucketStrong([bytes(0xff).item(), text[0] ?? ''], 1000, [2n ** 63n - 1n, 5]).array()).toEqual([
      718n,
      199n,
    ]);
  });

  it('base64, raw bytes, CSV', () => {
    expect(strings.encodeBase64(['hi', 'ÿ>?'], {pad: true}).array()).toEqual(['aGk=', 'w78-Pw==']);
    expect(strings.toBytes(strings.decodeBase64(['aGk=', 'aGk', '_-8']))).toEqual([
      Uint8Array.of(104, 105),
      Uint8Array.of(104, 105),
      Uint8Array.of(255, 239),
    ]);
    expect(strings.decodeRaw(['abcd'], 'int16').array()).toEqual([[25185, 25699]]);
    const columns = strings.decodeCsv(['"x,""y""";NA', 'z;3'], [[''], [2.5]], {fieldDelim: ';', naValue: 'NA'});
    expect(columns.map((column) => column.array())).toEqual([
      ['x,"y"', 'z'],
      [2.5, 3],
    ]);
    expect(strings.decodeCsv('1,2,3', [[0], [0]], {selectCols: [0, 2]}).map((column) => column.item())).toEqual([1, 3]);
  });

  it.each<[string, () => unknown, new (message: string) => KeratinError, string]>([
    [
      'numbers',
      () => strings.length(tensor([1]) as never),
      DtypeError,
      'strings.length: a string tensor is needed, got float32 of shape (1,)',
    ],
    [
      'unit',
      () => strings.length('a', {unit: 'UTF8' as 'BYTE'}),
      ValueError,
      "strings.length: unit must be one of 'BYTE', 'UTF8_CHAR', got \"UTF8\"",
    ],
    [
      'encoding',
      () => strings.lower('a', {encoding: 'latin' as ''}),
      ValueError,
      'strings.lower: encoding must be one of',
    ],
    [
      'join shapes',
      () => strings.join([['a', 'b'], ['c']]),
      ShapeError,
      'strings.join: inputs must be scalars or have one shape, got (2,) and (1,)',
    ],
    [
      'join nothing',
      () => strings.join([]),
      ValueError,
      'strings.join: a list of at least one input is needed, got []',
    ],
    [
      'substr',
      () => strings.substr('hello', -10, 2),
      IndexError,
      'strings.substr: pos -10 is outside of "hello", which has length 5',
    ],
    [
      'substr shapes',
      () => strings.substr('hello', [1, 2], [1]),
      ShapeError,
      'strings.substr: pos and len must have one shape, got (2,) and (1,)',
    ],
    [
      'substr dtype',
      () => strings.substr('hello', 1.5, 1),
      DtypeError,
      'strings.substr: 1.5 is not an integer, which int32 needs',
    ],
    [
      'axis',
      () => strings.reduceJoin(['a'], {axis: 1}),
      ShapeError,
      'strings.reduceJoin: axis 1 does not exist in a tensor of rank 1',
    ],
    [
      'axes',
      () => strings.reduceJoin(['a'], {axis: [0, -1]}),
      ShapeError,
      'strings.reduceJoin: axes [0, 0] name one axis twice',
    ],
    [
      'ids',
      () => strings.unsortedSegmentJoin(['a'], [3], 3),
      ValueError,
      'strings.unsortedSegmentJoin: segmentIds must be from 0 to 2, got 3',
    ],
    [
      'maxsplit',
      () => strings.split(['a'], {maxsplit: -2}),
      ValueError,
      'strings.split: maxsplit must be an integer of at least -1, got -2',
    ],
    [
      'option',
      () => strings.split(['a'], {separator: ','} as object),
      Error,
      'strings.split: unknown option "separator"; here it is called "sep"',
    ],
    [
      'width',
      () => strings.ngrams(['a'], 0),
      ValueError,
      'strings.ngrams: ngramWidth must be an integer of at least 1, got 0',
    ],
    ['no row', () => strings.ngrams('a', 2), ValueError, 'strings.ngrams: a list of strings is needed, got "a"'],
    [
      'pattern',
      () => strings.regexReplace('a', '(', ''),
      ValueError,
      'strings.regexReplace: "(" is no regular expression of RE2',
    ],
    [
      'rewrite',
      () => strings.regexReplace('a', 'b', '\\1'),
      ValueError,
      'strings.regexReplace: a backslash in rewrite stands before another one or a group from 0 to 0',
    ],
    [
      'integer',
      () => strings.toNumber('1.0', 'int32'),
      ValueError,
      'strings.toNumber: element 0, "1.0", does not read as a number of int32',
    ],
    ['overflow', () => strings.toNumber('2147483648', 'int32'), ValueError, 'does not read as a number of int32'],
    ['underscore', () => strings.toNumber('1_0'), ValueError, 'does not read as a number of float32'],
    [
      'precision',
      () => strings.asString(tensor(1, 'int32'), {precision: 3}),
      ValueError,
      'strings.asString: precision, scientific and shortest are for floating numbers, got int32',
    ],
    [
      'both',
      () => strings.asString(1, {scientific: true, shortest: true}),
      ValueError,
      'strings.asString: scientific and shortest exclude each other',
    ],
    ['fill', () => strings.asString(1, {fill: 'x' as '0'}), ValueError, 'strings.asString: fill must be one of'],
    [
      'template',
      () => strings.format('{} {}', tensor(1)),
      ValueError,
      'strings.format: the template has 2 times "{}", got 1 inputs',
    ],
    [
      'buckets',
      () => strings.toHashBucketFast('a', 0),
      ValueError,
      'strings.toHashBucketFast: numBuckets must be an integer of at least 1, got 0',
    ],
    [
      'key',
      () => strings.toHashBucketStrong('a', 2, [1] as never),
      ValueError,
      'strings.toHashBucketStrong: key must be two integers, got [1]',
    ],
    [
      'strict',
      () => strings.unicodeDecode(bytes(0xff), 'UTF-8', {errors: 'strict'}),
      ValueError,
      "strings.unicodeDecode: the text is malformed at byte 0; errors: 'replace' goes on",
    ],
    ['charset', () => strings.unicodeDecode('a', 'foo'), ValueError, 'strings.unicodeDecode: unknown encoding "foo"'],
    [
      'output',
      () => strings.unicodeTranscode('a', 'UTF-8', 'UTF-7' as 'UTF-8'),
      ValueError,
      "strings.unicodeTranscode: outputEncoding must be one of 'UTF-8', 'UTF-16-BE', 'UTF-32-BE', got \"UTF-7\"",
    ],
    [
      'scalar',
      () => strings.unicodeEncode(97, 'UTF-8'),
      ShapeError,
      'strings.unicodeEncode: rows of code points are needed, got 97',
    ],
    [
      'replacement',
      () => strings.unicodeDecode('a', 'UTF-8', {replacementChar: -1}),
      ValueError,
      'strings.unicodeDecode: replacementChar must be a code point, got -1',
    ],
    [
      'base64',
      () => strings.decodeBase64('a'),
      ValueError,
      'strings.decodeBase64: "a" is no base64 with the letters for URLs',
    ],
    [
      'raw lengths',
      () => strings.decodeRaw(['abcd', 'ab'], 'uint8'),
      ShapeError,
      'strings.decodeRaw: strings must all have one length',
    ],
    [
      'raw dtype',
      () => strings.decodeRaw(['ab'], 'float16'),
      DtypeError,
      'strings.decodeRaw: bytes are read as integers',
    ],
    [
      'quotes',
      () => strings.decodeCsv('a "b"', [['']]),
      ValueError,
      'strings.decodeCsv: a field without quotes around it has none inside',
    ],
    [
      'fields',
      () => strings.decodeCsv('1,2', [[0]]),
      ValueError,
      'strings.decodeCsv: record 0 has 2 fields, 1 columns are asked for',
    ],
    [
      'required',
      () => strings.decodeCsv('', [tensor([], 'int32')]),
      ValueError,
      'strings.decodeCsv: field 0 of record 0 must have a value',
    ],
    [
      'symbolic',
      () => strings.upper(symbolicTensor<string>({shape: [2], dtype: 'string'})),
      SymbolicTensorError,
      'strings.upper: a symbolic tensor',
    ],
    ['disposed', () => strings.upper(disposed()), DisposedError, 'strings.upper: this tensor was disposed of'],
  ])('refuse: %s', (_, fn, type, message) => {
    expect(fn).toThrow(type);
    expect(fn).toThrow(message);
  });
});
