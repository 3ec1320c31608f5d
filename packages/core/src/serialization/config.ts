import {ValueError} from '../errors.js';
import {describe} from '../suggest.js';
import {schema} from './schema.js';

// What comes from a file or a network is checked here before anything is made of it.

/** What `getConfig` gives: plain JSON with Keras's snake_case keys. */
export interface Config {
  readonly [key: string]: unknown;
}

/** A Keras 3 config node: everything that is needed to make an object again. */
export interface ConfigNode {
  readonly module?: string | null | undefined;
  readonly class_name: string;
  readonly config: Config | string | null;
  readonly registered_name?: string | null | undefined;
  readonly build_config?: Config | null | undefined;
  readonly compile_config?: Config | null | undefined;
  readonly shared_object_id?: number | undefined;
}

/** Deeper nesting than any model has. */
const MAX_DEPTH = 128;
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

const configSchema = schema((z) => z.record(z.string(), z.unknown()));

const nodeSchema = schema((z) => {
  const config = z.record(z.string(), z.unknown());
  return z.looseObject({
    module: z.string().nullish(),
    class_name: z.string().min(1).max(512),
    config: z.union([config, z.string(), z.null()]).optional(),
    registered_name: z.string().nullish(),
    build_config: config.nullish(),
    compile_config: config.nullish(),
    shared_object_id: z.number().optional(),
  });
});

// zod's own recursion would meet `__proto__` only after it was copied, so raw values are walked first.
function checkPlain(where: string, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new ValueError(`${where}: the config is nested deeper than ${String(MAX_DEPTH)} levels`);
  if (value === null || value === undefined) return;
  const kind = typeof value;
  if (kind === 'string' || kind === 'number' || kind === 'boolean') return;
  if (Array.isArray(value)) {
    for (const entry of value as readonly unknown[]) checkPlain(where, entry, depth + 1);
    return;
  }
  const prototype: unknown = kind === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) {
    throw new ValueError(`${where}: a config holds plain JSON values only, got ${describe(value)}`);
  }
  for (const key of Object.getOwnPropertyNames(value)) {
    if (RESERVED.has(key)) throw new ValueError(`${where}: the config key "${key}" is not allowed`);
    checkPlain(where, Reflect.get(value, key), depth + 1);
  }
}

/**
 * A config from outside, checked: a dictionary of plain JSON values without reserved keys, of bounded depth.
 * @throws ValueError that names what was received
 */
export function checkConfig(where: string, value: unknown): Config {
  checkPlain(where, value, 0);
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) throw new ValueError(`${where}: a config must be a dictionary, got ${describe(value)}`);
  return parsed.data;
}

/** A config node from outside, checked. */
export function checkNode(where: string, value: unknown): ConfigNode {
  checkPlain(where, value, 0);
  const parsed = nodeSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue === undefined ? '' : `; ${issue.path.join('.')}: ${issue.message}`;
    throw new ValueError(
      `${where}: a config node is a dictionary with class_name and config, got ${describe(value)}${at}`,
    );
  }
  return {...parsed.data, config: parsed.data.config ?? null};
}

/** Whether a value looks like a config node; {@link checkNode} says whether it is one. */
export function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, 'class_name');
}
