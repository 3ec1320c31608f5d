// Every function of `ops` says what it does: a TSDoc comment stands before each of its declarations.
import {readdirSync, readFileSync} from 'node:fs';
import {ops} from '@keratin/core';
import ts from 'typescript';
import {beforeAll, expect, it} from 'vitest';

const all = [...Object.keys(ops), ...Object.keys(ops.image)].filter((name) => name !== 'image' && name !== 'linalg');

const documented = new Map<string, boolean>();
const note = (name: string, has: boolean) => documented.set(name, has || documented.get(name) === true);

beforeAll(() => {
  for (const folder of ['ops/', 'ops/image/']) {
    const url = new URL(`../packages/core/src/${folder}`, import.meta.url);
    for (const file of readdirSync(url).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
      const source = ts.createSourceFile(file, readFileSync(new URL(file, url), 'utf8'), ts.ScriptTarget.Latest, true);
      for (const statement of source.statements) {
        const has = ts.getJSDocCommentsAndTags(statement).length > 0;
        if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) note(statement.name.text, has);
        if (ts.isVariableStatement(statement)) {
          for (const {name} of statement.declarationList.declarations) if (ts.isIdentifier(name)) note(name.text, has);
        }
        if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined) {
          const {exportClause} = statement;
          if (ts.isNamedExports(exportClause)) for (const {name} of exportClause.elements) note(name.text, has);
        }
      }
    }
  }
});

it('every function has a TSDoc comment', () => {
  expect(all.filter((name) => documented.get(name) !== true)).toEqual([]);
});
