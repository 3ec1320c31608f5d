import {type Config, type Tensor} from '@keratin/core';
import {Callable, constructFrom, invoke} from '@keratin/core/internal';

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Callable
export interface Regularizer {
  (x: Tensor): Tensor;
}

/** Base of regularizers: called with a weight, they give a scalar penalty that joins the loss. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export abstract class Regularizer extends Callable {
  /** The penalty. */
  abstract call(x: Tensor): Tensor;

  getConfig(): Config {
    return {};
  }

  static fromConfig<T>(this: abstract new (...args: never[]) => T, config: Config): T {
    // The constructor's type is that of `this`.
    return constructFrom(this, [], config) as T;
  }

  /** @internal */
  override [invoke](x: Tensor): Tensor {
    return this.call(x);
  }
}
