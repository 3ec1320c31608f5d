/** Operations on string tensors, under TensorFlow's names in camelCase. */
export {type Strings} from './arguments.js';
export {type CaseOptions, lower, strip, upper} from './case.js';
export {decodeBase64, decodeCsv, type DecodeCsvOptions, decodeRaw, encodeBase64} from './codec.js';
export {type CodeOptions, type OutputEncoding} from './codes.js';
export {toHashBucket, toHashBucketFast, toHashBucketStrong} from './hash.js';
export {join, type JoinOptions, reduceJoin, type ReduceJoinOptions, unsortedSegmentJoin} from './join.js';
export {asString, type AsStringOptions, format, type FormatOptions, type ParsedDType, toNumber} from './numbers.js';
export {bytesSplit, fromBytes, length, substr, toBytes, type UnitOptions} from './parts.js';
export {regexFullMatch, regexReplace, type RegexReplaceOptions} from './regex.js';
export {type Lists} from './rows.js';
export {ngrams, type NgramsOptions, split, type SplitOptions} from './split.js';
export {
  unicodeDecode,
  unicodeDecodeWithOffsets,
  unicodeEncode,
  unicodeScript,
  unicodeSplit,
  unicodeSplitWithOffsets,
  unicodeTranscode,
} from './unicode.js';
