/** Files that are made to harm: an error at its place, exit status 2, and no trace of the program's inside. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, newFolder } from '../support/cli.js';

const HOSTILE = [
  [
    'an alias that holds itself',
    'jobs:\n  - {name: a, command: x, attributes: &x {y: *x}}\nrules: []\n',
    '2:46',
  ],
  ['a merge key that holds itself', 'jobs:\n  - &a {<<: *a, name: a, command: x}\nrules: []\n', '2:13'],
  ['nesting', `jobs:\n${Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')}`, ''],
] as const;

test.concurrent.each(HOSTILE)('every command refuses %s', async (_, yaml, place) => {
  const path = ensembleFile(yaml);
  for (const command of ['validate', 'run', 'graph', 'test']) {
    const { status, stdout, stderr } = await cli([command, path]);
    expect({ command, status }).toEqual({ command, status: 2 });
    expect(stdout + stderr).toContain(
      place === '' ? 'error: the document is nested too deeply' : `ensemble.yaml:${place}: error: `,
    );
    expect(stdout + stderr).not.toMatch(/^ {4}at /m);
  }
});

test('a file of tests is validated in the same way', async () => {
  const folder = newFolder();
  ensembleFile('jobs: []\nrules: []\n', folder);
  const path = join(folder, 'tests.yaml');
  writeFileSync(path, 'ensemble: ./ensemble.yaml\ntests: &a [*a]\n');
  const circular = await cli(['test', path]);
  expect(circular).toMatchObject({ status: 2, stderr: expect.stringContaining('tests.yaml:2:12: error: ') });
  writeFileSync(path, 'ensemble: ./ensemble.yaml\ntests: []\ntests: []\n');
  const twice = await cli(['test', path]);
  expect(twice).toMatchObject({ status: 2, stderr: expect.stringContaining("'tests' appears twice") });
});
