import {ragged, strings, tensor} from '../../index.js';
import {type Cases, throws} from './case.js';

export const STRINGS: Cases = {
  'strings/length(s)': ({s}) => strings.length(s),
  "strings/length(s, unit='UTF8_CHAR')": ({s}) => strings.length(s, {unit: 'UTF8_CHAR'}),
  'strings/upper(s)': ({s}) => strings.upper(s),
  'strings/lower(s)': ({s}) => strings.lower(s),
  "strings/upper(s, encoding='utf-8')": ({s}) => strings.upper(s, {encoding: 'utf-8'}),
  "strings/join([s, s], separator='-')": ({s}) => strings.join([s, s], {separator: '-'}),
  "strings/join(['a', tf.constant(['x', 'y'])])": () => strings.join(['a', tensor(['x', 'y'])]),
  'strings/split(w)': ({w}) => strings.split(w),
  "strings/split(w, sep=' ')": ({w}) => strings.split(w, {sep: ' '}),
  "strings/split('a,b,,c', sep=',')": () => strings.split('a,b,,c', {sep: ','}),
  'strings/split(w, maxsplit=1)': ({w}) => strings.split(w, {maxsplit: 1}),
  'strings/substr(s[:2], 1, 2)': ({s}) => strings.substr(s.at(':2'), 1, 2),
  "strings/substr(s[3:5], 1, 1, unit='UTF8_CHAR')": ({s}) => strings.substr(s.at('3:5'), 1, 1, {unit: 'UTF8_CHAR'}),
  'strings/substr(s[:2], -2, 2)': ({s}) => strings.substr(s.at(':2'), -2, 2),
  "strings/regex_replace(s, '[aeiou]', '*')": ({s}) => strings.regexReplace(s, '[aeiou]', '*'),
  "strings/regex_replace(s, 'l+', 'L', replace_global=False)": ({s}) =>
    strings.regexReplace(s, 'l+', 'L', {replaceGlobal: false}),
  "strings/regex_replace(s[1:2], '(A)(B)', r'\\2\\1')": ({s}) => strings.regexReplace(s.at('1:2'), '(A)(B)', '\\2\\1'),
  "strings/regex_full_match(s, '[A-Z].*')": ({s}) => strings.regexFullMatch(s, '[A-Z].*'),
  'strings/strip(s)': ({s}) => strings.strip(s),
  'strings/to_number(n)': ({n}) => strings.toNumber(n),
  "strings/to_number(['1', '-7'], tf.int32)": () => strings.toNumber(['1', '-7'], 'int32'),
  'strings/to_hash_bucket_fast(s, 100)': ({s}) => strings.toHashBucketFast(s, 100),
  'strings/to_hash_bucket_fast(s, 2**40)': ({s}) => strings.toHashBucketFast(s, 2 ** 40),
  'strings/to_hash_bucket_strong(s, 100, [1, 2])': ({s}) => strings.toHashBucketStrong(s, 100, [1, 2]),
  'strings/to_hash_bucket(s, 97)': ({s}) => strings.toHashBucket(s, 97),
  "strings/unicode_decode(s[3:5], 'UTF-8')": ({s}) => strings.unicodeDecode(s.at('3:5'), 'UTF-8'),
  "strings/unicode_encode(tf.ragged.constant([[104, 233], [26085]]), 'UTF-8')": () =>
    strings.unicodeEncode(ragged.constant([[104, 233], [26085]], 'int32'), 'UTF-8'),
  "strings/unicode_split(s[3:5], 'UTF-8')": ({s}) => strings.unicodeSplit(s.at('3:5'), 'UTF-8'),
  'strings/unicode_script([97, 1073, 26085])': () => strings.unicodeScript([97, 1073, 26085]),
  "strings/unicode_transcode(s[3:4], 'UTF-8', 'UTF-16-BE')": ({s}) =>
    strings.unicodeTranscode(s.at('3:4'), 'UTF-8', 'UTF-16-BE'),
  "strings/reduce_join([['a', 'b'], ['c', 'd']])": () =>
    strings.reduceJoin([
      ['a', 'b'],
      ['c', 'd'],
    ]),
  "strings/reduce_join([['a', 'b'], ['c', 'd']], axis=0, separator='+')": () =>
    strings.reduceJoin(
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      {axis: 0, separator: '+'},
    ),
  'strings/bytes_split(s[:2])': ({s}) => strings.bytesSplit(s.at(':2')),
  'strings/as_string([1, 22, -3])': () => strings.asString(tensor([1, 22, -3], 'int32')),
  'strings/as_string([1.5, 2.25], precision=2)': () => strings.asString([1.5, 2.25], {precision: 2}),
  "strings/as_string([3, 14], width=4, fill='0')": () =>
    strings.asString(tensor([3, 14], 'int32'), {width: 4, fill: '0'}),
  'strings/as_string([True, False])': () => strings.asString([true, false]),
  'strings/as_string([1.5, 1e10, 0.1])': () => strings.asString([1.5, 1e10, 0.1]),
  "strings/format('x={} y={}', (tf.constant([1, 2]), tf.constant(3.5)))": () =>
    strings.format('x={} y={}', [tensor([1, 2], 'int32'), tensor(3.5)]),
  "strings/ngrams(['a', 'b', 'c'], 2)": () => strings.ngrams(['a', 'b', 'c'], 2),
  "strings/unsorted_segment_join(['a', 'b', 'c'], [1, 0, 1], 2)": () =>
    strings.unsortedSegmentJoin(['a', 'b', 'c'], [1, 0, 1], 2),
  "strings/s == 'Hello'": ({s}) => s.equal('Hello'),
  "strings/tf.constant('ab') + tf.constant('cd')": () => strings.join([tensor('ab'), tensor('cd')]),
  'strings/s[0].numpy().decode()': ({s}) => s.at(0).item(),
  "strings/regex_replace('a1b22', '[0-9]+', '#')": () => strings.regexReplace('a1b22', '[0-9]+', '#'),
  "strings/tf.io.decode_raw(tf.constant(['ab']), tf.uint8)": () => strings.decodeRaw(tensor(['ab']), 'uint8'),
  "strings/tf.io.decode_csv(['1,2.5,x', '3,,y'], [[0], [0.5], ['']])": () =>
    strings.decodeCsv(['1,2.5,x', '3,,y'], [tensor([0], 'int32'), [0.5], ['']]),
  "strings/tf.io.encode_base64(tf.constant('hi!'))": () => strings.encodeBase64(tensor('hi!')),
  "strings/unicode_decode_with_offsets(s[3], 'UTF-8')": ({s}) => strings.unicodeDecodeWithOffsets(s.at(3), 'UTF-8'),
  'strings/to_number-bad': throws(
    () => strings.toNumber(['1.5', 'x']),
    'strings.toNumber: element 1, "x", does not read as a number of float32',
  ),
  'strings/substr-out-of-range': throws(
    () => strings.substr('abc', 5, 1),
    'strings.substr: pos 5 is outside of "abc", which has length 3',
  ),
};
