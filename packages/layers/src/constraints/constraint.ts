import {type Config, type Tensor} from '@keratin/core';
import {Callable, constructFrom, invoke} from '@keratin/core/internal';

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Callable
export interface Constraint {
  (w: Tensor): Tensor;
}

/** Base of constraints: called with a weight after each optimizer step, they give the value that it may have. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export abstract class Constraint extends Callable {
  /** The weight, brought into what is allowed. */
  abstract call(w: Tensor): Tensor;

  getConfig(): Config {
    return {};
  }

  static fromConfig<T>(this: abstract new (...args: never[]) => T, config: Config): T {
    // The constructor's type is that of `this`.
    return constructFrom(this, [], config) as T;
  }

  /** @internal */
  override [invoke](w: Tensor): Tensor {
    return this.call(w);
  }
}
