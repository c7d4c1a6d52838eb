import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from '../../support/cli.js';
import { unnamedTypes } from '../../support/public-types.js';

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const entries = ['src/index.ts', 'src/service/index.ts', 'src/api/index.ts', 'src/testing/index.ts'];

/** Parts of this package that the API passes on and users do not handle themselves. */
const INTERNAL: readonly string[] = [
  // `MemberHost` has it for the members of this package that submit natively.
  'Engine',
  // The constructor of `EventBatch` takes it.
  'NativeEventBatch',
  // `ActionOf` and `ReportOf`, which take the name of a kind, use it.
  'ActionKinds',
  // `JobEntry` and `EnsembleConfig` have them: a job before its tags are filled in, and the tests of a file.
  'JobDraft',
  'TestCase',
  // The types of objects are made of them: of the schemas, with keys by kind.
  ...['Flat', 'Values', 'Frozen', 'File', 'CommonActionInput', 'CommonRuleInput', 'JobEventName'],
  // `Registry` and the service share them.
  'Entry',
  'RegistryListener',
  'RunSession',
];

test('every type that public declarations name is exported', () => {
  const unnamed = unnamedTypes(
    entries.map((entry) => join(root, entry)),
    join(root, 'src'),
    options,
  );
  const missing = unnamed.filter(({ type }) => !INTERNAL.includes(type));
  expect(missing.map(({ by, type }) => `${type} of ${by}`)).toEqual([]);
  // An exception that no declaration names any more can go.
  expect(INTERNAL.filter((name) => !unnamed.some(({ type }) => type === name))).toEqual([]);
});
