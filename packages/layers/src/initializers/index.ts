/** First values of weights: classes, string ids and lookup. */
import {type ConfigNode, type DType, ops, isTensor, ShapeError, type Tensor, type CustomObjects} from '@keratin/core';
import {Registry, sameShape, show} from '@keratin/core/internal';
import {Constant, Identity, Ones, Zeros} from './constant.js';
import {Initializer} from './initializer.js';
import {Orthogonal} from './orthogonal.js';
import {RandomNormal, RandomUniform, TruncatedNormal} from './random.js';
import {STFT} from './stft.js';
import * as scaling from './variance-scaling.js';
import {type Registered} from '../ids.js';

export {
  Constant,
  type ConstantOptions,
  Identity,
  Identity as IdentityInitializer,
  type IdentityOptions,
  Ones,
  Zeros,
} from './constant.js';
export {Initializer, type InitializerCallOptions} from './initializer.js';
export {Orthogonal, Orthogonal as OrthogonalInitializer, type OrthogonalOptions} from './orthogonal.js';
export {
  RandomInitializer,
  type RandomInitializerOptions,
  RandomNormal,
  type RandomNormalOptions,
  RandomUniform,
  type RandomUniformOptions,
  TruncatedNormal,
} from './random.js';
export {STFT, STFT as STFTInitializer, type STFTOptions, type WindowName} from './stft.js';
export {
  computeFans,
  type Distribution,
  type FanMode,
  type FanOptions,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  VarianceScaling,
  type VarianceScalingOptions,
} from './variance-scaling.js';

/** String ids of initializers. */
export type InitializerId =
  | 'zeros'
  | 'ones'
  | 'constant'
  | 'identity'
  | 'random_normal'
  | 'random_uniform'
  | 'truncated_normal'
  | 'variance_scaling'
  | 'glorot_uniform'
  | 'glorot_normal'
  | 'he_uniform'
  | 'he_normal'
  | 'lecun_uniform'
  | 'lecun_normal'
  | 'orthogonal'
  | 'stft'
  | 'normal'
  | 'uniform'
  | 'zero'
  | 'one'
  | Registered;

/** Gives the first value of a weight from its shape. */
export type InitializerFunction = (shape: readonly number[], options: {dtype?: DType | undefined}) => Tensor;

/** A string id, an initializer or any such function, a config node, or the value itself. */
export type InitializerIdentifier = InitializerId | InitializerFunction | Tensor | ConfigNode;

class FromFunction extends Initializer {
  constructor(readonly fn: InitializerFunction) {
    super();
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    return this.fn(shape, {dtype});
  }
}

const registry = new Registry<Initializer>({
  kind: 'initializer',
  module: 'keras.initializers',
  is: (value): value is Initializer => value instanceof Initializer,
  fromFunction: (fn) => new FromFunction(fn as InitializerFunction),
});

registry.add('Zeros', Zeros, ['zero']);
registry.add('Ones', Ones, ['one']);
registry.add('Constant', Constant);
registry.add('Identity', Identity, ['IdentityInitializer']);
registry.add('RandomNormal', RandomNormal, ['normal']);
registry.add('RandomUniform', RandomUniform, ['uniform']);
registry.add('TruncatedNormal', TruncatedNormal);
registry.add('VarianceScaling', scaling.VarianceScaling);
registry.add('GlorotUniform', scaling.GlorotUniform);
registry.add('GlorotNormal', scaling.GlorotNormal);
registry.add('HeUniform', scaling.HeUniform);
registry.add('HeNormal', scaling.HeNormal);
registry.add('LecunUniform', scaling.LecunUniform);
registry.add('LecunNormal', scaling.LecunNormal);
registry.add('STFT', STFT, ['STFTInitializer']);
registry.add('Orthogonal', Orthogonal, ['OrthogonalInitializer']);

/** The initializer of a string id, function, config node or value. */
export function get(identifier: InitializerIdentifier, customObjects?: CustomObjects): Initializer {
  if (!isTensor(identifier)) return registry.get(identifier, customObjects);
  return new FromFunction((shape, {dtype}) => {
    if (!sameShape(identifier.shape, shape)) {
      throw new ShapeError(
        `initializer: the value given has shape ${show(identifier.shape)}, but the weight has ${show(shape)}`,
      );
    }
    return dtype === undefined || dtype === identifier.dtype ? identifier : ops.cast(identifier, dtype);
  });
}

/** The config node of an initializer. */
export function serialize(initializer: Initializer): ConfigNode | string | null {
  return registry.serialize(initializer instanceof FromFunction ? initializer.fn : initializer);
}

/** The initializer of a config node. */
export const deserialize = (node: unknown, customObjects?: CustomObjects): Initializer =>
  registry.deserialize(node, customObjects);
