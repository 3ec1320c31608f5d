import {type Element, type Shape, type Tensor} from '@keratin/core';
import {type RegularizerIdentifier} from '../regularizers/index.js';
import {type DTypePolicyName} from './dtype-policy.js';

/** What every layer takes. */
export interface LayerOptions {
  /** Default: the class's name in snake case, made unique (`dense`, `dense_1`). */
  name?: string | undefined;
  /** Whether the weights are trained. Default true. */
  trainable?: boolean | undefined;
  /** A dtype or a mixed policy. Default: `config.floatx`. */
  dtype?: DTypePolicyName | undefined;
  /** A penalty on the outputs, divided by the batch size and added to the losses. */
  activityRegularizer?: RegularizerIdentifier | null | undefined;
  /** Of a model's first layer: the shape of one sample, so that the model is built at once. */
  inputShape?: Shape | undefined;
}

/** The names of {@link LayerOptions}. */
export const LAYER_OPTIONS = ['name', 'trainable', 'dtype', 'activityRegularizer', 'inputShape'] as const;

/** What other versions of Keras call them. */
export const RENAMED = {inputDim: 'inputShape', input_shape: 'inputShape', batchInputShape: 'inputShape'};

/** What a layer's call takes beside tensors. */
export interface CallOptions {
  /** Whether the call trains (dropout, batch statistics). Default: what the layer around has, else false. */
  training?: boolean | undefined;
  /** Which entries of the input count. Default: the mask that travels with the input. */
  mask?: Tensor<boolean> | undefined;
}

/** The shapes of a structure of tensors: of one tensor its shape. */
export type ShapesOf<T> =
  T extends Tensor<Element>
    ? Shape
    : T extends readonly unknown[]
      ? {readonly [K in keyof T]: ShapesOf<T[K]>}
      : T extends object
        ? {readonly [K in keyof T]: ShapesOf<T[K]>}
        : unknown;

/** A mask for each tensor of a structure; null where there is none. */
export type Masks = Tensor<boolean> | null | readonly Masks[] | {readonly [key: string]: Masks};
