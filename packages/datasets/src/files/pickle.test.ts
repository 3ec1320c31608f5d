import {FileFormatError, isTensor} from '@keratin/core';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {readPickle} from './pickle.js';
import {PickledArray, type PickledValue, Tuple} from './pickle-values.js';

// Written by Python 3.11 (pickle.dumps) with NumPy 2.4; those of Python 2 by hand after its documentation.

const hex = (text: string): Uint8Array => Buffer.from(text.replace(/\s/g, ''), 'hex');
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Plain JavaScript of a pickled value. */
function plain(value: PickledValue): unknown {
  if (value instanceof Tuple) return {tuple: value.values.map(plain)};
  if (value instanceof Uint8Array) return {bytes: Buffer.from(value).toString('latin1')};
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof PickledArray) {
    const refuse = (problem: string): never => {
      throw new Error(problem);
    };
    try {
      return value.objects(refuse).map(plain);
    } catch {
      const tensor = value.tensor(refuse);
      return isTensor(tensor) ? {dtype: tensor.dtype, shape: tensor.shape, array: tensor.array()} : null;
    }
  }
  return value;
}
const read = (bytes: Uint8Array): unknown => plain(readPickle(bytes, 'p'));

// {'a': [1, -2, 300, 70000, 2**40, 1.5], 'b': (True, None), 'c': b'xy', 'd': 'é'}
const EXPECTED = {a: [1, -2, 300, 70000, 2 ** 40, 1.5], b: {tuple: [true, null]}, c: {bytes: 'xy'}, d: 'é'};
const PROTOCOLS: Readonly<Record<string, string>> = {
  '2': '80027d71002858010000006171015d7102284b014afeffffff4d2c014a701101008a06000000000001473ff8000000000000655801000000627103884e8671045801000000637105635f636f646563730a656e636f64650a710658020000007879710758060000006c6174696e31710886710952710a580100000064710b5802000000c3a9710c752e',
  '3': '80037d71002858010000006171015d7102284b014afeffffff4d2c014a701101008a06000000000001473ff8000000000000655801000000627103884e867104580100000063710543027879710658010000006471075802000000c3a97108752e',
  '4': '80049547000000000000007d94288c0161945d94284b014afeffffff4d2c014a701101008a06000000000001473ff8000000000000658c016294884e86948c01639443027879948c0164948c02c3a994752e',
  '5': '80059547000000000000007d94288c0161945d94284b014afeffffff4d2c014a701101008a06000000000001473ff8000000000000658c016294884e86948c01639443027879948c0164948c02c3a994752e',
};

describe('values of Python', () => {
  test.each(Object.entries(PROTOCOLS))('protocol %s', (_, text) => {
    expect(read(hex(text))).toEqual(EXPECTED);
  });

  test('text of Python 2 comes as bytes, keys as text', () => {
    // {'data': 'a', u'n': 7L} by protocol 2 and 0
    expect(read(ascii('\x80\x02}q\x00(U\x04dataq\x01U\x01aX\x01\x00\x00\x00n\x8a\x01\x07u.'))).toEqual({
      data: {bytes: 'a'},
      n: 7,
    });
    expect(read(ascii("(dp0\nS'data'\np1\nS'a'\np2\nsVn\np3\nL7L\ns."))).toEqual({data: {bytes: 'a'}, n: 7});
  });
});

const ARRAYS: readonly (readonly [what: string, pickle: string, value: unknown])[] = [
  [
    'an object array, protocol 2',
    '8002636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b00857102635f636f646563730a656e636f64650a7103580100000062710458060000006c6174696e317105867106527107877108527109284b014b0385710a636e756d70790a64747970650a710b58020000004f38710c898887710d52710e284b0358010000007c710f4e4e4e4affffffff4affffffff4b3f74711062895d7111285d7112284b014b02655d71134b03615d711465747115622e',
    [[1, 2], [3], []],
  ],
  [
    'an object array, protocol 4',
    '80049599000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b03859468038c0564747970659493948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff4b3f749462895d94285d94284b014b02655d944b03615d94657494622e',
    [[1, 2], [3], []],
  ],
  [
    'uint8, protocol 2',
    '8002636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b00857102635f636f646563730a656e636f64650a7103580100000062710458060000006c6174696e317105867106527107877108527109284b014b024b0386710a636e756d70790a64747970650a710b58020000007531710c898887710d52710e284b0358010000007c710f4e4e4e4affffffff4affffffff4b0074711062896803580600000000010203040571116805867112527113747114622e',
    {
      dtype: 'uint8',
      shape: [2, 3],
      array: [
        [0, 1, 2],
        [3, 4, 5],
      ],
    },
  ],
  [
    'uint8, protocol 4',
    '80049591000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b024b03869468038c0564747970659493948c02753194898887945294284b038c017c944e4e4e4affffffff4affffffff4b00749462894306000102030405947494622e',
    {
      dtype: 'uint8',
      shape: [2, 3],
      array: [
        [0, 1, 2],
        [3, 4, 5],
      ],
    },
  ],
  [
    'big-endian float32, protocol 3',
    '8003636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b008571024301627103877104527105284b014b02857106636e756d70790a64747970650a7107580200000066347108898887710952710a284b0358010000003e710b4e4e4e4affffffff4affffffff4b0074710c628943083fc00000c0000000710d74710e622e',
    {dtype: 'float32', shape: [2], array: [1.5, -2.0]},
  ],
];

describe("NumPy's arrays", () => {
  test.each(ARRAYS)('%s', (_, text, expected) => {
    expect(read(hex(text))).toEqual(expected);
  });
});

describe('refuses', () => {
  test.each([
    [
      'a function of the system',
      'cos\nsystem\n(S"true"\ntR.',
      'the pickle names "os.system"; only NumPy\'s arrays are read',
    ],
    ['a built-in one', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93.', 'the pickle names "builtins.eval"'],
    ['a call of what is no function', 'I1\n(tR.', 'it calls what is no function'],
    ['a new object', '\x80\x02)\x81.', 'instruction 0x81 at byte 3 is not one of data'],
    ['an end within a value', '\x80\x02X\xff\xff\xff\x7fab', 'it ends within a value'],
    ['an unknown memory', '\x80\x02h\x05.', 'it recalls value 5, which is not there'],
    ['an empty stack', '.', 'it takes a value that is not there'],
    ['values that are left', 'I1\nI2\n.', 'values are left over'],
    ['no end', '', 'it ends within a value'],
    ['a mark that is missing', 'e.', 'a mark is missing'],
    ['a newer protocol', '\x80\x09.', 'its protocol is newer than 5'],
    ['a huge integer', '\x8b\xff\xff\xff\x7f.', 'an integer is too large'],
  ])('%s', (_, text, message) => {
    expect(() => readPickle(ascii(text), 'p')).toThrow(message);
  });

  test('whatever bytes change: a value or a FileFormatError', () => {
    const sources = [...Object.values(PROTOCOLS), ...ARRAYS.map(([, text]) => text)].map(hex);
    const runs = Number(process.env['KERATIN_FUZZ'] ?? 1000);
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.nat(), fc.nat(255), fc.nat(), (source, at, byte, cut) => {
        const changed = Uint8Array.from(source);
        changed[at % source.length] = byte;
        const bytes = cut % 4 === 0 ? changed.subarray(0, cut % source.length) : changed;
        try {
          readPickle(bytes, 'p');
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError);
        }
      }),
      {numRuns: runs},
    );
  });
});
