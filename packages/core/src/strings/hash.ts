import {createRequire} from 'node:module';
import type * as Farmhash from 'farmhash-modern';
import type Siphash from 'siphash';
import {ValueError} from '../errors.js';
import {lazy} from '../lazy.js';
import {concrete} from '../shape.js';
import {describe} from '../suggest.js';
import {tensor} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {textOf} from '../tensor/text.js';
import {checkInteger, type Strings, toText} from './arguments.js';
import {encodeText} from './bytes.js';

const require = createRequire(import.meta.url);
const farmhash = lazy(() => require('farmhash-modern') as typeof Farmhash);
const siphash = lazy(() => require('siphash') as typeof Siphash);

function buckets(op: string, x: Strings, numBuckets: number, hash: (bytes: Uint8Array) => bigint): Tensor<bigint> {
  const value = toText(x, op);
  const count = BigInt(checkInteger(op, 'numBuckets', numBuckets, 1));
  const chosen = BigInt64Array.from(textOf(value), (text) => BigInt.asUintN(64, hash(encodeText(text))) % count);
  return tensor(chosen, {shape: concrete(value.shape)});
}

/** A bucket from 0 to numBuckets - 1 for each string, by FarmHash's Fingerprint64: the same everywhere and always. int64. */
export const toHashBucketFast = (x: Strings, numBuckets: number): Tensor<bigint> =>
  buckets('strings.toHashBucketFast', x, numBuckets, farmhash().fingerprint64);

/** A bucket for each string by SipHash-2-4 with a key of two 64-bit numbers, so that nobody can make strings collide. int64. */
export function toHashBucketStrong(
  x: Strings,
  numBuckets: number,
  key: readonly [number | bigint, number | bigint],
): Tensor<bigint> {
  const op = 'strings.toHashBucketStrong';
  const parts: unknown = key;
  const isWord = (part: unknown) => typeof part === 'bigint' || Number.isInteger(part);
  if (!Array.isArray(parts) || parts.length !== 2 || !parts.every(isWord)) {
    throw new ValueError(`${op}: key must be two integers, got ${describe(key)}`);
  }
  // Low words first.
  const words = new Uint32Array(
    BigUint64Array.from<number | bigint>(key, (part) => BigInt.asUintN(64, BigInt(part))).buffer,
  );
  return buckets(op, x, numBuckets, (bytes) => {
    const {h, l} = siphash().hash(words, bytes);
    return (BigInt(h) << 32n) | BigInt(l >>> 0);
  });
}

/** A bucket for each string by the hash that TensorFlow had first; `toHashBucketFast` is better. int64. */
export const toHashBucket = (x: Strings, numBuckets: number): Tensor<bigint> =>
  buckets('strings.toHashBucket', x, numBuckets, murmur64);

const SEED = 0xdecafcaffen;
const FACTOR = 0xc6a4a7935bd1e995n;
const product = (a: bigint, b: bigint): bigint => BigInt.asUintN(64, a * b);

/** MurmurHash64A by Austin Appleby, with TensorFlow's seed. */
function murmur64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = SEED ^ product(BigInt(bytes.length), FACTOR);
  const end = bytes.length - (bytes.length % 8);
  for (let at = 0; at < end; at += 8) {
    const mixed = product(view.getBigUint64(at, true), FACTOR);
    hash = product(hash ^ product(mixed ^ (mixed >> 47n), FACTOR), FACTOR);
  }
  if (end < bytes.length) {
    let rest = 0n;
    for (let at = bytes.length - 1; at >= end; at--) rest = (rest << 8n) | BigInt(bytes[at] ?? 0);
    hash = product(hash ^ rest, FACTOR);
  }
  hash = product(hash ^ (hash >> 47n), FACTOR);
  return hash ^ (hash >> 47n);
}

/** FarmHash's way to make one fingerprint of two. */
function joined(a: bigint, b: bigint): bigint {
  const mixed = product(b, FACTOR);
  let hash = a ^ FACTOR ^ product(mixed ^ (mixed >> 47n), FACTOR);
  hash = product(hash, FACTOR);
  hash = product(hash ^ (hash >> 47n), FACTOR);
  return hash ^ (hash >> 47n);
}

/**
 * A bucket for each combination of elements of several columns, as TensorFlow's `tf.sparse.cross_hashed` makes them.
 *
 * @internal
 * @param columns for each feature its strings or integers, one for each row
 */
export function crossedBuckets(columns: readonly (readonly (string | bigint)[])[], numBuckets: number): bigint[] {
  const count = BigInt(numBuckets);
  const {fingerprint64} = farmhash();
  const fingerprint = (value: string | bigint): bigint =>
    BigInt.asUintN(64, typeof value === 'string' ? fingerprint64(encodeText(value)) : value);
  return (columns[0] ?? []).map(
    (_, row) => columns.reduce((hash, column) => joined(hash, fingerprint(column[row] ?? 0n)), SEED) % count,
  );
}
