import {type Config, type DType, type Shape, type Tensor} from '@keratin/core';
import {Callable, constructFrom, invoke} from '@keratin/core/internal';

/** What an initializer is told beside the shape. */
export interface InitializerCallOptions {
  /** Default: `config.floatx`. */
  dtype?: DType | undefined;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Callable
export interface Initializer {
  (shape: readonly number[], options?: InitializerCallOptions): Tensor;
}

/** Base of initializers: called with a shape, they give the first value of a weight. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export abstract class Initializer extends Callable {
  /** The value for a weight of this shape and dtype. */
  abstract call(shape: readonly number[], dtype: DType | undefined): Tensor;

  getConfig(): Config {
    return {};
  }

  static fromConfig<T>(this: abstract new (...args: never[]) => T, config: Config): T {
    // The constructor's type is that of `this`.
    return constructFrom(this, [], config) as T;
  }

  /** @internal */
  override [invoke](shape: readonly number[], options: InitializerCallOptions = {}): Tensor {
    return this.call(shape, options.dtype);
  }
}

export type {Shape};
