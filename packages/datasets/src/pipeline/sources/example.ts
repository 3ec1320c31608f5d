import {type DType, type Element, FileFormatError, isTensor, type Tensor, tensor, ValueError} from '@keratin/core';
import {describe, isFloating, isInteger, isPlainObject, show} from '@keratin/core/internal';
import {BYTES, bytesField, FIXED32, fieldsOf, readVarint, varint} from './wire.js';

// tensorflow/core/example/feature.proto: Example {1: Features {1: map of name and Feature {1: bytes, 2: floats, 3: int64s}}}.

/** What a feature's values become: `'bytes'` stay Uint8Arrays, `'string'` is UTF-8 text. */
export type FeatureDType = 'float32' | 'int64' | 'int32' | 'string' | 'bytes';

/** What a feature of a dtype gives. */
export type FeatureValue<D extends FeatureDType, S extends readonly number[] | null> = D extends 'bytes'
  ? S extends readonly []
    ? Uint8Array
    : readonly Uint8Array[]
  : Tensor<D extends 'int64' ? bigint : D extends 'string' ? string : number>;

/** A feature with a known number of values. (TensorFlow's `tf.io.FixedLenFeature`.) */
export class FixedLenFeature<
  const D extends FeatureDType = FeatureDType,
  const S extends readonly number[] = readonly number[],
> {
  /** @param defaultValue for examples without the feature; one value for all entries; default: such examples are errors */
  constructor(
    readonly shape: S,
    readonly dtype: D,
    readonly defaultValue?: number | bigint | string | undefined,
  ) {
    checkFeature('FixedLenFeature', dtype);
    if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0)) {
      throw new ValueError(`FixedLenFeature: shape must be a list of sizes, got ${describe(shape)}`);
    }
  }
}

/** A feature with any number of values, as a tensor (n,); (0,) where an example has none. (TensorFlow's `tf.io.VarLenFeature`.) */
export class VarLenFeature<const D extends FeatureDType = FeatureDType> {
  constructor(readonly dtype: D) {
    checkFeature('VarLenFeature', dtype);
  }
}

/** Features by name. */
export type FeatureSpecs = Readonly<Record<string, FixedLenFeature | VarLenFeature>>;

/** What an example becomes. */
export type ParsedExample<F extends FeatureSpecs> = {
  readonly [K in keyof F]: F[K] extends FixedLenFeature<infer D, infer S>
    ? FeatureValue<D, S>
    : F[K] extends VarLenFeature<infer D>
      ? FeatureValue<D, null>
      : never;
};

const KINDS: Readonly<Record<FeatureDType, Values['kind']>> = {
  float32: 'float',
  int64: 'int64',
  int32: 'int64',
  string: 'bytes',
  bytes: 'bytes',
};

function checkFeature(name: string, dtype: unknown): void {
  if (typeof dtype === 'string' && dtype in KINDS) return;
  throw new ValueError(`${name}: dtype must be one of ${Object.keys(KINDS).join(', ')}, got ${describe(dtype)}`);
}

type Values =
  | {readonly kind: 'bytes'; readonly values: readonly Uint8Array[]}
  | {readonly kind: 'float'; readonly values: readonly number[]}
  | {readonly kind: 'int64'; readonly values: readonly bigint[]};

/**
 * The features of a `tf.train.Example`, as TFRecord files hold them.
 *
 * @throws FileFormatError for bytes that are none; ValueError where a feature is missing, of another kind or size
 *
 * @example
 * const features = {image: new data.FixedLenFeature([], 'bytes'), label: new data.FixedLenFeature([], 'int64')};
 * const examples = Dataset.tfrecord('train.tfrecord').map((record) => data.parseExample(record, features));
 */
