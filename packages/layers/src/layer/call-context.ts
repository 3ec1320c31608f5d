// Which layers are being called right now, the outermost first, and the names that paths are made of.

interface Frame<L> {
  readonly layer: L;
  readonly training: boolean;
  /** What was asked for, in this call or one around; undefined where nobody said anything. */
  readonly asked: boolean | undefined;
}

/** The layers that are running, outermost first. One stack for all: calls are synchronous. */
export class CallStack<L extends {readonly name: string}> {
  #calls: Frame<L>[] = [];
  #scopes: L[] = [];

  get depth(): number {
    return this.#calls.length;
  }

  /** What the layer around says about training; undefined outside of any call. */
  get training(): boolean | undefined {
    return this.#calls.at(-1)?.training;
  }

  /** What a call around was told about training; undefined where none was told anything. */
  get asked(): boolean | undefined {
    return this.#calls.at(-1)?.asked;
  }

  /** The layers around, innermost first. */
  around(): L[] {
    return this.#calls.map(({layer}) => layer).reverse();
  }

  /** @param given what this call was told about training */
  call<T>(layer: L, training: boolean, fn: () => T, given?: boolean): T {
    this.#calls.push({layer, training, asked: given ?? this.asked});
    try {
      return this.scope(layer, fn);
    } finally {
      this.#calls.pop();
    }
  }

  /** Runs `fn` inside the layer's name; a layer that is already innermost adds no second one. */
  scope<T>(layer: L, fn: () => T): T {
    if (this.#scopes.at(-1) === layer) return fn();
    this.#scopes.push(layer);
    try {
      return fn();
    } finally {
      this.#scopes.pop();
    }
  }

  /** Names of the open scopes, joined by `/`. */
  get path(): string {
    return this.#scopes.map(({name}) => name).join('/');
  }
}
