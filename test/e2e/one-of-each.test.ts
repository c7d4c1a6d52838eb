/** Where there is one of something, the words say one. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, newFolder } from '../support/cli.js';

/** A number one followed by a plural noun. */
const wrong =
  /(^|[^0-9.,:])1 (\w+ )?(jobs|events|firings|records|rules|groups|errors|lines|slots|nodes|times|changes|actions)\b/im;

const held = `jobs: [{name: a, command: 'true', urgency: 0}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: urgency, label: a, value: 0}}
  - {trigger: metric, when: count.a.submitted == 1, action: {name: cancel, label: a}}
  - {trigger: metric, when: count.a.failed == 1, action: {name: cancel, label: a}}
`;
const quick = `jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`;

test.each([
  ['a firing', 'run', quick, '1 firing'],
  ['a job that is canceled', 'run', held, '(1 job)'],
  ['a rule that never fires', 'run', held, '1 rule never fired'],
  ['a rule', 'validate', quick, '1 rule'],
])('messages about one item are in the singular: %s', async (_, command, file, expected) => {
  const { stdout, stderr } = await cli([command, ensembleFile(file)]);
  expect(stdout).toContain(expected);
  expect(stdout + stderr).not.toMatch(wrong);
});

test('one invalid record and one job are reported in the singular', async () => {
  const recording = join(newFolder(), 'broken.ndjson');
  const job = { id: 1, events: [{ timestamp: 1, name: 'submit' }], jobspec: {} };
  writeFileSync(recording, `${JSON.stringify(job)}\nnonsense\n`);
  const { stdout, stderr } = await cli(['replay', recording]);
  expect(stdout).toContain('1 event, 0 firings, 1 broken record');
  expect(stdout + stderr).not.toMatch(wrong);
});

test('a suggestion quotes the only valid name', async () => {
  const file = ensembleFile(`jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: submit, label: something-else}}]
`);
  expect((await cli(['validate', file])).stdout).toContain(
    "unknown job group 'something-else'; there is 'a'",
  );
});
