import {createRequire} from 'node:module';
import type * as Zod from 'zod';
import {lazy} from '../lazy.js';

const zod = lazy(() => createRequire(import.meta.url)('zod') as typeof Zod);

/** What checks values from outside; see {@link schema}. */
export interface Schema<T> {
  /** The value, checked. @throws ZodError where it is something else */
  parse(value: unknown): T;
  safeParse(value: unknown): Zod.ZodSafeParseResult<T>;
}

/** The type of what a schema lets through. */
export type Checked<S> = S extends Schema<infer T> ? T : never;

/**
 * A schema that is made, and its library loaded, when something is checked first: most programs read no files, and the library takes
 * longer to start than all else.
 *
 * @example
 * const pointSchema = schema((z) => z.object({x: z.number(), y: z.number()}));
 * pointSchema.parse(JSON.parse(text)).x;
 */
export function schema<S extends Zod.ZodType>(make: (z: typeof Zod.z) => S): Schema<Zod.output<S>> {
  const made = lazy(() => make(zod().z));
  return {parse: (value) => made().parse(value), safeParse: (value) => made().safeParse(value)};
}
