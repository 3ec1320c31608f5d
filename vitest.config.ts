import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`packages/${path}`, import.meta.url));

/** Tests run on the packages' sources; only the native addon has to be built. */
export default defineConfig({
  resolve: {
    alias: [
      {find: /^@keratin\/(core|layers)\/internal$/, replacement: source('$1/src/internal.ts')},
      {find: /^@keratin\/(native|core|layers|models|datasets)$/, replacement: source('$1/src/index.ts')},
      {find: /^keratin$/, replacement: source('keratin/src/index.ts')},
    ],
  },
  test: {
    include: ['packages/**/src/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    execArgv: ['--expose-gc'],
    // Compiled programs are checked after each pass.
    env: {KERATIN_VERIFY: '1'},
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
  },
});
