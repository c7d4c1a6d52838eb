import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { actionKinds } from '../../src/actions/catalog.js';
import { root } from '../support/cli.js';

/** A program that uses the types of the built library, like a package that depends on it. */
const PROGRAM = `
import type { Action, ActionReport } from './index.js';
export declare const action: Action['name'];
export declare const report: ActionReport['kind'];
`;

test('the types of the built library name every kind of actions', () => {
  const path = join(root, 'dist/program-of-types-test.ts');
  const host = ts.createCompilerHost({});
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.readFile = (name) => (name === path ? PROGRAM : readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === path
      ? ts.createSourceFile(name, PROGRAM, ts.ScriptTarget.ES2022)
      : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram({
    rootNames: [path],
    options: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: [],
    },
    host,
  });
  const source = program.getSourceFile(path) as ts.SourceFile;
  const checker = program.getTypeChecker();
  const typeOf = (name: string) => {
    const declaration = source.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => [...declarationList.declarations])
      .find((each) => each.name.getText(source) === name) as ts.VariableDeclaration;
    const type = checker.getTypeAtLocation(declaration);
    const parts = type.isUnion() ? type.types : [type];
    return parts.map((part) => checker.typeToString(part).replaceAll('"', '')).sort();
  };
  expect(program.getSemanticDiagnostics(source)).toEqual([]);
  const kinds = Object.keys(actionKinds).sort();
  expect(typeOf('report')).toEqual(kinds);
  const named = kinds.filter((kind) => kind !== 'plugin');
  expect(typeOf('action')).toEqual([...named, '`${string}.${string}`'].sort());
});
