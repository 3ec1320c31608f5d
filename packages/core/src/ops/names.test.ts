import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {ops} from '../index.js';

// Every public name of keras.ops is a function here, in camelCase; what is absent has its reason.

const file = new URL('../../../../tests/golden/keras-ops-names.json', import.meta.url);
const {namespaces} = JSON.parse(readFileSync(file, 'utf8')) as {
  namespaces: Readonly<Record<string, readonly string[]>>;
};

const toCamel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Why a name is absent. */
const ABSENT: Readonly<Record<string, string>> = {};

const where: readonly (readonly [string, object])[] = [
  ['keras.ops', ops],
  ['keras.ops.nn', ops],
  ['keras.ops.numpy', ops],
  ['keras.ops.linalg', ops],
  ['keras.ops.image', ops.image],
];

describe.each(where)('%s', (namespace, functions) => {
  const names = namespaces[namespace] ?? [];
  const found = (name: string): boolean => typeof Reflect.get(functions, toCamel(name)) === 'function';

  it('has names to look for', () => {
    expect(names.length).toBeGreaterThan(10);
  });

  it('has every function', () => {
    expect(names.filter((name) => !found(name) && ABSENT[name] === undefined)).toEqual([]);
  });

  it('has none of those that are called absent', () => {
    expect(Object.keys(ABSENT).filter(found)).toEqual([]);
  });
});