export function parseExample<const F extends FeatureSpecs>(record: Uint8Array, features: F): ParsedExample<F> {
  const op = 'parseExample';
  if (!(record instanceof Uint8Array))
    throw new ValueError(`${op}: a record's bytes are needed, got ${describe(record)}`);
  if (!isPlainObject(features)) throw new ValueError(`${op}: features by name are needed, got ${describe(features)}`);
  const found = readExample(Buffer.from(record.buffer, record.byteOffset, record.length), op);
  const parsed = Object.entries(features).map(([name, spec]) => {
    const where = `${op}: feature "${name}"`;
    if (!(spec instanceof FixedLenFeature) && !(spec instanceof VarLenFeature)) {
      throw new ValueError(`${where} must be given as a FixedLenFeature or VarLenFeature, got ${describe(spec)}`);
    }
    const values = found.get(name);
    const {dtype} = spec;
    if (values !== undefined && values.values.length > 0 && values.kind !== KINDS[dtype]) {
      throw new ValueError(`${where} holds ${values.kind}s in the record, ${dtype} was asked for`);
    }
    return [name, spec instanceof VarLenFeature ? whole(where, values, spec) : fixed(where, values, spec)] as const;
  });
  return Object.fromEntries(parsed) as ParsedExample<F>;
}

function whole(where: string, values: Values | undefined, {dtype}: VarLenFeature): unknown {
  return made(where, values?.values ?? [], dtype, [values?.values.length ?? 0]);
}

function fixed(where: string, values: Values | undefined, {shape, dtype, defaultValue}: FixedLenFeature): unknown {
  const size = shape.reduce((product, n) => product * n, 1);
  const list: readonly unknown[] = values?.values ?? [];
  if (list.length === 0 && size > 0) {
    if (defaultValue === undefined) throw new ValueError(`${where} is missing in the record and has no defaultValue`);
    const value =
      KINDS[dtype] === 'int64'
        ? BigInt(defaultValue)
        : KINDS[dtype] === 'bytes'
          ? Buffer.from(String(defaultValue))
          : Number(defaultValue);
    return made(
      where,
      Array.from({length: size}, () => value),
      dtype,
      shape,
    );
  }
  if (list.length !== size) {
    throw new ValueError(`${where} has ${String(list.length)} values, shape ${show(shape)} needs ${String(size)}`);
  }
  return made(where, list, dtype, shape);
}

function made(where: string, values: readonly unknown[], dtype: FeatureDType, shape: readonly number[]): unknown {
  switch (dtype) {
    case 'float32':
      return tensor(Float32Array.from(values as number[]), {shape});
    case 'int64':
      return tensor(BigInt64Array.from(values as bigint[]), {shape});
    case 'int32': {
      const odd = (values as bigint[]).find((value) => BigInt.asIntN(32, value) !== value);
      if (odd !== undefined) throw new ValueError(`${where}: ${String(odd)} does not fit int32; ask for int64`);
      return tensor(Int32Array.from(values as bigint[], Number), {shape});
    }
    case 'bytes':
      return shape.length === 0 ? values[0] : values;
    case 'string':
      return tensor(
        (values as Uint8Array[]).map((bytes) => textOf(where, bytes)),
        {shape, dtype: 'string'},
      );
    default:
      return dtype satisfies never;
  }
}

function textOf(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch (cause) {
    throw new ValueError(`${where} holds bytes that are no UTF-8 text; ask for 'bytes'`, {cause});
  }
}

function readExample(bytes: Buffer, op: string): ReadonlyMap<string, Values> {
  const label = `${op}: the record is no Example: it`;
  const features = new Map<string, Values>();
  for (const {number, kind, bytes: all} of fieldsOf(bytes, label)) {
    if (number !== 1 || kind !== BYTES) continue;
    for (const entry of fieldsOf(all, label)) {
      if (entry.number !== 1 || entry.kind !== BYTES) continue;
      let name = '';
      let values: Values = {kind: 'bytes', values: []};
      for (const part of fieldsOf(entry.bytes, label)) {
        if (part.number === 1) name = part.bytes.toString('utf8');
        if (part.number === 2) values = readFeature(part.bytes, label);
      }
      features.set(name, values);
    }
  }
  return features;
}

