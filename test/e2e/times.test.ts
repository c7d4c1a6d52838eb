/** Lengths of time on the command line and in jobspecs. */

import { expect, test } from 'vitest';
import { cli, ensembleFile, serverProgram } from '../support/cli.js';

test.concurrent('a time limit with a unit is converted to seconds in the jobspec', async () => {
  const path = ensembleFile(`jobs:
  - {name: a, command: 'true', duration: 1.5h}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`);
  const { stdout, status } = await cli(['run', '--dry-run', '--json', path]);
  expect(status).toBe(0);
  expect(stdout).toContain('"duration":5400');
});

test.concurrent.each([
  ['ensemble', ['synth', '--jobs', '1', '--mean-duration', '2h']],
  ['ensemble', ['synth', '--jobs', '1', '--age', '1.5d']],
])('%s %j accepts a unit', async (_, args) => {
  expect((await cli(args)).status).toBe(0);
});

test.concurrent.each([
  [undefined, ['record', '--duration', '1x', 'f']],
  [undefined, ['synth', '--mean-duration', 'long']],
  [serverProgram, ['start', '--lost-after', '-1s']],
  [serverProgram, ['start', '--idle-timeout', '0']],
  [serverProgram, ['token', '--expires', '7 weeks', 'f']],
])('an invalid duration is refused: %s %j', async (program, args) => {
  const { stderr, status } = await cli(args, program === undefined ? {} : { program });
  expect(stderr).toContain('It must be a duration like 30s, 5m, 12h or 7d, or seconds');
  expect(status).toBe(2);
});
