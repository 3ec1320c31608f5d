import {ValueError} from '../errors.js';
import {collectCreated, Storage} from '../tensor/storage.js';
import {isTensor} from '../tensor/tensor.js';

/**
 * Runs `fn` and releases the memory of every tensor that was made meanwhile, at once, but of those in its result (also
 * within nested arrays, objects, Maps and Sets) and of Variables. Never necessary: it makes the moment certain. Using a
 * released tensor afterwards is an error; a tape whose gradients are still to be asked for belongs inside.
 *
 * @example
 * const loss = scope(() => model(x).sub(y).square().mean());
 * @throws ValueError where `fn` returns a Promise
 */
export function scope<T>(fn: () => T extends PromiseLike<unknown> ? never : T): T {
  return collectCreated<T>(
    () => {
      const result: T = fn();
      if (typeof result === 'object' && result !== null && 'then' in result) {
        throw new ValueError('scope: the function must be synchronous, it returned a Promise');
      }
      return result;
    },
    (created, result) => {
      const kept = new Set<Storage>();
      keep(result, kept, new Set());
      for (const storage of created) if (!kept.has(storage)) storage.release();
    },
  );
}

function keep(value: unknown, kept: Set<Storage>, seen: Set<unknown>): void {
  if (((typeof value !== 'object' || value === null) && typeof value !== 'function') || seen.has(value)) return;
  seen.add(value);
  if (isTensor(value)) {
    if (value.source instanceof Storage) kept.add(value.source);
    keep(value.extra?.mask, kept, seen);
    keep(value.extra?.logits?.tensor, kept, seen);
    return;
  }
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map) for (const [key, item] of value) [key, item].forEach((part) => keep(part, kept, seen));
  if (value instanceof Set) for (const item of value) keep(item, kept, seen);
  for (const key of Object.keys(value)) keep(Reflect.get(value, key), kept, seen);
}
