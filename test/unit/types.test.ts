import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { actionKinds } from '../../src/actions/catalog.js';
import { root } from '../support/cli.js';

/** A program that uses the types of the built library, like a package that depends on it. */
const PROGRAM = `
import { type Action, type ActionReport, Ensemble, type EnsembleInput } from './index.js';
export declare const action: Action['name'];
export declare const report: ActionReport['kind'];

export const study = {
  'x-owner': 'Ada',
  limits: { active: 10 },
  states: ['first', 'second'],
  jobs: [{ name: 'melt', command: 'lmp', parameters: { t: [300, 400] }, tell: ['energy'], 'x-note': 1 }],
  rules: [
    { trigger: 'start', action: { name: 'submit', label: 'melt', parameters: { t: 500 } } },
    { trigger: 'interval', interval: '5m', action: { goto: 'second' }, in: ['first'] },
    { trigger: 'job-finish', action: { name: 'lammps.check', with: { steps: 1 }, repetitions: 3 } },
    {
      trigger: 'job-success',
      name: 'melt',
      action: {
        name: 'custom',
        run: async ({ event, metrics, handle }) => {
          const id: bigint | null | undefined = event?.id;
          if (id === null || handle.signal.aborted) return null;
          if (metrics.get('count.melt.success') === 3) return { trigger: 'end', action: { name: 'terminate' } };
          return [{ name: 'submit', label: 'melt', value: 1 }];
        },
      },
    },
  ],
  tests: [{ name: 'ends', expect: { end: 'idle' } }],
} as const satisfies EnsembleInput;
Ensemble.fromObject(study);

Ensemble.fromObject({
  jobs: [],
  rules: [
    // @ts-expect-error an unknown action
    { trigger: 'start', action: { name: 'submitt', label: 'melt' } },
    // @ts-expect-error without its group
    { trigger: 'start', action: { name: 'submit' } },
    // @ts-expect-error a key of other actions
    { trigger: 'start', action: { name: 'exec', command: 'sh', label: 'melt' } },
    // @ts-expect-error an unknown trigger
    { trigger: 'job-finished', action: { name: 'terminate' } },
    // @ts-expect-error without its time
    { trigger: 'interval', action: { name: 'terminate' } },
    // @ts-expect-error a function that returns something else
    { trigger: 'start', action: { name: 'custom', run: () => 5 } },
    { trigger: 'start', action: { name: 'submit', label: 'melt', /*keys*/ } },
    { trigger: '/*triggers*/', action: { name: 'terminate' } },
  ],
});
`;

const path = join(root, 'dist/program-of-types-test.ts');
const files = ts.createDocumentRegistry();
const service = ts.createLanguageService(
  {
    getCompilationSettings: () => ({
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
      types: ['node'],
    }),
    getScriptFileNames: () => [path],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const text = name === path ? PROGRAM : ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === path || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
  },
  files,
);

/** The names that an editor offers after a mark in the program, or in place of it. */
function offeredAt(mark: string, after: boolean): string[] {
  const at = PROGRAM.indexOf(mark) + (after ? mark.length : 0);
  return (service.getCompletionsAtPosition(path, at, {})?.entries ?? []).map(({ name }) => name);
}

test('objects of the built library are checked by their types', () => {
  const diagnostics = service.getSemanticDiagnostics(path);
  expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([
    // The mark in place of a trigger.
    expect.stringContaining('"/*triggers*/"'),
  ]);
});

test('an editor offers triggers, and the keys of an action', () => {
  expect(offeredAt('/*triggers*/', false)).toEqual(
    expect.arrayContaining(['start', 'metric', 'job-finish', 'job-stalled', 'group-done']),
  );
  const keys = offeredAt('/*keys*/', false);
  expect(keys).toEqual(expect.arrayContaining(['value', 'parameters', 'repetitions', 'onError']));
  expect(keys).not.toContain('command');
});

test('the types of the built library name every kind of actions', () => {
  const program = service.getProgram() as ts.Program;
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
  const kinds = Object.keys(actionKinds).sort();
  expect(typeOf('report')).toEqual(kinds);
  const named = kinds.filter((kind) => kind !== 'plugin');
  expect(typeOf('action')).toEqual([...named, '`${string}.${string}`'].sort());
});
