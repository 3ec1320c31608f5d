import {compileFunction} from 'node:vm';
import ts from 'typescript';
import {expect, test} from 'vitest';
import {getRegisteredName, registerKerasSerializable} from '@keratin/core';

// The test runner does not compile decorators, so TypeScript does.
const SOURCE = `
@registerKerasSerializable()
class Plain {}
@registerKerasSerializable({package: 'Mine', name: 'Other'})
class Named {}
@registerKerasSerializable
class Bare {}
return [Plain, Named, Bare];
`;

test('registerKerasSerializable is a class decorator', () => {
  const code = ts.transpile(SOURCE, {target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext});
  const run = compileFunction(code, ['registerKerasSerializable']) as (
    decorator: typeof registerKerasSerializable,
  ) => (new () => object)[];
  expect(run(registerKerasSerializable).map(getRegisteredName)).toEqual(['Custom>Plain', 'Mine>Other', 'Custom>Bare']);
});
