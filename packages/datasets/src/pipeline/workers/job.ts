import {createRequire} from 'node:module';
import {ValueError} from '@keratin/core';
import {describe, lazy} from '@keratin/core/internal';
import type * as Acorn from 'acorn';
import type * as EslintScope from 'eslint-scope';
import {stageName} from '../failure.js';

const require = createRequire(import.meta.url);
const acorn = lazy(() => require('acorn') as typeof Acorn);
const scopes = lazy(() => require('eslint-scope') as typeof EslintScope);

/** What a worker thread is to do: a function as text, or one that a module exports. */
export type Job = {readonly source: string} | {readonly module: string; readonly exported: string};

/** Names that the thread has although no global is called so: a helper that compilers put around functions. */
const HELPERS = ['__name', 'arguments', 'undefined'];

/**
 * The job of a function that a user gave for worker threads.
 *
 * @throws ValueError where the function uses what is around it: a thread has only its text
 */
export function jobOf(name: string, given: unknown, exported: string): Job {
  const where = stageName(name);
  if (given instanceof URL) return {module: given.href, exported};
  if (typeof given !== 'function') {
    throw new ValueError(`${where}: a function or the URL of a module is needed, got ${describe(given)}`);
  }
  const text = Function.prototype.toString.call(given);
  const source = expressionOf(text);
  if (source === null) {
    throw new ValueError(
      `${where}: ${describe(given)} has no source text that worker threads could run; give the URL of a module`,
    );
  }
  const free = freeNames(source).filter((word) => !HELPERS.includes(word) && !(word in globalThis));
  if (free.length > 0) {
    throw new ValueError(
      `${where}: the function for worker threads uses ${free.map((word) => `"${word}"`).join(', ')} from around it, which they do not have; define it inside, import() it inside, or give the URL of a module`,
    );
  }
  return {source};
}

/** A function's text as an expression; methods need an object around them. */
function expressionOf(text: string): string | null {
  if (text.includes('[native code]') || text.startsWith('class')) return null;
  for (const source of [`(${text})`, `Object.values({${text}})[0]`]) {
    try {
      acorn().parse(source, {ecmaVersion: 'latest'});
      return source;
    } catch {
      continue;
    }
  }
  return null;
}

/** The names in an expression that nothing in it defines. */
function freeNames(source: string): string[] {
  const program = acorn().parse(source, {ecmaVersion: 'latest', ranges: true});
  // Both follow ESTree.
  const manager = scopes().analyze(program as Parameters<typeof EslintScope.analyze>[0], {ecmaVersion: 2022});
  const through = manager.globalScope?.through ?? [];
  return [...new Set(through.map(({identifier}) => identifier.name))];
}
