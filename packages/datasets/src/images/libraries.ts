import {createRequire} from 'node:module';
import {lazy} from '@keratin/core/internal';
import type * as Jpeg from 'jpeg-js';
import type * as Pngjs from 'pngjs';

const require = createRequire(import.meta.url);

/** What reads and writes JPEG files. */
export const jpegLibrary = lazy(() => require('jpeg-js') as typeof Jpeg);

/** What reads and writes PNG files. */
export const pngLibrary = lazy(() => require('pngjs') as typeof Pngjs);
