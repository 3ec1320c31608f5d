import {createRequire} from 'node:module';
import {lazy} from '@keratin/core/internal';
import type * as Yaml from 'yaml';

/** What reads and writes YAML. */
export const yamlLibrary = lazy(() => createRequire(import.meta.url)('yaml') as typeof Yaml);
