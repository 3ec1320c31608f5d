import {
  type Config,
  type DType,
  DtypeError,
  type Element,
  ops,
  type Shape,
  strings,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {describe, isFloating, isSymbolic, symbolicTensor} from '@keratin/core/internal';
import {checkCount} from '../layer/arguments.js';
import {type DTypePolicyName} from '../layer/dtype-policy.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {encode, encodedShape, type EncodingMode, modeOption, sparseOption, sparseOr} from './encoding.js';

/** A key of two 64-bit numbers; one number stands for twice the same. */
export type Salt = number | readonly [number, number];

/** Options of {@link Hashing}. */
export interface HashingOptions extends LayerOptions {
  /** Of the outputs: int64 (the default) or int32 for bins; any floating one for vectors. */
  dtype?: DTypePolicyName | undefined;
  /** A value whose bin is 0; all others then go to the bins from 1 on. Default: none. */
  maskValue?: string | number | null | undefined;
  /** The key of SipHash64, instead of FarmHash64 without a key: nobody can then make values collide. */
  salt?: Salt | null | undefined;
  /** The bin itself (`'int'`, the default), or vectors: one for each element, or the bins of a sample marked or counted. */
  outputMode?: EncodingMode | 'binary' | undefined;
  /** Whether vectors are SparseTensors. Default false. */
  sparse?: boolean | undefined;
}

/** The `salt` option as two numbers. */
export function saltOption(where: string, salt: unknown): readonly [number, number] | null {
  if (salt === undefined || salt === null) return null;
  const list: readonly unknown[] = Array.isArray(salt) ? salt : [salt, salt];
  const [a, b] = list;
  if (list.length === 2 && Number.isInteger(a) && Number.isInteger(b)) return [a as number, b as number];
  throw new ValueError(`${where}: salt must be an integer or two of them, got ${describe(salt)}`);
}

/**
 * Strings or integers to one of `numBins` bins by a hash: no vocabulary is needed, and different values may share a bin. Floating numbers
 * are cut to integers.
 *
 * @typeParam O what comes out: `SparseTensor` where `sparse` is asked for
 * @example
 * new layers.Hashing(3)([['A'], ['B'], ['C']]).array(); // [[1n], [0n], [1n]]
 */
export class Hashing<O = Tensor> extends Layer<Tensor<Element>, O> {
  static override readonly positional = ['numBins'];
  readonly numBins: number;
  readonly maskValue: string | number | null;
  readonly salt: readonly [number, number] | null;
  readonly outputMode: EncodingMode;
  readonly sparse: boolean;

  /** @param numBins how many bins there are, with that of `maskValue` */
  constructor(numBins: number, options: HashingOptions = {}) {
    const where = 'Hashing';
    const mode = modeOption(where, options.outputMode ?? 'int', ['int', 'one_hot', 'multi_hot', 'count']);
    const {dtype = mode === 'int' ? 'int64' : undefined} = options;
    super({...options, dtype}, ['maskValue', 'salt', 'outputMode', 'sparse']);
    this.numBins = checkCount(where, 'numBins', numBins);
    if (mode === 'int' && this.dtype !== 'int32' && this.dtype !== 'int64') {
      throw new DtypeError(`${where}: bins are int32 or int64, got dtype ${this.dtypePolicy.name}`);
    }
    const {maskValue = null} = options;
    if (maskValue !== null && typeof maskValue !== 'string' && typeof maskValue !== 'number') {
      throw new ValueError(`${where}: maskValue must be a string or a number, got ${describe(maskValue)}`);
    }
    this.maskValue = maskValue;
    this.salt = saltOption(where, options.salt);
    this.outputMode = mode;
    this.sparse = sparseOption(where, options.sparse, mode);
    this.autocast = false;
  }

  override call(inputs: Tensor<Element>): O {
    const {outputMode: mode, numBins: depth} = this;
    const dtype: DType = this.computeDtype;
    if (isSymbolic(inputs)) return symbolicTensor({shape: encodedShape(inputs.shape, mode, depth), dtype}) as O;
    return sparseOr(encode(this.#binsOf(inputs), {mode, depth, dtype}), this.sparse) as O;
  }

  #binsOf(inputs: Tensor<Element>): Tensor<Element> {
    const {maskValue, salt} = this;
    const isMasked = maskValue !== null && this.numBins > 1;
    const bins = isMasked ? this.numBins - 1 : this.numBins;
    const isText = inputs.dtype === 'string';
    if (isMasked && isText !== (typeof maskValue === 'string')) {
      throw new DtypeError(`${this.path}: maskValue ${describe(maskValue)} does not go with inputs of ${inputs.dtype}`);
    }
    const whole = isFloating(inputs.dtype) ? inputs.cast('int64') : inputs;
    const texts = isText ? (inputs as Tensor<string>) : strings.asString(whole);
    const hashed =
      salt === null ? strings.toHashBucketFast(texts, bins) : strings.toHashBucketStrong(texts, bins, salt);
    if (!isMasked) return hashed;
    const found = hashed as Tensor<Element> as Tensor;
    return ops.where(ops.equal(inputs, maskValue), 0, found.add(1));
  }

  override computeOutputShape(inputShape: Shape): never {
    return encodedShape(inputShape, this.outputMode, this.numBins) as never;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_bins: this.numBins,
      salt: this.salt,
      mask_value: this.maskValue,
      output_mode: this.outputMode,
      sparse: this.sparse,
    };
  }
}
