import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { memberChecks } from '../../src/testing/index.js';
import { ensembleFile, root } from '../support/cli.js';
import { newToyMember } from '../support/toy-member.js';

const checks = memberChecks({ make: () => newToyMember(2), slots: 2, many: { jobs: 40 } });
for (const check of checks) test(check.name, check.run);

const folder = join(root, 'examples/member');

test('an ensemble file runs on it', () => {
  const file = ensembleFile(`
jobs:
  - {name: a, command: 'true', count: 3}
  - {name: b, command: 'false'}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, name: count.a.success, when: '>= 3', action: {name: submit, label: b}}
`);
  const { stdout, stderr } = spawnSync('node', ['run.mjs', file], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toBe('a: 3 of 3 jobs succeeded\nb: 0 of 1 jobs succeeded\nend: idle\n');
});

test('the checks are tests of node:test, which reports why a check is skipped', () => {
  const args = ['--test', '--test-reporter=tap', '--test-name-pattern=/sentinel|explain/'];
  // Without the variable of an outer test runner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, status } = spawnSync('node', args, { cwd: folder, encoding: 'utf8', env });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ *ok \d+ - the records begin with the sentinel$/m);
  expect(stdout).toMatch(
    /^ *ok \d+ - explain\(\) knows nothing about .* # SKIP the toy member has no explain\(\)$/m,
  );
});
