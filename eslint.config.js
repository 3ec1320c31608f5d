import eslint from '@eslint/js';
import {createNodeResolver, importX} from 'eslint-plugin-import-x';
import {defineConfig, globalIgnores} from 'eslint/config';
import tseslint from 'typescript-eslint';
import {importDirection} from './tools/eslint/import-direction.mjs';

export default defineConfig(
  globalIgnores([
    '**/node_modules/',
    'packages/*/dist/',
    'packages/native/build*/',
    '**/coverage/',
    '**/golden/',
    '**/fixtures/',
    // Programs of users, kept as they were written; one holds mistakes on purpose. The compiler checks them.
    'tests/user-programs/programs/',
  ]),
  {linterOptions: {reportUnusedDisableDirectives: 'error'}},
  {
    files: ['**/*.{js,mjs}'],
    extends: [eslint.configs.recommended],
    languageOptions: {
      globals: {
        console: 'readonly',
        performance: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        TextDecoder: 'readonly',
        WebAssembly: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [eslint.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: {parserOptions: {project: ['./tsconfig.test.json'], tsconfigRootDir: import.meta.dirname}},
    plugins: {keratin: {rules: {'import-direction': importDirection}}, 'import-x': importX},
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': {'@typescript-eslint/parser': ['.ts']},
      'import-x/resolver-next': [
        createNodeResolver({extensions: ['.ts', '.js'], extensionAlias: {'.js': ['.ts', '.js']}}),
      ],
    },
    rules: {
      'keratin/import-direction': 'error',
      'import-x/no-cycle': ['error', {ignoreExternal: true}],
      'max-lines': ['warn', {max: 500}],
      eqeqeq: ['error', 'always'],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', {fixStyle: 'inline-type-imports'}],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true}],
      '@typescript-eslint/no-unused-vars': ['error', {argsIgnorePattern: '^_', varsIgnorePattern: '^_'}],
      // Shapes, sizes and flags go into messages all the time.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        {allowNumber: true, allowBoolean: true, allowNullish: true, allowArray: true},
      ],
      // `() => variable.assign(x)` is the common form of a step.
      '@typescript-eslint/no-confusing-void-expression': ['error', {ignoreArrowShorthand: true}],
      // Index loops over typed arrays are what numeric code is.
      '@typescript-eslint/prefer-for-of': 'off',
      // `while (true)` with a break.
      '@typescript-eslint/no-unnecessary-condition': ['error', {allowConstantLoopConditions: 'only-allowed-literals'}],
      // Marker and options classes; `undefined | void` unions of callbacks.
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-invalid-void-type': ['error', {allowAsThisParameter: true}],
    },
  },
  {
    files: ['**/*.test.ts', '**/src/testing/**/*.ts', 'tests/**/*.ts'],
    rules: {
      // `expect(object.method)` never calls the method unbound.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': 'off',
    },
  },
);
