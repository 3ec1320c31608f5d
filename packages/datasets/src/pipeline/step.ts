/** What a cursor gives after its last element. */
export const END: unique symbol = Symbol('the end of the data');
export type End = typeof END;

/** A value now, or a promise of it: pipelines stay synchronous as long as all of their stages are. */
export type Maybe<T> = T | Promise<T>;

/** One step of a cursor. */
export type Step<T> = Maybe<T | End>;

/** Whether a value is still to come. */
export function isPending<T>(value: Maybe<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Goes on with a value, now where it is there. */
export function chain<T, R>(value: Maybe<T>, fn: (value: T) => Maybe<R>): Maybe<R> {
  return isPending(value) ? value.then(fn) : fn(value);
}

/** What a user's function gave: promises of any library become native ones. */
export function settled<T>(value: T | PromiseLike<T>): Maybe<T> {
  if (value instanceof Promise) return value as Promise<T>;
  const waits = typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
  return waits ? Promise.resolve(value) : (value as T);
}

/** What an attempt gives that wants to be made again. */
export const AGAIN: unique symbol = Symbol('again');
export type Again = typeof AGAIN;

/** Makes attempts until one has a result; a loop, whichever of them are asynchronous. */
export function until<T>(attempt: () => Maybe<T | Again>): Maybe<T> {
  for (;;) {
    const result = attempt();
    if (isPending(result)) return untilLater(attempt, result);
    if (result !== AGAIN) return result;
  }
}

async function untilLater<T>(attempt: () => Maybe<T | Again>, first: Promise<T | Again>): Promise<T> {
  let result = await first;
  while (result === AGAIN) result = await attempt();
  return result;
}