function readFeature(bytes: Buffer, label: string): Values {
  let values: Values = {kind: 'bytes', values: []};
  for (const {number, bytes: list} of fieldsOf(bytes, label)) {
    const fields = [...fieldsOf(list, label)].filter((field) => field.number === 1);
    if (number === 1) {
      // A copy: the record's memory may be large.
      values = {kind: 'bytes', values: fields.map((field) => Uint8Array.from(field.bytes))};
    } else if (number === 2) {
      values = {kind: 'float', values: fields.flatMap((field) => floatsIn(field.bytes, field.kind, label))};
    } else if (number === 3) {
      const integers = fields.flatMap((field) =>
        field.kind === BYTES ? integersIn(field.bytes, label) : [field.integer],
      );
      values = {kind: 'int64', values: integers.map((value) => BigInt.asIntN(64, value))};
    }
  }
  return values;
}

function floatsIn(bytes: Buffer, kind: number, label: string): number[] {
  if ((kind !== BYTES && kind !== FIXED32) || bytes.length % 4 !== 0)
    throw new FileFormatError(`${label} has floats that are none`);
  return Array.from({length: bytes.length / 4}, (_, i) => bytes.readFloatLE(4 * i));
}

function integersIn(bytes: Buffer, label: string): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length;) {
    const [value, next] = readVarint(bytes, at, label);
    values.push(value);
    at = next;
  }
  return values;
}

/** What a feature can be written from. */
export type ExampleValue =
  | Tensor<Element>
  | Tensor
  | Tensor<bigint>
  | Tensor<string>
  | number
  | bigint
  | string
  | Uint8Array
  | readonly number[]
  | readonly bigint[]
  | readonly string[]
  | readonly Uint8Array[];

/**
 * The bytes of a `tf.train.Example`: numbers and float tensors become floats, bigints and integer tensors int64s, text and bytes byte
 * strings.
 *
 * @throws ValueError for values that are none of them
 *
 * @example
 * await data.writeTfrecord('train.tfrecord', [data.encodeExample({image: bytes, label: 3n, weights: [0.5, 1]})]);
 */
export function encodeExample(features: Readonly<Record<string, ExampleValue>>): Uint8Array {
  const op = 'encodeExample';
  if (!isPlainObject(features)) throw new ValueError(`${op}: features by name are needed, got ${describe(features)}`);
  const entries = Object.keys(features)
    .sort()
    .map((name) => {
      const feature = encodeFeature(`${op}: feature "${name}"`, features[name]);
      return bytesField(1, Buffer.concat([bytesField(1, Buffer.from(name)), bytesField(2, feature)]));
    });
  return bytesField(1, Buffer.concat(entries));
}

function encodeFeature(where: string, value: unknown): Buffer {
  const list: readonly unknown[] = isTensor(value) ? plainOf(where, value) : Array.isArray(value) ? value : [value];
  const [first] = list;
  if (list.length === 0) return bytesField(1, Buffer.alloc(0));
  if (list.every((entry) => typeof entry === 'number')) {
    const floats = Buffer.alloc(4 * list.length);
    list.forEach((entry, i) => floats.writeFloatLE(entry, 4 * i));
    return bytesField(2, bytesField(1, floats));
  }
  if (list.every((entry) => typeof entry === 'bigint'))
    return bytesField(3, bytesField(1, Buffer.concat(list.map(varint))));
  if (list.every((entry) => typeof entry === 'string' || entry instanceof Uint8Array)) {
    const parts = list.map((entry) => bytesField(1, typeof entry === 'string' ? Buffer.from(entry) : entry));
    return bytesField(1, Buffer.concat(parts));
  }
  throw new ValueError(`${where} must be numbers, bigints, text or bytes, all of one kind, got ${describe(first)}`);
}

function plainOf(where: string, value: Tensor<Element>): readonly unknown[] {
  const {dtype} = value as {readonly dtype: DType};
  if (dtype === 'string') return (value.reshape([-1]) as Tensor<string>).array(1);
  const numbers = value.data() as ArrayLike<number | bigint>;
  if (isInteger(dtype) || dtype === 'bool') return Array.from(numbers, BigInt);
  if (isFloating(dtype)) return Array.from(numbers, Number);
  throw new ValueError(`${where}: an Example holds no ${dtype}`);
}
